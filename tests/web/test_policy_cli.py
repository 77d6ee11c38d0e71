"""`faqdesk policy` as it is typed."""

import json

import pytest
from click.testing import CliRunner

from listings.moderation import policy_store
from tests.listings.moderation.model_desk import held_out, rows, write_model
from tests.web.doors import faqdesk as as_a_shell
from web.cli import faqdesk as group


@pytest.fixture
def shell(space, monkeypatch):
    """Run a command in this process; what it refuses is raised."""
    monkeypatch.setenv("FAQDESK_HOME", str(space.home))

    def run(*words):
        done = CliRunner().invoke(group, ["policy", *words], catch_exceptions=False)
        return done.stdout

    return run


def test_without_a_model_the_cure_is_named(space):
    done = as_a_shell(space, "policy", "propose")
    assert done.returncode == 3
    assert "faqdesk train moderation" in done.stderr


def test_a_policy_is_proposed_tried_put_live_and_off(space, db, shell):
    assert "No policy yet" in shell("list")
    write_model(space, db, rows())
    said = shell("propose", "--problems", "0.1", "--note", "first")
    assert "0 of 700 normal listings hidden: with 95 % confidence at most 0.43%" in said
    assert "200 of 200 problems hidden" in said
    found = policy_store.find(db, "p1")
    assert (found.note, found.policy.of("pro_ads").hide) == ("first", 0.5)
    done = as_a_shell(space, "policy", "live", "p1")
    assert done.returncode == 1
    assert "Backtest it first" in done.stderr
    tried = shell("backtest", "p1", "--problems", "0.1")
    assert "p1-" in tried
    assert "200 wins, 0 losses" in tried
    assert "in the mode live" in shell("live", "p1", "--reason", "looks right")
    assert "live" in shell("list")
    shown = json.loads(shell("show", "live", "--json"))
    assert (shown["version"], len(shown["backtests"])) == (found.version, 1)
    assert "tried on past decisions 1 times" in shell("show", "live")
    assert "is off" in shell("off", "live")
    listed = json.loads(shell("list", "--json"))
    assert [change["mode"] for change in listed["modes"]] == ["off", "live"]
    assert listed["modes"][1]["reason"] == "looks right"
    assert listed["policies"][0]["policy"]["rules"]["reporters"] == 3


def test_what_is_missing_is_said_with_its_number(space, db, shell):
    write_model(space, db, rows(386, 100))
    said = shell("propose", "--problems", "0.1")
    assert "212 more unselected normal listings are missing" in said
    assert not policy_store.find(db, "p1").policy.hides
    found = json.loads(shell("propose", "--problems", "0.1", "--dry-run", "--json"))
    assert (found["version"], found["evidence"]["hide"]["missing"]) == (None, 212)
    assert "Share of problems: not known" in shell("propose")
    stored = shell("measure", "p1", "--hide", "pro_ads=0.9", "--problems", "0.1", "--store")
    assert "212 more unselected normal listings are missing" in stored
    done = as_a_shell(space, "policy", "live", "p3")
    assert done.returncode == 1
    assert "212 more unselected normal listings are missing" in done.stderr


def test_thresholds_by_hand_or_from_a_file_are_measured(space, db, shell, tmp_path):
    write_model(space, db, [*rows(900, 300), held_out("animals", 0.6, of="animals")])
    shell("propose", "--problems", "0.2")
    by_hand = ("--hide", "animals=off", "--hide", "pro_ads=0.98", "--review", "animals=0.6")
    found = json.loads(shell("measure", "p1", *by_hand, "--json"))
    assert found["policy"]["thresholds"]["animals"] == {
        "hide": None, "settle": None, "review": 0.6,
    }  # fmt: skip
    assert found["measured"]["found"] == 0
    assert found["version"] is None
    path = tmp_path / "thresholds.json"
    path.write_text(json.dumps({"thresholds": {"pro_ads": {"hide": 0.9}}, "model": "any"}))
    found = json.loads(shell("measure", str(path), "--problems", "0.2", "--json"))
    assert (found["measured"]["found"], found["reason"]) == (300, "kept")
    assert len(policy_store.policies(db)) == 1


def test_a_candidate_is_tried_with_a_policy_of_its_own_before_it_is_in_force(space, db, shell):
    write_model(space, db, rows(), name="old")
    shell("propose", "--problems", "0.1")
    shell("backtest", "p1")
    shell("live", "p1")
    candidate = write_model(space, db, rows(800, 100), name="new", publish=False)
    assert "800 unselected normal ones" in shell(
        "propose", "--release", candidate, "--problems", "0.1"
    )
    tried = shell("backtest", "p2")
    assert "against p1-" in tried or "against doing nothing" in tried
    assert "until that is published, it hides nothing" in " ".join(shell("shadow", "p2").split())
    listed = json.loads(shell("show", "p2", "--json"))
    assert listed["backtests"][0]["rows"] == 900
    done = as_a_shell(space, "models", "publish", candidate, "--line", "moderation")
    live = policy_store.in_mode(db, "live").version
    assert f"The policy {live} was made for another model: it hides nothing now" in done.stdout
    assert policy_store.in_mode(db, "shadow").version not in done.stdout


@pytest.mark.parametrize(
    ("words", "cure"),
    [
        (("show", "p9"), "faqdesk policy list"),
        (("live", "shadow"), "faqdesk policy list"),
        (("measure", "nothing.json"), "cannot be read as JSON"),
        (("measure", "p1", "--hide", "legal=0.9"), "never acted on automatically"),
        (("measure", "p1", "--hide", "pro_ads=0.2"), "0.5 or more"),
        (("measure", "p1", "--hide", "cars=0.9"), "There are: pro_ads"),
        (("measure", "p1", "--hide", "animals=much"), "a probability or off"),
        (("propose", "--problems", "1.5"), "0<x<1"),
        (("propose", "--release", "gone"), "No release 'gone'"),
    ],
)
def test_errors_name_the_cure(space, db, shell, monkeypatch, words, cure):
    from support.errors import FaqdeskError

    write_model(space, db, rows(10, 10))
    shell("propose")
    try:
        done = CliRunner().invoke(group, ["policy", *words], catch_exceptions=False)
        said = done.output
    except FaqdeskError as error:
        said = str(error)
    assert cure in said
