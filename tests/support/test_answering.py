"""Drafts, sending, and what a sent answer teaches."""

import pytest

from support import agents, answering, inquiries, insertions
from support.audit import Actor
from support.clock import ago
from support.database import one, scalar
from support.errors import (
    ConflictError,
    EmptyTextError,
    InputError,
    MaskUnconfirmedError,
    NotFoundError,
)
from tests.conftest import ACTOR, import_csv

REFUND = "https://help.example.com/ko/faq/refund"
LOGIN = "https://help.example.com/ko/faq/login"


@pytest.fixture
def agent(space, db, tmp_path):
    """An agent with one open inquiry, whose id is 1."""
    text = f"id,question,answer,created_at\n1,환불해 주세요 010-2938-4471,,{ago(hours=1)}\n"
    import_csv(space, tmp_path / "h.csv", text)
    return agents.add(db, ACTOR, login="mina", name="미나", role="agent", password="long enough 1")


def send(db, seal, agent, text, **more):
    return answering.send(
        db, seal, inquiry_id=1, agent_id=agent.id, text=text, actor=Actor(agent.actor_name), **more
    )


def suggested(db, *slugs, reason=""):
    """Write down that some FAQs were suggested for inquiry 1."""
    band = "likely" if slugs else "silent"
    row = {"id": "sg_1", "inquiry_id": 1, "asked_by": "agent:1", "release": "r", "band": band}
    db["suggestions"].insert(row | {"reason": reason, "at": ago(minutes=1)})
    for rank, slug in enumerate(slugs, 1):
        row = {"suggestion_id": "sg_1", "rank": rank, "slug": slug, "probability": 0.5}
        db["suggestion_faqs"].insert(row)


def outcomes(db):
    return {row["slug"]: row["outcome"] for row in db.query("SELECT * FROM suggestion_faqs")}


def misses(db):
    return [row["slug"] for row in db.query("SELECT slug FROM misses ORDER BY slug")]


def test_a_sent_answer_becomes_a_label_an_outbox_row_and_a_search_hit(db, seal, agent):
    sent = send(db, seal, agent, f"이렇게 하세요 {REFUND}?utm_source=x")
    assert (sent.slugs, sent.delivery) == (("refund",), "copied")
    assert inquiries.get(db, 1).status == "answered"
    assert one(db, "SELECT slug, origin FROM labels") == {"slug": "refund", "origin": "sent"}
    row = one(db, "SELECT * FROM outbox")
    assert seal.open_up(row["sealed"]) == f"이렇게 하세요 {REFUND}?utm_source=x"
    assert [past.inquiry_id for past in inquiries.search_words(db, "환불")] == [1]
    assert scalar(db, "SELECT count(*) FROM audit WHERE action = 'answer.sent'") == 1


def test_what_goes_out_is_as_typed_and_what_is_kept_is_masked(db, seal, agent):
    typed = "네  010-2938-4471 로 전화드릴게요\n\n감사합니다 "
    send(db, seal, agent, typed)
    assert seal.open_up(one(db, "SELECT sealed FROM outbox")["sealed"]) == typed
    assert "2938" not in inquiries.past_answers(db, [1])[1].answer


def test_outcomes_follow_what_was_sent(db, seal, agent):
    suggested(db, "refund", "shipping")
    send(db, seal, agent, f"{REFUND} {LOGIN}")
    assert outcomes(db) == {"refund": "accepted", "shipping": "passed_over"}
    assert misses(db) == ["login"]


def test_an_answer_without_a_link_is_no_evidence(db, seal, agent):
    suggested(db, "refund")
    send(db, seal, agent, "확인해 보겠습니다")
    assert outcomes(db) == {"refund": None}
    assert misses(db) == []


def test_silence_that_should_have_spoken_is_a_miss_but_not_when_held_out(db, seal, agent):
    suggested(db, reason="below_threshold")
    send(db, seal, agent, REFUND)
    assert misses(db) == ["refund"]


def test_a_held_out_inquiry_has_no_misses(db, seal, agent):
    suggested(db, reason="holdout")
    send(db, seal, agent, REFUND)
    assert misses(db) == []


def test_a_dismissal_stands_unless_the_faq_was_sent_after_all(db, seal, agent):
    suggested(db, "refund", "shipping")
    for slug in ("refund", "shipping"):
        answering.dismiss(db, "sg_1", slug, reason="outdated", actor=ACTOR)
    send(db, seal, agent, REFUND)
    assert outcomes(db) == {"refund": "accepted", "shipping": "dismissed"}
    with pytest.raises(InputError, match="irrelevant"):
        answering.dismiss(db, "sg_1", "refund", reason="boring", actor=ACTOR)
    with pytest.raises(NotFoundError):
        answering.dismiss(db, "sg_1", "other", reason="outdated", actor=ACTOR)


def test_insertion_and_its_undoing_are_remembered(db, agent):
    suggested(db, "refund")
    answering.note_inserted(db, "sg_1", "refund")
    assert scalar(db, "SELECT inserted_at FROM suggestion_faqs")
    mina = Actor(agent.actor_name)
    answering.note_inserted(db, "sg_1", "refund", undone=True, form="titled", actor=mina)
    assert scalar(db, "SELECT inserted_at FROM suggestion_faqs") is None
    answering.dismiss(db, "sg_1", "refund", reason="outdated", actor=mina)
    done = [(event.kind, event.form, event.actor) for event in insertions.of(db, "sg_1")]
    assert done == [
        ("inserted", "", "system"),
        ("undone", "titled", agent.actor_name),
        ("dismissed", "", agent.actor_name),
    ]
    with pytest.raises(InputError, match="titled"):
        answering.note_inserted(db, "sg_1", "refund", form="aloud")


