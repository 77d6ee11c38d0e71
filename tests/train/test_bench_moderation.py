"""The benchmark of moderation tells what its docstring promises, on listings of our own."""

import csv
import random
from dataclasses import replace
from pathlib import Path

import pytest

from listings.moderation.evasion import undo
from support.errors import ImportFileError
from tests.train.moderation_rows import examples
from train.bench_moderation import bench_moderation
from train.bench_moderation_figures import Said, figures, robustness
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
        assert "with_doubtful" not in system
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


def test_what_readers_did_not_agree_on_is_told_apart() -> None:
    rows = examples(60)
    doubtful = tuple(replace(row, doubtful=True) for row in rows[50:])
    found = bench_moderation(
        ModerationSet("own", tuple(rows[:50]), doubtful=doubtful), config=CONFIG, repeats=1
    )
    assert found["n_test"] == sum(found["labels"].values()) == 50
    for system in (found["faqdesk"], *found["baselines"].values()):
        assert system["with_doubtful"]["n"] == 60
    plain = found["baselines"]["all_normal"]
    normal = sum(row.label == "normal" for row in rows)
    assert plain["with_doubtful"]["accuracy"] == pytest.approx(normal / 60, abs=1e-4)


def write(path: Path, rows: list[tuple[object, ...]], *head: str) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([head or ("text", "label"), *rows])
    return path


def test_labels_may_be_called_anything_and_be_new_in_the_test(tmp_path: Path) -> None:
    called = {"normal": "0", "animals": "동물 😀", "pro_ads": "=ads", "alcohol_tobacco": "normal"}
    rows = [(row.listing.text, called[row.label]) for row in examples(60)]
    train = write(tmp_path / "a.csv", rows[:40])
    test = write(tmp_path / "b.csv", [*rows[40:], ("낯선 것", "unheard"), ("", "0")])
    found = bench_moderation(load_files(train, test, normal="0"), config=CONFIG)
    assert set(found["labels"]) == {*called.values(), "unheard"}
    assert found["labels"]["0"] == 11
    assert found["faqdesk"]["precision"]["unheard"] is None
    assert set(found["faqdesk"]["precision"]) == set(found["labels"])


def test_classes_of_one_listing_are_learned_as_far_as_they_go(tmp_path: Path) -> None:
    rows = examples(60)
    few = [(row.listing.text, row.label) for row in rows if row.label == "normal"][:8]
    for label in ("animals", "pro_ads"):
        few.append(next((row.listing.text, row.label) for row in rows if row.label == label))
    train = write(tmp_path / "a.csv", few)
    test = write(tmp_path / "b.csv", [(row.listing.text, row.label) for row in rows[30:]])
    found = bench_moderation(load_files(train, test), config=CONFIG)
    assert (found["n_train"], found["n_test"]) == (10, 30)
    assert 0 <= found["faqdesk"]["macro_f1"] <= 1


def test_figures_by_hand() -> None:
    run = [Said("normal", "normal", "pass")] * 6 + [Said("normal", "animals", "review")] * 2
    run += [Said("animals", "animals", "hide"), Said("animals", "normal", "pass")]
    rows = ModerationSet("own", (), normal="fine")
    found = figures(rows, [run, run], ["animals", "normal"])
    assert (found["accuracy"], found["accuracy_sd"]) == (0.7, 0.0)
    assert found["normal_recall"] == 0.75
    # animals: precision 1/3, recall 1/2; normal: 6/7 and 6/8.
    assert found["macro_f1"] == pytest.approx((0.4 + 0.8) / 2)
    assert found["precision"] == {"animals": 0.3333, "fine": 0.8571}
    assert (found["normal_not_hidden"], found["normal_not_flagged"]) == (1.0, 0.75)
    assert found["normal_not_flagged_low"] == pytest.approx(0.349, abs=1e-3)
    assert found["normal_recall_interval"][0] == found["normal_not_flagged_low"]
    assert (found["problems_hidden"], found["problems_flagged"]) == (0.5, 0.5)
    robust = robustness([(4, 8), (4, 8)], [{"a": (4, 8), "b": (2, 8)}, {"a": (4, 8), "b": (4, 8)}])
    assert robust == {"recall": 0.5, "a": 0.5, "b": 0.375, "lost": 0.25}


@pytest.mark.parametrize(
    ("rows", "head", "said"),
    [
        ([("의자", "fine")] * 3, (), "nothing to tell them"),
        ([("의자", "")], (), "line 2: the label is empty"),
        ([("의자", "fine")], ("text", "class"), "no label"),
        ([], (), "--normal LABEL"),
    ],
)
def test_files_that_teach_nothing_are_refused(
    files: tuple[Path, Path], tmp_path: Path, rows: list[tuple[object, ...]], head: tuple[str, ...],
    said: str,
) -> None:  # fmt: skip
    train = write(tmp_path / "c.csv", rows, *head)
    with pytest.raises(ImportFileError, match=said):
        load_files(train, files[1], normal="fine")
    (tmp_path / "empty.csv").touch()
    with pytest.raises(ImportFileError, match="is empty"):
        load_files(tmp_path / "empty.csv", files[1])


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
    assert [(e.listing.title, e.label, e.doubtful) for e in rows.doubtful] == [
        ("담배", "animals", True)
    ]
    assert [listing.title for listing in rows.undecided] == ["책상"]
    with pytest.raises(ImportFileError, match="--data DIR"):
        load_joonggonara(tmp_path / "nowhere")


@pytest.mark.parametrize("trick", TRICKS)
def test_tricks_hide_words_and_are_undone(trick: str) -> None:
    hidden = hide("담배 kakao", trick, random.Random(1))
    assert "담배" not in hidden
    assert "담배" in undo(hidden).text
