"""Answers on their way out, through servers of ours: nothing twice, nothing lost."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from urllib.parse import urlsplit

import pytest
from urllib3.util import Timeout

from support import (
    agents,
    answering,
    connections,
    delivery,
    delivery_helpdesks,
    inquiries,
    public_net,
    routes,
)  # fmt: skip
from support.audit import Actor
from support.clock import ago
from support.connection_access import Access
from support.database import one, scalar
from support.delivery_helpdesks import ChannelTalk, Chatwoot, Zammad, Zendesk
from support.delivery_mail import Mail
from support.errors import ConflictError, InputError, NotFoundError
from support.routes import MailThread
from tests.conftest import ACTOR, import_csv
from tests.helpdesks import helpdesk, mail_server

REFUND = "https://help.example.com/ko/faq/refund"
TYPED = f"환불은 3일 걸립니다.\n{REFUND}"
SENDERS = {"zendesk": Zendesk, "chatwoot": Chatwoot, "zammad": Zammad, "channel-talk": ChannelTalk}
QUICK = Timeout(connect=1, read=0.5)


def in_an_hour():
    return format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)


def quick(kind, access):
    """As `delivery_ways.sender`, but nobody waits half a minute."""
    if kind == "smtp":
        return Mail(access, timeout=2)
    return SENDERS[kind](access, timeout=QUICK)


@pytest.fixture
def agent(space, db, tmp_path):
    text = f"id,question,answer,created_at\n1,환불해 주세요,,{ago(hours=1)}\n"
    import_csv(space, tmp_path / "h.csv", text)
    return agents.add(db, ACTOR, login="mina", name="미나", role="agent", password="long enough 1")


@pytest.fixture(params=sorted(SENDERS))
def desk(request):
    with helpdesk(request.param) as found:
        yield found


@pytest.fixture
def mail():
    with mail_server() as found:
        yield found


def linked(db, seal, kind, address, *, mail=None):
    """Connect, and let inquiry 1 have come from conversation 77 of it."""
    access = Access(
        address=address,
        user="" if kind == "smtp" else "bot@example.com",
        token="" if kind == "smtp" else "t0ken",
        account="3",
        sender="Help <help@example.com>" if kind == "smtp" else "",
        tls="none",
        private=True,
    )
    made, _ = connections.connect(db, seal, ACTOR, name=kind, kind=kind, access=access)
    routes.note(db, seal, 1, connection_id=made.id, conversation="77", mail=mail)
    return made


def answer(db, seal, agent, text=TYPED):
    sent = answering.send(
        db, seal, inquiry_id=1, agent_id=agent.id, text=text, actor=Actor(agent.actor_name)
    )
    assert sent.delivery == "queued"
    return scalar(db, "SELECT id FROM outbox WHERE message_id = ?", [sent.message_id])


def deliver(db, seal, outbox_id):
    return delivery.deliver(db, seal, outbox_id, make=quick)


def hurry(db):
    """Let the time until the next try pass."""
    db.execute("UPDATE outbox SET next_at = NULL, leased_until = NULL")
    db.conn.commit()


def test_an_answer_arrives_as_it_was_typed_and_is_known_by_the_other_sides_id(
    db, seal, agent, desk
):
    linked(db, seal, desk.kind, desk.address)
    outbox_id = answer(db, seal, agent)
    assert delivery.standing(db, 1).state == "queued"
    assert delivery.due(db) == [outbox_id]
    assert deliver(db, seal, outbox_id) == "delivered"
    assert desk.texts() == [TYPED]
    assert desk.said[0][0] == "77"
    assert scalar(db, "SELECT external_id FROM outbox") == "900"
    assert delivery.due(db) == []
    assert deliver(db, seal, outbox_id) == "delivered"  # again does nothing
    assert desk.texts() == [TYPED]


def test_each_helpdesk_is_let_in_by_its_own_key(db, seal, agent, desk):
    linked(db, seal, desk.kind, desk.address)
    deliver(db, seal, answer(db, seal, agent))
    given = desk.headers[-1]
    assert given["Idempotency-Key"] == scalar(db, "SELECT key FROM outbox")
    assert {
        "zendesk": "Basic Ym90QGV4YW1wbGUuY29tL3Rva2VuOnQwa2Vu",
        "chatwoot": None,
        "zammad": "Token token=t0ken",
        "channel-talk": None,
    }[desk.kind] == given["Authorization"]
    assert given["api_access_token"] == ("t0ken" if desk.kind == "chatwoot" else None)
    channel = desk.kind == "channel-talk"
    assert given["X-Access-Key"] == ("bot@example.com" if channel else None)
    assert given["X-Access-Secret"] == ("t0ken" if channel else None)


@pytest.mark.parametrize("trouble", ["500", "409", "423", "425", "429", "503", "deaf"])
def test_trouble_before_it_was_taken_in_is_tried_again_and_sent_once(
    db, seal, agent, desk, trouble
):
    linked(db, seal, desk.kind, desk.address)
    desk.plan = [trouble]
    outbox_id = answer(db, seal, agent)
    assert deliver(db, seal, outbox_id) == "queued"
    found = delivery.standing(db, 1)
    assert (found.tries, bool(found.error)) == (1, True)
    assert found.next_at > ago(seconds=-5)
    assert delivery.due(db) == []  # not before its time
    assert deliver(db, seal, outbox_id) == "queued"
    hurry(db)
    assert deliver(db, seal, outbox_id) == "delivered"
    assert desk.texts() == [TYPED]
    assert delivery.standing(db, 1).error == ""


@pytest.mark.parametrize("trouble", ["silent", "broken", "dropped"])
def test_what_was_taken_in_without_our_hearing_of_it_is_found_there_and_not_sent_again(
    db, seal, agent, desk, trouble
):
    linked(db, seal, desk.kind, desk.address)
    desk.plan = [trouble]
    outbox_id = answer(db, seal, agent)
    assert deliver(db, seal, outbox_id) == "queued"
    assert desk.texts() == [TYPED]
    hurry(db)
    assert deliver(db, seal, outbox_id) == "delivered"
    assert desk.texts() == [TYPED]
    assert scalar(db, "SELECT external_id FROM outbox") == "900"


def test_a_worker_that_died_while_it_sent_leaves_a_trace(db, seal, agent, desk):
    linked(db, seal, desk.kind, desk.address)
    outbox_id = answer(db, seal, agent)

    class Killed(BaseException):
        pass

    def dying(kind, access):
        sender = quick(kind, access)
        send = sender.send

        def then_die(out):
            send(out)
            raise Killed

        sender.send = then_die
        return sender

    with pytest.raises(Killed):
        delivery.deliver(db, seal, outbox_id, make=dying)
    assert deliver(db, seal, outbox_id) == "queued"  # somebody may still be at it
    assert delivery.due(db) == []
    hurry(db)
    assert deliver(db, seal, outbox_id) == "delivered"
    assert desk.texts() == [TYPED]


def test_the_same_words_again_are_another_answer(db, seal, agent, desk):
    linked(db, seal, desk.kind, desk.address)
    assert deliver(db, seal, answer(db, seal, agent)) == "delivered"
    db.execute("UPDATE inquiries SET status = 'open', answer_id = NULL")
    db.conn.commit()
    desk.plan = ["500"]
    second = answer(db, seal, agent)
    assert deliver(db, seal, second) == "queued"
    hurry(db)
    assert deliver(db, seal, second) == "delivered"
    assert desk.texts() == [TYPED, TYPED]


def test_how_long_it_asks_to_be_left_alone_is_kept_to(db, seal, agent, desk, monkeypatch):
    monkeypatch.setattr(delivery, "BACKOFF", (1, 1))
    linked(db, seal, desk.kind, desk.address)
    desk.plan = ["429"]
    deliver(db, seal, answer(db, seal, agent))
    assert delivery.standing(db, 1).next_at >= ago(seconds=-5)


@pytest.mark.parametrize(("after", "seconds"), [("90", 90), ("a date", 3000), ("9999999", 86_400)])
def test_a_wait_may_be_a_date_and_ends_within_a_day(db, seal, agent, desk, after, seconds):
    linked(db, seal, desk.kind, desk.address)
    desk.plan, desk.after = ["429"], in_an_hour() if after == "a date" else after
    outbox_id = answer(db, seal, agent)
    assert deliver(db, seal, outbox_id) == "queued"
    next_at = delivery.standing(db, 1).next_at
    assert ago(seconds=5 - seconds) <= next_at <= ago(seconds=-86_400)
    hurry(db)
    assert deliver(db, seal, outbox_id) == "delivered"
    assert desk.texts() == [TYPED]


def test_an_answer_without_end_is_left_and_looked_for(db, seal, agent, desk, monkeypatch):
    monkeypatch.setattr(delivery_helpdesks, "SECONDS", 0.3)
    linked(db, seal, desk.kind, desk.address)
    desk.plan = ["slow"]
    outbox_id = answer(db, seal, agent)
    assert deliver(db, seal, outbox_id) == "queued"
    assert "it took too long" in delivery.standing(db, 1).error
    hurry(db)
    assert deliver(db, seal, outbox_id) == "delivered"
    assert desk.texts() == [TYPED]


def test_nobody_is_followed_elsewhere_with_our_key(db, seal, agent, desk):
    linked(db, seal, desk.kind, desk.address)
    desk.plan = ["302"]
    assert deliver(db, seal, answer(db, seal, agent)) == "failed"
    assert [given for given in desk.paths if "elsewhere" in given] == []


def test_a_private_network_is_asked_nothing_unless_an_admin_says_so(
    db, seal, agent, desk, mail, monkeypatch
):
    monkeypatch.setattr(public_net, "_PORTS", (urlsplit(desk.address).port,))  # as if the web's
    for kind, address in ((desk.kind, desk.address), ("smtp", mail.address)):
        sender = quick(kind, Access(address=address, sender="help@example.com", tls="none"))
        with pytest.raises(delivery.DeliveryError, match="public network") as refused:
            sender.check()
        assert refused.value.permanent
    assert desk.headers == []  # no key was told


@pytest.mark.parametrize("trouble", ["401", "404", "422"])
def test_what_cannot_be_delivered_reopens_its_inquiry_as_it_was(db, seal, agent, desk, trouble):
    linked(db, seal, desk.kind, desk.address)
    row = {"id": "sg_1", "inquiry_id": 1, "asked_by": "agent:1", "release": "r", "band": "likely"}
    db["suggestions"].insert(row | {"at": ago(minutes=1)})
    for rank, slug in enumerate(("refund", "login"), 1):
        db["suggestion_faqs"].insert(
            {"suggestion_id": "sg_1", "rank": rank, "slug": slug, "probability": 0.5}
        )
    before = inquiries.get(db, 1)
    desk.plan = [trouble]
    outbox_id = answer(db, seal, agent)
    assert scalar(db, "SELECT count(*) FROM labels") == 1
    assert deliver(db, seal, outbox_id) == "failed"
    assert desk.texts() == []
    found = inquiries.get(db, 1)
    assert (found.status, found.text, found.answered_at) == ("open", before.text, None)
    assert trouble in delivery.standing(db, 1).error
    assert scalar(db, "SELECT count(*) FROM labels") == 0
    outcomes = [row["outcome"] for row in db.query("SELECT outcome FROM suggestion_faqs")]
    assert outcomes == [None, None]
    kept = answering.draft(db, seal, 1, agent.id)
    assert kept.text == TYPED
    assert scalar(db, "SELECT count(*) FROM audit WHERE action = 'answer.not_delivered'") == 1
    assert [m.public for m in found.messages if m.role == "agent"] == [False]
    # Once the cause is gone, the agent sends it again.
    assert deliver(db, seal, answer(db, seal, agent, kept.text)) == "delivered"
    assert desk.texts() == [TYPED]
    assert scalar(db, "SELECT count(*) FROM labels") == 1


def test_after_the_last_try_it_has_failed(db, seal, agent, desk, monkeypatch):
    monkeypatch.setattr(delivery, "BACKOFF", (1,))
    linked(db, seal, desk.kind, desk.address)
    desk.plan = ["503", "503"]
    outbox_id = answer(db, seal, agent)
    assert deliver(db, seal, outbox_id) == "queued"
    hurry(db)
    assert deliver(db, seal, outbox_id) == "failed"
    assert delivery.UNSURE in delivery.standing(db, 1).error
    assert inquiries.get(db, 1).status == "open"


def test_a_helpdesk_that_is_not_there_is_tried_again(db, seal, agent):
    linked(db, seal, "zendesk", "http://127.0.0.1:9")
    assert deliver(db, seal, answer(db, seal, agent)) == "queued"
    assert scalar(db, "SELECT maybe_out FROM outbox") == 0


def test_a_connection_that_was_ended_delivers_nothing_more(db, seal, agent, desk):
    linked(db, seal, desk.kind, desk.address)
    outbox_id = answer(db, seal, agent)
    connections.switch(db, ACTOR, desk.kind, active=False)
    assert deliver(db, seal, outbox_id) == "failed"
    assert desk.texts() == []
    sent = answering.send(db, seal, inquiry_id=1, agent_id=agent.id, text=TYPED, actor=ACTOR)
    assert sent.delivery == "copied"


def test_an_answer_in_another_shape_is_a_failure_and_nothing_is_lost(db, seal, agent, desk):
    linked(db, seal, desk.kind, desk.address)
    outbox_id = answer(db, seal, agent)

    class Odd(quick(desk.kind, Access(address=desk.address, private=True)).__class__):
        def send(self, out):
            raise KeyError("id")

    def make(kind, access):
        return Odd(access, timeout=QUICK)

    assert delivery.deliver(db, seal, outbox_id, make=make) == "queued"
    assert "not understood" in delivery.standing(db, 1).error
    hurry(db)
    assert deliver(db, seal, outbox_id) == "delivered"
    assert desk.texts() == [TYPED]


def test_who_wrote_to_zammad_by_mail_is_answered_by_mail(db, seal, agent):
    with helpdesk("zammad") as desk:
        linked(db, seal, "zammad", desk.address)
        desk.articles = [
            {"id": 1, "sender": "Customer", "type": "email", "internal": False, "body": "환불?",
             "from": "mina@customer.example", "reply_to": "", "subject": "환불",
             "message_id": "<a@customer.example>", "created_at": "2026-01-02T03:04:05Z"}
        ]  # fmt: skip
        assert deliver(db, seal, answer(db, seal, agent)) == "delivered"
        sent = desk.bodies[0]
        assert (sent["type"], sent["to"]) == ("email", "mina@customer.example")
        assert sent["in_reply_to"] == "<a@customer.example>"


def test_a_look_tells_who_is_on_the_other_side(db, seal, desk):
    linked_ = Access(
        address=desk.address, user="bot@example.com", token="t", account="3", private=True
    )
    name = "도란장터" if desk.kind == "channel-talk" else "bot@example.com"
    assert quick(desk.kind, linked_).check() == name


# Mail

THREAD = MailThread(
    "민아 <mina@customer.example>", "환불 문의", "<b@customer.example>", ["<a@customer.example>"]
)


def test_a_mail_goes_out_in_the_thread_it_answers(db, seal, agent, mail):
    linked(db, seal, "smtp", mail.address, mail=THREAD)
    outbox_id = answer(db, seal, agent)
    assert deliver(db, seal, outbox_id) == "delivered"
    (sent,) = mail.mails
    assert sent.get_content().splitlines() == TYPED.split("\n")
    assert sent["To"] == "민아 <mina@customer.example>"
    assert sent["From"] == "Help <help@example.com>"
    assert sent["Subject"] == "Re: 환불 문의"
    assert sent["In-Reply-To"] == "<b@customer.example>"
    assert sent["References"] == "<a@customer.example> <b@customer.example>"
    key = scalar(db, "SELECT key FROM outbox")
    assert sent["Message-ID"] == f"<faqdesk.{key}@example.com>"
    assert scalar(db, "SELECT external_id FROM outbox") == sent["Message-ID"]


@pytest.mark.parametrize("trouble", ["later", "full", "busy", "deaf"])
def test_a_mail_server_that_asks_for_patience_gets_it(db, seal, agent, mail, trouble):
    linked(db, seal, "smtp", mail.address, mail=THREAD)
    mail.plan = [trouble]
    outbox_id = answer(db, seal, agent)
    assert deliver(db, seal, outbox_id) == "queued"
    assert "customer.example" not in delivery.standing(db, 1).error
    hurry(db)
    # Nothing was taken in, and the server said so: it is simply sent.
    assert deliver(db, seal, outbox_id) == "delivered"
    assert len(mail.mails) == 1


def test_an_address_that_is_not_there_reopens_the_inquiry_and_is_named_nowhere(
    db, seal, agent, mail
):
    linked(db, seal, "smtp", mail.address, mail=THREAD)
    mail.plan = ["never"]
    assert deliver(db, seal, answer(db, seal, agent)) == "failed"
    error = delivery.standing(db, 1).error
    assert "550" in error
    assert "customer.example" not in error
    assert scalar(db, "SELECT count(*) FROM audit WHERE detail LIKE '%customer.example%'") == 0
    assert inquiries.get(db, 1).status == "open"


def test_a_mail_of_which_nobody_knows_is_not_sent_again_by_itself(db, seal, agent, mail):
    linked(db, seal, "smtp", mail.address, mail=THREAD)
    mail.plan = ["silent"]
    assert deliver(db, seal, answer(db, seal, agent)) == "failed"
    assert len(mail.mails) == 1
    assert delivery.UNSURE in delivery.standing(db, 1).error
    assert answering.draft(db, seal, 1, agent.id).text == TYPED


def test_whom_a_mail_goes_to_is_sealed_and_forgotten(db, seal, agent, mail):
    linked(db, seal, "smtp", mail.address, mail=THREAD)
    kept = one(db, "SELECT sealed FROM inquiry_routes")["sealed"]
    assert b"customer" not in kept
    deliver(db, seal, answer(db, seal, agent))
    db.execute("UPDATE inquiries SET closed_at = ?", [ago(days=9)])
    db.conn.commit()
    answering.forget_originals(db, days=7)
    assert routes.mail_thread(db, seal, 1) is None


# Connections


@pytest.mark.parametrize(
    ("kind", "access", "words"),
    [
        ("intercom", Access(), "No kind of connection"),
        ("zendesk", Access(address="http://z.example.com"), "not asked without https"),
        ("zendesk", Access(address="ftp://z.example.com"), "only http and https"),
        ("smtp", Access(address="mail:x"), "host:port"),
        ("smtp", Access(sender="nobody"), "mail address"),
        ("zammad", Access(token="a\nb"), "one line"),
        ("zammad", Access(token="비밀"), "ASCII"),
        ("smtp", Access(tls="maybe"), "tls is one of"),
        ("smtp", Access(address="mail.example.com:22"), "Port 22"),
        ("smtp", Access(address="mail.example.com:25", tls="none", user="u"), "in the clear"),
        ("zendesk", Access(address="https://z.example.com:8443"), "port 8443"),
        ("zendesk", Access(address="https://u:p@z.example.com"), "name and password"),
    ],
)
def test_a_connection_that_cannot_work_is_refused(db, seal, kind, access, words):
    with pytest.raises(InputError, match=words):
        connections.connect(db, seal, ACTOR, name="x", kind=kind, access=access)
    assert connections.listed(db) == []


def test_what_is_secret_is_in_no_table_and_in_no_words(db, seal, space):
    access = Access(address="https://z.example.com", user="u@example.com", token="s3cret-token")
    made, secret = connections.connect(db, seal, ACTOR, name="z", kind="zendesk", access=access)
    assert made.delivers
    assert len(secret) > 30
    db.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    raw = space.database_path.read_bytes()
    assert b"s3cret-token" not in raw
    assert secret.encode() not in raw
    assert "s3cret-token" not in repr(access)
    assert connections.access(db, seal, made.id).token == "s3cret-token"


def test_a_connection_can_only_be_told_apart_by_its_name_and_source(db, seal):
    connections.connect(db, seal, ACTOR, name="a", kind="zendesk", access=Access())
    with pytest.raises(ConflictError, match="under 'zendesk' already"):
        connections.connect(db, seal, ACTOR, name="b", kind="zendesk", access=Access())
    with pytest.raises(ConflictError, match="of kind zendesk"):
        connections.connect(db, seal, ACTOR, name="a", kind="zammad", access=Access())
    with pytest.raises(InputError, match="needs: address, user, token"):
        connections.connect(
            db, seal, ACTOR, name="a", kind="zendesk", access=Access(), delivers=True
        )
    # A new token leaves the webhook as it is.
    before = connections.access(db, seal, 1).secret
    _, secret = connections.connect(db, seal, ACTOR, name="a", kind="zendesk", access=Access())
    assert secret == ""
    assert connections.access(db, seal, 1).secret == before
    connections.switch(db, ACTOR, "a", active=False)
    connections.connect(db, seal, ACTOR, name="b", kind="zendesk", access=Access())
    with pytest.raises(ConflictError, match="by now"):
        connections.switch(db, ACTOR, "a", active=True)
    with pytest.raises(NotFoundError):
        connections.get(db, "c")