def test_a_past_answer_inserted_is_remembered(space, db, seal, agent, tmp_path):
    suggested(db, "refund")
    past = "id,question,answer,created_at\nold,환불?,이렇게 하세요,2026-01-01T00:00:00Z\n"
    import_csv(space, tmp_path / "past.csv", past)
    insertions.note_past(db, "sg_1", 2)
    insertions.note_past(db, "sg_1", 2, undone=True)
    assert [(event.kind, event.past_id) for event in insertions.of(db, "sg_1")] == [
        ("inserted", 2),
        ("undone", 2),
    ]
    for suggestion, inquiry in (("sg_1", 1), ("sg_1", 9), ("sg_9", 2)):
        with pytest.raises(NotFoundError):
            insertions.note_past(db, suggestion, inquiry)
    send(db, seal, agent, "네")
    with pytest.raises(ConflictError):
        insertions.note_past(db, "sg_1", 2)


def test_what_a_sent_answer_decided_stands(db, seal, agent):
    suggested(db, "refund", "shipping")
    send(db, seal, agent, REFUND)
    for late in (
        lambda: answering.dismiss(db, "sg_1", "refund", reason="other", actor=ACTOR),
        lambda: answering.note_inserted(db, "sg_1", "shipping"),
    ):
        with pytest.raises(ConflictError, match="answered already"):
            late()
    assert outcomes(db) == {"refund": "accepted", "shipping": "passed_over"}
    assert scalar(db, "SELECT count(inserted_at) FROM suggestion_faqs") == 0


def test_a_suggestion_without_an_inquiry_can_be_dismissed(db, agent):
    suggested(db, "refund")
    db.execute("UPDATE suggestions SET inquiry_id = NULL")
    answering.note_inserted(db, "sg_1", "refund")
    answering.dismiss(db, "sg_1", "refund", reason="other", actor=ACTOR)
    assert outcomes(db) == {"refund": "dismissed"}


@pytest.mark.parametrize(("key", "slug"), [("sg_1", "login"), ("sg_2", "refund")])
def test_what_was_not_suggested_can_be_neither_inserted_nor_dismissed(db, agent, key, slug):
    suggested(db, "refund")
    with pytest.raises(NotFoundError, match="not suggested"):
        answering.note_inserted(db, key, slug)
    with pytest.raises(NotFoundError, match="not suggested"):
        answering.dismiss(db, key, slug, reason="other", actor=ACTOR)


def test_two_agents_cannot_both_answer(db, seal, agent):
    other = agents.add(db, ACTOR, login="jun", name="준", role="agent", password="long enough 2")
    send(db, seal, agent, "제가 답합니다")
    with pytest.raises(ConflictError, match="somebody else was first"):
        send(db, seal, other, "저도요")
    assert scalar(db, "SELECT count(*) FROM outbox") == 1


def test_a_blank_answer_and_an_unconfirmed_mask_are_refused(db, seal, agent):
    with pytest.raises(EmptyTextError):
        send(db, seal, agent, " \n")
    with pytest.raises(MaskUnconfirmedError, match=r"\[전화번호\]"):
        send(db, seal, agent, "[전화번호] 로 전화하세요")
    confirmed = ["[전화번호]"]
    assert send(db, seal, agent, "[전화번호] 로 전화하세요", masks_confirmed=confirmed).message_id


def test_nothing_of_a_failed_send_stays(db, seal, agent):
    db.conn.execute(
        "CREATE TRIGGER full BEFORE INSERT ON outbox BEGIN SELECT RAISE(ABORT, 'disk full'); END"
    )
    with pytest.raises(Exception, match="disk full"):
        send(db, seal, agent, REFUND)
    assert inquiries.get(db, 1).status == "open"
    assert scalar(db, "SELECT count(*) FROM labels") == 0


def test_drafts_are_sealed_and_a_late_save_never_wins(space, db, seal, agent):
    assert answering.draft(db, seal, 1, agent.id) == answering.Draft("", 0)
    answering.save_draft(db, seal, 1, agent.id, "안녕하세요 고객님", revision=2)
    late = answering.save_draft(db, seal, 1, agent.id, "안녕", revision=1)
    assert late == answering.Draft("안녕하세요 고객님", 2)
    # Another window that tried often, and knows of none of it: a high number helps nobody.
    stale = answering.save_draft(db, seal, 1, agent.id, "두 낱말", revision=9, bases=[0, 7, 8])
    assert stale == answering.Draft("안녕하세요 고객님", 2)
    # The same window, whose save arrived though the answer to it did not.
    again = answering.save_draft(db, seal, 1, agent.id, "네 고객님", revision=5, bases=[0, 2, 4])
    assert again == answering.Draft("네 고객님", 5)
    assert "고객님".encode() not in space.database_path.read_bytes()
    send(db, seal, agent, "네")
    with pytest.raises(ConflictError):
        answering.save_draft(db, seal, 1, agent.id, "x", revision=3)


def test_originals_are_forgotten_once_they_are_due(db, seal, agent):
    assert "2938" in inquiries.get(db, 1, seal).messages[0].text
    send(db, seal, agent, "네")
    assert answering.forget_originals(db, days=7) == 0
    db.execute("UPDATE inquiries SET closed_at = ?", [ago(days=8)])
    assert answering.forget_originals(db, days=7) == 1
    assert "[전화번호]" in inquiries.get(db, 1, seal).messages[0].text
    assert scalar(db, "SELECT count(*) FROM outbox") == 0
