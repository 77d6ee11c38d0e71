"""A whole collecting run against the server: pages, pictures, and going on after a stop."""

import pytest

from listings.collect_fetch import PictureFetcher
from listings.collect_naver import collect_naver
from listings.collect_quota import Quota
from listings.collect_run import recent_runs
from listings.naver import NaverShop
from listings.stored import get, summary
from support.audit import Actor
from support.errors import CollectError, InputError

ACTOR = Actor("cli:test")


@pytest.fixture
def collect(db, seal, images, shop_api, naver_keys):
    """Collects 운동화 from the server; pictures only where `pictures=True`."""

    def run(*, per_day=25_000, pictures=False, **options):
        counted = Quota(db, source="naver", client="c", per_day=per_day, per_second=1000.0)
        shop = NaverShop(*naver_keys, counted, url=shop_api.url, backoff=0.001)
        given = {"query": "운동화", "actor": ACTOR} | options
        if pictures:
            given["fetcher"] = PictureFetcher(private=True, delay=0)
        return collect_naver(db, seal, images, shop, **given)

    return run


def titles(db):
    return {row["title"] for row in db.query("SELECT title FROM listings")}


def test_everything_that_can_be_paged_to_is_collected_once(collect, shop_api, db):
    shop_api.results = 5000
    report = collect()
    assert (report.state, report.total, report.added) == ("done", 5000, 1099)
    assert [int(asked["start"]) for asked in shop_api.asked] == [*range(1, 1000, 100), 1000]
    assert summary(db)["by_source"] == {"naver": 1099}


def test_a_short_search_ends_where_its_results_do(collect, shop_api, db, images):
    shop_api.results = 130
    report = collect()
    assert (report.added, len(shop_api.asked)) == (130, 2)
    found = get(db, images, 1)
    assert found.listing.title == "운동화 1호 & 끈"
    assert (found.listing.price, found.currency, found.tree) == (1000, "KRW", "naver")
    assert found.listing.category == "패션잡화 > 남성신발 > 운동화"
    assert found.seller != ""
    assert "상점" not in found.seller


def test_no_results_are_a_run_that_is_done(collect, shop_api):
    shop_api.results = 0
    assert collect().state == "done"


def test_pictures_are_fetched_and_kept(collect, shop_api, db, images):
    shop_api.results = 4
    report = collect(pictures=True)
    assert (report.pictures, report.picture_problems) == (4, 0)
    [picture] = get(db, images, 3).listing.pictures
    assert picture.is_file()
    assert sorted(shop_api.fetched) == [f"/images/{n}.jpg" for n in range(1, 5)]
    # Again: nothing is fetched twice.
    collect(pictures=True)
    assert len(shop_api.fetched) == 4


def test_a_broken_picture_is_noted_and_stops_nothing(collect, shop_api, db, images):
    shop_api.results = 3
    paths = {1: "/images/missing.jpg", 2: "/images/page.jpg", 3: "/images/3.jpg"}
    shop_api.picture_of = lambda number: paths[number]
    report = collect(pictures=True)
    assert (report.pictures, report.picture_problems) == (1, 2)
    assert "it answers 404" in get(db, images, 1).problems[0]
    assert "no picture of a known kind" in get(db, images, 2).problems[0]
    assert len(get(db, images, 3).listing.pictures) == 1


def test_a_day_s_limit_stops_the_run_and_the_next_goes_on(collect, shop_api, db):
    shop_api.results = 250
    first = collect(per_day=2)
    assert (first.state, first.added) == ("stopped", 200)
    assert "midnight" in first.stopped
    second = collect(per_day=3)
    assert (second.state, second.resumed_at, second.added) == ("done", 201, 50)
    assert first.run_id == second.run_id
    assert [int(asked["start"]) for asked in shop_api.asked] == [1, 101, 201]
    assert summary(db)["listings"] == 250


def test_a_failure_half_way_keeps_what_was_collected(collect, shop_api, db):
    shop_api.results = 250
    shop_api.trouble = ["", *["500"] * 5]
    with pytest.raises(CollectError, match="failed 5 times"):
        collect()
    [run] = recent_runs(db)
    assert (run["state"], run["next_start"]) == ("failed", 101)
    assert "failed 5 times" in run["problem"]
    assert collect().resumed_at == 101
    assert summary(db)["listings"] == 250


def test_killed_between_a_page_and_its_pictures_the_next_run_fetches_them(
    collect, shop_api, db, images
):
    class Killed(BaseException):
        pass

    def kill(done, total, message):
        raise Killed

    shop_api.results = 3
    with pytest.raises(Killed):
        collect(pictures=True, progress=kill)
    assert summary(db)["pictures_missing"] == 3
    collect(pictures=True)
    assert summary(db)["pictures"] == 3


def test_a_search_that_was_done_begins_anew_and_finds_news(collect, shop_api, db):
    shop_api.results = 5
    collect()
    shop_api.results = 6
    shop_api.title_of = lambda number: (
        "새 이름" if number == 2 else f"<b>운동화</b> {number}호 &amp; 끈"
    )
    report = collect()
    assert (report.added, report.changed, report.unchanged) == (1, 1, 4)
    assert "새 이름" in titles(db)


def test_another_search_is_another_run(collect, db):
    collect(limit=5)
    collect(limit=7)
    collect(query="장화", limit=5)
    assert len({run["id"] for run in recent_runs(db)}) == 3


def test_a_category_keeps_what_lies_in_it_and_names_the_search(collect, shop_api, db):
    shop_api.results = 10
    shop_api.category_of = lambda number: ("패션잡화", "남성신발" if number % 2 else "모자", "", "")
    report = collect(query="", category="패션잡화 > 남성신발")
    assert (report.added, report.passed_over) == (5, 5)
    assert shop_api.asked[0]["query"] == "남성신발"


def test_options_go_to_the_search(collect, shop_api):
    collect(sort="asc", exclude=("used", "rental"), limit=3)
    asked = shop_api.asked[0]
    assert (asked["sort"], asked["exclude"], asked["display"]) == ("asc", "used:rental", "3")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"query": " "}, "Name what to search for"),
        ({"sort": "best"}, "sort must be one of"),
        ({"exclude": ("new",)}, "exclude knows"),
        ({"limit": 1100}, r"\[1, 1099\]"),
        ({"limit": 0}, r"\[1, 1099\]"),
    ],
)
def test_options_out_of_range_are_refused_before_anything_is_asked(
    collect, shop_api, db, options, words
):
    with pytest.raises(InputError, match=words):
        collect(**options)
    assert shop_api.calls == 0
    assert recent_runs(db) == []


def test_results_that_are_no_listing_are_counted(collect, shop_api):
    shop_api.results = 3
    shop_api.title_of = lambda number: "" if number == 2 else "운동화"
    report = collect()
    assert (report.added, report.rejected, report.state) == (2, 1, "done")
