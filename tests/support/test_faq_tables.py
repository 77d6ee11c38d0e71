"""FAQs as a table: what is written is read back, and every row says what it would do."""

import csv

import pytest

from support import faq_edit, faq_tables, faq_undo, faqs, settings
from support.errors import ImportFileError
from tests.conftest import ACTOR
from web.table_files import save

HELP = "https://help.example.com/ko/faq/"


@pytest.fixture
def desk(db):
    settings.change(db, ACTOR, faq_hosts=("help.example.com",))
    faqs.save(
        db,
        [
            faqs.Faq(slug="refund", title="환불", body="3일\n걸립니다", url=HELP + "refund"),
            faqs.Faq(slug="sum", title="=SUM(A1)", url=HELP + "sum", category="-"),
            faqs.Faq(slug="old", title="옛 것", url=HELP + "old", active=False),
        ],
    )
    return db


def rows(db, tmp_path, text):
    path = tmp_path / "in.csv"
    path.write_text(text, encoding="utf-8")
    return faq_tables.read(db, path)


@pytest.mark.parametrize("name", ["faqs.csv", "faqs.jsonl"])
def test_what_is_exported_is_read_back_the_same(desk, tmp_path, name):
    faq_edit.rename(desk, ACTOR, "refund", "money-back", url=HELP + "refund")
    path = tmp_path / name
    assert save(faq_tables.table(desk), faq_tables.COLUMNS, path) == 2
    assert save(faq_tables.table(desk, every=True), faq_tables.COLUMNS, path) == 3
    assert [row.state for row in faq_tables.read(desk, path)] == ["same"] * 3
    if name.endswith(".csv"):
        with path.open(encoding="utf-8-sig", newline="") as file:
            found = {row["slug"]: row for row in csv.DictReader(file)}
        assert found["sum"]["title"] == "'=SUM(A1)"  # no spreadsheet runs it
        assert found["money-back"]["aliases"] == "refund"
        assert found["old"]["active"] == "0"


def test_every_row_says_what_it_would_do(desk, tmp_path):
    faq_edit.merge(desk, ACTOR, "sum", "refund")
    found = rows(
        desk,
        tmp_path,
        "slug,title,url\n"
        "refund,환불 안내,\n"
        f",배송,{HELP}shipping\n"
        "sum,합,\n"
        "a/b,칸,\n"
        "x,,\n"
        "two,하나,\ntwo,둘,\n"
        "same,같음,\nsame,같음,\n",
    )
    assert [(row.slug, row.state) for row in found] == [
        ("refund", "changed"), ("shipping", "new"), ("sum", "old_name"), ("a/b", "invalid"),
        ("x", "invalid"), ("two", "duplicate"), ("two", "duplicate"), ("same", "new"),
        ("same", "duplicate"),
    ]  # fmt: skip
    assert found[0].was["title"] == "환불"
    assert "old name" in found[2].reason
    assert faqs.get(desk, "refund").title == "환불"  # nothing was stored


def test_an_import_leaves_what_is_there_and_is_one_change(desk, tmp_path):
    found = rows(
        desk, tmp_path, "slug,title,active\nrefund,환불 안내,1\nnew,새 것,0\nold,옛 것,1\n"
    )
    taken = faq_tables.take(desk, ACTOR, found, name="in.csv")
    assert (taken.added, taken.changed, taken.passed_over) == (1, 0, 2)
    assert not faqs.get(desk, "new").active
    more = faq_tables.take(desk, ACTOR, found, name="in.csv", overwrite=True)
    assert (more.added, more.changed) == (0, 2)
    assert faqs.get(desk, "refund").title == "환불 안내"
    assert faqs.get(desk, "refund").body == "3일\n걸립니다"  # a column that is not there leaves it
    assert faqs.get(desk, "old").active
    for change in (more, taken):
        faq_undo.undo(desk, ACTOR, change.change_id)
    assert faqs.get(desk, "refund").title == "환불"
    assert {row["slug"] for row in desk.query("SELECT slug FROM faqs")} == {"refund", "sum", "old"}


def test_a_file_without_rows_is_refused(desk, tmp_path):
    with pytest.raises(ImportFileError):
        rows(desk, tmp_path, "slug,title\n")
