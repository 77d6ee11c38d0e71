"""Saved replies: kept, found in past answers, and suggested with a promise that can be counted."""

import csv

import pytest

from support import (
    agents,
    answering,
    saved_replies,
    saved_reply_advice,
    saved_reply_tables,
    saved_reply_uses,
    worklist,
)
from support.audit import Actor
from support.database import insert
from support.errors import ConflictError, ImportFileError, InputError, NotFoundError
from support.inquiries import PastAnswer
from support.models import load
from support.promise import Promise
from tests import knowledge_desk
from tests.conftest import ACTOR
from web.table_files import save

REFUND = "안녕하세요. 환불은 영업일 기준 3일 안에 카드로 들어옵니다. 감사합니다."
CODE = "인증번호는 스팸함을 먼저 확인해 주세요."


@pytest.fixture
def kept(db):
    saved_replies.create(db, ACTOR, title="환불 안내", body=REFUND, name="refund")
    saved_replies.create(db, ACTOR, title="인증번호", body=CODE, name="code", category="가입")
    return db


def test_a_saved_reply_is_made_edited_retired_and_found_by_its_words(kept):
    assert [reply.name for reply in saved_replies.search(kept, "환불 3일")] == ["refund"]
    assert saved_replies.search(kept, "환불 스팸함") == []
    assert len(saved_replies.search(kept, "")) == 2
    edited = saved_replies.edit(kept, ACTOR, "code", body="<p>스팸함</p>")
    assert (edited.body, edited.category) == ("스팸함", "가입")
    saved_replies.switch(kept, ACTOR, "code", active=False)
    assert [reply.name for reply in saved_replies.listed(kept)] == ["refund"]
    assert len(saved_replies.listed(kept, every=True)) == 2
    saved_replies.switch(kept, ACTOR, "code", active=True)
    told = [row["action"] for row in kept.query("SELECT action FROM audit ORDER BY id")]
    assert told[-3:] == ["reply.edited", "reply.retired", "reply.restored"]
    with pytest.raises(ConflictError, match="another name"):
        saved_replies.create(kept, ACTOR, title="x", body="y", name="code")
    with pytest.raises(InputError, match="body"):
        saved_replies.create(kept, ACTOR, title="x", body="  ")
    with pytest.raises(NotFoundError, match="faqdesk replies list"):
        saved_replies.get(kept, "none")


@pytest.mark.parametrize("name", ["replies.csv", "replies.jsonl"])
def test_what_is_written_out_is_taken_in_again(kept, tmp_path, name):
    saved_replies.create(kept, ACTOR, title="=SUM", body="- 하나", name="odd")
    path = tmp_path / name
    assert save(saved_reply_tables.table(kept), saved_reply_tables.COLUMNS, path) == 3
    taken = saved_reply_tables.take(kept, ACTOR, path, overwrite=True)
    assert (taken.added, taken.changed, taken.same) == (0, 0, 3)
    if name.endswith(".csv"):
        with path.open(encoding="utf-8-sig", newline="") as file:
            assert {row["title"] for row in csv.DictReader(file)} >= {"'=SUM"}


def test_a_helpdesks_macros_are_taken_in_row_by_row(kept, tmp_path):
    path = tmp_path / "macros.csv"
    path.write_text(
        "id,title,content\nrefund,환불,다른 말\n7,배송,송장을 보세요\n8,,없음\n", "utf-8"
    )
    taken = saved_reply_tables.take(kept, ACTOR, path)
    assert (taken.added, taken.changed, taken.same) == (1, 0, 1)
    assert [item.line for item in taken.rejected] == [4]
    assert saved_replies.get(kept, "refund").body == REFUND
    assert saved_reply_tables.take(kept, ACTOR, path, overwrite=True).changed == 1
    path.write_text("id,title\n1,x\n", "utf-8")
    with pytest.raises(ImportFileError, match="needs a title and a body"):
        saved_reply_tables.take(kept, ACTOR, path)


@pytest.mark.parametrize(
    ("answer", "held"),
    [
        (REFUND, {"refund"}),
        (REFUND.replace("안녕하세요.", "김 고객님, 안녕하세요."), {"refund"}),  # a name put in
        (f"{CODE}\n\n그리고 {REFUND}", {"refund", "code"}),
        ("환불은 3일 걸립니다", set()),
        ("", set()),
    ],
)
def test_an_answer_holds_a_reply_where_most_of_its_words_stand_in_a_row(kept, answer, held):
    inquiry = insert(
        kept, "inquiries",
        {"source": "x", "source_id": "1", "text": "q", "status": "answered", "opened_at": "2026"},
    )  # fmt: skip
    row = {"inquiry_id": inquiry, "source_id": "a", "role": "agent", "at": "2026"}
    insert(kept, "messages", row | {"text": answer})
    assert saved_reply_uses.find_uses(kept) == len(held)
    assert {reply.name for reply in saved_replies.listed(kept) if reply.used} == held


