"""Who has which inquiry in hand; own queues, snoozing and tags."""

import threading
from datetime import UTC, datetime, timedelta, timezone

import pytest

from support import agents, answering, holding, inquiries, snoozing, tagging, worklist
from support.audit import Actor
from support.clock import ago
from support.database import scalar
from support.errors import ConflictError, InputError, NotFoundError
from support.holding import HeldError
from tests.conftest import ACTOR, import_csv


@pytest.fixture
def team(space, db, tmp_path):
    """Two agents, and inquiries 1 to 4, open, oldest first."""
    rows = "".join(f"{i},문의 {i},,{ago(hours=10 - i)}\n" for i in range(1, 5))
    import_csv(space, tmp_path / "h.csv", "id,question,answer,created_at\n" + rows)
    return [
        agents.add(db, ACTOR, login=login, name=name, role="agent", password="long enough 1")
        for login, name in (("mina", "미나"), ("joon", "준"))
    ]


def ids(db, agent, scope="free", **more):
    return [row.id for row in worklist.waiting(db, agent.id, scope=scope, **more)]


def test_what_a_colleague_has_on_the_screen_is_not_in_my_list(db, team):
    mina, joon = team
    assert holding.claim(db, mina.id, 2).name == "미나"
    assert ids(db, joon) == [1, 3, 4]
    assert ids(db, mina) == [1, 2, 3, 4]
    assert ids(db, joon, "all") == [1, 2, 3, 4]
    with pytest.raises(HeldError, match="미나") as refused:
        holding.claim(db, joon.id, 2)
    assert refused.value.holder == "미나"
    assert not holding.let_go(db, joon.id, 2)
    assert holding.let_go(db, mina.id, 2)
    assert ids(db, joon) == [1, 2, 3, 4]


def test_a_claim_runs_out_but_an_own_queue_does_not(db, team):
    mina, joon = team
    holding.claim(db, mina.id, 1)
    holding.keep(db, Actor(mina.actor_name), 2, mina.id)
    holding.claim(db, mina.id, 2)  # looking at it does not make it run out
    db.execute("UPDATE inquiries SET held_until = ? WHERE held_until <> ''", [ago(minutes=1)])
    assert ids(db, joon) == [1, 3, 4]
    assert ids(db, mina, "mine") == [2]
    assert holding.holder(db, 2).until is None
    assert holding.claim(db, joon.id, 1).name == "준"


def test_an_inquiry_is_handed_over_and_taken_over(db, team):
    mina, joon = team
    holding.keep(db, Actor(mina.actor_name), 1, mina.id)
    with pytest.raises(HeldError):
        holding.keep(db, Actor(joon.actor_name), 1, joon.id)
    assert holding.keep(db, ACTOR, 1, joon.id, take=True).name == "준"  # a lead gives out the work
    holding.keep(db, Actor(joon.actor_name), 1, mina.id)
    holding.keep(db, Actor(mina.actor_name), 1, joon.id)
    assert ids(db, joon, "mine") == [1]
    assert holding.take_over(db, Actor(mina.actor_name), 1, mina.id).name == "미나"
    assert scalar(db, "SELECT count(*) FROM audit WHERE action = 'inquiry.taken_over'") == 1
    agents.set_active(db, ACTOR, joon.id, active=False)
    with pytest.raises(ConflictError, match="Choose somebody else"):
        holding.keep(db, Actor(mina.actor_name), 1, joon.id)


def test_the_next_is_from_the_own_queue_then_the_longest_waiting(db, team):
    mina, joon = team
    holding.keep(db, Actor(mina.actor_name), 3, mina.id)
    assert worklist.claim_next(db, joon.id) == 1
    assert worklist.claim_next(db, mina.id) == 3
    assert worklist.claim_next(db, mina.id, without=3) == 2  # 1 is on a colleague's screen
    assert worklist.claim_next(db, mina.id, without=2) == 4
    holding.let_go(db, mina.id, 2)  # as its page does when it is left
    assert worklist.claim_next(db, mina.id, without=4) == 3  # from the beginning again
    assert worklist.counts(db, mina.id) == {
        "free": 3,
        "mine": 1,
        "all": 4,
        "snoozed": 0,
        "undelivered": 0,
    }
    assert worklist.beside(db, mina.id, 3) == (2, 4)  # 1 is on a colleague's screen
    assert worklist.beside(db, mina.id, 2) == (None, 3)


def test_two_never_answer_the_same_one(db, seal, team):
    mina, joon = team
    holding.claim(db, mina.id, 1)
    with pytest.raises(HeldError):
        answering.send(
            db, seal, inquiry_id=1, agent_id=joon.id, text="네", actor=Actor(joon.actor_name)
        )
    assert inquiries.get(db, 1).status == "open"
    answering.send(
        db, seal, inquiry_id=1, agent_id=mina.id, text="네", actor=Actor(mina.actor_name)
    )
    assert holding.holder(db, 1) is None
    with pytest.raises(ConflictError, match="answered"):
        holding.claim(db, mina.id, 1)
    with pytest.raises(NotFoundError):
        holding.claim(db, mina.id, 99)


