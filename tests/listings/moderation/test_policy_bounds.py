"""Exact bounds against tables worked out elsewhere, and how many listings are missing."""

import pytest
from scipy.stats import beta, binom

from listings.moderation.policy_bounds import (
    lower,
    most_allowed,
    needed,
    precision_at,
    upper,
    wrong_allowed,
)


@pytest.mark.parametrize(
    ("n", "most"),
    [
        (58, -1), (59, 0), (100, 1), (200, 4), (500, 16), (1000, 38), (2000, 83), (5000, 224),
        (10000, 463),
    ],
)  # fmt: skip
def test_how_many_normal_listings_may_be_flagged_for_a_recall_of_95_percent(n, most):
    assert most_allowed(n, 0.05) == most


def test_about_600_with_none_hidden_are_the_least():
    assert needed(0.005) == 598
    assert upper(0, 598) <= 0.005 < upper(0, 597)
    assert most_allowed(597, 0.005) == -1
    assert most_allowed(598, 0.005) == 0


@pytest.mark.parametrize("count", [0, 1, 3, 10])
def test_needed_is_where_the_bound_is_first_kept(count):
    n = needed(0.02, count=count)
    assert upper(count, n) <= 0.02 < upper(count, n - 1)


@pytest.mark.parametrize(("count", "n"), [(0, 1), (1, 1), (3, 20), (20, 20), (7, 400)])
def test_bounds_are_the_quantiles_of_beta_distributions(count, n):
    high = 1.0 if count == n else beta.ppf(0.95, count + 1, n - count)
    low = 0.0 if count == 0 else beta.ppf(0.05, count, n - count + 1)
    assert upper(count, n) == pytest.approx(high)
    assert lower(count, n) == pytest.approx(low)


def test_a_share_at_the_bound_gives_so_few_in_5_percent_of_samples():
    assert binom.cdf(4, 200, upper(4, 200)) == pytest.approx(0.05)
    assert binom.sf(194, 200, lower(195, 200)) == pytest.approx(0.05)


def test_nothing_counted_proves_nothing():
    assert (lower(0, 0), upper(0, 0)) == (0.0, 1.0)
    with pytest.raises(ValueError, match=r"count must be in 0\.\.3, got 4"):
        upper(4, 3)


def test_precision_follows_the_marketplaces_own_share_by_hand():
    # Of 1000 listings 50 are problems; 40 of them and 2 normal ones are hidden: 40 of 42.
    assert precision_at(0.8, 2 / 950, 0.05) == pytest.approx(40 / 42)
    # The same classifier where half of all are problems looks far better.
    assert precision_at(0.8, 2 / 950, 0.5) == pytest.approx(0.8 / (0.8 + 2 / 950))
    assert precision_at(0.0, 0.0, 0.05) == 0.0


def test_what_may_go_wrong_gives_the_stated_precision_back():
    wrong = wrong_allowed(0.8, 0.05, 0.95)
    assert precision_at(0.8, wrong, 0.05) == pytest.approx(0.95)
