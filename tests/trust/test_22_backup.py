"""Check 22: a backup is one moment of a desk at work, and a restore proves it on an empty folder.

Under load: a served desk with its worker, programs that hand in inquiries, answers and decisions as
fast as they can, releases put in force, pictures that come and go, an index replaced. `make soak`
takes many backups of it.
"""

import json
import os
import random
import threading
import time
from contextlib import closing, suppress
from datetime import UTC, datetime

from listings.forget import forget_listings
from listings.store import Collected, ListingStore
from support import artifact, at_work, backup, releases, restore, settings
from support.artifact import read_artifact, write_artifact
from support.audit_chain import verify
from support.database import write
from support.recommender import Recommender
from support.workspace import Workspace
from tests import soaking
from tests.conftest import ACTOR
from tests.trust.sound import assert_sound
from tests.web.doors import faqdesk, fetch, serving
from tests.web.drawn_listings import sell
from web import backup_work, tokens

CLIENTS = 3


class Client(threading.Thread):
    """Hands in inquiries with answers, and decisions; keeps what was acknowledged."""

    def __init__(self, port, secret, number, stop):
        super().__init__()
        self.port, self.secret, self.number, self.stop = port, secret, number, stop
        self.told: list[tuple[float, str, str]] = []  # when, what, which
        self.refused: list[int] = []
        self.slowest = 0.0

    def post(self, path, body):
        began = time.monotonic()
        status, _, answer = fetch(
            self.port, path, method="POST", body=json.dumps(body).encode(),
            Authorization=f"Bearer {self.secret}", Content_Type="application/json",
        )  # fmt: skip
        self.slowest = max(self.slowest, time.monotonic() - began)
        if status not in (200, 201):
            self.refused.append(status)
            return None
        return json.loads(answer)

    def run(self):
        turn = 0
        while not self.stop.is_set():
            turn += 1
            name = f"load-{self.number}-{turn}"
            asked = {
                "source": "load", "id": name, "customer_id": name,
                "messages": [{"role": "customer", "text": f"환불은 언제 되나요 {name}"}],
            }  # fmt: skip
            made = self.post("/api/v1/inquiries", asked)
            if made is None:
                continue
            self.told.append((time.monotonic(), "inquiry", name))
            inquiry = made["inquiry"]["inquiry_id"]
            answer = {"text": f"사흘 걸립니다 {name}", "id": f"answer-{name}"}
            if self.post(f"/api/v1/inquiries/{inquiry}/answers", answer) is not None:
                self.told.append((time.monotonic(), "answer", name))
            listing = {"source": "kept", "id": str(1 + turn % 3), "label": "normal"}
            made = self.post("/api/v1/decisions", listing | {"reason": name})
            if made is not None and made["decision_id"]:
                self.told.append((time.monotonic(), "decision", made["decision_id"]))


def _comes_and_goes(space, stop):
    """Pictures that are stored and forgotten, releases put in force, an index replaced."""
    with closing(space.database()) as db:
        before = releases.current(space.models)
        other = releases.publish(space, db, {**before.parts}, actor=ACTOR)
        turn = 0
        while not stop.is_set():
            turn += 1
            name = (before.name, other.name)[turn % 2]
            releases.put_in_force(space, db, name, actor=ACTOR, force=True, reason="turn")
            sell(space, db, turn, "c", "lamp", photos=[(turn % 7, turn)])
            sell(space, db, f"gone-{turn}", "d", "bag", photos=[(turn % 5, 90 + turn)])
            if turn % 4 == 0:
                with suppress(Exception):
                    forget_listings(db, space.home / "images", "shop", days=0, actor=ACTOR)
            _replace_index(space, turn)


def _replace_index(space, turn):
    def files(folder):
        for part in "abc":
            (folder / part).write_text(f"{turn}" * 1000)

    write_artifact(
        space.models / "similar-index" / "newest",
        kind="similar-index", config={"turn": turn}, files=files, metrics={},
    )  # fmt: skip


def assert_one_moment(space):
    """Nothing in a restored desk is of another moment than its database."""
    assert_sound(space)
    with closing(space.database()) as db:
        named = {row["file"] for row in db.query("SELECT DISTINCT file FROM listing_pictures")}
        lie = {p.relative_to(space.home / "images").as_posix() for p in
               (space.home / "images").rglob("*.jpg")}  # fmt: skip
        assert lie == named - {""}
        assert verify(db).broken is None
        read_artifact(space.models / "similar-index" / "newest", "similar-index")
        live = releases.current(space.models).name
        newest = "SELECT release, done FROM publications WHERE line = 'desk' ORDER BY id DESC"
        moves = [row["release"] for row in db.query(newest)]
        assert live in moves[:2]  # the last, or the one before where it was cut off half way
        found = Recommender(space).suggest(db, "환불은 언제 되나요")
        assert found.degraded == ""
        assert found.similar


