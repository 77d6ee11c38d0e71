"""Training from labelled listings, and what the model says afterwards."""

import json
from dataclasses import replace

import pytest

from listings.categorise import CategoryClassifier
from listings.labels import add_hand_label
from listings.listing import Listing
from listings.store import Collected, ListingStore
from support.audit import Actor
from support.errors import JobCancelledError, NotFoundError, TooFewLabelsError
from support.releases import current
from support.shelf import described
from tests.train.goods import PATHS, goods, learn_names
from train import category
from train.category import CategoryConfig, fit_category
from train.category_candidate import live_config, train_category
from train.category_voices import fit_texts

ACTOR = Actor("cli:test")
WORDS = CategoryConfig(texts=("linear",), image=None)


@pytest.fixture(scope="module")
def learned(tmp_path_factory):
    """Words tell nine in ten apart, and there are no pictures."""
    folder = tmp_path_factory.mktemp("learned")
    listings, paths = goods(folder, 240)
    report = fit_category(
        [*listings, Listing("alone")], [*paths, "Toys"], folder=folder / "model", config=WORDS
    )
    return folder / "model", report


def right(classifier, listings, paths):
    found = classifier.predict(listings)
    return sum(s.guesses[0].path == path for s, path in zip(found, paths, strict=True)) / len(paths)


def test_what_was_learned_is_known_again(learned, tmp_path):
    folder, report = learned
    classifier = CategoryClassifier.load(folder)
    assert classifier.version == report.version
    assert classifier.labels == sorted(PATHS)
    assert (report.labels, report.n_train, report.left_out) == (4, 240, {"Toys": 1})
    assert 40 <= report.n_held_out <= 56
    assert right(classifier, *goods(tmp_path, 80, seed=1)) > 0.75
    (told,) = classifier.predict([Listing("used desk", "with a drawer")], words=True)
    assert told.guesses[0].path == "Home > Desks"
    assert "desk" in [part.word for part in told.guesses[0].words]


def test_the_folder_explains_itself(learned):
    folder, report = learned
    config = json.loads((folder / "config.json").read_text("utf-8"))
    assert config["kind"] == "category"
    assert config["labels"] == sorted(PATHS)
    assert config["counts"] == dict.fromkeys(sorted(PATHS), 60)
    assert set(config["situations"]) == {"title", "text"}
    assert config["settings"]["linear"]["mixture"]
    metrics = json.loads((folder / "metrics.json").read_text("utf-8"))
    assert metrics["situations"][1]["accuracy"] == report.ensemble.situations[1].accuracy > 0.7


def test_the_same_listings_and_seed_give_the_same_model(learned, tmp_path):
    folder, report = learned
    listings, paths = goods(folder.parent, 240)
    again = fit_category(listings, paths, folder=tmp_path / "again", config=WORDS)
    assert again.ensemble == report.ensemble


def test_pictures_are_learned_beside_words(tmp_path):
    listings, paths = goods(tmp_path, 240, told=0.5)
    seen = []

    def fit_image(pictures, labels, groups, progress):
        seen.append(len(pictures))
        return learn_names(pictures, labels, groups, progress)

    report = fit_category(
        listings, paths,
        folder=tmp_path / "model", config=CategoryConfig(texts=("linear",)), fit_image=fit_image,
    )  # fmt: skip
    assert seen == [report.n_pictures] == [240 - report.n_held_out]
    rows = {row.situation: row for row in report.ensemble.situations}
    assert report.ensemble.image_helps
    assert rows["text+image"].accuracy > rows["text"].accuracy + 0.1
    assert (tmp_path / "model" / "image" / "labels.txt").is_file()


def test_pictures_that_cannot_be_read_leave_the_words(tmp_path):
    listings, paths = goods(tmp_path, 80)
    lost = [replace(item, pictures=(tmp_path / "gone.jpg",)) for item in listings]
    config = CategoryConfig(texts=("linear",), image="patches")
    report = fit_category(lost, paths, folder=tmp_path / "model", config=config)
    assert report.n_pictures == 0
    assert right(CategoryClassifier.load(tmp_path / "model"), listings, paths) > 0.7
    pictures = CategoryConfig(texts=(), image="patches")
    with pytest.raises(TooFewLabelsError):
        fit_category(lost, paths, folder=tmp_path / "other", config=pictures)


def test_too_little_is_refused(tmp_path):
    listings, paths = goods(tmp_path, 12)
    with pytest.raises(TooFewLabelsError, match="--min-examples"):
        fit_category(listings, paths, folder=tmp_path / "model", config=WORDS)
    assert not (tmp_path / "model").exists()
    with pytest.raises(ValueError, match="min_examples must be at least 2, got 1"):
        CategoryConfig(min_examples=1)
    with pytest.raises(ValueError, match="at least one text model"):
        CategoryConfig(texts=(), image=None)


