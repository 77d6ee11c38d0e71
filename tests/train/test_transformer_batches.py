"""Batches: every row once, alike in length, the same again from the same seed."""

from collections import Counter

import numpy as np
import pytest

from train.transformer_batches import hold_out, plan_batches


def test_every_row_is_in_one_batch():
    lengths = np.random.default_rng(0).integers(3, 60, 503).tolist()
    batches = plan_batches(lengths, 16, seed=1, epoch=0)
    assert sorted(np.concatenate(batches).tolist()) == list(range(503))
    assert max(map(len, batches)) == 16
    padded = sum(len(batch) * max(lengths[i] for i in batch) for batch in batches)
    assert padded < 1.1 * sum(lengths)  # in the order of the rows 1.8 times
    assert [max(lengths[i] for i in batch) for batch in batches] != sorted(
        max(lengths[i] for i in batch) for batch in batches
    )


def test_seed_and_epoch_decide_the_order():
    def plan(**options):
        return np.concatenate(plan_batches([5] * 100, 8, **options)).tolist()

    assert plan(seed=0, epoch=2) == plan(seed=0, epoch=2)
    assert len({tuple(plan(seed=s, epoch=e)) for s in range(3) for e in range(3)}) == 9


@pytest.mark.parametrize("share", [0.1, 0.25, 0.5])
def test_each_label_is_held_out_in_proportion(share):
    labels = [0] * 400 + [1] * 200 + [2] * 40
    held = hold_out(labels, share, seed=3)
    assert held.tolist() == sorted(set(held.tolist()))
    counts = Counter(labels[i] for i in held)
    assert counts == pytest.approx({0: 400 * share, 1: 200 * share, 2: 40 * share}, abs=1)
    assert len(hold_out(labels, 0, seed=3)) == 0
