"""Webhooks: whose they are, what they tell, and that each is worked once."""

import json
import time
from datetime import UTC, datetime, timedelta

import pytest

from support import (
    agents,
    answering,
    connections,
    delivery,
    inquiries,
    outside_answers,
    webhook_events,
    webhook_intake,
    webhook_zendesk_trigger,
)
from support.audit import Actor
from support.clock import ago
from support.connection_access import Access
from support.database import one, scalar
from support.errors import InputError
from support.webhook_intake import accept, work
from support.webhook_signatures import (
    Incoming,
    SignatureError,
    signed,
    verify,
)
from tests.conftest import ACTOR, import_csv

KINDS = ("zendesk", "chatwoot", "zammad", "channel-talk")
HELP = "https://help.example.com/ko/faq/"
SECRET = "the secret of both"
MOMENT = datetime(2026, 11, 3, 8, 15, tzinfo=UTC)

# Bodies as section 6 of the research writes them; `{}` stands for what changes.


def zendesk(number, text, *, role="customer", ticket="5158", public=True):
    staff = role != "customer"
    return {
        "type": "zen:event-type:ticket.comment_added",
        "account_id": 88, "id": f"01HN-{number}", "time": "2026-11-03T08:14:00Z",
        "zendesk_event_version": "2022-11-06", "subject": f"zen:ticket:{ticket}",
        "detail": {
            "id": ticket, "subject": "환불 문의", "description": "환불은 언제 되나요?",
            "status": "OPEN", "requester_id": "42", "via": {"channel": "email"},
            "created_at": "2026-11-03T08:00:00Z",
        },
        "event": {"comment": {
            "id": str(number), "body": text, "is_public": public,
            "author": {"id": "7" if staff else "42", "is_staff": staff, "name": "최하나"},
        }},
    }  # fmt: skip


def chatwoot(number, text, *, role="customer", ticket="5158", public=True):
    return {
        "event": "message_created", "id": number, "content": text,
        "created_at": "2026-11-03T08:14:00.000Z",
        "message_type": "incoming" if role == "customer" else "outgoing",
        "content_type": "text", "private": not public, "content_attributes": {},
        "sender": {"id": 42 if role == "customer" else 7, "name": "최하나",
                   "type": {"customer": "contact", "bot": "agent_bot"}.get(role, "user")},
        "inbox": {"id": 1, "name": "Web"},
        "conversation": {"id": int(ticket), "status": "open", "channel": "Channel::WebWidget",
                         "meta": {"sender": {"id": 42}}},
        "account": {"id": 3, "name": "도란장터"},
    }  # fmt: skip


def zammad(number, text, *, role="customer", ticket="5158", public=True):
    sender = {"customer": "Customer", "agent": "Agent", "bot": "System"}[role]
    return {
        "ticket": {"id": int(ticket), "number": "65012", "title": "환불 문의", "state": "open",
                   "customer": {"id": 42, "email": "mina@customer.example"}, "article_ids": [1]},
        "article": {"id": number, "ticket_id": int(ticket), "type": "email", "sender": sender,
                    "body": text + '<span class="js-signatureMarker"></span><br>--<br>도란장터',
                    "content_type": "text/html", "internal": not public, "attachments": [],
                    "created_by": {"firstname": "하나", "lastname": "최"},
                    "created_at": "2026-11-03T08:14:00.000Z"},
    }  # fmt: skip


def channel_talk(number, text, *, role="customer", ticket="5158", public=True):
    person = {"customer": "user", "agent": "manager", "bot": "bot"}[role]
    return {
        "event": "push", "type": "message",
        "entity": {"chatKey": f"userChat-{ticket}", "id": f"m{number}", "channelId": "9",
                   "chatType": "userChat", "chatId": ticket, "personType": person,
                   "personId": "42" if role == "customer" else "7", "language": "ko",
                   "createdAt": 1793693640000, "plainText": text,
                   "blocks": [{"type": "text", "value": text}],
                   "options": [] if public else ["private"]},
        "refers": {"manager": {"name": "최하나"}, "userChat": {"id": ticket, "userId": "42"}},
    }  # fmt: skip


