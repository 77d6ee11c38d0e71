"""The week's figures, worked by hand."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from support import agents, faqs, week, week_todo
from support.faqs import Faq
from support.promise import Promise
from support.share_change import change_of
from support.week import median, week_of
from support.workspace import Workspace
from tests.conftest import ACTOR

HELP = "https://help.example.com/ko/faq/"
SINCE, UNTIL = "2026-11-16T00:00:00Z", "2026-11-23T00:00:00Z"


# id, answered on (hour), agent, band, reason, release, shown (slug:outcome:reason), sent
ROWS = [
    (1, "2026-11-16T01:00:00Z", 1, "likely", "", "r1", ["refund:accepted:"], ["refund"]),
    (2, "2026-11-16T02:00:00Z", 1, "likely", "", "r1", ["refund:dismissed:outdated"], ["chat"]),
    (3, "2026-11-17T03:00:00Z", 2, "possible", "", "r2",
     ["chat:passed_over:", "parcel:accepted:"], ["parcel"]),
    (4, "2026-11-17T04:00:00Z", 2, "silent", "below_threshold", "r2", [], ["parcel"]),
    (5, "2026-11-18T05:00:00Z", 2, "silent", "holdout", "r2", [], ["refund"]),
    (6, "2026-11-18T06:00:00Z", 1, "likely", "", "r2", ["refund:dismissed:incomplete"], []),
    (7, "2026-11-18T07:00:00Z", 1, "", "", "", [], []),  # answered by a program
    (8, "2026-11-11T01:00:00Z", 1, "likely", "", "r1", ["refund:accepted:"], ["refund"]),
    (9, "2026-11-18T08:00:00Z", None, "", "", "", [], ["refund"]),  # came with an import
]  # fmt: skip


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    space = Workspace(tmp_path_factory.mktemp("week") / "desk").create()
    db = space.database()
    for login in ("mina", "joon"):
        agents.add(db, ACTOR, login=login, name=login, role="agent", password="long enough 1")
    faqs.save(
        db, [Faq(slug=s, title=f"{s} 안내", url=HELP + s) for s in ("refund", "chat", "parcel")]
    )
    db["releases"].insert_all(
        [{"name": n, "parts": "{}", "created_at": SINCE} for n in ("r1", "r2")]
    )
    for name, at in (("r1", "2026-11-01T00:00:00Z"), ("r2", "2026-11-17T00:00:00Z")):
        db["publications"].insert({"release": name, "at": at, "actor": "agent:1"})
    for number, at, agent, band, reason, release, shown, sent in ROWS:
        hour = int(at[11:13])
        opened = at[:11] + f"{hour - 1:02}:{60 - number * 5:02}:00Z"  # number * 5 minutes before
        row = {"id": number, "source": "t", "source_id": str(number), "text": "문의"}
        db["inquiries"].insert(row | {"status": "answered", "opened_at": opened})
        message = {"inquiry_id": number, "source_id": "a", "role": "agent", "agent_id": agent}
        answer = db["messages"].insert(message | {"text": "답", "at": at}).last_pk
        db["inquiries"].update(number, {"answer_id": answer, "answered_at": at, "closed_at": at})
        for slug in sent:
            label = {"inquiry_id": number, "slug": slug, "origin": "sent", "at": at}
            db["labels"].insert(label)
        if not band:
            continue
        row = {"id": f"sg{number}", "inquiry_id": number, "asked_by": "agent:1", "band": band}
        # An older suggestion was another one: the last one counts.
        db["suggestions"].insert(
            row | {"id": f"old{number}", "release": "r0", "band": "silent", "at": opened}
        )
        db["suggestions"].insert(row | {"release": release, "reason": reason, "at": at})
        for rank, item in enumerate(shown, 1):
            slug, outcome, why = item.split(":")
            row = {"suggestion_id": f"sg{number}", "rank": rank, "slug": slug, "probability": 0.9}
            db["suggestion_faqs"].insert(row | {"outcome": outcome, "reason": why})
    yield space, db
    db.close()


@pytest.fixture(scope="module")
def found(desk):
    return week.report(desk[1], since=SINCE, until=UNTIL, zone=UTC)


def share(promise):
    return promise.right, promise.n


def test_the_weeks_figures(found):
    figures = found.figures
    assert (figures.n, figures.held_out) == (7, 1)  # 1 to 7
    assert share(figures.coverage) == (3, 5)  # 1, 2 and 6 of 1, 2, 3, 4 and 6
    assert share(figures.coverage_3) == (4, 5)
    assert share(figures.accepted) == (2, 3)  # 1 and 3 of 1, 2 and 3
    assert share(figures.first_right) == (1, 3)
    assert share(figures.misses) == (2, 4)  # 2 and 4 of 1, 2, 3 and 4
    assert share(figures.gaps) == (2, 7)  # 6 and 7
    assert (figures.minutes.median, figures.minutes.n) == (20.0, 7)
    assert figures.coverage.low < 0.6 < figures.coverage.high


def test_the_week_before_is_beside_it(found):
    assert found.before.n == 1
    assert share(found.before.accepted) == (1, 1)


def test_by_faq(found):
    lines = {line.slug: line for line in found.by_faq}
    refund = lines["refund"]
    assert (refund.sent, refund.suggested, refund.accepted, refund.missed) == (2, 3, 1, 0)
    assert share(refund.first) == (1, 2)  # 6 sent no FAQ
    assert refund.dismissed == {"outdated": 1, "incomplete": 1}
    assert refund.title == "refund 안내"
    assert (lines["parcel"].sent, lines["parcel"].missed) == (2, 1)
    assert lines["chat"].missed == 1


def test_by_agent_day_and_release(found):
    assert [(part.name, part.figures.n) for part in found.by_agent] == [("mina", 4), ("joon", 3)]
    days = [(part.name[-2:], part.figures.n) for part in found.by_day]
    assert days == [("16", 2), ("17", 2), ("18", 3), ("19", 0), ("20", 0), ("21", 0), ("22", 0)]
    models = [(part.name, part.since[:10], part.figures.n) for part in found.by_release]
    assert models == [("r1", "2026-11-01", 3), ("r2", "2026-11-17", 4)]  # 8 was the week before


def test_two_agents_of_one_name_stay_two(desk):
    db = desk[1]
    db.conn.execute("UPDATE agents SET name = 'mina'")
    found = week.report(db, since=SINCE, until=UNTIL, zone=UTC)
    db.conn.rollback()
    assert [(part.name, part.figures.n) for part in found.by_agent] == [
        ("mina (mina)", 4), ("mina (joon)", 3),
    ]  # fmt: skip


def test_after_a_rollback_the_model_in_force_comes_last(desk):
    db = desk[1]
    sql = "INSERT INTO publications (release, at, actor) VALUES ('r1', ?, 'agent:1')"
    db.conn.execute(sql, ["2026-11-19T00:00:00Z"])
    back = week.report(db, since=SINCE, until=UNTIL, zone=UTC)
    db.conn.rollback()
    models = [(part.name, part.since[:10]) for part in back.by_release]
    assert models == [("r2", "2026-11-17"), ("r1", "2026-11-19")]
    db.conn.execute(sql, [UNTIL])  # after the week that is looked at
    later = week.report(db, since=SINCE, until=UNTIL, zone=UTC)
    db.conn.rollback()
    assert [part.name for part in later.by_release] == ["r1", "r2"]


def test_a_gap_names_the_faq_by_what_it_is_called_today(desk, found):
    space, db = desk
    row = {"state": "open", "words": "[]", "title": "택배", "n": 9, "likeness": 0.6,
           "near_share": 0.8, "first_at": SINCE, "last_at": SINCE, "near_slug": "old-parcel",
           "encoder_version": "x", "found_at": SINCE, "seen_at": SINCE}  # fmt: skip
    names, marks = ", ".join(row), ", ".join("?" * len(row))
    db.conn.execute(f"INSERT INTO gaps ({names}) VALUES ({marks})", [*row.values()])
    db.conn.execute("INSERT INTO faq_aliases (alias, slug) VALUES ('old-parcel', 'parcel')")
    first = week_todo.todos(space, db, found)[0]
    db.conn.execute("UPDATE faqs SET active = 0 WHERE slug = 'parcel'")
    retired = week_todo.todos(space, db, found)[0]
    db.conn.rollback()
    assert (first.kind, first.slug, first.title) == ("link_faq", "parcel", "parcel 안내")
    assert (retired.kind, retired.title) == ("write_faq", "택배")


def test_a_renamed_faq_is_counted_under_its_name_of_today(desk):
    db = desk[1]
    db.conn.execute("INSERT INTO faq_aliases (alias, slug) VALUES ('chat', 'parcel')")
    merged = week.report(db, since=SINCE, until=UNTIL, zone=UTC)
    db.conn.rollback()
    assert share(merged.figures.first_right) == (2, 3)  # 3 was shown chat first
    assert "chat" not in {line.slug for line in merged.by_faq}


def test_days_are_the_readers(desk):
    seoul = timezone(timedelta(hours=9))
    since, until = week_of(datetime(2026, 11, 18, 12, tzinfo=seoul))
    assert (since, until) == ("2026-11-15T15:00:00Z", "2026-11-22T15:00:00Z")
    found = week.report(desk[1], since=since, until=until, zone=seoul)
    assert found.by_day[0].name == "2026-11-16"
    assert len(found.by_day) == 7
    assert week_of(datetime(2026, 11, 16, tzinfo=UTC), back=1)[0] == "2026-11-09T00:00:00Z"


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], (0, 0, 0, 0)),
        ([5], (5, 5, 5, 1)),
        ([1, 3], (2, 1, 3, 2)),
        # Of six, the extremes hold the median with 1 - 2 / 64; of ten, the second and ninth.
        ([1, 2, 3, 4, 5, 6], (3.5, 1, 6, 6)),
        (list(range(1, 11)), (5.5, 2, 9, 10)),
    ],
)
def test_a_median_with_its_interval(values, expected):
    found = median(values)
    assert (found.median, found.low, found.high, found.n) == expected


def test_a_change_of_models_with_its_interval(found):
    # Newcombe's own example (1998), 56 of 70 and 48 of 80: .20, from .0524 to .3339.
    moved = change_of(Promise.of(48, 80), Promise.of(56, 70))
    assert moved.difference == pytest.approx(0.2)
    assert (moved.low, moved.high) == (
        pytest.approx(0.0524, abs=5e-5),
        pytest.approx(0.3339, abs=5e-5),
    )
    assert moved.sure
    nothing = change_of(Promise.of(0, 0), Promise.of(5, 5))
    assert (nothing.low, nothing.high, nothing.sure) == (-1.0, 1.0, False)
    of_week = week.changes(found)["coverage"]
    assert (share(of_week.before), share(of_week.after)) == ((3, 3), (1, 3))
    assert week.changes(replace(found, by_release=found.by_release[:1])) == {}


def test_what_to_do_next(desk, found):
    space, db = desk
    assert [(t.kind, t.n, t.slug) for t in week_todo.todos(space, db, found)] == [
        ("fix_faq", 2, "refund")
    ]
    db.conn.execute(
        "INSERT INTO inquiries (id, source, source_id, text, status, opened_at) "
        "SELECT 100 + id, 't', 'w' || id, '문의', 'open', '2026-11-01T00:00:00Z' FROM inquiries"
    )
    waits = week_todo.todos(space, db, found)
    assert [(t.kind, t.n) for t in waits] == [("answer_waiting", 9), ("fix_faq", 2)]
    db.conn.rollback()
