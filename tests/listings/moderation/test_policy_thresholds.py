"""Thresholds that keep their bounds: chosen, refused, and proven on fresh samples."""

import numpy as np
import pytest

from listings.moderation.classes import LEGAL, Verdict
from listings.moderation.policy import Policy, Rules, Thresholds
from listings.moderation.policy_evidence import BaseRate, Judged, measure
from listings.moderation.policy_thresholds import choose_policy, unproven

M = "m1"
TENTH = BaseRate(stated=0.1)


def row(p, truth, *, label="pro_ads", unselected=True, category="", reporters=0, model=M):
    verdict = Verdict({"normal": 1 - p, label: p}, model=model)
    return Judged(
        verdict=verdict, truth=truth, unselected=unselected, category=category, reporters=reporters
    )


def normals(count, p=0.01, **options):
    return [row(p, "normal", **options) for _ in range(count)]


def problems(count, p=0.9, **options):
    return [row(p, "pro_ads", **options) for _ in range(count)]


@pytest.mark.parametrize(
    ("count", "missing"),
    [(0, 598), (59, 539), (500, 98), (597, 1)],
)
def test_below_598_normal_listings_hiding_stays_off_and_says_how_many_are_missing(count, missing):
    chosen = choose_policy(normals(count) + problems(100), TENTH, unproven(M))
    assert (chosen.hide.threshold, chosen.hide.reason) == (None, "too_few_normals")
    assert chosen.hide.missing == missing
    assert not chosen.policy.hides


def test_from_598_on_with_none_hidden_it_hides():
    chosen = choose_policy(normals(598) + problems(200), TENTH, unproven(M))
    assert chosen.hide.threshold == 0.5
    assert chosen.measured.may_hide
    assert (chosen.measured.hidden.count, chosen.measured.found) == (0, 200)
    assert chosen.measured.hidden.bound == pytest.approx(1 - 0.05 ** (1 / 598))
    assert chosen.policy.of("pro_ads").hide == 0.5
    assert chosen.policy.of(LEGAL).hide is None


def test_reported_normal_listings_prove_nothing_of_the_others():
    rows = normals(5000, unselected=False) + problems(200)
    chosen = choose_policy(rows, TENTH, unproven(M))
    assert (chosen.hide.reason, chosen.hide.missing) == ("too_few_normals", 598)


def test_problems_that_the_model_or_people_found_prove_nothing_of_those_that_nobody_did():
    """Of all problems it finds one in twenty; people confirmed 600 of those that it found."""
    rows = normals(7_996) + normals(4, p=0.97)
    found = problems(600, p=0.97, unselected=False)
    chosen = choose_policy(rows + found, BaseRate(stated=0.05), unproven(M))
    assert (chosen.hide.reason, chosen.hide.missing) == ("too_few_problems", 1)
    assert (chosen.measured.problems, chosen.measured.precision_low) == (0, 0)
    by_chance = problems(1, p=0.97) + problems(19, p=0.2)
    chosen = choose_policy(rows + found + by_chance, BaseRate(stated=0.05), unproven(M))
    assert chosen.hide.threshold is None
    hiding = Policy(model=M, thresholds={"pro_ads": Thresholds(hide=0.95)})
    real = measure(rows + found + by_chance, hiding, BaseRate(stated=0.05))
    assert (real.found, real.problems, real.may_hide) == (1, 20, False)


def test_where_problems_are_what_is_wanting_it_says_how_many():
    chosen = choose_policy(normals(2000) + problems(2), TENTH, unproven(M))
    assert chosen.hide.reason == "too_few_problems"
    missing = chosen.hide.missing
    almost = normals(2000) + problems(2 + missing - 1)
    assert choose_policy(almost, TENTH, unproven(M)).hide.threshold is None
    enough = normals(2000) + problems(2 + missing)
    assert choose_policy(enough, TENTH, unproven(M)).hide.reason == "kept"


def test_the_rarer_problems_are_the_more_normal_listings_precision_takes():
    rows = normals(700) + problems(200)
    assert choose_policy(rows, TENTH, unproven(M)).hide.reason == "kept"
    rare = choose_policy(rows, BaseRate(stated=0.02), unproven(M))
    assert rare.hide.reason == "too_few_normals"
    enough = normals(700 + rare.hide.missing + 200) + problems(200)
    assert choose_policy(enough, BaseRate(stated=0.02), unproven(M)).hide.reason == "kept"


def test_a_share_of_problems_that_nobody_knows_hides_nothing():
    chosen = choose_policy(normals(700) + problems(200), BaseRate(), unproven(M))
    assert chosen.hide.reason == "base_unknown"
    counted = choose_policy(normals(3000) + problems(200), BaseRate(300, 3000), unproven(M))
    assert counted.hide.reason == "kept"
    assert counted.measured.base < 0.1


def test_no_threshold_parts_what_the_model_mixes():
    rows = normals(598, p=0.8) + problems(200, p=0.8)
    chosen = choose_policy(rows, TENTH, unproven(M))
    assert chosen.hide.threshold is None
    assert not chosen.policy.hides


