"""What another threshold would have done, worked by hand; then on a trained desk, and in force."""

import json
import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from support import faq_edit, faqs, settings, thresholds, tuner, tuning, tuning_changes
from support.database import scalar
from support.errors import InputError, ModelMissingError, NotFoundError, SettingError
from support.held_out import FILE, HeldOutRows
from support.releases import in_force
from tests.conftest import ACTOR


def rows(*found):
    """Held-out inquiries as (label, probability, right)."""
    first, probability, right = zip(*found, strict=True)
    return HeldOutRows(
        np.arange(1, len(found) + 1),
        np.array(first),
        np.array(probability, dtype=np.float64),
        np.array(right, dtype=bool),
    )


FIVE = rows((0, 0.9, True), (0, 0.8, True), (1, 0.7, False), (0, 0.6, True), (1, 0.5, False))


@pytest.mark.parametrize(
    ("threshold", "shown", "right", "missed", "wrong_per_hundred"),
    [(0.5, 5, 3, 0, 40), (0.7, 3, 2, 1, 20), (0.8, 2, 2, 1, 0), (math.inf, 0, 0, 3, 0)],
)
def test_what_a_threshold_did(threshold, shown, right, missed, wrong_per_hundred):
    found = tuner.point(FIVE, threshold)
    assert (found.promise.n, found.promise.right, found.missed) == (shown, right, missed)
    assert found.coverage.share == shown / 5
    assert found.wrong_per_hundred == pytest.approx(wrong_per_hundred)
    assert found.promise.low <= found.promise.share <= found.promise.high


def test_an_faq_keeps_its_own_threshold():
    found = tuner.point(FIVE, 0.5, of_label={1: math.inf})
    assert (found.promise.n, found.promise.right) == (3, 3)
    assert tuner.point(tuner.of_faq(FIVE, 1), 0.6).promise.n == 1


def test_a_curve_goes_from_everything_to_the_surest():
    found = tuner.curve(FIVE)
    assert [point.threshold for point in found] == [0.5, 0.6, 0.7, 0.8, 0.9]
    assert [point.promise.n for point in found] == [5, 4, 3, 2, 1]
    assert len(tuner.curve(FIVE, steps=3)) == 3


@pytest.mark.parametrize("own", [{}, {1: math.inf}, {1: 0.6}, {0: 0.7, 1: 0.6}])
def test_each_point_of_a_curve_is_what_its_threshold_did(own):
    for found in tuner.curve(FIVE, of_label=own):
        assert found == tuner.point(FIVE, found.threshold, of_label=own)


def test_what_a_wrong_one_costs_picks_the_threshold():
    # Thirty rows: from .8 up all right, between .5 and .8 every other one.
    many = rows(
        *[(0, 0.8 + i / 100, True) for i in range(10)],
        *[(0, 0.5 + i / 100, i % 2 == 0) for i in range(20)],
    )
    assert tuner.pick(many, 3).point.threshold == 0.8
    cheap = tuner.pick(many, 0.5)  # half a miss for a wrong one: all that is half right
    assert cheap.point.threshold == 0.5
    assert cheap.by_counts
    never = rows(*[(0, i / 100, False) for i in range(30)])
    assert tuner.pick(never, 1).point.threshold == math.inf
    with pytest.raises(ValueError, match="above 0"):
        tuner.pick(many, 0)


def test_picking_costs_no_more_than_any_other_threshold():
    generator = np.random.default_rng(0)
    p = generator.random(200)
    some = rows(*zip(generator.integers(0, 3, 200), p, generator.random(200) < p, strict=True))
    for cost in (0.5, 1, 4):
        for own in ({}, {1: 0.9}):
            best = tuner.pick(some, cost, of_label=own).point.cost(cost)
            others = [point.cost(cost) for point in tuner.curve(some, of_label=own, steps=200)]
            assert best <= min(others)


def test_few_inquiries_leave_it_to_the_probability():
    found = tuner.pick(FIVE, 4)
    assert found.point.threshold == 0.8
    assert not found.by_counts


def test_thresholds_are_read_as_they_were_written():
    found = thresholds.read(0.7, ("refund=0.85", "a=b=never"))
    assert found.set_for("other") == 0.7
    assert found.set_for("refund") == 0.85
    assert found.set_for("a=b") == math.inf
    assert thresholds.write(found.of_faq) == ("a=b=never", "refund=0.85")
    assert not thresholds.read(0.0, ()).any
    for wrong in ("refund", "refund=often", "refund=2", "=0.5"):
        with pytest.raises(ValueError, match=r"threshold|Write"):
            thresholds.read(0.0, (wrong,))


def test_a_setting_out_of_range_is_refused(db):
    with pytest.raises(SettingError, match="threshold"):
        settings.change(db, ACTOR, likely_threshold=1.5)
    with pytest.raises(SettingError, match="refund"):
        settings.change(db, ACTOR, faq_thresholds="refund=high")


def test_a_desk_without_a_model_says_so(space, db):
    with pytest.raises(ModelMissingError, match="faqdesk train"):
        tuning.ground(space, db)