def test_a_window_lets_go_only_what_no_other_renewed(db, team):
    mina, joon = team
    seen = holding.claim(db, mina.id, 1).until
    db.execute("UPDATE inquiries SET held_until = ? WHERE id = 1", [ago(hours=-1)])
    assert not holding.let_go(db, mina.id, 1, until=seen)
    assert not holding.let_go(db, joon.id, 1, until=ago(hours=-1))
    assert holding.let_go(db, mina.id, 1, until=holding.holder(db, 1).until)
    seen = holding.claim(db, mina.id, 1).until
    holding.keep(db, ACTOR, 1, mina.id)
    assert not holding.let_go(db, mina.id, 1, until=seen)
    assert worklist.in_hands(db)[1].name == "미나"


def test_a_list_says_how_much_was_written_and_which_tags_there_are(db, team):
    mina, _ = team
    tagging.change(db, ACTOR, 1, add=["VIP"])
    tagging.change(db, ACTOR, 2, add=["VIP", "환불"])
    holding.keep(db, ACTOR, 2, mina.id)
    db.execute("UPDATE inquiries SET joined_to = 3, status = 'closed' WHERE id = 4")
    rows = {row.id: row.messages for row in worklist.waiting(db, mina.id)}
    assert rows == {1: 1, 2: 1, 3: 2}
    assert worklist.tags(db, mina.id) == [("VIP", 2), ("환불", 1)]
    assert worklist.tags(db, mina.id, scope="mine") == [("VIP", 1), ("환불", 1)]


def test_giving_back_everything(db, team):
    mina, joon = team
    holding.keep(db, ACTOR, 1, joon.id)
    holding.claim(db, joon.id, 2)
    assert holding.let_go_all(db, ACTOR, joon.id) == 2
    assert ids(db, mina) == [1, 2, 3, 4]


def test_snoozed_comes_back_by_itself_or_is_woken(db, team):
    mina, _ = team
    snoozing.snooze(db, ACTOR, 1, ago(hours=-2))
    snoozing.snooze(db, ACTOR, 2, ago(hours=-2))
    assert ids(db, mina) == [3, 4]
    assert ids(db, mina, "snoozed") == [1, 2]
    snoozing.wake(db, ACTOR, 1)
    db.execute("UPDATE inquiries SET snoozed_until = ? WHERE id = 2", [ago(seconds=1)])
    assert ids(db, mina) == [1, 2, 3, 4]
    for until in ("tomorrow", ago(hours=1), ago(days=-400)):
        with pytest.raises(InputError):
            snoozing.snooze(db, ACTOR, 1, until)


def test_moments_to_snooze_to_are_the_readers_own():
    seoul = timezone(timedelta(hours=9))
    friday = datetime(2026, 11, 20, 22, 0, tzinfo=seoul)
    assert snoozing.choices(friday) == {
        "hours": "2026-11-20T16:00:00Z",
        "tomorrow": "2026-11-21T00:00:00Z",
        "monday": "2026-11-23T00:00:00Z",
    }
    assert snoozing.choices(datetime(2026, 11, 23, tzinfo=UTC))["monday"] == "2026-11-30T09:00:00Z"


def test_tags_are_put_on_taken_off_and_found(db, team):
    mina, _ = team
    assert tagging.change(db, ACTOR, 1, add=["VIP", " 환불  급함 "]) == ("VIP", "환불 급함")
    assert tagging.change(db, ACTOR, 2, add=["vip"]) == ("VIP",)  # as it is spelled already
    assert ids(db, mina, tag="VIP") == [1, 2]
    assert tagging.known(db, "v") == [("VIP", 2)]
    assert tagging.change(db, ACTOR, 1, remove=["vip"]) == ("환불 급함",)
    assert ids(db, mina, tag="VIP") == [2]
    assert inquiries.get(db, 1).tags == ("환불 급함",)
    for wrong in ("", "a,b", "x" * 41, "010-1234-5678"):
        with pytest.raises(InputError):
            tagging.change(db, ACTOR, 1, add=[wrong])
    with pytest.raises(InputError, match="at most 20"):
        tagging.change(db, ACTOR, 1, add=[f"t{i}" for i in range(21)])


def test_pages_go_on_where_the_last_one_ended(db, team):
    mina, _ = team
    first = worklist.waiting(db, mina.id, limit=3)
    rest = worklist.waiting(db, mina.id, after=(first[-1].opened_at, first[-1].id))
    assert [row.id for row in first + rest] == [1, 2, 3, 4]
    with pytest.raises(InputError, match="mine"):
        worklist.waiting(db, mina.id, scope="theirs")


def test_many_hands_never_take_the_same_one(space, db, team):
    mina, joon = team
    taken, start = [], threading.Barrier(4)

    def work(agent_id):
        own = space.database()
        start.wait()
        for _ in range(2):
            found = worklist.claim_next(own, agent_id, without=taken_by.get(agent_id))
            if found is not None:
                taken.append((found, agent_id))
                taken_by[agent_id] = found
        own.close()

    taken_by = {}
    people = [mina.id, joon.id]
    for login in ("bora", "dora"):
        agent = agents.add(
            db, ACTOR, login=login, name=login, role="agent", password="long enough 1"
        )
        people.append(agent.id)
    threads = [threading.Thread(target=work, args=(agent_id,)) for agent_id in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    holders = dict(taken)
    assert set(holders) == {1, 2, 3, 4}
    assert all(holders[inquiry] == agent_id for inquiry, agent_id in taken)
