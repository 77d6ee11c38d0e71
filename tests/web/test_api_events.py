"""What became of a suggestion, as a program tells it: each event once, and what it settles."""

from support.database import one, scalar
from tests.web.api_asker import PHONE, outcomes, suggest, tell
from tests.web.conftest import HELP
from tests.web.doors import NUMBER, problem


def test_an_answer_settles_what_was_suggested(ask, db):
    number = suggest(ask)["suggestion_id"]
    said = tell(
        ask,
        number,
        {"id": "1", "type": "displayed"},
        {"id": "2", "type": "inserted", "faq_id": "no-show", "form": "link"},
        {"id": "3", "type": "undone", "faq_id": "no-show"},
        {"id": "4", "type": "inserted", "faq_id": "code-missing"},
        {"id": "5", "type": "sent", "faq_ids": ["refund"], "text": f"보세요 {HELP}code-missing"},
    )
    assert said == [("taken", "")] * 5
    assert outcomes(db, number) == {"code-missing": "accepted", "no-show": "passed_over"}
    assert [row["slug"] for row in db.query("SELECT slug FROM misses")] == ["refund"]
    kinds = [row["kind"] for row in db.query("SELECT kind FROM suggestion_events ORDER BY id")]
    assert kinds == ["inserted", "undone", "inserted"]
    late = tell(ask, number, {"id": "6", "type": "dismissed", "faq_id": "no-show"})
    assert late[0][0] == "refused"


def test_an_answer_without_a_link_is_no_evidence(ask, db):
    number = suggest(ask)["suggestion_id"]
    assert tell(ask, number, {"id": "1", "type": "sent", "text": "확인해 볼게요"}) == [
        ("taken", "")
    ]
    assert set(outcomes(db, number).values()) == {None}


def test_an_event_counts_once(ask, db):
    number = suggest(ask)["suggestion_id"]
    event = {"id": "1", "type": "inserted", "faq_id": "no-show"}
    assert tell(ask, number, event, event) == [("taken", ""), ("known", "")]
    assert tell(ask, number, event) == [("known", "")]
    assert scalar(db, "SELECT count(*) FROM suggestion_events") == 1
    other = suggest(ask)["suggestion_id"]  # ids are each suggestion's own
    assert tell(ask, other, event) == [("taken", "")]


def test_a_dismissal_has_its_reason_and_can_be_taken_back(ask, db):
    number = suggest(ask)["suggestion_id"]
    event = {"type": "dismissed", "faq_id": "no-show", "reason": "outdated"}
    tell(ask, number, event | {"id": "1"})
    assert outcomes(db, number)["no-show"] == "dismissed"
    tell(ask, number, {"id": "2", "type": "undone", "faq_id": "no-show"})
    assert outcomes(db, number)["no-show"] is None


def test_what_is_said_beside_an_event_is_masked(ask, db, space):
    number = suggest(ask)["suggestion_id"]
    tell(
        ask,
        number,
        {"id": "1", "type": "dismissed", "faq_id": "no-show", "comment": f"전화 {PHONE}",
         "agent": "mina.kim@example.org"},
        {"id": "2", "type": "sent", "text": f"{HELP}refund {PHONE}"},
    )  # fmt: skip
    row = one(db, "SELECT * FROM api_events WHERE id = '1'")
    assert "[전화번호]" in row["comment"]
    assert row["told_by"] == f"token:{ask.id}"
    db.execute("PRAGMA wal_checkpoint")
    for path in space.home.glob("desk.db*"):
        assert not NUMBER.search(path.read_bytes())
        assert b"mina.kim" not in path.read_bytes()


def test_a_past_answer_can_be_inserted(ask, db, ids):
    number = suggest(ask)["suggestion_id"]
    event = {"id": "1", "type": "inserted", "inquiry_id": str(ids["a1"])}
    assert tell(ask, number, event) == [("taken", "")]
    assert one(db, "SELECT past_id FROM suggestion_events")["past_id"] == ids["a1"]


