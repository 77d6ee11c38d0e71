"""The benchmark of moderation tells what its docstring promises, on listings of our own."""

import csv
import random
from pathlib import Path

import pytest

from listings.moderation.evasion import undo
from support.errors import ImportFileError
from tests.train.moderation_rows import examples
from train.bench_moderation import bench_moderation
from train.moderation_sets import ModerationSet, load_files, load_joonggonara
from train.moderation_tricks import TRICKS, hide
from train.moderation_voices import ModerationConfig

CONFIG = ModerationConfig(texts=("linear",), network=False, num_folds=2)
SYSTEM = {
    "accuracy", "macro_f1", "normal_recall", "normal_not_hidden", "normal_not_hidden_low",
    "normal_not_flagged", "normal_not_flagged_low", "precision",
}  # fmt: skip


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    rows = [(row.listing.text, row.label.replace("normal", "fine"), "x") for row in examples(120)]
    for name, some in (("a", rows[:80]), ("b", rows[80:])):
        with (tmp_path / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([("text", "label", "other"), *some])
    return tmp_path / "a.csv", tmp_path / "b.csv"


def test_a_users_files_are_judged_beside_baselines(files: tuple[Path, Path]) -> None:
    found = bench_moderation(load_files(*files, normal="fine"), config=CONFIG)
    assert list(found)[:4] == ["set", "n_train", "n_test", "labels"]
    assert (found["n_train"], found["n_test"]) == (80, 40)
    assert found["labels"]["fine"] == 20
    assert set(found["baselines"]) == {"all_normal", "svm", "rules"}
    for system in (found["faqdesk"], *found["baselines"].values()):
        assert set(system) >= SYSTEM
        assert "fine" in system["precision"]
        assert system["normal_not_hidden_low"] < system["normal_not_hidden"] <= 1
    plain = found["baselines"]["all_normal"]
    assert (plain["accuracy"], plain["normal_recall"]) == (0.5, 1.0)
    # So few normal listings prove nothing: nothing may be hidden.
    assert found["faqdesk"]["normal_not_hidden"] == 1.0
    assert found["faqdesk"]["accuracy"] > 0.7
    assert set(found["faqdesk"]["evasion"]) == {"recall", "lost", *TRICKS}


def test_a_set_without_a_test_part_is_cut_into_folds() -> None:
    rows = ModerationSet("own", tuple(examples(60)))
    found = bench_moderation(rows, config=CONFIG, repeats=2)
    assert (found["repeats"], found["n_test"], found["n_train"]) == (2, 60, 48)
    assert found["faqdesk"]["macro_f1_sd"] >= 0


def test_normal_listings_must_be_there(files: tuple[Path, Path]) -> None:
    with pytest.raises(ImportFileError, match="--normal LABEL"):
        load_files(*files)


def test_rows_both_readers_agree_on_are_taken(tmp_path: Path) -> None:
    folder = tmp_path / "listings" / "joonggonara"
    folder.mkdir(parents=True)
    head = "title\tlabel\tambiguous\tsecond_label\tsecond_ambiguous\trepost_count\n"
    lines = "의자\tnormal\t0\tnormal\t0\t3\n담배\tanimals\t0\tnormal\t1\t1\n"
    (folder / "labelled.tsv").write_text(head + lines, encoding="utf-8")
    (folder / "titles.tsv").write_text("title\tcount\n의자\t3\n책상\t1\n", encoding="utf-8")
    rows = load_joonggonara(tmp_path)
    assert [(e.listing.title, e.label) for e in rows.train] == [("의자", "normal")]
    assert rows.train[0].signals is not None
    assert rows.train[0].signals.repeats == 2
    assert [listing.title for listing in rows.undecided] == ["책상"]
    with pytest.raises(ImportFileError, match="--data DIR"):
        load_joonggonara(tmp_path / "nowhere")


@pytest.mark.parametrize("trick", TRICKS)
def test_tricks_hide_words_and_are_undone(trick: str) -> None:
    hidden = hide("담배 kakao", trick, random.Random(1))
    assert "담배" not in hidden
    assert "담배" in undo(hidden).text