def test_the_threshold_lies_above_the_normal_listings_that_must_not_be_hidden():
    rows = normals(597) + normals(1, p=0.83) + problems(150, p=0.97) + problems(50, p=0.6)
    chosen = choose_policy(rows, BaseRate(stated=0.2), unproven(M))
    assert chosen.hide.threshold == pytest.approx(0.8301)
    assert chosen.measured.found == 150


def test_with_many_rows_some_mislabelled_ones_do_not_turn_it_off():
    # Ten in 20,000 "normal" rows are problems that people missed: no threshold lies above them.
    rows = normals(19_990) + normals(10, p=0.9999) + problems(300, p=0.95)
    chosen = choose_policy(rows, TENTH, unproven(M))
    assert chosen.hide.reason == "kept"
    assert chosen.measured.hidden.count == 10
    assert chosen.measured.may_hide


def test_review_keeps_five_percent_and_below_59_says_so():
    rows = [row(number / 2000, "normal") for number in range(1, 1001)]
    chosen = choose_policy(rows, TENTH, unproven(M))
    # Of 1,000 at most 38 may be flagged: the 39th from the top scores 962 / 2000.
    assert chosen.review.threshold == pytest.approx(0.4811)
    assert (chosen.measured.flagged.count, chosen.measured.flagged.holds) == (38, True)
    few = choose_policy(normals(50), TENTH, unproven(M))
    assert (few.review.reason, few.review.missing) == ("too_few_normals", 9)
    assert few.policy.of("pro_ads").review == 0.5


def test_settling_needs_59_reported_listings_and_their_precision():
    rules = Rules(reporters=2)
    template = Policy(model=M, rules=rules)
    reported = problems(58, p=0.7, reporters=2)
    assert choose_policy(reported, TENTH, template).settle.missing == 1
    reported = problems(59, p=0.7, reporters=2)
    assert choose_policy(reported, TENTH, template).settle.threshold == 0.5
    reported += [row(0.65, "normal", unselected=False, reporters=3) for _ in range(20)]
    chosen = choose_policy(reported, TENTH, template)
    assert chosen.settle.threshold == pytest.approx(0.6501)
    assert chosen.policy.of("pro_ads").settle == chosen.settle.threshold


def test_a_class_whose_hidden_ones_were_no_problems_is_turned_off():
    rows = normals(20_000) + problems(500)
    rows += [row(0.9, "normal", label="animals") for _ in range(4)]
    chosen = choose_policy(rows, TENTH, unproven(M))
    assert chosen.classes_off == ("animals",)
    assert chosen.policy.of("animals").hide is None
    assert chosen.policy.of("pro_ads").hide is not None
    assert chosen.measured.hidden.count == 0


def test_a_category_where_too_many_would_be_hidden_is_turned_off():
    rows = normals(20_000, category="Phones > Used") + problems(500, category="Phones > Used")
    rows += normals(10, category="Pets > Toys") + normals(3, p=0.9, category="Pets > Cages")
    chosen = choose_policy(rows, TENTH, unproven(M))
    assert chosen.categories_off == ("Pets",)
    assert not chosen.policy.hides_in("Pets > Toys")
    assert chosen.policy.hides_in("Phones")


def test_legal_counts_as_no_success_and_is_never_hidden():
    rows = normals(700) + [row(0.99, LEGAL, label=LEGAL) for _ in range(200)]
    chosen = choose_policy(rows, TENTH, unproven(M))
    assert chosen.hide.reason == "too_few_problems"
    assert measure(rows, chosen.policy, TENTH).found == 0


def test_rows_of_another_model_are_not_looked_at():
    rows = normals(700, model="old") + problems(200, model="old")
    assert choose_policy(rows, TENTH, unproven(M)).hide.missing == 598


def test_measured_counts_by_hand():
    policy = Policy(model=M, thresholds={"pro_ads": Thresholds(hide=0.9, review=0.5)})
    rows = normals(95) + normals(3, p=0.6) + normals(2, p=0.95)
    rows += problems(8, p=0.95) + problems(2, p=0.1)
    found = measure(rows, policy, TENTH)
    assert (found.hidden.count, found.hidden.n) == (2, 100)
    assert (found.flagged.count, found.flagged.n) == (5, 100)
    assert (found.found, found.problems) == (8, 10)
    assert found.precision == pytest.approx(0.08 / (0.08 + 0.02 * 0.9))
    assert not found.may_hide
    counts = found.classes["pro_ads"]
    assert (counts.rows, counts.found, counts.hidden, counts.right) == (10, 8, 10, 8)


def test_the_bound_holds_in_95_of_100_samples_though_the_threshold_was_chosen_by_them():
    rng = np.random.default_rng(7)
    broken = kept = 0
    for _ in range(60):
        scores = np.round(rng.beta(1, 6, 600), 4)
        rows = [row(float(p), "normal") for p in scores] + problems(150, p=0.97)
        chosen = choose_policy(rows, BaseRate(stated=0.3), unproven(M))
        if chosen.hide.threshold is not None:
            kept += 1
            broken += (1 - chosen.hide.threshold) ** 6 > 0.005  # the true share above it
    assert kept > 40
    assert broken <= 8  # of 60 at 5 %: nine or more have a chance below 1 in 200