CLOSED = {
    "chatwoot": {"event": "conversation_status_changed", "id": 5158, "status": "resolved"},
    "zammad": {"ticket": {"id": 5158, "state": "closed"}},
}
BODIES = dict(zip(KINDS, (zendesk, chatwoot, zammad, channel_talk), strict=True))


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


@pytest.fixture
def made(db, seal, kind):
    return connected(db, seal, kind)


def connected(db, seal, kind):
    access = Access(address="https://help.desk.example", secret=SECRET, account="3",
                    user="u@example.com", token="t")  # fmt: skip
    return connections.connect(db, seal, ACTOR, name=kind, kind=kind, access=access)[0]


def came(kind, body, *, moment=None):
    raw = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    return signed(kind, SECRET, raw, moment=moment)


def take(db, seal, made, body):
    """Take a webhook in and work it through."""
    accepted = accept(db, seal, made, came(made.kind, body))
    return work(db, seal, accepted.id)


# Signatures


def test_signatures_by_hand():
    # Worked out with `printf '%s' ... | openssl dgst -sha256 -hmac key` (Zammad: -sha1).
    body = b'{"a":1}'
    headers = {
        "zendesk": {
            "X-Zendesk-Webhook-Signature": "fZFVzOo0LX5e55nQeT8oj28//eOVKob3TbJgku1GhSc=",
            "X-Zendesk-Webhook-Signature-Timestamp": "2026-11-03T08:15:00Z",
        },
        "chatwoot": {
            "X-Chatwoot-Signature": "sha256=70fa8c89677bbba1e3861deab65d9cd1"
            "8d5abd15ca270beb4b1e5a0d6f0cb1bb",
            "X-Chatwoot-Timestamp": "1793693700",
        },
        "zammad": {"X-Hub-Signature": "sha1=b5557a4b8f3cc308d19eb4f69f336392a31eef7b"},
    }
    for kind, sent in headers.items():
        verify(kind, "key", Incoming(body, sent, {}), moment=MOMENT)


@pytest.mark.parametrize("kind", KINDS)
def test_a_right_signature_passes_and_a_wrong_one_does_not(kind):
    right = signed(kind, SECRET, b'{"a": 1}', moment=MOMENT)
    verify(kind, SECRET, right, moment=MOMENT)
    for wrong in (
        Incoming(b'{"a": 2}', right.headers, right.query) if kind != "channel-talk" else None,
        Incoming(right.body, {}, {}),
        Incoming(right.body, dict.fromkeys(right.headers, "x"), dict.fromkeys(right.query, "x")),
        Incoming(right.body, dict.fromkeys(right.headers, "비밀"), dict.fromkeys(right.query, "é")),
        signed(kind, "another secret", right.body, moment=MOMENT),
    ):
        if wrong is not None:
            with pytest.raises(SignatureError) as refused:
                verify(kind, SECRET, wrong, moment=MOMENT)
            assert SECRET not in str(refused.value)


@pytest.mark.parametrize("kind", ["zendesk", "chatwoot"])
def test_what_was_signed_long_ago_is_refused_though_the_signature_is_right(kind):
    old = signed(kind, SECRET, b"{}", moment=MOMENT)
    verify(kind, SECRET, old, moment=MOMENT + timedelta(minutes=4))
    for later in (timedelta(minutes=6), timedelta(minutes=-6)):
        with pytest.raises(SignatureError, match="s from this machine's clock"):
            verify(kind, SECRET, old, moment=MOMENT + later)


def test_why_a_webhook_was_refused_is_kept_for_who_connects(db, seal, made):
    with pytest.raises(SignatureError):
        accept(db, seal, made, Incoming(b"{}", {}, {}))
    found = connections.get(db, made.name)
    assert found.refused_at
    assert "missing" in found.refused or "lacks" in found.refused
    assert scalar(db, "SELECT count(*) FROM webhook_deliveries") == 0


# What they tell