def test_tuning_a_trained_desk(desk):
    recommender, db, space = desk
    found = tuning.ground(space, db)
    assert len(found.rows) > 50
    config = json.loads(
        (in_force(space.models).folder(space.models, "faq") / "config.json").read_text()
    )
    assert found.own == config["calibrations"][0]["likely"]["threshold"]
    # The bands were chosen on these very rows.
    own = tuner.point(found.rows, found.own)
    assert own.promise.n == config["calibrations"][0]["likely"]["n"]
    assert own.promise.right == config["calibrations"][0]["likely"]["right"]

    slug = found.labels[int(found.rows.first[found.flags()][0])]
    changes, total = tuning_changes.changes(db, found, math.inf, slug)
    before = found.now(slug).promise
    assert total == len(changes) == before.n
    assert {change.slug for change in changes} == {slug}
    assert not any(change.shown for change in changes)
    assert sum(change.right for change in changes) == before.right
    assert all(change.right == (change.slug in change.sent) for change in changes)
    assert all(change.snippet for change in changes)

    listed = tuning.by_faq(db, found, 3)
    assert {line.slug for line in listed} == {
        found.labels[i] for i in set(found.rows.first.tolist())
    }
    assert sum(line.now.n for line in listed) == len(found.rows)
    assert sum(line.now.promise.n for line in listed) == found.now().promise.n
    assert all(line.picked.by_counts == (line.now.n >= tuner.LEAST) for line in listed)

    at = int(np.flatnonzero(found.flags())[0])
    text = scalar(db, "SELECT text FROM inquiries WHERE id = ?", [int(found.rows.inquiry_ids[at])])
    first = recommender.suggest(db, text)
    assert first.band == "likely"
    top = first.faqs[0]
    tuning.put(db, ACTOR, math.inf, top.faq.slug)
    assert recommender.suggest(db, text).band != "likely"
    tuning.put(db, ACTOR, 0.01, top.faq.slug)
    lower = recommender.suggest(db, text)
    assert (lower.band, lower.threshold) == ("likely", 0.01)
    assert lower.faqs[0].promise.n > 0
    tuning.put(db, ACTOR, None, top.faq.slug)
    tuning.put(db, ACTOR, 1.0)
    assert recommender.suggest(db, text).band != "likely"
    assert tuning.ground(space, db).common == 1.0
    tuning.put(db, ACTOR, None)
    assert tuning.ground(space, db).common == found.own
    assert scalar(db, "SELECT count(*) FROM audit WHERE action = 'setting.changed'") >= 5
    with pytest.raises(NotFoundError):
        found.now("no-such-faq")
    with pytest.raises(InputError):
        found.pick(-1)
    with pytest.raises(InputError, match="silent"):
        tuning.put(db, ACTOR, math.inf)


def test_an_faq_that_was_merged_is_tuned_by_its_name_of_today(desk):
    _, db, space = desk
    before = tuning.ground(space, db)
    counts = {slug: before.now(slug) for slug in before.labels[:2]}
    first, second = before.labels[:2]
    faqs.save_aliases(db, {second: first})
    after = tuning.ground(space, db)
    assert second not in after.labels
    assert after.now(first).n == sum(point.n for point in counts.values())
    assert after.now(first).promise.right >= sum(p.promise.right for p in counts.values())
    assert after.now().promise.n == before.now().promise.n


def test_a_threshold_follows_its_faq_through_renaming_and_merging():
    found = thresholds.read(0.7, ("a=never", "b=0.8", "c=0.9", "d=0.5"))
    today = found.today({"a": "x", "b": "y", "c": "y", "d": "c"})
    assert today.of_faq == {"x": math.inf, "y": 0.9}
    assert today.common == 0.7
    own_first = found.today({"a": "b", "c": "b"})
    assert own_first.of_faq == {"b": 0.8, "d": 0.5}


def test_an_faq_that_is_never_shown_stays_so_when_it_is_renamed(desk):
    recommender, db, space = desk
    found = tuning.ground(space, db)
    at = int(np.flatnonzero(found.flags())[0])
    text = scalar(db, "SELECT text FROM inquiries WHERE id = ?", [int(found.rows.inquiry_ids[at])])
    slug = recommender.suggest(db, text).faqs[0].faq.slug
    tuning.put(db, ACTOR, math.inf, slug)
    faq_edit.rename(db, ACTOR, slug, "another-name")
    assert recommender.suggest(db, text).band != "likely"
    assert tuning.ground(space, db).set_by.of_faq == {"another-name": math.inf}
    tuning.put(db, ACTOR, None, "another-name")
    assert settings.load(db).faq_thresholds == ()
    assert recommender.suggest(db, text).band == "likely"


def test_thresholds_that_are_set_at_once_are_all_kept(space, db):
    def put(number):
        own = space.database()
        try:
            tuning.put(own, ACTOR, 0.5, f"faq-{number}")
        finally:
            own.close()

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(put, range(12)))
    assert len(settings.load(db).faq_thresholds) == 12


def test_an_older_model_is_to_be_trained_again(desk):
    _, _, space = desk
    (in_force(space.models).folder(space.models, "faq") / FILE).unlink()
    with pytest.raises(ModelMissingError, match="Train once more"):
        HeldOutRows.load(in_force(space.models).folder(space.models, "faq"))
