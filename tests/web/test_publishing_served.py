"""Releases that move under load: every web process follows, and nobody is refused for it.

Four processes answer at a steady rate while releases come into force and go, by commands as in
life and by the worker. Which process answered is told by the kernel, which release by the answer.
"""

import itertools
import shutil
import threading
import time
from contextlib import closing, contextmanager

import pytest

from support.artifact import read_artifact, version_of, write_artifact
from support.release import current
from support.releases import publish, put_in_force, store
from tests import soaking
from tests.conftest import ACTOR
from tests.listings.moderation.model_desk import rows, write_model
from tests.listings.small_category import category_model
from tests.web.doors import faqdesk, until
from tests.web.drawn_listings import BAG, BAG_AGAIN, sell
from train.open_loop import lateness, play, times
from train.process_memory import held
from train.served import served
from train.served_lines import Lines
from web import jobs, tokens

__all__ = ["category_model"]

WORKERS = 4
RATE = 6  # suggestions a second, beside those that ask who has moved
FOLLOW_SECONDS = 60.0  # that a process may take to follow, on the busiest of machines
TEXTS = ["환불은 언제 되나요?", "인증번호가 안 와요", "탈퇴하고 싶어요", "배송이 너무 늦어요"]


@pytest.fixture
def desk(trained):
    """A trained desk in whose second classifier each FAQ has its neighbour's name."""
    first = current(trained.models)
    folder = first.folder(trained.models, "faq")
    known = read_artifact(folder, "faq")
    labels = known.config["labels"]

    def files(place):
        for path in folder.iterdir():
            if path.name not in ("config.json", "metrics.json", "manifest.json"):
                (shutil.copytree if path.is_dir() else shutil.copy)(path, place / path.name)

    write_artifact(
        trained.models / "faq" / "turned", kind="faq", files=files, metrics=known.metrics,
        config=known.config | {"labels": [*labels[1:], labels[0]]},
    )  # fmt: skip
    db = trained.database()
    second = publish(trained, db, {**first.parts, "faq": "turned"}, actor=ACTOR)
    publish(trained, db, first.parts, actor=ACTOR)
    _, token = tokens.create(
        db, ACTOR, name="bot", scopes=("suggest",), per_minute=tokens.MOST_PER_MINUTE
    )
    db.close()
    return trained, second.name, token


def question(text):
    return {"text": text, "dry_run": True, "include": ["faq", "similar"]}


def core(said):
    """What an answer is made of, but for what changes without a release."""
    return [faq["faq_id"] for faq in said["faqs"]], said["band"]


class Steady:
    """Asks at a steady rate until it is ended, each line open for as long as the server likes."""

    def __init__(self, port, token):
        self.answers, self.did = [], []
        self._ended = threading.Event()
        self._port, self._token = port, token
        self._own = threading.local()
        self._thread = threading.Thread(target=self._play, daemon=True)

    @contextmanager
    def going(self):
        self._thread.start()
        try:
            yield self
        finally:
            self._ended.set()
            self._thread.join()

    def _due(self):
        for number in itertools.count():
            if self._ended.is_set():
                return
            yield number / RATE, TEXTS[number % len(TEXTS)]

    def _play(self):
        self.did = play(self._due(), lambda text: [("suggest", lambda: self._ask(text))])

    def _ask(self, text):
        # A line of its own: whichever process takes it.
        with Lines(self._port, (), token=self._token) as lines:
            try:
                status, said = lines.post("/api/v1/suggestions", question(text))
            except OSError as error:
                return 0, repr(error)
        self.answers.append((status, text, said))
        return status, ""