def test_a_customers_message_becomes_an_inquiry_that_knows_the_way_back(db, seal, made, kind):
    body = BODIES[kind](1, "환불은 언제 되나요? 010-2345-6789")
    assert take(db, seal, made, body) == "done"
    row = one(db, "SELECT * FROM inquiries")
    assert (row["source"], row["source_id"], row["status"]) == (made.source, "5158", "open")
    assert "[전화번호]" in row["text"]
    assert "도란장터" not in row["text"]  # Zammad's signature is cut
    assert row["source_url"].startswith("https://")
    assert row["customer"]
    assert "010-2345-6789" in inquiries.get(db, row["id"], seal).messages[0].text
    route = one(db, "SELECT * FROM inquiry_routes")
    assert (route["inquiry_id"], route["conversation"]) == (row["id"], "5158")


def test_what_is_nothing_to_the_desk_is_let_pass(db, seal, made, kind):
    bodies = [
        BODIES[kind](2, "내부 메모", role="agent", public=False),
        *([BODIES[kind](3, "자동 응답", role="bot")] if kind != "zendesk" else []),
    ]
    for body in bodies:
        assert take(db, seal, made, body) == "ignored"
    assert scalar(db, "SELECT count(*) FROM inquiries") == 0
    assert scalar(db, "SELECT count(*) FROM webhook_deliveries WHERE sealed IS NOT NULL") == 0


@pytest.mark.parametrize("raw", [b"", b"[]", b"{", b"nul\x00l", b'{"entity": 5, "event": {}}'])
def test_what_no_helpdesk_sends_is_refused_and_breaks_nothing(db, seal, made, kind, raw):
    with pytest.raises(InputError):
        accept(db, seal, made, came(kind, raw))


def test_what_was_said_in_pieces_is_one_inquiry(db, seal, made, kind):
    for number, text in ((1, "안녕하세요"), (2, "환불은 언제 되나요?")):
        assert take(db, seal, made, BODIES[kind](number, text)) == "done"
    assert scalar(db, "SELECT count(*) FROM inquiries") == 1
    assert "환불은" in scalar(db, "SELECT text FROM inquiries")


def test_a_ticket_that_is_told_twice_is_one_message(db, seal):
    made = connected(db, seal, "zendesk")
    first = zendesk(1, "환불은 언제 되나요?")
    created = first | {"type": "zen:event-type:ticket.created", "id": "01HN-0", "event": {}}
    for body in (created, first):
        take(db, seal, made, body)
    other = zendesk(2, "두 번째 문의", ticket="6000")
    other["detail"]["description"] = "두 번째 문의"
    take(db, seal, made, other)
    take(db, seal, made, other | {"type": created["type"], "id": "01HN-9", "event": {}})
    assert scalar(db, "SELECT count(*) FROM messages") == 2
    # One customer, but an answer reaches one ticket alone.
    assert scalar(db, "SELECT count(*) FROM inquiries WHERE joined_to IS NULL") == 2


# Once


def test_a_webhook_that_comes_twice_is_worked_once(db, seal, made, kind):
    knock = came(kind, BODIES[kind](1, "환불은 언제 되나요?"))
    first = accept(db, seal, made, knock)
    again = accept(db, seal, made, knock)
    assert (first.fresh, again.fresh, again.id) == (True, False, first.id)
    assert work(db, seal, first.id) == "done"
    assert work(db, seal, first.id) == "done"
    assert not accept(db, seal, made, knock).fresh
    assert scalar(db, "SELECT count(*) FROM messages") == 1
    assert webhook_intake.waiting(db) == []


@pytest.mark.parametrize("kind", ["chatwoot", "zammad"])
def test_a_replay_under_another_name_is_known(db, seal, made, kind):
    """A captured "closed" must not close what the customer asked again since."""
    take(db, seal, made, BODIES[kind](1, "환불은 언제 되나요?"))
    closed = came(kind, CLOSED[kind])
    assert work(db, seal, accept(db, seal, made, closed).id) == "done"
    take(db, seal, made, BODIES[kind](2, "아직 안 왔어요"))
    for name in ("X-Chatwoot-Delivery", "X-Zammad-Delivery"):
        closed.headers[name] = "another"
    again = accept(db, seal, made, closed)
    assert not again.fresh
    work(db, seal, again.id)
    assert inquiries.get(db, 2).status == "open"


