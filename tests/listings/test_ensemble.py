"""Late fusion, by hand."""

import numpy as np
import pytest

from listings.ensemble import Ensemble, Fusion

HALF = np.log(np.array([[0.5, 0.5]], np.float32))
SURE = np.log(np.array([[0.8, 0.2]], np.float32))


def fusion(weights, bias=(0, 0)):
    names, values = zip(*weights.items(), strict=True)
    table = np.array([np.broadcast_to(value, 2) for value in values], np.float32)
    return Fusion(names, table, np.array(bias, np.float32))


@pytest.mark.parametrize(
    ("weights", "bias", "scores", "first"),
    [
        ({"linear": 1}, (0, 0), {"linear": SURE}, 0.8),
        ({"linear": 0.5}, (0, 0), {"linear": SURE}, 2 / 3),  # the root of 4 to 1
        ({"linear": 1, "image": 1}, (0, 0), {"linear": SURE, "image": SURE}, 16 / 17),
        ({"linear": 1}, (np.log(4), 0), {"linear": HALF}, 0.8),
        ({"linear": (1, 0)}, (0, 0), {"linear": HALF}, 1 / 3),  # .5 to 1
    ],
)
def test_scores_are_weighed_and_added(weights, bias, scores, first):
    found = fusion(weights, bias)(scores)
    np.testing.assert_allclose(found, [[first, 1 - first]], atol=1e-6)


def test_one_voice_beyond_all_doubt_does_not_decide_alone():
    lost = np.log([[1e-30, 1.0]]).astype(np.float32)
    both = fusion({"linear": 1, "image": 1})
    sure = np.array([[0, -14]], np.float32)
    (found,) = both({"linear": lost, "image": sure})  # -69 and -14 count as -12
    np.testing.assert_allclose(found, [0.5, 0.5], atol=1e-6)


def ensemble():
    return Ensemble(
        {
            "text": fusion({"linear": 1}),
            "image": fusion({"image": 1}),
            "text+image": fusion({"linear": 1, "image": 1}),
        }
    )


def test_every_listing_is_judged_by_what_it_has():
    scores = {"linear": np.repeat(SURE, 4, axis=0), "image": np.repeat(SURE, 4, axis=0)}
    scores["image"][0] = np.nan
    found = ensemble().blend(scores, told=["text", "", "text", ""], seen=[False, True, True, False])
    assert found.voices == (("linear",), ("image",), ("linear", "image"), ())
    np.testing.assert_allclose(found.probabilities[:3, 0], [0.8, 0.8, 16 / 17], atol=1e-6)
    assert np.isnan(found.probabilities[3]).all()


def test_a_situation_nobody_learned_is_taken_for_the_nearest():
    scores = {"linear": SURE, "image": SURE}
    found = ensemble().blend(scores, told=["title"], seen=[True])
    assert found.voices == (("linear", "image"),)
    alone = Ensemble({"title": fusion({"linear": 1})})
    assert alone.blend(scores, told=["text"], seen=[True]).voices == (("linear",),)
    assert alone.blend(scores, told=[""], seen=[True]).voices == ((),)


def test_it_knows_which_voices_count_where():
    found = ensemble()
    assert found.hears("image", "text")
    assert found.hears("image", "")
    deaf = Ensemble({"text": fusion({"linear": 1}), "text+image": fusion({"linear": 1})})
    assert not deaf.hears("image", "text")
    assert not deaf.hears("image", "")


def test_save_load_round_trip(tmp_path):
    before = ensemble()
    before.save(tmp_path)
    after = Ensemble.load(tmp_path, before.situations)
    scores = {"linear": SURE, "image": HALF}
    for told, seen in (("text", True), ("text", False), ("", True)):
        a, b = (it.blend(scores, told=[told], seen=[seen]) for it in (before, after))
        np.testing.assert_array_equal(a.probabilities, b.probabilities)
        assert a.voices == b.voices


def test_a_situation_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match=r"among text\+image.*\['smell'\]"):
        Ensemble({"smell": fusion({"linear": 1})})
    with pytest.raises(ValueError, match="must be among"):
        Ensemble({})