def test_the_reply_that_an_export_names_was_used_whatever_the_answer_says(kept):
    inquiry = insert(
        kept, "inquiries",
        {"source": "x", "source_id": "1", "text": "q", "status": "answered", "opened_at": "2026"},
    )  # fmt: skip
    row = {"inquiry_id": inquiry, "source_id": "a", "role": "agent", "at": "2026", "text": "네"}
    insert(kept, "messages", row | {"saved_reply_id": "code"})
    assert saved_reply_uses.find_uses(kept) == 1
    assert saved_replies.get(kept, "code").used == 1


def past(inquiry_id, score, alike=()):
    return PastAnswer(inquiry_id, "q", "a", "2026", "", (), score=score, alike=alike)


def test_votes_by_hand():
    found = saved_reply_advice.strengths(
        [past(1, 0.8), past(2, 0.4, alike=(4,)), past(3, 0.4), past(5, -0.2)],
        {1: {7}, 2: {8}, 3: {7}, 5: {9}},
    )
    # 7: (0.8 + 0.4) / 1.6 of the likeness, the best 0.8; 8: half of 0.4 / 1.6, the best 0.4
    assert found == pytest.approx({7: 0.6, 8: 0.05, 9: 0.0})
    assert saved_reply_advice.strengths([], {}) == {}


@pytest.fixture
def desk(space, tmp_path, monkeypatch):
    """Forty past inquiries answered with one of two saved replies, and a few with neither."""
    answers = {"refund": REFUND, "code": CODE, "odd": "감사합니다."}
    topics = {
        "refund": [f"환불은 언제 되나요 {n}번 주문이요" for n in range(20)],
        "code": [f"인증번호가 안 와요 {n}번째예요" for n in range(20)],
        "odd": ["오늘 날씨가 참 좋네요", "사자와 호랑이가 싸우면 누가 이기나요?"],
    }
    for topic, answer in answers.items():
        monkeypatch.setitem(knowledge_desk.ANSWERS, topic, answer)
    db = space.database()
    lines = ["id,question,answer,created_at,answered_at"]
    number = 0
    for pair in zip(topics["refund"], topics["code"], strict=True):
        for topic, question in zip(("refund", "code"), pair, strict=True):
            day = f"2026-{1 + number // 28:02d}-{1 + number % 28:02d}"
            lines.append(f"{number},{question},{answers[topic]},{day}T01:00:00Z,{day}T02:00:00Z")
            number += 1
    for question in topics["odd"]:
        lines.append(f"{number},{question},{answers['odd']},2026-03-01T01:00:00Z,")
        number += 1
    from tests.conftest import import_csv

    import_csv(space, tmp_path / "h.csv", "\n".join(lines))
    saved_replies.create(db, ACTOR, title="환불 안내", body=REFUND, name="refund")
    saved_replies.create(db, ACTOR, title="인증번호", body=CODE, name="code")
    knowledge_desk.use_shipped_encoder(space)
    similar = load(space.models).similar
    similar.remember(db, [row["id"] for row in db.query("SELECT id FROM inquiries")])
    yield db, similar
    db.close()


def test_a_reply_is_suggested_with_a_promise_counted_on_the_past(desk):
    db, similar = desk
    asked = similar.similar(db, "환불 언제 들어오나요", top_k=5)
    assert saved_reply_advice.suggest(db, asked) == []  # nothing was counted yet
    assert saved_reply_uses.find_uses(db) == 40
    counted = saved_reply_advice.measure(db, similar)
    assert 38 <= counted < 42  # the first of each has nothing like it before it
    table = saved_reply_advice.promises(db)
    assert all(promise.n >= saved_reply_advice.FEWEST for _, promise in table)
    first = saved_reply_advice.suggest(db, asked)[0]
    assert (first.reply.name, first.band) == ("refund", "likely")
    assert isinstance(first.promise, Promise)
    assert first.promise.share > 0.8
    assert set(first.used_by) <= {item.inquiry_id for item in asked}
    saved_replies.switch(db, ACTOR, "refund", active=False)
    assert "refund" not in {item.reply.name for item in saved_reply_advice.suggest(db, asked)}


def test_a_sent_answer_is_looked_through_at_once(space, kept):
    agent = agents.add(
        kept, ACTOR, login="mina", name="미나", role="agent", password="long enough 1"
    )
    row = {"source": "web", "source_id": "1", "text": "환불이요", "status": "open"}
    insert(kept, "inquiries", row | {"opened_at": "2026-02-01T00:00:00Z"})
    waiting = worklist.waiting(kept, 0, scope="all")[0]
    answering.send(
        kept, space.seal(), inquiry_id=waiting.id, agent_id=agent.id, text=REFUND,
        actor=Actor(agent.actor_name),
    )  # fmt: skip
    assert saved_replies.get(kept, "refund").used == 1
