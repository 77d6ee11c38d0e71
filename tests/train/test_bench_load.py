"""The load: what is drawn beforehand, what its report counts, and when a run has failed.

The run itself, on real servers, is in tests/trust/test_25_load.py.
"""

import json
from collections import Counter

import pytest
from click.testing import CliRunner

from train.bench_load import Plan
from train.bench_load_books import Books
from train.bench_load_clicks import arrivals, kinds
from train.bench_load_events import Event
from train.bench_load_report import LoadReport, Sample, by_kind
from train.open_loop import Did
from web.cli.bench_load import load

GOOD = Books(sends=2, lost=0, doubled=0, unheard=0, handed_in=1, handed_in_lost=0, webhooks=1,
             webhooks_lost=0, database="ok")  # fmt: skip


def report(*statuses, took=0.02, late=0.0, books=GOOD, events=False, done=(), unsaid=0):
    """A run of a second in which requests were answered so."""
    did = tuple(
        Did("inbox", at := number / 10 + 0.01, at + late, at + took + late, status, "")
        for number, status in enumerate(statuses)
    )
    return LoadReport(
        plan=Plan(agents=2, minutes=1 / 60, events=events),
        inquiries=100,
        seconds=1.0,
        processor=0.5,
        kinds=by_kind(did, {"inbox": 15.0, "week": 9.0}),
        did=did,
        events=tuple(done),
        memory=(Sample(0, 300, 80), Sample(1, 310, 80), Sample(2, 305, 81)),
        books=books,
        asked_anew=0,
        unsaid=unsaid,
        trouble=(),
    )


def test_moments_are_drawn_beforehand_and_as_often_as_a_busy_hour_has_them():
    found = kinds("secret")
    drawn = arrivals(found, agents=50, seconds=3600, seed=3)
    assert drawn == arrivals(found, agents=50, seconds=3600, seed=3)
    assert drawn != arrivals(found, agents=50, seconds=3600, seed=4)
    moments = [at for at, _, _ in drawn]
    assert moments == sorted(moments)
    assert 0 <= moments[0] <= moments[-1] < 3600
    counts = Counter(kind.name for _, _, kind in drawn)
    for kind in found:  # five standard deviations of a Poisson count
        wanted = 50 * kind.an_hour
        assert abs(counts[kind.name] - wanted) <= 5 * wanted**0.5 + 1, kind.name
    assert {agent for _, agent, _ in drawn} == set(range(50))
    twice = arrivals(found, agents=50, seconds=3600, times=2, seed=3)
    assert 1.9 < len(twice) / len(drawn) < 2.1


def test_what_is_let_go_is_counted_and_not_timed():
    found = report(200, 503, 409, 302, 429)
    kind = found.kinds["inbox"]
    assert (kind["asked"], kind["let_go"], kind["conflicts"], kind["errors"]) == (5, 2, 1, 0)
    assert kind["max"] == pytest.approx(20, abs=0.1)
    assert "week" not in found.kinds
    assert found.as_dict()["served_a_second"] == 3
    assert json.loads(json.dumps(found.as_dict()))["memory_mb"]["web"] == {
        "start": 300, "end": 305, "most": 310,
    }  # fmt: skip


@pytest.mark.parametrize("status", [0, 500, 502, 504, 403, 400, 404])
def test_what_nobody_should_get_is_an_error(status):
    found = report(200, status)
    assert found.errors == 1
    assert found.broken(p99=None, errors=0, let_go=None) == ["1 errors, over 0."]
    assert found.broken(p99=None, errors=1, let_go=None) == []


@pytest.mark.parametrize(
    ("found", "limits", "says"),
    [
        (report(200), {"p99": 10.0}, "p99 20 ms, over 10."),
        (report(200, 503), {"let_go": 0}, "1 requests let go, over 0."),
        (report(503, unsaid=1), {}, "1 errors, over 0."),
        (report(200, late=0.5), {}, "The generator was late (p99 500 ms, over 100)"),
        (report(200, events=True), {}, "Not all that an operator does was done."),
    ],
)
def test_a_limit_that_is_broken_is_named(found, limits, says):
    broken = found.broken(**{"p99": None, "errors": 0, "let_go": None} | limits)
    assert len(broken) == 1
    assert broken[0].startswith(says)


@pytest.mark.parametrize("name", ["lost", "doubled", "handed_in_lost", "webhooks_lost", "database"])
def test_nothing_lost_or_doubled_is_ever_allowed(name):
    wrong = Books(**GOOD.as_dict() | {name: "row 3 missing" if name == "database" else 1})
    [said] = report(200, books=wrong).broken(p99=None, errors=10**9, let_go=None)
    assert "lost or doubled" in said


def test_what_befell_requests_around_an_event_is_told():
    done = [Event("restart by SIGTERM", 0.05, 0.5, "r1")]
    [told] = report(200, 503, 500, events=True, done=done).as_dict()["events"]
    assert (told["asked"], told["status_5xx"], told["errors"]) == (2, 2, 1)
    found = report(200, 500, events=True, done=done)
    assert "restart by SIGTERM" in found.table()
    assert found.as_dict()["memory_mb"]["web"]["before_restart"] == 300


def test_the_command_ends_with_one_where_a_limit_is_broken(monkeypatch):
    monkeypatch.setattr("train.bench_load.bench_load", lambda *_, **__: report(200, 503))
    good = CliRunner().invoke(load, ["--json"])
    assert good.exit_code == 0
    assert json.loads(good.stdout)["all"]["let_go"] == 1
    bad = CliRunner().invoke(load, ["--let-go", "0"])
    assert "1 requests let go" in str(bad.exception)
    assert bad.exit_code == 1
    assert "let go" in bad.stdout
