"""An ensemble for every situation; pictures that do not help stay silent."""

from dataclasses import replace

import numpy as np
import pytest

from listings.ensemble import TEXT, TITLE
from tests.train.test_category_fusion import LABELS, noisy
from train.category_ensemble import HeldOut, fit_ensemble


def held_out(image, *, described=True):
    there = np.full(len(LABELS), described)
    return HeldOut(
        labels=LABELS,
        text={"linear": noisy(LABELS, 0.8, seed=1)},
        title={"linear": noisy(LABELS, 0.6, seed=1)},
        described=there,
        image=image,
    )


def test_a_picture_that_helps_is_heard():
    image = noisy(LABELS, 0.6, seed=2)
    image[:100] = np.nan
    ensemble, report, _ = fit_ensemble(held_out(image))
    assert report.image_helps
    assert report.message.startswith("Words and pictures together: on 500 held-out listings")
    rows = {row.situation: row for row in report.situations}
    assert list(rows) == ["title", "text", "title+image", "text+image", "image"]
    assert rows["text+image"].n == 500
    assert rows["text+image"].accuracy >= rows["text"].accuracy > rows["title"].accuracy
    assert rows["text"].ece < 0.07
    assert ensemble.fusions["text+image"].voices == ("linear", "image")
    assert ensemble.fusions["text+image"].weights[1].mean() > 0.1


def test_pictures_that_say_nothing_leave_the_words_alone_and_the_report_says_so():
    ensemble, report, _ = fit_ensemble(held_out(noisy(LABELS, 0.25, seed=100, sure=0.5)))
    assert report.image_helps is False
    assert "words serve alone: on 600 held-out listings" in report.message
    assert ensemble.fusions["text+image"] is ensemble.fusions["text"]
    assert ensemble.fusions["image"].voices == ("image",)


def test_the_threshold_is_of_what_serves_in_each_situation():
    """A picture that tells of undescribed listings alone is heard there, and reported so."""
    image = noisy(LABELS, 0.9, seed=3)
    rows = held_out(image)
    described = np.arange(len(LABELS)) % 2 == 0
    blurred = noisy(LABELS, 0.25, seed=4, sure=0.5)
    image[described] = blurred[described]
    ensemble, _, said = fit_ensemble(replace(rows, image=image, described=described))
    heard = {name: "image" in fusion.voices for name, fusion in ensemble.fusions.items()}
    told = [TEXT if is_so else TITLE for is_so in described]
    voices = {"linear": np.where(described[:, None], rows.text["linear"], rows.title["linear"])}
    served = ensemble.blend(voices | {"image": image}, told=told, seen=[True] * len(LABELS))
    for name, some in (("text", described), ("title", ~described)):
        right = (said.argmax(axis=1) == LABELS)[some].mean()
        served_right = (served.probabilities.argmax(axis=1) == LABELS)[some].mean()
        assert abs(right - served_right) < 0.05, (name, heard)
    assert heard["title+image"]
    assert not heard["text+image"]


def test_without_descriptions_and_pictures_there_is_one_situation():
    ensemble, report, _ = fit_ensemble(held_out(None, described=False))
    assert [row.situation for row in report.situations] == ["title"]
    assert report.image_helps is None
    assert report.message == ""
    assert list(ensemble.fusions) == ["title"]


def test_the_threshold_keeps_the_stated_share():
    _, report, _ = fit_ensemble(held_out(None), share_right=0.75)
    assert report.band.threshold is not None
    assert report.band.promise.right / report.band.promise.n >= 0.75
    assert report.as_dict()["band"]["stated"] == 0.75
    _, strict, _ = fit_ensemble(held_out(None), share_right=0.99)
    assert strict.band.threshold is None  # the voice is equally sure of right and wrong


def test_with_nothing_said_there_is_nothing_to_learn():
    with pytest.raises(ValueError, match="Label more"):
        fit_ensemble(HeldOut(LABELS, {}, {}, np.zeros(600, bool)))