def test_a_backup_under_load_is_one_moment_and_holds_all_that_was_acknowledged(trained, tmp_path):
    space = trained
    with closing(space.database()) as db:
        scopes = ("inquiries", "moderation")
        _, secret = tokens.create(db, ACTOR, name="load", scopes=scopes, per_minute=100_000)
        kept = [Collected(source="kept", external_id=str(n), title="lamp") for n in (1, 2, 3)]
        ListingStore(db, space.seal()).save(kept)
    _replace_index(space, 0)
    place = tmp_path / "bundles"
    place.mkdir()
    stop, rounds = threading.Event(), []
    with serving(space) as (port, _):
        clients = [Client(port, secret, number, stop) for number in range(CLIENTS)]
        mover = threading.Thread(target=_comes_and_goes, args=(space, stop))
        for thread in (*clients, mover):
            thread.start()
        try:
            for _ in range(soaking.many(1, 25)):
                time.sleep(random.random())
                began = time.monotonic()
                made = faqdesk(space, "backup", str(place), "--keep", "40", "--json")
                assert made.returncode == 0, made.stderr
                rounds.append((began, json.loads(made.stdout)))
        finally:
            stop.set()
            for thread in (*clients, mover):
                thread.join()
    told = [each for client in clients for each in client.told]
    assert [status for client in clients for status in client.refused if status != 503] == []
    assert len(told) > 10
    for number, (began, made) in enumerate(rounds):
        assert made["troubles"] == []
        home = tmp_path / f"back-{number}"
        back = Workspace(home)
        done = faqdesk(back, "restore", made["file"], "--key", str(space.key_path), "--json")
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["troubles"] == []
        assert_one_moment(back)
        acknowledged = [(what, which) for at, what, which in told if at < began]
        with closing(back.database()) as db:
            inquiries = {row["source_id"] for row in db.query("SELECT source_id FROM inquiries")}
            answers = {row["source_id"] for row in db.query("SELECT source_id FROM messages")}
            decisions = {str(row["id"]) for row in db.query("SELECT id FROM moderation_decisions")}
        kept = {"inquiry": inquiries, "answer": {a.removeprefix("answer-") for a in answers},
                "decision": decisions}  # fmt: skip
        assert [each for each in acknowledged if each[1] not in kept[each[0]]] == []
    seconds = [made["seconds"] for _, made in rounds]
    slowest = max(client.slowest for client in clients)
    soaking.tell(
        f"{len(rounds)} backups under load ({len(told)} acknowledged): {max(seconds):.1f} s at "
        f"most, slowest call {slowest:.1f} s"
    )
    with serving(back) as (port, _):
        ready = json.loads(fetch(port, "/readyz")[2])
        assert ready["release"] == releases.current(back.models).name
        assert "answers_held" in ready["failing"]


def test_an_index_that_steps_aside_for_a_newer_one_is_waited_for(trained, tmp_path, monkeypatch):
    """Between its two renames there is no folder of that name."""
    _replace_index(trained, 0)
    put, replace, bundles = artifact._put, os.replace, tmp_path / "bundles"
    bundles.mkdir()
    aside, on = threading.Event(), threading.Event()

    def slowly(temporary, folder):
        def renamed(old, new):
            if old == temporary:
                aside.set()
                on.wait(10)
            replace(old, new)

        monkeypatch.setattr(artifact.os, "replace", renamed)
        put(temporary, folder)

    pause = time.sleep
    monkeypatch.setattr(backup.time, "sleep", lambda s: (s and on.set(), pause(0.2 + s)))
    monkeypatch.setattr(artifact, "_put", slowly)
    writer = threading.Thread(target=_replace_index, args=(trained, 1))
    writer.start()
    aside.wait(10)
    made = backup.make(trained, actor=ACTOR, to=bundles)
    writer.join()
    assert made.manifest.troubles == ()
    assert "desk/models/similar-index/newest/manifest.json" in made.manifest.files


def test_a_trial_drops_no_backup_and_makes_none_by_itself(space, db, tmp_path):
    """It has the key and the settings of the desk at work, whose backups they are."""
    settings.change(db, ACTOR, backup_folder=str(tmp_path), backup_keep=1)
    made = backup.make(space, actor=ACTOR, to=tmp_path)
    home = tmp_path / "disk"
    (home / "lost+found").mkdir(parents=True)  # as in the uppermost folder of many a disk
    restore.restore(made.path, Workspace(home), actor=ACTOR, key=space.key_path)
    trial, present = Workspace(home), datetime.now(UTC)
    with closing(trial.database()) as other:
        with write(other):
            other.execute("UPDATE backups SET at = '2020-01-01T00:00:00Z'")
            other.execute("DELETE FROM jobs")
        assert backup_work.queue_due(trial, other, present) is None
        assert backup.make(trial, actor=ACTOR, to=tmp_path, keep=1).dropped == ()
        assert made.path.exists()
        with write(other):
            other.execute("UPDATE backups SET at = '2020-01-01T00:00:00Z'")
        assert at_work.confirm(other, ACTOR)
        assert backup_work.queue_due(trial, other, present) is not None
        assert made.path in backup.make(trial, actor=ACTOR, to=tmp_path, keep=1).dropped