def test_what_breaks_in_the_middle_leaves_nothing_and_is_tried_again(db, seal, made, kind):
    accepted = accept(db, seal, made, came(kind, BODIES[kind](1, "환불은 언제 되나요?")))
    db.execute(
        "CREATE TRIGGER full BEFORE INSERT ON inquiry_routes "
        "BEGIN SELECT RAISE(ABORT, 'disk full'); END"
    )
    assert work(db, seal, accepted.id) == "queued"
    assert scalar(db, "SELECT count(*) FROM inquiries") == 0
    db.execute("DROP TRIGGER full")
    assert work(db, seal, accepted.id) == "done"
    assert scalar(db, "SELECT count(*) FROM inquiries") == 1


def test_what_never_works_is_set_aside_and_forgotten(db, seal, made, kind):
    accepted = accept(db, seal, made, came(kind, BODIES[kind](1, "환불은 언제 되나요?")))
    db.execute(
        "CREATE TRIGGER full BEFORE INSERT ON inquiry_routes "
        "BEGIN SELECT RAISE(ABORT, 'disk full'); END"
    )
    states = [work(db, seal, accepted.id) for _ in range(webhook_intake.TRIES + 1)]
    assert states[-2:] == ["failed", "failed"]
    assert webhook_intake.waiting(db) == []
    db.execute("UPDATE webhook_deliveries SET received_at = ?", [ago(days=8)])
    db.conn.commit()
    webhook_intake.forget(db)
    assert scalar(db, "SELECT sealed FROM webhook_deliveries") is None
    db.execute("UPDATE webhook_deliveries SET received_at = ?", [ago(days=91)])
    db.conn.commit()
    assert webhook_intake.forget(db) == 1


def test_several_workers_keep_to_the_order_in_which_things_were_said(db, seal, made, kind):
    first = accept(db, seal, made, came(kind, BODIES[kind](1, "환불은 언제 되나요?")))
    second = accept(db, seal, made, came(kind, BODIES[kind](2, "3일입니다", role="agent")))
    # The worker that has the answer in hand is the quicker one.
    assert webhook_intake.work_until(db, seal, second.id) == "done"
    assert webhook_intake.work_until(db, seal, first.id) == "done"
    assert scalar(db, "SELECT status FROM inquiries") == "answered"


# Answers from over there


@pytest.fixture
def asked(db, seal, made, kind):
    """Inquiry 1, that came by webhook, and what was suggested for it."""
    take(db, seal, made, BODIES[kind](1, "환불은 언제 되나요?"))
    row = {"id": "sg_1", "inquiry_id": 1, "asked_by": "agent:1", "release": "r", "band": "likely"}
    db["suggestions"].insert(row | {"at": ago(minutes=1)})
    for rank, slug in enumerate(("refund", "login"), 1):
        db["suggestion_faqs"].insert(
            {"suggestion_id": "sg_1", "rank": rank, "slug": slug, "probability": 0.5}
        )
    import_csv_links(db)
    return 1


def import_csv_links(db):
    from support import settings

    settings.change(db, ACTOR, faq_hosts=("help.example.com",))


def outcomes(db):
    return {row["slug"]: row["outcome"] for row in db.query("SELECT * FROM suggestion_faqs")}


def test_an_answer_written_over_there_settles_what_was_suggested(db, seal, made, kind, asked):
    body = BODIES[kind](2, f"3일 걸립니다. {HELP}refund", role="agent")
    assert take(db, seal, made, body) == "done"
    row = one(db, "SELECT * FROM inquiries")
    assert (row["status"], bool(row["answered_at"])) == ("answered", True)
    assert outcomes(db) == {"refund": "accepted", "login": "passed_over"}
    assert one(db, "SELECT slug, origin FROM labels") == {"slug": "refund", "origin": "sent"}
    assert scalar(db, "SELECT count(*) FROM inquiry_search WHERE rowid = 1") == 1
    assert scalar(db, "SELECT count(*) FROM outbox") == 0
    names = {m.author for m in inquiries.get(db, 1).messages if m.role == "agent"}
    assert len(names - {""}) == 1
    # A second one is added to it, and what the customer asks then is another inquiry.
    assert take(db, seal, made, BODIES[kind](3, "하나 더", role="agent")) == "done"
    assert take(db, seal, made, BODIES[kind](4, "이번에는 로그인이 안 돼요")) == "done"
    assert [r["status"] for r in db.query("SELECT status FROM inquiries ORDER BY id")] == [
        "answered", "open",
    ]  # fmt: skip


