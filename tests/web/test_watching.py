"""What watching finds waits in the queue, once, with the match that it rests on."""

import sqlite3
from contextlib import closing

import pytest

from listings.moderation import cases, decisions
from listings.similar import alerts
from support.database import scalar
from tests.conftest import ACTOR
from tests.web.doors import faqdesk
from tests.web.drawn_listings import BAG, sell, suspend
from web import watching
from web.similar_desk import SimilarDesk
from web.work import WORKS


@pytest.fixture
def returned(space, db):
    """A suspended seller's bag, and the same one from a new account."""
    old = sell(space, db, 1, "bad", BAG)
    suspend(db, old)
    return old, sell(space, db, 2, "new account", BAG + "!")


def test_a_returning_seller_waits_in_the_queue_with_the_match(space, db, returned):
    old, again = returned
    found = watching.watch(space, db)
    assert found.alerts == {"sanctioned": 1}
    case = cases.of_listing(db, again)
    assert case is not None
    assert case.state == "open"
    signs = cases.signs(db, case.id)
    assert [sign.kind for sign in signs] == ["watch"]
    assert f"like listing {old}" in signs[0].note
    assert "florence" in signs[0].note
    assert "counterfeit bags" in signs[0].note
    assert case.priority == pytest.approx(max(sign.weight for sign in signs))
    alert = alerts.get(db, watching.alert_of_note(signs[0].note))
    assert (alert.kind, alert.listing_id, alert.other_id) == ("sanctioned", again, old)
    assert cases.of_listing(db, old) is None


def test_what_was_decided_does_not_come_back_by_itself(space, db, returned):
    _, again = returned
    watching.watch(space, db)
    case = cases.of_listing(db, again)
    agent_id = scalar(db, "SELECT id FROM agents")
    decisions.decide(db, ACTOR, agent_id, case.id, label="normal", reason="a gift")
    db.conn.execute("UPDATE watch_state SET seq = 0")
    db.conn.commit()
    assert watching.watch(space, db).alerts == {}
    assert cases.get(db, case.id).state == "closed"


def test_a_run_that_is_killed_leaves_no_alert_without_its_case(space, db, returned, monkeypatch):
    def broken(*told, **more):
        raise sqlite3.OperationalError("disk full")

    with monkeypatch.context() as patched:
        patched.setattr(cases, "add_sign", broken)
        with pytest.raises(sqlite3.OperationalError):
            watching.watch(space, db)
    assert alerts.alerts(db) == []
    assert scalar(db, "SELECT count(*) FROM moderation_cases") == 0
    watching.watch(space, db)
    assert scalar(db, "SELECT count(*) FROM moderation_signs") == len(alerts.alerts(db)) == 1


def test_two_runs_at_once_open_one_case(space, db, returned, monkeypatch):
    """The second looks and writes while the first has read what is new, and not written yet."""
    desk = SimilarDesk(space)
    plain = desk.similar.like
    inner = []

    def like(*asked, **options):
        found = plain(*asked, **options)
        monkeypatch.undo()
        with closing(space.database()) as other:
            inner.append(watching.watch(space, other))
        return found

    monkeypatch.setattr(desk.similar, "like", like)
    outer = watching.watch(space, db, desk=desk)
    assert (outer.looked, inner[0].looked) == (2, 2)
    assert (outer.alerts, inner[0].alerts) == ({}, {"sanctioned": 1})
    assert scalar(db, "SELECT count(*) FROM moderation_signs") == 1
    assert scalar(db, "SELECT count(*) FROM watch_alerts") == 1


def test_the_job_and_the_command_are_the_same(space, db, returned):
    told = WORKS["watch"](space, db, ACTOR, {}, lambda *told: None)
    assert told["alerts"] == {"sanctioned": 1}
    sell(space, db, 3, "third account", BAG + "!!")
    done = faqdesk(space, "similar", "watch", "--json")
    assert done.returncode == 0, done.stderr
    assert '"sanctioned": 1' in done.stdout
    assert scalar(db, "SELECT count(*) FROM moderation_cases WHERE state = 'open'") == 2


def test_an_index_that_grew_is_saved_for_the_others(space, db, returned, monkeypatch):
    assert not watching.watch(space, db).saved  # few: whoever searches reads them in no time
    monkeypatch.setattr(watching, "KEPT_LISTINGS", 1)
    sell(space, db, 3, "kim", "Oak table")
    assert watching.watch(space, db).saved
    assert SimilarDesk(space).saved
    assert not watching.watch(space, db).saved


@pytest.mark.parametrize("words", ["", "a person's wish", "alert x; repeat", "alert 12"])
def test_a_note_of_another_kind_speaks_of_no_alert(words):
    assert watching.alert_of_note(words) == (12 if words == "alert 12" else None)