def test_what_cannot_have_happened_is_refused_and_the_rest_is_taken(ask, db):
    number = suggest(ask)["suggestion_id"]
    said = tell(
        ask,
        number,
        {"id": "1", "type": "inserted", "faq_id": "nothing"},
        {"id": "2", "type": "inserted"},
        {"id": "3", "type": "dismissed", "faq_id": "refund"},
        {"id": "4", "type": "sent", "faq_ids": ["nothing"]},
        {"id": "5", "type": "inserted", "inquiry_id": "99"},
        {"id": "6", "type": "inserted", "faq_id": "refund"},  # looked up, not suggested
    )
    assert [state for state, _ in said] == ["refused"] * 5 + ["taken"]
    assert "faq_id" in said[1][1]
    problem(ask.post("/suggestions/sg_none/events", {"events": [{"id": "1", "type": "sent"}]}), 404)
    for event in (
        {"type": "sent"},
        {"id": "1", "type": "eaten"},
        {"id": "1", "type": "sent", "at": "noon"},
    ):
        problem(ask.post(f"/suggestions/{number}/events", {"events": [event]}), 422)


def test_every_event_names_the_release_that_suggested(ask, db):
    number = suggest(ask)["suggestion_id"]
    tell(
        ask,
        number,
        {"id": "1", "type": "displayed", "faq_id": "no-show", "position": 2},
        {"id": "2", "type": "inserted", "faq_id": "no-show"},
        {"id": "3", "type": "edited", "faq_id": "no-show"},
        {"id": "4", "type": "sent", "faq_ids": ["no-show"]},
    )
    rows = list(db.query("SELECT kind, release, position FROM api_events ORDER BY id"))
    assert [row["kind"] for row in rows] == ["displayed", "inserted", "edited", "sent"]
    assert {row["release"] for row in rows} == {"r1"}
    assert [row["position"] for row in rows] == [2, None, None, None]


def test_what_was_edited_needs_an_faq_that_there_is(ask, db):
    number = suggest(ask)["suggestion_id"]
    said = tell(
        ask,
        number,
        {"id": "1", "type": "edited"},
        {"id": "2", "type": "edited", "faq_id": "nothing"},
        {"id": "3", "type": "edited", "faq_id": "refund"},
    )
    assert [state for state, _ in said] == ["refused", "refused", "taken"]
    assert set(outcomes(db, number).values()) == {None}


def missed(db):
    return [row["slug"] for row in db.query("SELECT slug FROM misses")]


def test_what_was_missed_can_be_said_and_taken_back(ask, db):
    number = suggest(ask)["suggestion_id"]
    miss = {"type": "missed", "faq_id": "refund"}
    assert tell(ask, number, miss | {"id": "1"}) == [("taken", "")]
    assert missed(db) == ["refund"]
    assert scalar(db, "SELECT count(*) FROM audit WHERE action = 'suggestion.missed'") == 1
    assert tell(ask, number, {"id": "2", "type": "undone", "faq_id": "refund"}) == [("taken", "")]
    assert missed(db) == []
    tell(ask, number, miss | {"id": "3"}, {"id": "4", "type": "sent", "faq_ids": ["refund"]})
    assert missed(db) == ["refund"]
    late = tell(ask, number, {"id": "5", "type": "undone", "faq_id": "refund"})
    assert late[0][0] == "refused"  # what was sent stands
    assert missed(db) == ["refund"]


def test_what_was_suggested_was_not_missed(ask, db):
    number = suggest(ask)["suggestion_id"]
    said = tell(
        ask,
        number,
        {"id": "1", "type": "missed", "faq_id": "no-show"},
        {"id": "2", "type": "missed", "faq_id": "nothing"},
        {"id": "3", "type": "missed"},
    )
    assert [state for state, _ in said] == ["refused"] * 3
    assert missed(db) == []


def test_a_position_counts_from_one(ask):
    number = suggest(ask)["suggestion_id"]
    for position in (0, -1, 1001, "first"):
        event = {"id": "1", "type": "displayed", "position": position}
        problem(ask.post(f"/suggestions/{number}/events", {"events": [event]}), 422)
