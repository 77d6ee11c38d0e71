"""Messages of one customer become one inquiry, are parted again, and bring new suggestions."""

import pytest

from support import (
    agents,
    answering,
    holding,
    incoming,
    inquiries,
    joining,
    settings,
    snoozing,
    worklist,
)
from support.audit import Actor
from support.clock import ago
from support.database import scalar, write
from support.errors import ConflictError, EmptyTextError, InputError, JoinedError
from support.importing.conversation import RawConversation, RawMessage
from support.importing.prepare import Preparer
from support.importing.store import store
from tests.conftest import ACTOR, import_csv

HEAD = "id,customer,question,answer,created_at\n"


@pytest.fixture
def mina(db):
    return agents.add(db, ACTOR, login="mina", name="미나", role="agent", password="long enough 1")


def bring(space, tmp_path, *rows):
    """Import open inquiries as (id, customer, words, hours ago)."""
    lines = "".join(f"{name},{who},{words},,{ago(hours=h)}\n" for name, who, words, h in rows)
    import_csv(space, tmp_path / "h.csv", HEAD + lines)


def open_ids(db, agent):
    return [row.id for row in worklist.waiting(db, agent.id)]


def test_what_a_customer_asks_again_soon_is_one_inquiry(space, db, tmp_path, mina):
    bring(
        space, tmp_path,
        ("a", "kim", "환불 되나요", 50), ("b", "kim", "아직 답이 없네요", 40),
        ("c", "kim", "다른 문의입니다", 2), ("d", "lee", "환불 되나요", 49), ("e", "", "그냥", 49),
    )  # fmt: skip
    assert open_ids(db, mina) == [1, 4, 5, 3]  # 3 came 38 hours after
    joined = inquiries.get(db, 1)
    assert joined.text == "환불 되나요\n아직 답이 없네요"
    assert [message.text for message in joined.messages] == ["환불 되나요", "아직 답이 없네요"]
    assert inquiries.counts(db) == {"open": 4, "answered": 0, "closed": 0}


def test_never_where_the_desk_does_not_want_it(space, db, tmp_path, mina):
    settings.change(db, ACTOR, join_hours=0)
    bring(space, tmp_path, ("a", "kim", "하나", 3), ("b", "kim", "둘", 2))
    assert open_ids(db, mina) == [1, 2]


def test_parting_brings_both_back_as_they_were(space, db, tmp_path, mina):
    bring(space, tmp_path, ("a", "kim", "하나", 3), ("b", "kim", "둘", 2))
    assert open_ids(db, mina) == [1]
    joining.part(db, ACTOR, 2)
    assert open_ids(db, mina) == [1, 2]
    assert [inquiries.get(db, number).text for number in (1, 2)] == ["하나", "둘"]
    assert joining.join_open(db, hours=24) == 0  # what people parted stays apart
    joining.join(db, ACTOR, 1, 2)
    assert open_ids(db, mina) == [1]
    with pytest.raises(ConflictError):
        joining.join(db, ACTOR, 1, 2)
    with pytest.raises(ConflictError, match="by itself"):
        joining.part(db, ACTOR, 1)


def test_an_import_that_brings_them_again_changes_nothing(space, db, tmp_path, mina):
    rows = ("a", "kim", "하나", 3), ("b", "kim", "둘", 2)
    bring(space, tmp_path, *rows)
    bring(space, tmp_path, *rows)
    assert open_ids(db, mina) == [1]
    assert inquiries.get(db, 1).text == "하나\n둘"


def test_what_a_source_adds_to_a_joined_one_stands_with_the_rest(space, db, seal, mina):
    def bring(name, *said):
        messages = [
            RawMessage(f"m{place}", "customer", words, ago(hours=9 - place))
            for place, words in enumerate(said)
        ]
        raw = RawConversation(name, ago(hours=10), customer_id="kim", messages=messages)
        with write(db):
            store(db, seal, None, "s", [Preparer((), {}, ()).prepare(raw)], discover=False)

    bring("a", "하나")
    bring("b", "둘")
    joining.join_open(db, hours=24)
    snoozing.snooze(db, ACTOR, 1, ago(hours=-2))
    bring("b", "둘", "제 번호는 010-1234-5678")
    found = inquiries.get(db, 1, seal)
    assert found.text == "하나\n둘\n제 번호는 [전화번호]"
    assert found.messages[-1].text == "제 번호는 010-1234-5678"
    assert open_ids(db, mina) == [1]
    assert answering.forget_originals(db, days=0) == 0  # still open, however old


def test_one_answer_goes_to_all_of_it(space, db, seal, tmp_path, mina):
    bring(
        space, tmp_path, ("a", "kim", "하나 010-1234-5678", 3), ("b", "kim", "둘 010-1234-5678", 2)
    )
    assert "1234" in inquiries.get(db, 1, seal).messages[1].text  # still open: its own words
    with pytest.raises(ConflictError):
        holding.claim(db, mina.id, 2)
    answering.send(
        db, seal, inquiry_id=1, agent_id=mina.id, text="네", actor=Actor(mina.actor_name)
    )
    assert open_ids(db, mina) == []
    with pytest.raises(ConflictError, match="answered with"):
        joining.part(db, ACTOR, 2)
    assert answering.forget_originals(db, days=7) == 0
    db.execute("UPDATE inquiries SET closed_at = ? WHERE id = 1", [ago(days=9)])
    assert answering.forget_originals(db, days=7) == 2


