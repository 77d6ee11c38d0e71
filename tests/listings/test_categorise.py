"""The door: what it says of a listing, by whatever that has."""

from pathlib import Path

import numpy as np
import pytest

from listings.categorise import CategoryClassifier, spread
from listings.ensemble import Ensemble, Fusion
from listings.listing import Listing
from listings.path_tree import Tree
from listings.text_linear import LinearText
from support.features import Features
from support.linear import LinearVoice
from tests.train.goods import PATHS, WORDS, Namesake


def even(*voices):
    ones = np.ones((len(voices), len(PATHS)), np.float32)
    return Fusion(voices, ones, np.zeros(len(PATHS), np.float32))


@pytest.fixture(scope="module")
def text():
    """Knows the telling words, each by the same weight."""
    texts = [" ".join(WORDS[path]) for path in PATHS]
    features = Features.fit(texts)
    rows = features.transform(texts)
    weights = np.asarray(10 * rows.toarray().T, np.float32)
    return LinearText(PATHS, LinearVoice.quantise(features, weights, np.zeros(4, np.float32)), None)


@pytest.fixture
def classifier(text):
    return CategoryClassifier(
        PATHS,
        texts=[text],
        image=lambda: Namesake(PATHS),
        ensemble=Ensemble(
            {
                "text": even("linear"),
                "title": even("linear"),
                "image": even("image"),
                "text+image": even("linear", "image"),
                "title+image": even("linear", "image"),
            }
        ),
        threshold=0.7,
    )


def test_words_and_pictures_speak_where_they_are(classifier, tmp_path):
    desk, broken = tmp_path / "1-0.png", tmp_path / "broken.png"
    found = classifier.predict(
        [
            Listing("desk drawer"),
            Listing("", pictures=(desk,)),
            Listing("desk drawer", "책상", (desk,)),
            Listing("desk drawer", pictures=(broken,)),
            Listing("  ", pictures=(broken,)),
            Listing(""),
        ]
    )
    voices = [suggestion.voices for suggestion in found]
    assert voices == [("text",), ("image",), ("text", "image"), ("text",), (), ()]
    for suggestion in found[:4]:
        assert suggestion.guesses[0].path == "Home > Desks"
        chances = [guess.probability for guess in suggestion.guesses]
        assert chances == sorted(chances, reverse=True)
        assert len(chances) == 3
    both, alone = found[2].guesses[0].probability, found[0].guesses[0].probability
    assert 1 >= both > alone > 0.5
    assert found[0].guesses == found[3].guesses
    assert found[4] == found[5]
    assert (found[5].guesses, found[5].review, found[5].branch) == ((), True, "")


def test_a_leaf_in_doubt_still_names_its_branch(classifier):
    sure, torn, lost = classifier.predict(
        [Listing("desk drawer 책상"), Listing("desk chair"), Listing("999")]
    )
    assert (sure.branch, sure.review) == ("Home > Desks", False)
    assert (torn.branch, torn.review) == ("Home", True)
    assert (lost.branch, lost.review) == ("", True)
    assert lost.guesses[0].probability == pytest.approx(0.25, abs=0.01)


def test_without_a_threshold_a_person_looks_at_everything(text):
    classifier = CategoryClassifier(
        PATHS,
        texts=[text],
        image=None,
        ensemble=Ensemble({"title": even("linear")}),
        threshold=None,
    )
    (found,) = classifier.predict([Listing("desk drawer 책상")], top_k=9)
    assert found.review
    assert found.branch == ""
    assert len(found.guesses) == 4
    assert sum(guess.probability for guess in found.guesses) == pytest.approx(1)
    assert not classifier.sees


def test_the_words_that_speak_are_told_when_asked_for(classifier):
    listing = Listing("old desk", "new drawer")
    (quick,), (told,) = (classifier.predict([listing], words=asked) for asked in (False, True))
    assert quick.guesses[0].words == ()
    assert [part.word for part in told.guesses[0].words] == ["drawer", "desk"] or [
        part.word for part in told.guesses[0].words
    ] == ["desk", "drawer"]
    assert all(part.weight > 0 for part in told.guesses[0].words)
    assert quick.guesses[0].probability == told.guesses[0].probability


def test_many_at_once_are_judged_as_one_by_one(classifier, tmp_path):
    listings = [
        Listing(f"{WORDS[path][i]} old", pictures=(tmp_path / f"{i}-{i}.png",) if i % 2 else ())
        for i, path in enumerate(PATHS)
    ]
    at_once = classifier.predict(listings)
    assert at_once == [classifier.predict([listing])[0] for listing in listings]
    assert classifier.predict([]) == []
    with pytest.raises(ValueError, match="at least 1, got 0"):
        classifier.predict(listings, top_k=0)


def test_a_branch_is_as_likely_as_its_leaves_together():
    tree = Tree(["A > B > C", "A > B > D", "A > E", "F"])
    assert tree.branches == ["A", "F", "A > B", "A > E", "A > B > C", "A > B > D"]
    chances = np.array([[0.3, 0.3, 0.2, 0.2], [0.9, 0.05, 0.05, 0.0], [0.25, 0.25, 0.0, 0.5]])
    np.testing.assert_allclose(tree.sums(chances)[0], [0.8, 0.2, 0.6, 0.2, 0.3, 0.3])
    assert tree.deepest(chances, 0.8) == ["A", "A > B > C", ""]
    assert tree.deepest(chances, 0.6) == ["A > B", "A > B > C", ""]
    assert tree.deepest(chances, 0.5) == ["A > B", "A > B > C", "A > B"]


def test_a_label_a_picture_model_never_saw_gets_an_even_guess():
    scores = np.log(np.array([[0.9, 0.1], [np.nan, np.nan]], np.float32))
    found = spread(scores, ["b", "a"], ["a", "b", "c"])
    np.testing.assert_allclose(np.exp(found[0]), [0.1, 0.9, 1 / 3], rtol=1e-6)
    assert np.isnan(found[1]).all()
    assert spread(scores, ["b", "a"], ["b", "a"]) is scores


def test_pictures_that_do_not_count_are_not_looked_at(text):
    looked = []

    class Watching(Namesake):
        def log_scores(self, pictures):
            looked.append(len(pictures))
            return super().log_scores(pictures)

    fusions = {"title": even("linear"), "title+image": even("linear"), "image": even("image")}
    classifier = CategoryClassifier(
        PATHS,
        texts=[text],
        image=lambda: Watching(PATHS),
        ensemble=Ensemble(fusions),
        threshold=0.5,
    )
    shown = (Path("0.jpg"),)
    found = classifier.predict([Listing("desk", pictures=shown), Listing("", pictures=shown)])
    assert looked == [1]
    assert [row.voices for row in found] == [("text",), ("image",)]
