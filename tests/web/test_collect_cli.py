"""`faqdesk collect` as a person runs it."""

import json
import sys

import pytest

import web.cli
from tests.listings import naver_server
from tests.listings.conftest import photo

TABLE = """id,title,price,category,image
1,★ 원목 책상,12만원,가구 > 책상,a.png
2,원목 책상,12만원,가구 > 책상,
"""


@pytest.fixture
def faqdesk(tmp_path, monkeypatch, capsys):
    """Runs a command in a desk of the test's own: its exit code, output and errors."""
    monkeypatch.setenv("FAQDESK_HOME", str(tmp_path / "desk"))
    for name in ("CLIENT_ID", "CLIENT_SECRET", "URL"):
        monkeypatch.delenv(f"FAQDESK_NAVER_{name}", raising=False)

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["faqdesk", *map(str, words)])
        code = 0
        try:
            web.cli.main()
        except SystemExit as end:
            code = end.code or 0
        return code, *capsys.readouterr()

    return run


@pytest.fixture
def shop(monkeypatch):
    with naver_server.shop_server(photo) as server:
        monkeypatch.setenv("FAQDESK_NAVER_URL", server.url)
        monkeypatch.setenv("FAQDESK_NAVER_CLIENT_ID", naver_server.CLIENT_ID)
        monkeypatch.setenv("FAQDESK_NAVER_CLIENT_SECRET", naver_server.SECRET)
        yield server


@pytest.fixture
def table(tmp_path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.png").write_bytes(photo(1))
    path = tmp_path / "listings.csv"
    path.write_text(TABLE, encoding="utf-8")
    return path


def test_files_then_cleaning_then_status(faqdesk, table):
    code, out, _ = faqdesk("collect", "files", table, table.parent / "photos")
    assert code == 0
    assert "2 rows read; 2 listings added, 0 changed, 0 as before." in out
    assert "1 pictures kept, 0 could not be." in out
    code, out, _ = faqdesk("collect", "clean", "--dry-run")
    assert "decorations  1 texts would be changed, 1 letters and signs fewer" in out
    assert "1 would be left out" in out
    code, out, _ = faqdesk("collect", "clean", "--json")
    assert json.loads(out)["duplicates"] == {"text": 1, "near": 0, "picture": 0}
    code, out, _ = faqdesk("collect", "status")
    assert "2 listings (files 2)." in out
    assert "Left out: duplicate 1; duplicates: 1." in out
    code, out, _ = faqdesk("collect", "clean", "--undo")
    assert out == "2 listings are as they were collected.\n"
    assert json.loads(faqdesk("collect", "status", "--json")[1])["removed"] == {}


def test_columns_can_be_told(faqdesk, tmp_path):
    path = tmp_path / "odd.csv"
    path.write_text("a,b,c\nDesk,Home,Tables\n", encoding="utf-8")
    code, _, err = faqdesk("collect", "files", path)
    assert (code, "No column looks like a title" in err) == (1, True)
    code, _, err = faqdesk("collect", "files", path, "--map", "title")
    assert "--map takes ROLE=COLUMN, got 'title'" in err
    code, out, _ = faqdesk(
        "collect", "files", path, "--map", "title=a", "--map", "category=b,c", "--json"
    )
    [report] = json.loads(out)["tables"]
    assert report["added"] == 1
    assert report["columns"] == {"title": ["a"], "category": ["b", "c"]}


def test_a_search_is_collected_with_its_pictures(faqdesk, shop):
    shop.results = 3
    words = ("collect", "naver", "--query", "운동화", "--per-second", "1000")
    code, out, err = faqdesk(*words)
    assert (code, "운동화: 3 results read; 3 listings added" in out) == (0, True)
    assert "3 pictures are named by address and were not fetched: --fetch-pictures" in out
    assert shop.fetched == []
    assert "goes with --fetch-pictures" in faqdesk(*words, "--private-addresses")[2]
    code, out, err = faqdesk(*words, "--fetch-pictures", "--private-addresses")
    assert "3 pictures kept" in out
    # Without being told so, no picture of a private network is fetched.
    shop.results = 4
    code, out, err = faqdesk(*words, "--fetch-pictures")
    assert "0 pictures kept, 1 could not be" in out
    assert "port" in err


def test_without_a_key_it_says_which(faqdesk):
    code, _, err = faqdesk("collect", "naver", "--query", "운동화")
    assert code == 1
    assert "FAQDESK_NAVER_CLIENT_ID and FAQDESK_NAVER_CLIENT_SECRET must be set" in err


def test_a_day_s_limit_is_no_error_and_says_what_to_do(faqdesk, shop):
    shop.results = 150
    words = ("collect", "naver", "--query", "운동화", "--per-second", "1000")
    code, out, err = faqdesk(*words, "--per-day", "1")
    assert code == 0
    assert "Not done: All 1 calls" in err
    assert "after midnight in Seoul" in err
    code, out, err = faqdesk(*words)
    assert "50 results read, from result 101 on; 50 listings added" in out


def test_cleaning_nothing_that_was_never_made_is_refused(faqdesk):
    code, _, err = faqdesk("collect", "clean")
    assert (code, "No desk in" in err) == (3, True)


def test_a_source_is_forgotten_after_a_word(faqdesk, table, monkeypatch):
    faqdesk("collect", "files", table, "--source", "old")
    monkeypatch.setattr("click.confirm", lambda words, **options: None)
    code, out, _ = faqdesk("collect", "forget", "old", "--older-than", "1")
    assert (code, out) == (0, "0 listings and 0 pictures are forgotten.\n")
    assert json.loads(faqdesk("collect", "forget", "old", "--yes", "--json")[1])["listings"] == 2
    code, _, err = faqdesk("collect", "forget", "old", "--yes")
    assert (code, "No listings of 'old'" in err) == (1, True)