def test_what_only_the_sidebar_showed_is_settled_too(db, seal, made, kind, asked):
    db.execute("UPDATE suggestions SET inquiry_id = NULL")
    db["embed_shown"].insert(
        {"suggestion_id": "sg_1", "source": made.source, "conversation": "9000"}
    )
    body = BODIES[kind](2, f"3일 걸립니다. {HELP}login", role="agent", ticket="9000")
    assert take(db, seal, made, body) == "done"
    assert outcomes(db) == {"refund": "passed_over", "login": "accepted"}
    assert scalar(db, "SELECT status FROM inquiries") == "open"


def test_an_answer_of_ours_that_comes_back_is_known_and_proves_that_it_arrived(
    db, seal, made, kind, asked
):
    mina = agents.add(db, ACTOR, login="mina", name="미나", role="agent", password="long enough 1")
    typed = f"환불은 3일 걸립니다.\n{HELP}refund"
    sent = answering.send(
        db, seal, inquiry_id=1, agent_id=mina.id, text=typed, actor=Actor(mina.actor_name)
    )
    assert sent.delivery == "queued"
    body = BODIES[kind](2, typed, role="agent")
    stamp = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    text = json.dumps(body).replace("2026-11-03T08:14:00.000Z", stamp)
    text = text.replace("2026-11-03T08:14:00Z", stamp)
    text = text.replace("1793693640000", str(int(time.time() * 1000)))
    assert take(db, seal, made, json.loads(text)) == "done"
    assert delivery.standing(db, 1).state == "delivered"
    assert scalar(db, "SELECT count(*) FROM messages") == 2
    assert delivery.due(db) == []


def test_a_conversation_that_is_closed_over_there_waits_no_more(db, seal):
    made = connected(db, seal, "chatwoot")
    take(db, seal, made, chatwoot(1, "안녕하세요"))
    assert take(db, seal, made, CLOSED["chatwoot"]) == "done"
    assert scalar(db, "SELECT status FROM inquiries") == "closed"
    assert outside_answers.close(db, source="chatwoot", conversation="5158") is None


def test_a_message_that_came_with_an_export_too_counts_once(space, db, seal, tmp_path):
    made = connected(db, seal, "zendesk")
    take(db, seal, made, zendesk(1, "환불은 언제 되나요?"))
    before = scalar(db, "SELECT count(*) FROM messages")
    import_csv(
        space, tmp_path / "h.csv", f"id,question,answer,created_at\n1,다른 문의,,{ago(hours=1)}\n"
    )
    take(db, seal, made, zendesk(1, "환불은 언제 되나요?") | {"id": "again"})
    assert scalar(db, "SELECT count(*) FROM messages") == before + 1


@pytest.mark.parametrize("kind", KINDS)
def test_attachments_are_kept_by_name_and_address(db, seal, kind):
    files = {
        "chatwoot": (
            "attachments",
            [{"file_type": "image", "data_url": "https://f.example/a.png"}],
        ),
        "zammad": ("article", None),
        "channel-talk": ("entity", None),
    }
    body = BODIES[kind](1, "사진을 봐 주세요")
    if kind == "zendesk":
        assert webhook_events.read(kind, json.dumps(body).encode()).message.attachments == []
        return
    if kind == "chatwoot":
        body["attachments"] = files[kind][1]
    elif kind == "zammad":
        body["article"]["attachments"] = [{"filename": "a.png", "url": "https://f.example/a.png"}]
    else:
        body["entity"]["files"] = [{"name": "a.png", "url": "https://f.example/a.png"}]
    made = connected(db, seal, kind)
    take(db, seal, made, body)
    assert scalar(db, "SELECT url FROM attachments") == "https://f.example/a.png"


