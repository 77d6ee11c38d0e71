"""What a conversation asks now, and that an answer over there settles what was shown here."""

import pytest

from support import agents, answering, incoming, settings, sidebar, suggestions
from support.clock import now
from support.database import one, scalar
from support.errors import NotFoundError
from support.faqs import Faq, save
from support.importing.conversation import RawMessage
from support.promise import Promise
from support.recommender import SuggestedFaq, Suggestion
from support.sidebar import Asked, Said
from tests.conftest import ACTOR

C, A, B = "customer", "agent", "bot"


@pytest.mark.parametrize(
    ("subject", "said", "text", "waits"),
    [
        ("", [], "", True),
        ("Refund", [], "Refund", True),
        ("Refund", [(C, "When?"), (C, "I wait.")], "Refund\nWhen?\nI wait.", True),
        ("Refund", [(C, "When?"), (A, "Soon."), (C, "No code comes")], "No code comes", True),
        ("Refund", [(C, "When?"), (A, "Soon.")], "Refund\nWhen?", False),
        ("Refund", [(A, "Hello!"), (C, "When?")], "Refund\nWhen?", True),
        ("", [(C, "one"), (B, "I am a robot"), (C, "two")], "one\ntwo", True),
        ("", [(C, "one"), (A, "1"), (A, "2"), (C, " "), (C, "three")], "three", True),
        ("", [(C, "one"), (A, "1"), (C, " ")], "one", False),
        ("", [(A, "Hello!")], "", False),
        ("", [(C, "<p>Where is <b>it</b>?</p>")], "Where is it?", True),
        ("", [(C, "5 < 6")], "5 < 6", True),
    ],
)
def test_what_is_asked_now(subject, said, text, waits):
    assert sidebar.asked(subject, [Said(*item) for item in said]) == Asked(text, waits)


@pytest.fixture
def faq(db):
    item = Faq(slug="refund", title="Refund", url="https://help.example.com/ko/faq/refund")
    save(db, [item])
    return item


def shown(faq, *, reason=""):
    if reason:
        return Suggestion("silent", reason, 0.7, (), (), "r1")
    one = SuggestedFaq(faq, 0.9, Promise(5, 6, 0.5, 0.9), (), 0.0, ())
    return Suggestion("likely", "", 0.7, (one,), (), "r1")


def remember(db, found, *, inquiry_id=None, conversation="7", asked_by="agent:1"):
    return sidebar.remember(
        db, found, inquiry_id=inquiry_id, source="chatwoot", conversation=conversation,
        asked_by=asked_by,
    )  # fmt: skip


def test_shown_again_the_same_is_one_suggestion(db, faq):
    first = remember(db, shown(faq))
    assert remember(db, shown(faq)) == first
    others = {
        remember(db, shown(faq), conversation="8"),
        remember(db, shown(faq), asked_by="agent:2"),
        remember(db, shown(faq, reason="ambiguous")),
    }
    assert len(others | {first}) == 4
    assert scalar(db, "SELECT count(*) FROM suggestions") == 4


def write_in(space, db, text, conversation="7"):
    """A customer writes in the helpdesk, and the desk hears of it."""
    message = RawMessage(f"m:{text}", "customer", text, now())
    incoming.receive(
        db, space.seal(), source="chatwoot", conversation=conversation, message=message
    )


def test_the_open_inquiry_of_a_conversation_is_found_by_the_helpdesks_names(space, db):
    assert sidebar.open_inquiry(db, "chatwoot", "7") is None
    write_in(space, db, "환불 언제 되나요")
    inquiry_id = sidebar.open_inquiry(db, "chatwoot", "7")
    assert inquiry_id == scalar(db, "SELECT id FROM inquiries")
    assert sidebar.open_inquiry(db, "zendesk", "7") is None
    assert sidebar.open_inquiry(db, "chatwoot", "70") is None
    # What is asked after an answer is another inquiry of the same conversation.
    db.execute("UPDATE inquiries SET status = 'answered'")
    write_in(space, db, "아직 안 왔어요")
    assert sidebar.open_inquiry(db, "chatwoot", "7") == scalar(db, "SELECT max(id) FROM inquiries")
    db.execute("UPDATE inquiries SET status = 'closed'")
    assert sidebar.open_inquiry(db, "chatwoot", "7") is None


def test_an_answer_settles_what_was_shown_before_the_inquiry_came(space, db, faq):
    settings.change(db, ACTOR, faq_hosts="help.example.com")
    agent = agents.add(db, ACTOR, login="mina", name="Mina", role="agent", password="correct horse")
    key = remember(db, shown(faq))
    elsewhere = remember(db, shown(faq), conversation="8")
    write_in(space, db, "환불 언제 되나요")
    inquiry_id = sidebar.open_inquiry(db, "chatwoot", "7")
    assert sidebar.adopt(db, inquiry_id, source="chatwoot", conversation="7") == 1
    assert sidebar.adopt(db, inquiry_id, source="chatwoot", conversation="7") == 0
    text = f"보세요 {faq.url}"
    answering.send(
        db, space.seal(), inquiry_id=inquiry_id, agent_id=agent.id, text=text, actor=ACTOR
    )
    sql = "SELECT outcome FROM suggestion_faqs WHERE suggestion_id = ?"
    assert one(db, sql, [key]) == {"outcome": "accepted"}
    assert one(db, sql, [elsewhere]) == {"outcome": None}


def test_what_was_shown_before_the_inquiry_came_is_no_second_suggestion(space, db, faq):
    key = remember(db, shown(faq))
    write_in(space, db, "환불 언제 되나요")
    inquiry_id = sidebar.open_inquiry(db, "chatwoot", "7")
    assert remember(db, shown(faq), inquiry_id=inquiry_id) == key
    assert scalar(db, "SELECT count(*) FROM suggestions") == 1
    # The inquiry's suggestion is the team's: a colleague who opens it reports on the same one.
    assert remember(db, shown(faq), inquiry_id=inquiry_id, asked_by="agent:2") == key
    suggestions.check_own(db, key, "agent:2")


def test_nobody_reports_on_what_was_shown_to_others(db, faq):
    key = remember(db, shown(faq))
    suggestions.check_own(db, key, "agent:1")
    for suggestion_id, asked_by in ((key, "agent:2"), ("sg_none", "agent:1")):
        with pytest.raises(NotFoundError):
            suggestions.check_own(db, suggestion_id, asked_by)
