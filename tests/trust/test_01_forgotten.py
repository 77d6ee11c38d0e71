"""Check 1, what is learned: models hold no personal data, and say of whom they learned.

A desk of 96 inquiries is trained, backed up, told to forget a customer, and trained again.
"""

import json
import re
from contextlib import closing

import pytest

from support import backup, forgetting, learned
from support.clock import ago
from support.release import in_force
from support.restore import restore
from support.shelf import prune
from support.workspace import Workspace
from tests.conftest import ACTOR, import_csv
from tests.trust.planting import Planted, files_of
from tests.web.conftest import HELP
from tests.web.doors import ENDINGS, TOPICS
from train.desk import train_all

HERS = "퀴즈뙤약볕"  # a word that one customer alone uses, and agents who answer her


@pytest.fixture(scope="module")
def taught(tmp_path_factory):
    """A trained desk; a number is planted in every question and every answer of its history."""
    folder, planted = tmp_path_factory.mktemp("taught"), Planted()
    space = Workspace(folder / "desk").create()
    rows = [
        (asked, slug) for ending in ENDINGS for slug, said in TOPICS.items()
        for asked in (text + ending for text in said)
    ]  # fmt: skip
    lines = []
    for number, (asked, slug) in enumerate(rows):
        hers = number % 10 == 3
        asked += f" {HERS}" * hers + " " + planted.words("question")
        answer = f"{HERS} 님 " * hers + f"{planted.words('answer')} {HELP}{slug}"
        at = ago(hours=5000 - number)
        lines.append(f"{number},{'mina' if hers else f'c{number}'},{asked},{answer},{at},{at}")
    head = "id,customer,question,answer,created_at,answered_at"
    import_csv(space, folder / "history.csv", "\n".join([head, *lines]))
    with closing(space.database()) as db:
        train_all(space, db, actor=ACTOR)
    made = backup.make(space, actor=ACTOR, to=folder)
    return space, planted, made.path


def parts(space):
    release = in_force(space.models)
    return {f"{kind}/{version}" for kind, version in release.parts.items()}


def test_models_index_and_backup_hold_nothing_of_what_was_planted(taught):
    space, planted, bundle = taught
    assert len(planted.places) == 192
    found = {path: planted.found(content) for path, content in files_of(space.models)}
    assert len(found) > 15
    assert not any(found.values())
    assert not planted.found(bundle.read_bytes())
    assert not any(planted.found(content) for _, content in files_of(space.home))


def test_who_is_forgotten_is_not_learned_again(taught, tmp_path):
    space, _, bundle = taught
    seal = space.seal()
    holds = [path.parent.parent.name for path, content in files_of(space.models)
             if HERS.encode() in content]  # fmt: skip
    assert "faq" in holds  # a model does remember words: that is why it is told of
    with closing(space.database()) as db:
        person = forgetting.customer(db, seal, "mina")
        found = forgetting.look(space, db, seal, person)
        assert found.rows["inquiries"] == 10
        assert {item.part for item in found.models} == parts(space)
        assert all(item.sure and item.live and len(item.releases) == 1 for item in found.models)
        assert found.bundles == (bundle,)
        before = parts(space)
        assert forgetting.forget(space, db, seal, person, actor=ACTOR).done
        ids = [row["id"] for row in db.query("SELECT id FROM inquiries")]
        train_all(space, db, actor=ACTOR)
        fresh = {item.part for item in learned.remembering(space, db, ids)} - before
        assert fresh == parts(space)
        prune(space, db, keep=0, actor=ACTOR)
    assert not [path for path, content in files_of(space.home) if HERS.encode() in content]
    again = restore(bundle, Workspace(tmp_path / "again"), actor=ACTOR, key=space.key_path)
    assert again.forgotten == 10
    content = (tmp_path / "again" / "desk.db").read_bytes()
    assert not re.search(HERS.encode(), content)


def test_a_model_that_does_not_say_what_it_read_counts_as_one_that_read(taught):
    space, *_ = taught
    with closing(space.database()) as db:
        ids = [row["id"] for row in db.query("SELECT id FROM inquiries LIMIT 1")]
        found = {item.part: item.sure for item in learned.remembering(space, db, ids)}
        assert all(found.values())
        for path in space.models.glob(f"*/*/{learned.FILE}"):
            path.unlink()
            manifest = json.loads(path.with_name("manifest.json").read_text())
            del manifest["sha256"][path.name]
            path.with_name("manifest.json").write_text(json.dumps(manifest))
        found = {item.part: item.sure for item in learned.remembering(space, db, ids)}
        assert parts(space) <= found.keys()
        assert not any(found.values())
        db.execute("UPDATE imports SET started_at = '2999-01-01T00:00:00Z'")
        assert learned.remembering(space, db, ids) == []