# Triggers of Zendesk, in the place of its events


def filled(**values):
    """Our template as Zendesk fills it in."""
    told = {
        "ticket.id": "5158", "ticket.requester.id": "42", "ticket.via": "Mail",
        "ticket.updated_at_with_timestamp": "2026-11-03T08:14Z",
        "ticket.latest_public_comment.id": "1", "ticket.latest_public_comment.author.id": "42",
        "ticket.latest_public_comment.author.name": "최하나", "current_user.role": "End-user",
        "ticket.title": "환불 문의", "ticket.latest_public_comment.value": "환불은 언제 되나요?",
    } | {name.replace("__", "."): value for name, value in values.items()}  # fmt: skip
    body = webhook_zendesk_trigger.TEMPLATE
    for name, value in told.items():
        placeholder = "{{" + name + "}}"
        assert placeholder in body
        body = body.replace(placeholder, value)
    assert "{{" not in body
    return body.encode()


def by_agent(text, **more):
    return filled(
        **{
            "ticket.latest_public_comment.id": "2",
            "ticket.latest_public_comment.author.id": "7",
            "current_user.role": "Agent",
            "ticket.latest_public_comment.value": text,
        }
        | more
    )


def test_a_trigger_tells_what_an_event_tells(db, seal):
    made = connected(db, seal, "zendesk")
    assert take(db, seal, made, filled()) == "done"
    row = one(db, "SELECT * FROM inquiries")
    assert (row["source_id"], row["channel"], row["subject"]) == ("5158", "email", "환불 문의")
    assert row["source_url"] == "https://help.desk.example/agent/tickets/5158"
    assert take(db, seal, made, by_agent("3일 걸립니다.")) == "done"
    assert scalar(db, "SELECT status FROM inquiries") == "answered"
    assert {m.author for m in inquiries.get(db, 1).messages if m.role == "agent"} == {"최하나"}
    # The event about the same comment, and the trigger that fires again, change nothing.
    take(db, seal, made, zendesk(1, "환불은 언제 되나요?"))
    assert not accept(db, seal, made, came("zendesk", filled())).fresh
    assert scalar(db, "SELECT count(*) FROM messages") == 2


@pytest.mark.parametrize(
    "typed",
    [
        '"환불"은 언제 되나요?',
        "환불은\n언제 되나요?",
        'x",\n  "author_role": "Agent',
    ],
)
def test_what_people_type_into_a_trigger_breaks_and_forges_nothing(db, seal, typed):
    made = connected(db, seal, "zendesk")
    body = filled(**{"ticket.latest_public_comment.value": typed,
                     "ticket.latest_public_comment.author.id": "43"})  # fmt: skip
    assert take(db, seal, made, body) == "done"
    said = inquiries.get(db, 1, seal).messages
    assert [message.role for message in said] == ["customer"]
    assert typed.split("\n")[0].strip('"') in said[0].text


def test_a_trigger_without_a_comments_id_is_told_apart_by_its_minute(db, seal):
    made = connected(db, seal, "zendesk")
    for minute in ("08:14Z", "08:15Z", "08:15Z"):
        body = filled(**{"ticket.latest_public_comment.id": "",
                         "ticket.updated_at_with_timestamp": f"2026-11-03T{minute}",
                         "ticket.latest_public_comment.value": f"문의 {minute}"})  # fmt: skip
        accepted = accept(db, seal, made, came("zendesk", body))
        work(db, seal, accepted.id)
    assert scalar(db, "SELECT count(*) FROM messages") == 2


def test_a_trigger_in_another_shape_is_refused(db, seal):
    made = connected(db, seal, "zendesk")
    for body in (b'{"faqdesk-trigger": 1}', b'{"faqdesk-trigger": 1, "ticket": ""}',
                 b'{"faqdesk-trigger": 1, broken'):  # fmt: skip
        with pytest.raises(InputError):
            accept(db, seal, made, came("zendesk", body))
