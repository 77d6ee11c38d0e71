"""Check 21: whatever is killed at whatever point, nothing acknowledged is lost and nothing is half.

A round lays a desk, kills an act right before a call drawn by chance (or at a moment), looks at
what is left, begins the act again as often as it was killed, and looks whether it ended as if
nothing had been. `make soak` plays 200 rounds and more.
"""

import random
import shutil
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from support.database import write
from support.workspace import Workspace
from tests import soaking
from tests.listings.small_category import category_model
from tests.trust import acts, ledger
from tests.trust.killing import Blow, Killer, compiled, counted, run, started
from tests.trust.sound import assert_sound, strays
from tests.web.doors import SLOW, free_port

__all__ = ["category_model"]

SEED = soaking.seed()


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    return compiled(tmp_path_factory.mktemp("killer"))


COMMANDS = [
    acts.Import, acts.ImportFaqs, acts.Train, acts.Index, acts.Publish, acts.Upgrade, acts.Batch,
    acts.Forget, acts.Backup, acts.ForgetPerson,
]  # fmt: skip
if soaking.SHARE:  # of a kind with those above
    COMMANDS += [acts.Restore, acts.Undo, acts.Prune, acts.Collect, acts.Label]


@pytest.fixture
def act(request):
    labels = (acts.Label, acts.Batch, acts.Backup, acts.Restore)
    needs = {acts.Index: "trained_home", **dict.fromkeys(labels, "category_model")}
    kind = request.param
    return kind(request.getfixturevalue(needs[kind])) if kind in needs else kind()


@pytest.mark.parametrize("act", COMMANDS, indirect=True, ids=lambda kind: kind.name)
def test_killed_anywhere_an_act_ends_as_if_nothing_had_been(act, library, tmp_path):
    draw = random.Random(f"{SEED} {act.name}")
    laid = tmp_path / "laid"
    laid.mkdir()
    act.lay(laid)
    (calls, seconds), whole = act.about or ("", 0.0), None
    if act.about is None or soaking.SHARE:
        undisturbed = _copy(laid, "whole")
        act.begin(undisturbed)
        ran = _run(act, undisturbed, library, Blow())
        assert ran.code == 0, ran.said
        assert_sound(undisturbed)
        calls, seconds, whole = ran.calls, ran.seconds, act.ended(undisturbed)
        shutil.rmtree(undisturbed.home.parent)
    struck: Counter[str] = Counter()
    for number in range(soaking.many(1, 18)):
        space = _copy(laid, f"round-{number}")
        for _ in range(_times(draw)):
            blow = Blow.drawn(draw, calls, seconds)
            act.begin(space)
            ran = _run(act, space, library, blow)
            where = f"seed {SEED}, {act.name}, round {number}: killed {ran.struck} by {blow}"
            print(where)
            assert ran.struck or _done(act, ran), f"{where}\n{ran.said}"
            struck[ran.struck.partition(" ")[0] or "not in time"] += 1
            assert_sound(space)
            act.check(space)
        act.begin(space)
        ran = _run(act, space, library, Blow())
        assert _done(act, ran), f"{where}\n{ran.said}"
        assert_sound(space)
        act.check(space)
        assert strays(space.home.parent) == [], where
        assert act.ended(space) == whole or whole is None, where
        shutil.rmtree(space.home.parent)
    soaking.tell(
        f"{act.name}, {len(calls)} calls in {seconds:.1f} s, killed before: {counted(struck)}"
    )


def _times(draw):
    """How often in a row an act is killed."""
    return draw.choice((1, 1, 2, 3)) if soaking.SHARE else 1


def _done(act, ran):
    return ran.code == 0 or act.already in ran.said


def _run(act, space, library, blow):
    killer = Killer(library, space.home.parent, blow)
    return run(space, act.words(space), killer, over=lambda: act.over(space))


def _copy(laid: Path, name: str) -> Workspace:
    folder = laid.with_name(name)
    shutil.copytree(laid, folder)
    return Workspace(folder / "desk")


def test_killed_anywhere_the_doors_lose_nothing_and_do_nothing_twice(library, tmp_path):
    """Answers sent, decisions taken and webhooks heard: the ledger of who was told so."""
    draw = random.Random(f"{SEED} doors")
    calls, seconds = "w" * 700, 4.0  # about; at length the first round is left alone, and counted
    struck: Counter[str] = Counter()
    for number in range(soaking.many(1, 41)):
        folder = tmp_path / f"round-{number}"
        folder.mkdir()
        with ledger.outside() as there:
            space = ledger.lay(folder, there)
            with closing(space.database()) as db:
                kept = ledger.Ledger(db, draw)
            for _ in range(_times(draw) if number or not soaking.SHARE else 0):
                blow = Blow.drawn(draw, calls, seconds)
                killer = Killer(library, folder, blow)
                _serve_until(space, killer, kept, lambda db, killer=killer: killer.struck)
                where = f"seed {SEED}, doors, round {number}: killed {killer.struck} by {blow}"
                print(where)
                end = "after" if blow.after else "when all was done"
                struck[killer.struck.partition(" ")[0] or end] += 1
                assert_sound(space)
                with closing(space.database()) as db:
                    kept.assert_kept(db, space.seal())
                    kept.look(db)
                    five_minutes_later(db)
            killer, began = Killer(library, folder, Blow()), time.monotonic()
            _serve_until(space, killer, kept, kept.settled)
            if not number and soaking.SHARE:
                calls, seconds = killer.calls, time.monotonic() - began
            assert_sound(space)
            with closing(space.database()) as db:
                kept.assert_once(db, space, there)
            assert strays(folder) == [], number
        shutil.rmtree(folder)
    about = f"doors, {len(kept.all)} acts and {len(calls)} calls a round"
    soaking.tell(f"{about}, killed before: {counted(struck)}")


def _serve_until(space, killer, kept, over):
    """Serve, and have what is left done, until something is over or everything is dead."""
    port = free_port()
    began = time.monotonic()
    words = ["serve", "--port", str(port), "--workers", "1"]
    with started(space, words, killer) as process, closing(space.database()) as db:
        while process.poll() is None and not over(db):
            assert time.monotonic() - began < SLOW, killer.blow
            if killer.blow.after and time.monotonic() - began > killer.blow.after:
                break
            kept.work(port)
            if killer.blow.at and not kept.left and kept.settled(db):
                break  # it took fewer calls than another time
            time.sleep(0.05)


def five_minutes_later(db):
    """What a dead worker had in hand is free again."""
    with write(db):
        db.execute("UPDATE outbox SET leased_until = NULL, next_at = NULL WHERE state = 'queued'")


def test_what_was_drawn_is_told():
    """So that a run can be played again: FAQDESK_SEED."""
    soaking.tell(f"kill -9 drawn by FAQDESK_SEED={SEED}")
