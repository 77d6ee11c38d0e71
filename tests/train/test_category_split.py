"""Parts that no near duplicate crosses."""

import pytest

from train.category_split import cut_groups

LABELS = ["a"] * 40 + ["b"] * 20


def test_about_a_share_of_each_label_is_drawn():
    stay, drawn = cut_groups(LABELS, None, share=0.25)
    assert sorted([*stay, *drawn]) == list(range(60))
    assert [LABELS[i] for i in drawn].count("a") == 10
    assert [LABELS[i] for i in drawn].count("b") == 5
    assert list(drawn) == sorted(drawn)


def test_a_group_is_never_cut():
    groups = [row // 3 for row in range(60)]
    stay, drawn = cut_groups(LABELS, groups, share=0.3, seed=4)
    assert not {groups[i] for i in stay} & {groups[i] for i in drawn}
    assert 12 <= len(drawn) <= 18


def test_a_group_larger_than_what_is_to_be_drawn_stays():
    groups = [0] * 39 + list(range(1, 22))
    _, drawn = cut_groups(LABELS, groups, share=0.1)
    assert [LABELS[i] for i in drawn] == ["b", "b"] or 39 in drawn
    assert 0 not in drawn


def test_another_seed_draws_others_and_the_same_seed_the_same():
    first, again, other = (cut_groups(LABELS, None, share=0.5, seed=s)[1] for s in (0, 0, 1))
    assert list(first) == list(again)
    assert list(first) != list(other)


def test_new_rows_move_few_old_ones():
    _, before = cut_groups(LABELS, None, share=0.5)
    _, after = cut_groups([*LABELS, "a", "a"], None, share=0.5)
    assert len(set(before.tolist()) - set(after.tolist())) <= 2


def test_a_share_beyond_its_range_is_refused():
    with pytest.raises(ValueError, match=r"between 0 and 1, got 1\.5"):
        cut_groups(LABELS, None, share=1.5)
