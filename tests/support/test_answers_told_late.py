"""What a helpdesk tells out of order, or after all: it closes nothing that still waits."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from support import (
    agents,
    answering,
    connections,
    delivery,
    incoming,
    inquiries,
    joining,
    outside_answers,
    routes,
    webhook_events,
)
from support.audit import Actor
from support.clock import iso
from support.connection_access import Access
from support.database import one, scalar
from support.delivery import DeliveryError
from support.errors import ConflictError
from support.importing.conversation import RawMessage
from tests.conftest import ACTOR, import_csv
from tests.support.test_webhooks import BODIES, HELP, KINDS, connected, take, zendesk

TYPED = f"환불은 3일 걸립니다.\n{HELP}refund"


def at(minutes):
    """A moment so many minutes from now."""
    return iso(datetime.now(UTC) + timedelta(minutes=minutes))


@pytest.fixture
def made(db, seal):
    return connected(db, seal, "chatwoot")


@pytest.fixture
def mina(db):
    return agents.add(db, ACTOR, login="mina", name="미나", role="agent", password="long enough 1")


@pytest.fixture
def asked(db, seal, made):
    """Ask in a conversation: the inquiry that waits for an answer."""

    def asked(number, words, *, when=0, conversation="5158", customer="42", through=None):
        through = through or made
        came = incoming.receive(
            db, seal, source="chatwoot", conversation=conversation,
            message=RawMessage(number, "customer", words, at(when)),
            customer_id=customer, connection_id=through.id,
        )  # fmt: skip
        return came.inquiry_id

    return asked


@pytest.fixture
def told(db, seal, made):
    def told(number, words, *, when=0, **more):
        return outside_answers.take(
            db, seal, source="chatwoot", conversation="5158", connection_id=made.id,
            message=RawMessage(number, "agent", words, at(when)), **more,
        )  # fmt: skip

    return told


# Out of order


def test_an_answer_that_is_told_late_leaves_what_was_asked_since(space, db, tmp_path, asked, told):
    import_csv(space, tmp_path / "h.csv", f"id,question,answer\nh1,환불,{HELP}refund\n")
    asked("1", "배송은 언제 오나요", when=-9)
    asked("3", "환불도 해 주세요", when=-5)
    taken = told("2", f"내일 갑니다 {HELP}refund", when=-7)
    assert (taken.became, taken.slugs) == ("added", ("refund",))
    number = taken.inquiry_id
    found = inquiries.get(db, number)
    assert (found.status, found.answered_at) == ("open", None)
    assert [message.role for message in found.messages] == ["customer", "agent", "customer"]
    sql = "SELECT slug FROM labels WHERE inquiry_id = ?"
    assert one(db, sql, [number]) == {"slug": "refund"}  # learned all the same
    assert told("4", "환불해 드렸어요", when=-1).became == "answered"


def test_an_answer_to_one_inquiry_closes_no_other(db, asked, told):
    first = asked("1", "첫 질문", when=-9)
    told("2", "첫 답변", when=-8)
    second = asked("3", "둘째 질문", when=-7)
    assert second != first
    taken = told("4", "덧붙임", inquiry_id=first)
    assert (taken.became, taken.inquiry_id) == ("added", first)
    assert inquiries.get(db, second).status == "open"
    assert told("5", "둘째 답변", inquiry_id=second).became == "answered"


@pytest.mark.parametrize("change", [{"is_public": False}, {"submitter_id": "700"}])
def test_a_ticket_that_staff_begins_asks_nothing(db, seal, change):
    made = connected(db, seal, "zendesk")
    body = zendesk(1, "") | {"type": "zen:event-type:ticket.created", "event": {}}
    body["detail"] |= change
    assert webhook_events.read("zendesk", json.dumps(body).encode()).what == "other"
    assert take(db, seal, made, body) == "ignored"
    body["detail"] |= {"is_public": True, "submitter_id": "42"}
    body["id"] = "another"
    assert take(db, seal, made, body) == "done"
    assert scalar(db, "SELECT count(*) FROM messages") == 1


# Arrived after all


class Lost:
    """A way out that breaks for good after it may have taken the answer."""

    def find(self, answer):
        return None

    def send(self, answer):
        raise DeliveryError("It is in trouble (500).", permanent=True, maybe_out=True)

    def check(self):
        return ""


@pytest.fixture
def lost(db, seal, mina, asked):
    """Inquiry 1, whose answer failed, though it may have arrived."""
    number = asked("1", "환불은 언제 되나요", when=-9)
    answering.send(
        db, seal, inquiry_id=number, agent_id=mina.id, text=TYPED, actor=Actor(mina.actor_name)
    )
    (outbox_id,) = delivery.due(db)
    assert delivery.deliver(db, seal, outbox_id, make=lambda *_: Lost()) == "failed"
    assert inquiries.get(db, number).status == "open"
    return number


def test_an_answer_that_failed_and_is_seen_over_there_stands_again(db, seal, mina, lost, told):
    assert told("99", TYPED).became == "ours"
    assert delivery.standing(db, lost).state == "delivered"
    found = inquiries.get(db, lost)
    assert found.status == "answered"
    assert [message.public for message in found.messages] == [True, True]
    assert answering.draft(db, seal, lost, mina.id).text == ""
    assert told("99", TYPED).became in ("known", "ours")
    assert scalar(db, "SELECT count(*) FROM audit WHERE action = 'answer.arrived'") == 1


def test_it_answers_nothing_that_was_asked_since(db, seal, mina, lost, told, asked):
    asked("2", "그리고 배송은요?")
    assert told("99", TYPED).became == "ours"
    assert delivery.standing(db, lost).state == "delivered"
    assert inquiries.get(db, lost).status == "open"
    assert answering.draft(db, seal, lost, mina.id).text == ""


def test_one_that_was_written_again_is_left_as_people_saw_it(db, seal, mina, lost, told):
    answering.send(db, seal, inquiry_id=lost, agent_id=mina.id, text="다시 답변드려요", actor=ACTOR)
    assert told("99", TYPED).became == "ours"
    states = [row["state"] for row in db.query("SELECT state FROM outbox ORDER BY id")]
    assert states == ["failed", "queued"]


# Which conversation an answer reaches


def test_conversations_that_answers_go_out_to_are_not_joined(db, seal, asked):
    first, second = asked("1", "첫 문의"), asked("2", "둘째 문의", conversation="6000")
    assert first != second
    assert scalar(db, "SELECT count(*) FROM inquiries WHERE joined_to IS NOT NULL") == 0
    with pytest.raises(ConflictError):
        joining.join(db, ACTOR, first, second)
    assert joining.join_open(db, hours=24) == 0


def test_those_that_are_answered_by_hand_are(db, seal):
    access = Access(address="https://help.desk.example", secret="s")
    made, _ = connections.connect(
        db, seal, ACTOR, name="ear", kind="chatwoot", access=access, delivers=False
    )
    for number in ("1", "2"):
        incoming.receive(
            db, seal, source=made.source, conversation=f"c{number}", connection_id=made.id,
            message=RawMessage(number, "customer", f"문의 {number}", at(0)), customer_id="42",
        )  # fmt: skip
    assert scalar(db, "SELECT count(*) FROM inquiries WHERE joined_to IS NOT NULL") == 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_way_back_that_ended_leads_through_the_next_connection(db, seal, kind):
    old = connected(db, seal, kind)
    take(db, seal, old, BODIES[kind](1, "환불은 언제 되나요?"))
    connections.end(db, seal, ACTOR, old.name)
    access = Access(address="https://help.desk.example", secret="the secret of both", account="3",
                    user="u@example.com", token="t")  # fmt: skip
    new, _ = connections.connect(db, seal, ACTOR, name="anew", kind=kind, access=access,
                                 source=old.source)  # fmt: skip
    take(db, seal, new, BODIES[kind](2, "아직이요"))
    route = routes.of(db, 1)
    assert (route.connection_id, route.conversation, route.delivers) == (new.id, "5158", True)
