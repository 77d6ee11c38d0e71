"""The learning loop, played on the sample's own history with FAQs that appear over time."""

from collections import Counter
from datetime import UTC, datetime

import pytest

import data
from support.errors import ImportFileError, TooFewLabelsError
from tests import sample_desk
from tests.train import desks
from train.bench_loop import bench_loop
from train.loop import ARMS, simulate
from train.loop_report import LoopReport, Month
from train.metrics import Difference

COMMON, NEW = 8, 4  # FAQs there all the time; FAQs that come up in the last months alone
TODAY = datetime(2026, 11, 18, tzinfo=UTC)
NEW_SINCE = 103 * 24 * 60  # minutes ago


def kept(row, raw, common, new):
    """Whether a row stays: of the common FAQs, and of the new ones what came late enough."""
    slugs = set(raw[row["id"]]["faqs"].split()) if row["id"] in raw else set()
    fresh = slugs & new and int(raw[row["id"]]["minutes_ago"]) < NEW_SINCE
    return bool(fresh or (slugs & common and not slugs & new))


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    raw = {row["id"]: row for row in data.rows("history")}
    counts = Counter(slug for row in raw.values() for slug in row["faqs"].split())
    names = [slug for slug, _ in counts.most_common(COMMON + NEW)]
    new, common = set(names[:NEW]), set(names[NEW:])
    folder = tmp_path_factory.mktemp("loop")
    # On a day of its own: the loop goes by months, and which inquiries share one would change.
    space = sample_desk.make(folder, lambda row: kept(row, raw, common, new), now=TODAY)
    db = space.database()
    told = []
    found = simulate(
        space, db, months=4, every=2, config=desks.CONFIG,
        progress=lambda done, total, message: told.append((done, total)),
    )  # fmt: skip
    assert told[0] == (0, 4)
    assert told[-1] == (4, 4)
    db.close()
    return found


def test_with_new_faqs_a_desk_that_learns_is_right_more_often(report):
    assert report.trainings == 2
    assert report.n > 50
    assert sum(month.new for month in report.months) >= 10
    assert report.hit_rate("loop") > report.hit_rate("without")
    assert report.hit_rate("retrained", three=True) > report.hit_rate("without", three=True)
    assert report.above["loop"].mean == pytest.approx(
        report.hit_rate("loop") - report.hit_rate("without")
    )


def test_until_the_second_training_retraining_changes_nothing(report):
    for month in report.months[:2]:
        assert month.first["retrained"] == month.first["without"]
        assert month.first["loop"] == month.first["neighbours"]


def test_the_figures_can_be_read_drawn_and_counted(report):
    found = report.as_dict()
    assert set(found["hit@1"]) == set(ARMS)
    assert found["n_test"] == sum(month["n"] for month in found["months"])
    page = report.table()
    assert f"{report.learned:,} labelled inquiries before {report.months[0].name}" in page
    assert "loop minus without: hit@1 +" in page
    picture = report.plot()
    assert picture.startswith("<svg")
    assert "with the loop" in picture
    assert report.months[0].name in picture


def test_hit_rates_by_hand():
    months = (
        Month("2025-01", 4, 1, dict.fromkeys(ARMS, 1), dict.fromkeys(ARMS, 2)),
        Month("2025-02", 6, 0, dict.fromkeys(ARMS, 4), dict.fromkeys(ARMS, 5)),
    )
    nothing = dict.fromkeys(ARMS[1:], Difference(0, 0, 0, 0))
    report = LoopReport(10, 1, 1, months, nothing, nothing, 0.0)
    assert report.n == 10
    assert report.hit_rate("loop") == 0.5
    assert report.hit_rate("loop", three=True) == 0.7
    assert report.as_dict()["months"][0]["hit@1"]["without"] == 0.25


def test_too_short_a_history_says_so(tmp_path):
    space = desks.make(tmp_path, [])
    db = space.database()
    with pytest.raises(TooFewLabelsError, match="span 0 months"):
        simulate(space, db)
    db.close()


def test_without_the_public_data_it_says_where_it_looked(tmp_path):
    with pytest.raises(ImportFileError, match="--data DIR"):
        bench_loop(tmp_path)
