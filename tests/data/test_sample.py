"""The sample marketplace is what its README says it is."""

import csv
import re
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

import data

README = (Path(data.__file__).parent / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def history():
    return list(data.rows("history"))


@pytest.fixture(scope="module")
def slugs():
    return [row["slug"] for row in data.rows("faqs")]


def test_there_are_142_whole_faqs(slugs):
    rows = list(data.rows("faqs"))
    assert len(rows) == len(set(slugs)) == len({row["title"] for row in rows}) == 142
    assert len({row["category"] for row in rows}) == 15
    for row in rows:
        assert row["url"] == f"https://help.example.com/ko/faq/{row['slug']}"
        assert len(row["body"]) >= 150
        assert row["title"]
        assert row["title_en"]


def test_the_history_is_as_large_as_asked(history, slugs):
    assert len(history) >= 2000
    counts = Counter(slug for row in history for slug in row["faqs"].split())
    assert set(counts) == set(slugs)
    assert min(counts.values()) >= 4
    assert sorted(counts.values())[-10] >= 40
    assert sum(row["language"] == "en" for row in history) >= 120
    assert {row["agent"] for row in history} >= {"김민지", "박준호", "이소연"}


def test_150_that_no_faq_answers(history):
    assert sum(row["scope"] == "out" for row in history) >= 150
    assert not any(row["faqs"] for row in history if row["scope"] == "out")


def test_an_open_inbox_of_40():
    assert len(list(data.rows("inbox"))) == 40


def test_no_inquiry_is_another_one_again(history):
    texts = [row["question"] for row in history] + [row["question"] for row in data.rows("inbox")]
    assert len(set(texts)) == len(texts)
    vectors = TfidfVectorizer(analyzer="char", ngram_range=(2, 4)).fit_transform(texts)
    near = (vectors @ vectors.T).tocoo()
    pairs = [
        (texts[i], texts[j])
        for i, j, score in zip(near.row, near.col, near.data, strict=True)
        if i < j and score >= 0.8
    ]
    assert pairs == []


def test_the_splits_follow_time_and_share_no_text(history):
    counts = Counter(row["split"] for row in history)
    shares = [counts[name] / len(history) for name in ("train", "validation", "test")]
    assert shares == pytest.approx([0.70, 0.15, 0.15], abs=0.01)
    order = {"train": 0, "validation": 1, "test": 2}
    minutes = [int(row["minutes_ago"]) for row in history]
    assert minutes == sorted(minutes, reverse=True)
    places = [order[row["split"]] for row in history]
    assert places == sorted(places)
    assert 500 < max(minutes) / 1440 < 560  # about 18 months


def test_answers_carry_their_links_in_every_form(history):
    answers = "\n".join(row["answer"] for row in history)
    for form in (
        r"https://help\.example\.com/ko/faq/[a-z-]+(\s|$)",  # bare
        r'<a href="https://',
        r"https://m\.help\.example\.com",
        r"/en/faq/",
        r"utm_source=",
        r"/faq/[a-z-]+#",
        r"/faq/[a-z-]+/(\s|$|<|\")",
    ):
        assert re.search(form, answers, re.M), form
    old = {row["alias"] for row in data.rows("aliases")}
    assert any(f"/faq/{alias}" in answers for alias in old)
    assert any(len(row["faqs"].split()) == 2 for row in history)
    assert any(not row["faqs"] and row["scope"] == "in" for row in history)


def test_laid_out_it_is_an_export_that_ends_now(tmp_path):
    now = datetime(2026, 11, 1, tzinfo=UTC)
    files = data.lay_out(tmp_path, now=now)
    with files["history"].open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    times = [datetime.fromisoformat(row["created_at"]) for row in rows]
    answered = [datetime.fromisoformat(row["answered_at"]) for row in rows if row["answered_at"]]
    assert max(times) < now
    assert max(answered) <= now
    assert Counter(row["status"] for row in rows)["open"] == 40


def test_the_readme_counts_what_is_there(history):
    counts = {
        "faqs.csv": 142,
        "history.csv": len(history),
        "inbox.csv": 40,
        "aliases.csv": len(list(data.rows("aliases"))),
    }
    for name, count in counts.items():
        assert re.search(rf"{re.escape(name)}`? *\| *{count:,} ", README), name