def test_a_training_can_be_cancelled_and_leaves_nothing(tmp_path):
    listings, paths = goods(tmp_path, 120)

    def stop(done, total, message):
        if done > 100:
            raise JobCancelledError("Cancelled.")

    with pytest.raises(JobCancelledError):
        fit_category(listings, paths, folder=tmp_path / "model", config=WORDS, progress=stop)
    assert list(tmp_path.iterdir()) == []


def fill(space, db, seal, count=120):
    """A desk's listings; nine in ten are known by their words."""
    listings, paths = goods(space.home, count)
    rows = [
        Collected(
            source="shop",
            external_id=str(number),
            title=item.title,
            description=item.description,
            category=path,
        )
        for number, (item, path) in enumerate(zip(listings, paths, strict=True))
    ]
    ListingStore(db, seal).save(rows)


def test_the_desk_s_labels_are_learned_and_put_in_force(space, db, seal):
    with pytest.raises(NotFoundError, match="faqdesk collect"):
        train_category(space, db, actor=ACTOR, config=WORDS)
    fill(space, db, seal)
    add_hand_label(db, ACTOR, 1, "Home > Chairs", tree="shop")
    outcome = train_category(space, db, actor=ACTOR, config=WORDS)
    release = current(space.models, line="category")
    folder = space.models / "category" / release.parts["category"]
    assert (outcome.published, outcome.release.name) == (True, release.name)
    assert folder == outcome.report.folder
    config = json.loads((folder / "config.json").read_text("utf-8"))
    assert config["tree"] == "shop"
    assert config["sources"] == {"seller": 119, "hand": 1}
    assert config["counts"]["Home > Chairs"] == config["counts"]["Home > Desks"] + 2
    assert right(CategoryClassifier.load(folder), *goods(space.home, 40, seed=1)) > 0.7


def test_another_recipe_is_judged_beside_the_one_in_force(space, db, seal):
    fill(space, db, seal, 240)
    first = train_category(space, db, actor=ACTOR, config=WORDS)
    assert first.report.judgement is None
    again = train_category(space, db, actor=ACTOR)  # the recipe in force, which needs no judging
    assert again.published
    assert again.report.judgement is None
    assert live_config(space, db) == WORDS

    other = CategoryConfig(texts=("linear", "fasttext"), image=None)
    judged = train_category(space, db, actor=ACTOR, config=other)
    found = judged.report.judgement
    assert found.everything.n == judged.report.n_held_out
    assert found.everything.live["hit@1"] > 0.7
    assert set(found.everything.differences) >= {"hit@1", "hit@3"}
    assert judged.published == (not found.worse)
    stored = described(space, db, judged.release.name, line="category")
    assert stored.judgement["n"] == found.n
    assert stored.recipe["texts"] == ["linear", "fasttext"]


def test_a_worse_candidate_is_kept_and_not_put_in_force(space, db, seal, monkeypatch):
    fill(space, db, seal)
    first = train_category(space, db, actor=ACTOR, config=WORDS)
    deaf = fit_texts

    def hears_little(data, stay, out, config, steps, *, checkpoints=None):
        if config.texts == ("fasttext",):
            data = replace(data, listings=[Listing("a") for _ in data.listings])
        return deaf(data, stay, out, config, steps, checkpoints=checkpoints)

    monkeypatch.setattr(category, "fit_texts", hears_little)
    worse = CategoryConfig(texts=("fasttext",), image=None)
    kept = train_category(space, db, actor=ACTOR, config=worse)
    assert (kept.published, kept.report.judgement.worse) == (False, True)
    assert f"faqdesk models publish {kept.release.name} --line category" in kept.message
    assert current(space.models, line="category").name == first.release.name
    forced = train_category(space, db, actor=ACTOR, config=worse, judging="always")
    assert forced.published
    assert current(space.models, line="category").name == forced.release.name


def test_a_recipe_in_force_that_cannot_be_fitted_does_not_stop_a_training(space, db, seal):
    fill(space, db, seal)
    first = train_category(space, db, actor=ACTOR, config=WORDS)
    gone = WORDS.as_dict() | {"texts": ["transformer"], "transformer": str(space.home / "gone")}
    db.table("releases").update(first.release.name, {"recipe": json.dumps(gone)})
    outcome = train_category(space, db, actor=ACTOR, config=WORDS)
    assert outcome.published
    assert "cannot be fitted" in outcome.report.judgement.why
