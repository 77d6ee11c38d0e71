import csv
import gzip
import json
from collections import Counter

import pytest

from support.errors import ImportFileError
from train.answered import Answered, Reply
from train.datasets import NO_MOMENT, PUBLIC, Rows, load_csv
from train.draw import cut_stratified, draw_per_label, out_of_scope
from train.examples import Example
from train.labelled_csv import LabelledRow, read_labelled


def rows_of(*counts):
    """Examples with so many rows of labels a, b, c...; one more label stands for out of scope."""
    labels = [name for name, count in zip("abcdef", counts, strict=False) for _ in range(count)]
    return tuple(Example(f"{name} {i}", (name,), NO_MOMENT, i) for i, name in enumerate(labels))


def count(rows):
    return dict(Counter(row.labels[0] for row in rows))


def test_a_label_is_split_by_the_bar_and_none_is_out_of_scope(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(
        "text,label\nrefund?,refund\n배송과 환불,shipping | refund|\nweather,\n", "utf-8"
    )
    assert read_labelled(path) == [
        LabelledRow("refund?", ("refund",)),
        LabelledRow("배송과 환불", ("shipping", "refund")),
        LabelledRow("weather", ()),
    ]


def test_korean_in_cp949_reads_like_utf_8(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes("text,label\n환불은 언제 되나요,환불\n".encode("cp949"))
    assert read_labelled(path) == [LabelledRow("환불은 언제 되나요", ("환불",))]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("text,label\nfine,a\nbroken,a,b\n", "line 3: 3 columns"),
        ("text,label\nfine,a\n  ,a\n", "line 3: the text is blank"),
        ("question,label\nfine,a\n", "no column 'text' among question, label"),
        ("text,label\n", "no rows"),
        ("", "is empty"),
    ],
)
def test_what_cannot_be_used_is_named_with_its_line(tmp_path, content, words):
    path = tmp_path / "a.csv"
    path.write_text(content, "utf-8")
    with pytest.raises(ImportFileError, match=words) as error:
        read_labelled(path)
    assert "a.csv" in str(error.value)


def test_own_files_become_parts_with_ids_of_their_own(tmp_path):
    for name in "ab":
        (tmp_path / f"{name}.csv").write_text(f"text,label\n{name}1,x_y\n{name}2,\n", "utf-8")
    rows = load_csv(tmp_path / "a.csv", tmp_path / "b.csv")
    assert [e.labels for e in rows.train + rows.test] == [
        ("x_y",), ("out-of-scope:1",), ("x_y",), ("out-of-scope:3",)
    ]  # fmt: skip
    assert [e.inquiry_id for e in rows.train + rows.test] == [0, 1, 2, 3]
    assert rows.faq_texts == {"x_y": "x y"}
    assert (rows.name, rows.validation) == ("a", ())


def test_a_stratified_cut_takes_its_share_of_each_label():
    rows = rows_of(20, 10, 2)
    stay, drawn = cut_stratified(rows, 0.2, seed=1)
    assert count(drawn) == {"a": 4, "b": 2}
    assert count(stay) == {"a": 16, "b": 8, "c": 2}
    assert cut_stratified(rows, 0.2, seed=1) == (stay, drawn)
    assert cut_stratified(rows, 0.2, seed=2)[1] != drawn


def test_rows_out_of_scope_are_drawn_as_one_label():
    outside = [Example(f"o {i}", out_of_scope(100 + i), NO_MOMENT, 100 + i) for i in range(10)]
    rows = [*rows_of(10), *outside]
    assert len(cut_stratified(rows, 0.2, seed=0)[1]) == 4
    assert len(draw_per_label(rows, 3, seed=0)) == 6


def test_without_a_validation_part_one_is_cut_off_train():
    found = Rows("s", rows_of(200, 200), (), rows_of(5, 5), {}).cut()
    assert (len(found.train), len(found.validation), len(found.test)) == (340, 60, 10)
    assert not set(found.train) & set(found.validation)
    assert found.texts == tuple(e.text for e in found.train)


def test_a_small_set_gives_more_of_its_rows_to_choose_on():
    assert len(Rows("s", rows_of(80, 80), (), (), {}).cut().validation) == 40
    assert len(Rows("s", rows_of(20, 20), (), (), {}).cut().validation) == 16


def test_judging_validation_leaves_test_unread():
    test = (Example("secret", ("a",), NO_MOMENT, 999),)
    validation = tuple(Example(f"v {i}", ("a",), NO_MOMENT, 500 + i) for i in range(4))
    found = Rows("s", rows_of(20, 20), validation, test, {}).cut(validate=True)
    assert found.test == validation
    assert not set(found.texts) & {"secret", *(e.text for e in validation)}
    assert len(found.past) == 40
    drawn = Rows("s", rows_of(20, 20), (), test, {}).cut(validate=True)
    assert count(drawn.test) == {"a": 3, "b": 3}
    assert not set(drawn.test) & set(drawn.past)


def test_few_rows_a_label_hold_those_to_choose_on_too():
    rows = Rows("s", rows_of(50, 50), (), rows_of(5, 5), {})
    found = rows.cut(per_label=10)
    assert count(found.past) == {"a": 10, "b": 10}
    assert count(found.validation) == {"a": 4, "b": 4}
    assert found.name == "s, 10 a label"


