"""The sample's moderation is as its README says, and nobody's data."""

import re
from collections import Counter
from pathlib import Path

import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

import data
from listings.clean_price import parse_price
from listings.moderation.classes import CLASSES, NORMAL, PROBLEMS
from support.redact import Redactor

README = (Path(data.__file__).parent / "README.md").read_text(encoding="utf-8")
RETURNED = {
    "daily_pick": "lux_room",
    "bagstory77": "lux_room",
    "aroma_day": "cloudy_b",
    "ggomi_mom": "puppyhome",
    "dudu_home": "puppyhome",
}


def read(name):
    return list(data.rows(f"moderation_{name}"))


@pytest.fixture(scope="module")
def listings():
    return {row["id"]: row for row in read("listings")}


@pytest.fixture(scope="module")
def decisions():
    return {row["listing_id"]: row for row in read("decisions")}


@pytest.fixture(scope="module")
def reports():
    return read("reports")


def minutes(row):
    return int(row["minutes_ago"])


def test_the_readme_counts_what_is_there(listings, decisions, reports):
    for name in ("listings", "reports", "decisions", "sanctions", "appeals"):
        assert re.search(rf"`moderation_{name}\.csv` \| {len(read(name))} ", README), name
    counts = Counter(row["label"] for row in listings.values())
    assert set(counts) == set(CLASSES)
    told = f"{counts[NORMAL]} normal, " + ", ".join(f"{counts[name]} {name}" for name in PROBLEMS)
    assert told in " ".join(README.split())
    assert sum(row["title"].isascii() for row in listings.values()) == 36
    drawn = [row for row in decisions.values() if row["sampled"] == "1"]
    problems = sum(row["label"] != NORMAL for row in drawn)
    assert f"{len(drawn)} of them (`sampled` 1) chance had drawn: {problems} are" in README
    waiting = [row for row in reports if row["listing_id"] not in decisions]
    open_ = {row["listing_id"] for row in waiting}
    words = " ".join(README.split())
    undecided = len(listings) - len(decisions)
    assert f"{undecided} listings wait undecided, {len(open_)} of them with {len(waiting)}" in words
    assert f"The other {len(decisions) - len(drawn)} were reported" in words
    by_people = sum(bool(row["agent"]) for row in decisions.values())
    assert f"{by_people} decisions of the last nine weeks are by" in words
    assert f"Of {len({row['reporter'] for row in reports})} reporters" in words


def test_no_listing_is_another_one_again_but_of_one_thing(listings):
    rows = list(listings.values())
    others = list(data.rows("listings"))
    texts = [f"{row['title']} {row['description']}" for row in [*rows, *others]]
    things = [row["thing"] for row in rows] + [""] * len(others)
    assert len({row["title"] for row in rows}) == len(rows)
    vectors = TfidfVectorizer(analyzer="char", ngram_range=(2, 4)).fit_transform(texts)
    near = (vectors @ vectors.T).tocoo()
    pairs = [
        (texts[i], texts[j])
        for i, j, score in zip(near.row, near.col, near.data, strict=True)
        if i < j and score >= 0.6 and not (things[i] and things[i] == things[j])
    ]
    assert pairs == []


def test_contact_data_is_invented(listings):
    redactor = Redactor()
    for row in listings.values():
        text = f"{row['title']} {row['description']}"
        for number in re.findall(r"01\d[- ]?\d{3,4}[- ]?\d{4}", text):
            assert number.startswith("010-0000-"), text
        for spoken in re.findall(r"공일공[-\s]?(\S+)", text):
            assert spoken.startswith(("영영영영", "공공공공")), text
        for address in re.findall(r"[\w.@-]+\.(?:com|net|org|kr|io)\b", text):
            assert re.fullmatch(r"(?:demo@)?example\.(?:com|net|org)", address), text
        assert not {"card", "account", "resident"} & set(redactor.redact(text).counts), text


def test_time_runs_forward(listings, decisions, reports):
    posted = [minutes(row) for row in listings.values()]
    assert posted == sorted(posted, reverse=True)
    assert 130 < posted[0] / 1440 < 140
    assert all(int(row["account_days"]) >= 0 for row in listings.values())
    for key, row in decisions.items():
        assert minutes(listings[key]) > minutes(row) > 0
    for row in reports:
        assert minutes(listings[row["listing_id"]]) >= minutes(row) > 0
        decided = decisions.get(row["listing_id"])
        assert decided is None or minutes(row) > minutes(decided)
    for row in (*read("sanctions"), *read("appeals")):
        assert minutes(decisions[row["listing_id"]]) > minutes(row)


def test_decisions_are_of_classes_and_three_are_wrong(listings, decisions):
    assert {row["label"] for row in decisions.values()} == set(CLASSES)
    assert all(row["reason"] for row in decisions.values())
    wrong = {key for key, row in decisions.items() if row["label"] != listings[key]["label"]}
    appealed = {row["listing_id"] for row in read("appeals")}
    assert len(wrong) == 3
    assert wrong < appealed
    assert Counter(row["outcome"] for row in read("appeals")) == {
        "": 2, "upheld": 1, "overturned": 1,
    }  # fmt: skip


def test_some_reporters_are_mostly_wrong_and_floods_are_there(decisions, reports):
    right = Counter(), Counter()
    for row in reports:
        if row["listing_id"] in decisions:
            right[decisions[row["listing_id"]]["label"] != NORMAL][row["reporter"]] += 1
    wrong = {who for who, count in right[False].items() if count > right[True][who]}
    assert wrong == {f"buyer{number}" for number in range(201, 206)}
    flood = [minutes(row) for row in reports if row["reporter"] == "buyer205"]
    assert sum(max(flood) - at <= 60 for at in flood) == 20
    on_one = Counter(row["listing_id"] for row in reports)
    crowd, count = on_one.most_common(1)[0]
    times = [minutes(row) for row in reports if row["listing_id"] == crowd]
    assert (count, crowd in decisions) == (12, False)
    assert max(times) - min(times) < 10


def test_those_who_were_suspended_come_back_with_their_pictures(listings):
    suspended = {row["seller"] for row in read("sanctions") if row["kind"] == "suspension"}
    assert suspended == set(RETURNED.values())
    again = [row for row in listings.values() if row["seller"] in RETURNED]
    assert len(again) == 15
    old = {
        (row["seller"], row["thing"]): re.findall(r"[a-z]+-\d+", row["pictures"])
        for row in listings.values()
        if row["seller"] in suspended
    }
    ways = Counter()
    for row in again:
        found = re.fullmatch(r"([a-z]+-\d+)(-[a-z]+)?\.jpg", row["pictures"])
        assert found[1] in old[RETURNED[row["seller"]], row["thing"]]
        ways[found[2]] += 1
    assert set(ways) == {None, "-small", "-crop", "-mirror"}


def test_prices_can_be_read(listings):
    told = [row["price"] for row in listings.values() if parse_price(row["price"]).amount is None]
    assert len(told) < 0.05 * len(listings)


def test_half_of_them_have_pictures_and_24_share_one(listings):
    shown = [row["pictures"] for row in listings.values() if row["pictures"]]
    assert f"{len(shown)} listings have pictures" in " ".join(README.split())
    assert shown.count("soon.jpg") == 24
