"""What each person likes: kept one by one, refused where there is no such choice."""

from dataclasses import fields

import pytest

from support import agents, preferences
from support.errors import InputError
from support.preferences import CHOICES, Preferences
from tests.conftest import ACTOR


@pytest.fixture
def two(db):
    return [
        agents.add(db, ACTOR, login=login, name="", role="agent").id for login in ("mina", "yuna")
    ]


def test_what_is_usual_is_the_first_choice_and_every_one_has_choices():
    usual = Preferences()
    assert {field.name for field in fields(Preferences)} == set(CHOICES)
    assert {name: getattr(usual, name) for name in CHOICES} == {n: c[0] for n, c in CHOICES.items()}


def test_each_is_kept_alone_and_for_its_person_alone(db, two):
    mina, yuna = two
    preferences.put(db, mina, theme="dark", keys="off")
    preferences.put(db, mina, keys="on", insert_as="link")
    assert preferences.load(db, mina) == Preferences(theme="dark", insert_as="link")
    assert preferences.load(db, yuna) == Preferences()


@pytest.mark.parametrize("wrong", [{"theme": "pink"}, {"colour": "red"}, {"keys": ""}])
def test_what_there_is_not_is_refused_and_nothing_is_kept(db, two, wrong):
    with pytest.raises(InputError, match=next(iter(wrong))):
        preferences.put(db, two[0], insert_as="text", **wrong)
    assert preferences.load(db, two[0]) == Preferences()


def test_a_choice_that_went_away_counts_as_the_usual_one(db, two):
    db.execute("INSERT INTO agent_preferences VALUES (?, 'theme', 'sepia')", [two[0]])
    db.execute("INSERT INTO agent_preferences VALUES (?, 'gone', 'x')", [two[0]])
    assert preferences.load(db, two[0]) == Preferences()