def test_parts_by_time_are_cut_at_a_moment():
    dated = tuple(Example(f"t {i}", ("a",), f"2020-01-{i:02d}T00:00:00Z", i) for i in range(1, 21))
    corpora = {"2020-01-10T00:00:00Z": ["old"], "2020-01-31T00:00:00Z": ["all"]}
    test = (Example("later", ("a",), "2020-02-01T00:00:00Z", 99),)
    replies = (Reply("2020-01-31T00:00:00Z", "known"), Reply("2020-02-02T00:00:00Z", "unknown"))
    said = (Answered(1, "t 1", "2020-01-01T00:00:00Z", replies),)
    rows = Rows("s", dated, (), test, {}, by_time=True, corpora=corpora, answered=said)
    found = rows.cut()
    assert [e.inquiry_id for e in found.validation] == list(range(13, 21))
    # Nothing written after the first row that is judged may be read.
    assert found.texts == ("old",)
    assert [reply.text for item in found.answered for reply in item.replies] == ["known"]
    assert rows.cut(validate=True).answered == ()


def test_a_limit_keeps_all_labels():
    found = Rows("s", rows_of(100, 100), (), rows_of(50, 50), {}).cut(limit=20)
    assert count(found.past) == {"a": 10, "b": 10}
    assert count(found.test) == {"a": 10, "b": 10}


def test_a_missing_set_is_named_with_the_cure(tmp_path):
    for name, load in PUBLIC.items():
        with pytest.raises(ImportFileError, match=rf"No folder .*{name}.*--data DIR"):
            load(tmp_path)
        folder = tmp_path / "support" / name
        folder.mkdir(parents=True)
        with pytest.raises(ImportFileError, match=r"lacks .*--data DIR"):
            load(tmp_path)


def test_banking77_reads_its_own_columns(tmp_path):
    folder = tmp_path / "support" / "banking77"
    folder.mkdir(parents=True)
    (folder / "train.csv").write_text('text,category\n"Where, then?",card_arrival\n', "utf-8")
    (folder / "test.csv").write_text("text,category\nIs it here?,card_arrival\n", "utf-8")
    rows = PUBLIC["banking77"](tmp_path)
    assert (rows.train[0].text, rows.test[0].labels) == ("Where, then?", ("card_arrival",))
    assert rows.faq_texts == {"card_arrival": "card arrival"}


def test_clinc150_keeps_its_parts_and_what_is_out_of_scope(tmp_path):
    folder = tmp_path / "support" / "clinc150"
    folder.mkdir(parents=True)
    content = {
        name: [[f"{name} text", "oos" if name.startswith("oos") else "greeting"]]
        for name in ("train", "val", "test", "oos_train", "oos_val", "oos_test")
    }
    with gzip.open(folder / "data_full.json.gz", "wt", encoding="utf-8") as file:
        json.dump(content, file)
    rows = PUBLIC["clinc150"](tmp_path)
    assert [[e.text for e in part] for part in (rows.train, rows.validation, rows.test)] == [
        ["train text", "oos_train text"], ["val text", "oos_val text"],
        ["test text", "oos_test text"],
    ]  # fmt: skip
    assert [e.labels[0] for e in rows.train + rows.validation] == [
        "greeting", "out-of-scope:1", "greeting", "out-of-scope:3",
    ]  # fmt: skip


def test_petitions_are_cut_by_time(tmp_path):
    folder = tmp_path / "support" / "petitions"
    folder.mkdir(parents=True)
    for month in ("2017-08", "2019-04", "2019-05", "2019-06", "2019-07", "2019-08"):
        row = {"title": "제목", "content": month, "category": "교통", "begin": f"{month}-01"}
        with gzip.open(folder / f"petitions_{month}.jsonl.gz", "wt", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
    rows = PUBLIC["petitions"](tmp_path)
    assert [e.text for e in rows.test] == ["제목\n2019-07", "제목\n2019-08"]
    assert len(rows.train) == 4
    assert rows.train[0].labels == ("교통",)


def write_table(path, *rows):
    with gzip.open(path, "wt", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)


def test_thunderbird_is_read_through_an_import_and_cut_by_time(tmp_path):
    folder = tmp_path / "support" / "thunderbird"
    folder.mkdir(parents=True)
    days = ("2025-01-05", "2025-04-05", "2025-07-05")
    asked = [
        [i, f"{day} 10:00:00", "en-US", "Cannot print", f"<p>paper {i}</p>", "t", "", "u1", "", ""]
        for i, day in enumerate(days, 1)
    ]
    link = '<a href="https://support.mozilla.org/de/kb/drucken">so</a>'
    said = [[10 + i, i, f"{day} 11:00:00", link, "u2", 0, 0] for i, day in enumerate(days, 1)]
    write_table(
        folder / "questions.csv.gz",
        ["id", "created", "locale", "title", "content", "topic", "tags", "creator", "is_solved",
         "solution"],
        *asked,
    )  # fmt: skip
    write_table(
        folder / "answers.csv.gz",
        ["id", "question_id", "created", "content", "creator", "num_helpful", "num_unhelpful"],
        *said,
    )
    write_table(
        folder / "help_pages.csv.gz",
        ["slug", "title", "url", "summary", "html"],
        ["print", "Printing", "https://support.mozilla.org/en-US/kb/print", "How to print", ""],
    )
    (folder / "localized_slugs.csv").write_text(
        "en-us-slug,localized-slug\nprint,/de/kb/drucken\n", "utf-8"
    )
    rows = PUBLIC["thunderbird"](tmp_path)
    assert [len(part) for part in (rows.train, rows.validation, rows.test)] == [1, 1, 1]
    assert rows.train[0].labels == ("print",)
    assert "paper 1" in rows.train[0].text
    assert rows.faq_texts == {"print": "Printing\nHow to print"}
    # What an encoder and the replies may tell ends before what is judged.
    found = rows.cut()
    assert "paper 1" in " ".join(found.texts)
    assert "paper 2" not in " ".join(found.texts)
    assert [item.inquiry_id for item in found.answered] == [
        rows.train[0].inquiry_id,
        rows.validation[0].inquiry_id,
    ]
    assert found.min_examples == 10
