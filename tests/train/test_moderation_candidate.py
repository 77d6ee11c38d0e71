"""A desk's decisions become a model: the first in force, later ones candidates."""

from pathlib import Path

import pytest

from listings.moderation.decisions_past import add_past
from listings.moderation.moderator import Moderator
from listings.store import Collected, ListingStore
from support import releases
from support.audit import Actor
from support.workspace import Workspace
from tests.train.moderation_rows import examples
from train.moderation_candidate import decided, train_moderation
from train.moderation_voices import ModerationConfig

CONFIG = ModerationConfig(texts=("linear",), network=False, num_folds=2)
ACTOR = Actor("test")


@pytest.fixture
def desk(tmp_path: Path) -> Workspace:
    space = Workspace(tmp_path / "desk").create()
    db = space.database()
    seal = space.seal()
    rows = examples(60)
    items = [
        Collected(source="shop", external_id=str(n), title=row.listing.title, seller="a")
        for n, row in enumerate(rows)
    ]
    saved = ListingStore(db, seal).save(items)
    for listing_id, row in zip(saved.ids, rows, strict=True):
        add_past(db, seal, ACTOR, listing_id, label=row.label)
    db.close()
    return space


def test_decisions_are_read_with_signals(desk: Workspace) -> None:
    found = decided(desk.database(), desk)
    assert len(found) == 60
    assert {example.label for example in found} == {row.label for row in examples(60)}
    assert found[5].signals is not None
    assert found[5].signals.earlier_posts == 5
    assert {example.revision for example in found} == {1}


def test_the_first_model_is_in_force_and_the_next_waits(desk: Workspace) -> None:
    db = desk.database()
    first = train_moderation(desk, db, actor=ACTOR, config=CONFIG)
    assert first.published
    assert Moderator.of_desk(desk).version == first.report.version
    second = train_moderation(desk, db, actor=ACTOR, config=CONFIG)
    assert not second.published
    assert "--line moderation" in second.message
    in_force = releases.current(desk.models, line="moderation")
    assert in_force is not None
    assert in_force.name == first.release.name
    third = train_moderation(desk, db, actor=ACTOR, config=CONFIG, publish=True)
    assert third.published


def test_the_same_words_are_one_group_before_cleaning_has_run(tmp_path):
    space = Workspace(tmp_path / "desk").create()
    db, seal = space.database(), space.seal()
    items = [
        Collected(source="shop", external_id=str(n), title=title)
        for n, title in enumerate(("도매 문의 주세요", "도매문의 주세요!", "아기 의자"))
    ]
    ids = ListingStore(db, seal).save(items).ids
    for listing_id, label in zip(ids, ("pro_ads", "pro_ads", "normal"), strict=True):
        add_past(db, seal, ACTOR, listing_id, label=label)
    groups = [example.group for example in decided(db, space)]
    assert groups[0] == groups[1] != groups[2]