def test_only_one_customers_open_inquiries_are_joined(space, db, tmp_path, mina):
    bring(space, tmp_path, ("a", "kim", "하나", 3), ("b", "lee", "둘", 2), ("c", "kim", "셋", 90))
    for pair in ((1, 2), (1, 1)):
        with pytest.raises(InputError, match="one customer"):
            joining.join(db, ACTOR, *pair)
    holding.claim(db, mina.id, 1)
    with pytest.raises(ConflictError, match="미나"):
        joining.join(db, ACTOR, 3, 1)


def receive(db, seal, name, words, *, conversation="t1", **more):
    message = RawMessage(name, "customer", words, ago())
    return incoming.receive(
        db, seal, source="chat", conversation=conversation, message=message, **more
    )


def test_a_message_goes_where_it_belongs(db, seal, mina):
    first = receive(db, seal, "m1", "환불 010-1234-5678", customer_id="kim", subject="환불")
    again = receive(db, seal, "m1", "환불 010-1234-5678", customer_id="kim")
    assert (first.fresh, again) == (True, type(first)(first.inquiry_id, first.message_id, False))
    snoozing.snooze(db, ACTOR, first.inquiry_id, ago(hours=-2))
    second = receive(db, seal, "m2", "제 번호는 010-1234-5678", customer_id="kim")
    assert (second.inquiry_id, second.fresh) == (first.inquiry_id, True)
    found = inquiries.get(db, first.inquiry_id, seal)
    assert found.text.startswith("환불")
    assert "1234" not in found.text
    assert "제 번호는" in found.text
    assert found.messages[1].text == "제 번호는 010-1234-5678"
    assert open_ids(db, mina) == [first.inquiry_id]  # awake again
    assert [past.inquiry_id for past in inquiries.search_words(db, "번호")] == []
    told = incoming.news(db, first.inquiry_id, shown=[first.message_id])
    assert (told.fresh, told.gone) == ({second.message_id}, set())
    both = [first.message_id, second.message_id]
    assert not incoming.news(db, first.inquiry_id, shown=both).fresh
    # Another conversation of the same customer is the same inquiry.
    other = receive(db, seal, "x1", "언제 되나요", conversation="t2", customer_id="kim")
    assert other.inquiry_id == first.inquiry_id
    assert receive(db, seal, "x2", "네?", conversation="t2").inquiry_id == first.inquiry_id
    assert inquiries.get(db, first.inquiry_id).text.endswith("언제 되나요\n네?")
    assert len(incoming.news(db, first.inquiry_id, shown=both).fresh) == 2


def test_what_somebody_has_begun_to_answer_is_joined_by_hand_alone_and_goes_along(
    space, db, seal, tmp_path, mina
):
    settings.change(db, ACTOR, join_hours=0)
    bring(space, tmp_path, ("a", "kim", "하나", 3), ("b", "kim", "둘", 2))
    answering.save_draft(db, seal, 2, mina.id, "쓰던 글", revision=1)
    assert joining.join_open(db, hours=24) == 0
    answering.save_draft(db, seal, 2, mina.id, "", revision=2, bases=[1])
    assert answering.draft(db, seal, 2, mina.id) == answering.Draft("", 0)
    answering.save_draft(db, seal, 2, mina.id, "쓰던 글", revision=3)
    answering.save_draft(db, seal, 1, mina.id, "또 하나", revision=4)
    with pytest.raises(ConflictError, match="미나 has begun"):
        joining.join(db, ACTOR, 1, 2)
    answering.save_draft(db, seal, 1, mina.id, "", revision=5, bases=[4])
    joining.join(db, ACTOR, 1, 2)
    assert answering.draft(db, seal, 1, mina.id).text == "쓰던 글"
    with pytest.raises(JoinedError) as refused:
        answering.save_draft(db, seal, 2, mina.id, "더", revision=6, bases=[3])
    assert refused.value.head == 1


def test_after_an_answer_a_new_inquiry_begins(db, seal, mina):
    first = receive(db, seal, "m1", "환불 되나요", customer_id="kim")
    answering.send(
        db, seal, inquiry_id=first.inquiry_id, agent_id=mina.id, text="네",
        actor=Actor(mina.actor_name),
    )  # fmt: skip
    second = receive(db, seal, "m2", "그럼 배송은요", customer_id="kim")
    assert second.inquiry_id != first.inquiry_id
    assert inquiries.get(db, second.inquiry_id).text == "그럼 배송은요"
    third = receive(db, seal, "m3", "빨리요", customer_id="kim")
    assert third.inquiry_id == second.inquiry_id
    assert not receive(db, seal, "m1", "환불 되나요").fresh
    assert scalar(db, "SELECT count(*) FROM inquiries") == 2
    with pytest.raises(EmptyTextError):
        receive(db, seal, "m4", "  ")
