"""A model knows FAQs by the names they had; renamed since, they are suggested by today's."""

import pytest

from support import faq_edit, faqs
from support.faq import Prediction, Scored
from support.renamed import Renamed
from tests.conftest import ACTOR

ALIASES = {"a": "b", "b": "c", "x": "y", "old": "new"}


def prediction(*labels):
    scored = tuple(Scored(label, 1 - n / 10, {}) for n, label in enumerate(labels))
    return Prediction(scored, 0.9, 0.0, {}, None)


def test_labels_are_called_by_todays_names_and_the_better_of_two_that_are_one_stays():
    renamed = Renamed(["a", "c", "x", "z"], ALIASES)
    found, own = renamed.prediction(prediction("a", "x", "c", "z"))
    assert [(item.label, item.probability) for item in found.scored] == [
        ("c", 1.0), ("y", 0.9), ("z", 0.7),
    ]  # fmt: skip
    assert own == {"c": "a", "y": "x", "z": "z"}


def test_todays_labels_of_neighbours_reach_the_label_that_was_learned():
    renamed = Renamed(["a", "x"], ALIASES)
    assert renamed.neighbours([(("c", "y"), 0.9), (("other",), 0.5)]) == [
        (("a", "x"), 0.9), (("other",), 0.5),
    ]  # fmt: skip
    knows_both = Renamed(["a", "c"], ALIASES)
    assert knows_both.neighbours([(("c",), 0.9)]) == [(("c",), 0.9)]


def test_aliases_are_read_only_where_a_label_is_one(db):
    faqs.save_aliases(db, {"old": "new", "other": "new"})
    assert faqs.aliases_over(db, ["new", "x"]) == {}
    assert faqs.aliases_over(db, ["old"]) == {"old": "new", "other": "new"}


def test_a_model_that_knows_no_renamed_faq_is_left_alone():
    renamed = Renamed(["z"], ALIASES)
    assert not renamed
    found = prediction("z")
    assert renamed.prediction(found)[0] == found


@pytest.fixture
def asked(desk):
    recommender, db, _ = desk
    text = next(
        row["text"]
        for row in db.query(
            "SELECT text FROM inquiries JOIN labels ON labels.inquiry_id = inquiries.id ORDER BY 1"
        )
        if recommender.suggest(db, row["text"]).faqs
    )
    return recommender, db, text


def test_a_renamed_faq_is_suggested_at_once_as_sure_as_before(asked):
    recommender, db, text = asked
    before = recommender.suggest(db, text)
    slug = before.faqs[0].faq.slug
    faq_edit.rename(db, ACTOR, slug, "another-name")
    after = recommender.suggest(db, text)
    assert after.band == before.band
    assert after.faqs[0].faq == faqs.get(db, "another-name")
    assert after.faqs[0].probability == pytest.approx(before.faqs[0].probability, abs=1e-6)
    assert after.faqs[0].words == before.faqs[0].words
