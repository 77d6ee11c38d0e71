"""`faqdesk review` as it is typed."""

import json
import os
import shutil

import pytest
from click.testing import CliRunner

from listings.store import Collected, ListingStore
from support import releases
from support.errors import InputError
from tests.conftest import ACTOR
from tests.listings.review_queue import TREE, fill
from tests.listings.small_category import category_model, listings
from web.cli import faqdesk as group

__all__ = ["category_model"]


@pytest.fixture
def typed(space, monkeypatch):
    monkeypatch.setenv("FAQDESK_HOME", str(space.home))

    def run(*words):
        return CliRunner().invoke(group, ["review", *map(str, words)], catch_exceptions=False)

    return run


def test_tasks_go_out_and_come_in(typed, db, space, tmp_path):
    fill(db, space.seal())
    file = tmp_path / "tasks.json"
    export = ("export", file, "--control", "choices")
    with pytest.raises(InputError, match="--reason"):
        typed(*export)
    assert "3 tasks" in typed(*export, "--reason", "labelling").stdout
    tasks = json.loads(file.read_text("utf-8"))
    result = {"type": "choices", "value": {"choices": ["Women > Bags"]}}
    tasks[0]["annotations"] = [{"completed_by": 1, "result": [result]}]
    file.write_text(json.dumps([*tasks, 3]), "utf-8")
    done = typed("import", file, "--tree", TREE, "--format", "label-studio")
    assert "4 tasks: 1 new labels" in done.stdout
    assert "Refused: task 4" in done.stderr
    found = json.loads(typed("import", file, "--tree", TREE, "--json").stdout)
    assert (found["labels"], found["known"]) == (0, 1)


def test_the_queue_is_filled_from_the_desks_listings(typed, db, space, category_model):
    os.makedirs(space.models / "category")
    shutil.copytree(category_model, space.models / "category" / "m1")
    releases.publish(space, db, {"category": "m1"}, actor=ACTOR, line="category")
    ListingStore(db, space.seal()).save(
        [
            Collected(source="s", external_id=str(n), title=title, category=path)
            for n, (title, path) in enumerate(listings(60, seed=3))
        ]
    )
    assert "listings wait for review" in typed("fill", "--limit", "5", "--twice", "0.5").stdout
    rows = db.conn.execute("SELECT priority, wanted FROM review_items ORDER BY id").fetchall()
    assert 0 < len(rows) <= 5
    assert rows == sorted(rows, key=lambda row: -row[0])