def test_a_publish_reaches_every_process_without_a_refusal(desk):
    space, second, token = desk
    moves = soaking.many(4, 60)
    first = current(space.models).name
    with served(space, ("--workers", str(WORKERS))) as server, closing(space.database()) as db:
        pids = server.web_pids(least=WORKERS)
        assert len(pids) == WORKERS
        with Lines(server.port, pids, token=token) as lines:
            expected = {}

            def of(pid, text):
                status, said = lines.ask(pid, "/api/v1/suggestions", question(text))
                assert status == 200, said
                return said

            def follow(release):
                """Wait until each process answers with a release; all answer alike."""
                begun = time.monotonic()
                for pid in pids:
                    until(
                        lambda pid=pid: of(pid, TEXTS[0])["release"] == release,
                        f"process {pid} follows to {release}", seconds=FOLLOW_SECONDS,
                    )  # fmt: skip
                took = time.monotonic() - begun
                for text in TEXTS:
                    found = [core(of(pid, text)) for pid in pids]
                    assert found == found[:1] * WORKERS
                    expected.setdefault((release, text), found[0])
                    assert expected[release, text] == found[0]
                return took

            follow(first)
            took, sizes = [], []
            with Steady(server.port, token).going() as steady:
                for move in range(moves):
                    if move % 4 == 1:
                        done = faqdesk(space, "models", "rollback")
                        assert done.returncode == 0, done.stderr
                    elif move % 4 == 3:  # the worker builds an index, and publishes it
                        job = jobs.enqueue(space, db, ACTOR, "index", {})
                        until(lambda job=job: not jobs.get(db, job).live, "an index is built")
                        assert jobs.get(db, job).state == "done"
                    else:
                        name = second if current(space.models).name != second else first
                        done = faqdesk(space, "models", "publish", name, "--force", "--reason", "t")
                        assert done.returncode == 0, done.stderr
                    took.append(follow(current(space.models).name))
                    sizes.append(sum(held(pid, models=space.models).total.own for pid in pids))
            # The same processes, and not one request of all that was refused.
            assert server.web_pids() == pids
    assert {status for status, _, _ in steady.answers} == {200}
    assert [did for did in steady.did if did.status != 200] == []
    names = {said["release"] for _, _, said in steady.answers}
    assert {first, second} <= names
    for _, text, said in steady.answers:  # each whole answer is of the release that it names
        if (said["release"], text) in expected:
            assert core(said) == expected[said["release"], text]
    turned = {text for text in TEXTS if expected[first, text] != expected[second, text]}
    assert turned  # the releases can be told apart
    # What was in force before is let go: from the fourth move on nothing grows by a whole model.
    if moves > 8:
        assert sizes[-1] < sizes[3] + WORKERS * 30
    soaking.tell(
        f"publish under load: {moves} moves, {len(steady.answers)} suggestions by {WORKERS} "
        f"processes, all 200; followed within {max(took):.1f} s; p50 to max "
        f"{times(steady.did)} ms, generator late {lateness(steady.did)}; private memory "
        f"{sizes[0]:.0f} to {sizes[-1]:.0f} MB"
    )


def turned_category(folder, place):
    """The same category model under another version."""
    known = read_artifact(folder, "category")

    def files(inside):
        for path in folder.iterdir():
            if path.name not in ("config.json", "metrics.json", "manifest.json"):
                (shutil.copytree if path.is_dir() else shutil.copy)(path, inside / path.name)

    config = known.config | {"seed": 99}
    write_artifact(place, kind="category", files=files, metrics=known.metrics, config=config)


def test_models_and_the_index_of_listings_reach_every_process(space, category_model):
    folder = space.models / "category"
    shutil.copytree(category_model, folder / "m1")
    turned_category(category_model, folder / "m2")
    db = space.database()
    stored = {
        name: store(space, db, {"category": name}, actor=ACTOR, line="category").name
        for name in ("m1", "m2")
    }
    versions = {name: version_of(folder / name) for name in stored}
    assert versions["m1"] != versions["m2"]
    put_in_force(space, db, stored["m1"], actor=ACTOR)
    judges = {
        name: write_model(space, db, rows(), name=name, publish=name == "j1")
        for name in ("j1", "j2")
    }
    judging = {name: version_of(space.models / "moderation" / name) for name in judges}
    assert judging["j1"] != judging["j2"]
    _, token = tokens.create(
        db, ACTOR, name="shop", scopes=("listings", "moderation"),
        per_minute=tokens.MOST_PER_MINUTE,
    )  # fmt: skip
    sell(space, db, 1, "kim", BAG, photos=[(1, 0)])
    with served(space, ("--workers", str(WORKERS))) as server:
        pids = server.web_pids(least=WORKERS)
        with Lines(server.port, pids, token=token) as lines:
            seen = []

            def ask(pid, path, body):
                status, said = lines.ask(pid, f"/api/v1/{path}", body)
                seen.append(status)
                return said

            def model(pid):
                return ask(pid, "categories", {"title": "나이키 운동화"}).get("model")

            def like(pid, text):
                return len(ask(pid, "listings:similar", {"text": text}).get("listings", []))

            def judge(pid):
                return ask(pid, "listings:judge", {"title": BAG, "dry_run": True}).get("model")

            def move(line, release, told, version):
                how = ("--line", line, "--force", "--reason", "t")
                done = faqdesk(space, "models", "publish", release, *how)
                assert done.returncode == 0, done.stderr
                for pid in pids:
                    until(
                        lambda pid=pid: told(pid) == version,
                        f"process {pid} follows to {release}", seconds=FOLLOW_SECONDS,
                    )  # fmt: skip

            assert {model(pid) for pid in pids} == {versions["m1"]}
            assert {judge(pid) for pid in pids} == {judging["j1"]}
            before = {pid: like(pid, BAG) for pid in pids}
            for name in ("m2", "m1", "m2"):
                move("category", stored[name], model, versions[name])
            for name in ("j2", "j1"):
                move("moderation", judges[name], judge, judging[name])
            sell(space, db, 2, "lee", BAG_AGAIN, photos=[(1, 0)])
            done = faqdesk(space, "similar", "index")
            assert done.returncode == 0, done.stderr
            for pid in pids:
                until(
                    lambda pid=pid: like(pid, BAG) > before[pid], f"process {pid} finds it",
                    seconds=FOLLOW_SECONDS,
                )  # fmt: skip
        assert server.web_pids() == pids
    assert set(seen) == {200}
    db.close()
