"""The demo's last weeks: lived once whatever kills it, each at the time that the sample says."""

from datetime import UTC, datetime, timedelta

import pytest

import data
from support import week
from support.clock import from_iso, iso
from support.database import scalar
from support.importing.faqs import import_aliases, import_faqs
from support.importing.load import run_import
from support.workspace import Workspace
from tests.conftest import ACTOR
from web.cli.demo import _MAPPING
from web.cli.demo_answers import LIVED, began, live, recent
from web.cli.demo_desk import prepare_queue

SPAN = timedelta(weeks=3)


@pytest.fixture(scope="module")
def space(tmp_path_factory):
    """The sample's desk, lived on for three weeks; the run was killed after ten answers."""
    folder = tmp_path_factory.mktemp("lived")
    space = Workspace(folder / "desk").create()
    db = space.database()
    files = data.lay_out(folder, older=LIVED)
    import_faqs(db, files["faqs"], _MAPPING, actor=ACTOR)
    import_aliases(db, files["aliases"], _MAPPING, actor=ACTOR)
    run_import(db, space.seal(), [files["history"]], _MAPPING, actor=ACTOR)

    def stop(done, total, message):
        if done == 10:
            raise KeyboardInterrupt

    rows = recent(since=SPAN, until=timedelta(0))
    with pytest.raises(KeyboardInterrupt):
        live(space, db, ACTOR, rows, stop)
    assert scalar(db, "SELECT count(*) FROM outbox") == 10
    live(space, db, ACTOR, rows, lambda done, total, message: None)
    db.close()
    return space


@pytest.fixture
def db(space):
    db = space.database()
    yield db
    db.close()


def test_each_was_answered_once_at_its_time(db):
    rows = recent(since=SPAN, until=timedelta(0))
    assert 20 < len(rows) == scalar(db, "SELECT count(*) FROM outbox")
    moment = began(db)
    for row in rows:
        asked = moment - timedelta(minutes=int(row["minutes_ago"]))
        sent = asked + timedelta(minutes=int(row["answer_minutes"]))
        sql = "SELECT {} FROM inquiries i JOIN messages m ON m.id = i.answer_id WHERE i.source_id=?"
        for column, at in (("i.opened_at", asked), ("i.answered_at", sent), ("m.at", sent)):
            assert scalar(db, sql.format(column), [row["id"]]) == iso(at)
        assert sent <= datetime.now(UTC)
        looked = scalar(
            db,
            "SELECT s.at FROM suggestions s JOIN inquiries i ON i.id = s.inquiry_id "
            "WHERE i.source_id = ?",
            [row["id"]],
        )
        assert asked <= from_iso(looked) <= sent


def test_the_links_that_were_sent_are_its_labels(db):
    for row in recent(since=SPAN, until=timedelta(0)):
        sql = (
            "SELECT group_concat(slug, ' ') FROM (SELECT l.slug FROM labels l JOIN inquiries i "
            "ON i.id = l.inquiry_id WHERE i.source_id = ? ORDER BY l.slug)"
        )
        assert (scalar(db, sql, [row["id"]]) or "") == " ".join(sorted(row["faqs"].split()))


def test_the_week_counts_them(db):
    until = began(db)
    report = week.report(db, since=iso(until - SPAN), until=iso(until), zone=UTC)
    assert report.figures.n == len(recent(since=SPAN, until=timedelta(0)))


def test_those_who_wait_are_tagged_kept_and_put_away_once(space, db, tmp_path):
    files = data.lay_out(tmp_path, now=began(db))
    run_import(db, space.seal(), [files["history"]], _MAPPING, actor=ACTOR)
    for _ in range(2):
        prepare_queue(db, ACTOR)
    assert scalar(db, "SELECT count(*) FROM saved_replies") == 5
    assert scalar(db, "SELECT count(*) FROM inquiry_tags") == 5
    kept = "SELECT count(*) FROM inquiries WHERE held_by IS NOT NULL AND held_until IS NULL"
    assert scalar(db, kept) == 2
    assert scalar(db, "SELECT count(*) FROM inquiries WHERE snoozed_until IS NOT NULL") == 1
    rows = len(list(data.rows("history"))) + len(list(data.rows("inbox")))
    assert scalar(db, "SELECT count(*) FROM inquiries") == rows
