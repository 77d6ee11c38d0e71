"""The shop search, asked over real HTTP of a server that answers as it is documented to."""

import pytest

from listings.collect_quota import Quota
from listings.naver import NaverShop, credentials
from support.errors import CollectError, InputError, QuotaError


def quota(db, **values):
    given = {"source": "naver", "client": "c", "per_day": 25_000, "per_second": 1000.0}
    return Quota(db, **(given | values))


@pytest.fixture
def ask(db, shop_api, naver_keys):
    """Asks the server for a page; `keys`, `url` and the quota may be others."""

    def page(query="운동화", *, keys=naver_keys, url=None, per_day=25_000, **options):
        counted = quota(db, per_day=per_day)
        return NaverShop(*keys, counted, url=url or shop_api.url, backoff=0.001).page(
            query, **options
        )

    return page


def test_a_page_of_results(ask, shop_api):
    page = ask(start=11, display=10)
    assert (page.total, len(page.items), page.broken) == (25, 10, 0)
    first = page.items[0]
    assert first.external_id == "90000011"
    assert first.title == "<b>운동화</b> 11호 &amp; 끈"
    assert (first.price_text, first.currency) == ("11000", "KRW")
    assert first.category == "패션잡화 > 남성신발 > 운동화"
    assert (first.seller, first.brand, first.kind) == ("상점 2", "브랜드", "upcoming")
    assert first.pictures == (f"{shop_api.base}/images/11.jpg",)
    # Where no shop is known the source's own name stands; the maker stands in for a brand.
    assert (page.items[4].seller, page.items[1].brand) == ("", "제조사")
    assert shop_api.asked[0] == {"query": "운동화", "start": "11", "display": "10", "sort": "sim"}
    assert all("faqdesk" in agent for agent in shop_api.agents)


def test_past_the_last_result_there_is_nothing(ask):
    assert ask(start=900).items == []


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"start": 1001}, "SE03"),
        ({"display": 101}, "SE02"),
        ({"sort": "best"}, "SE04"),
        ({"query": ""}, "SE01"),
    ],
)
def test_a_search_beyond_the_limits_is_refused_at_once(ask, shop_api, options, words):
    with pytest.raises(CollectError, match=words):
        ask(**options)
    assert shop_api.calls == 1


def test_a_wrong_key_is_refused_with_the_cure(ask, shop_api):
    with pytest.raises(CollectError, match=r"401 024.*FAQDESK_NAVER_CLIENT_SECRET"):
        ask(keys=("someone", "else"))
    assert shop_api.calls == 1


def test_the_closed_service_is_told_apart(ask, shop_api):
    shop_api.trouble = ["gone"]
    with pytest.raises(CollectError, match="closed its shopping search on 31 July 2026"):
        ask()


@pytest.mark.parametrize("trouble", ["500", "cut", "broken", "short", "fast", "wait:0"])
def test_what_passes_is_tried_again(ask, shop_api, trouble):
    shop_api.trouble = [trouble, trouble]
    assert len(ask(display=5).items) == 5
    assert shop_api.calls == 3


def test_after_five_tries_it_gives_up_and_says_what_it_saw(ask, shop_api):
    shop_api.trouble = ["500"] * 9
    with pytest.raises(CollectError, match=r"failed 5 times: too many 500.*goes on where"):
        ask()
    assert shop_api.calls == 5


def test_a_server_says_how_long_to_wait(ask, shop_api, monkeypatch):
    slept = []
    monkeypatch.setattr("time.sleep", slept.append)
    shop_api.trouble = ["wait:7"]
    ask()
    assert 7 in slept


def test_the_day_s_limit_is_kept_here_and_not_tried_again(ask, shop_api, db):
    ask(per_day=2)
    ask(per_day=2)
    with pytest.raises(QuotaError, match="All 2 calls"):
        ask(per_day=2)
    assert shop_api.calls == 2


def test_the_day_s_limit_that_the_server_says_is_believed(ask, shop_api, db):
    shop_api.daily = 1
    ask()
    with pytest.raises(QuotaError, match="Query limit exceeded"):
        ask()
    with pytest.raises(QuotaError, match="All 25,000 calls"):
        ask()
    assert shop_api.calls == 2
    assert quota(db).left() == 0


def test_every_try_counts_as_a_call(ask, shop_api, db):
    shop_api.trouble = ["500", "fast"]
    ask()
    assert quota(db).left() == 25_000 - 3


def test_calls_keep_their_pace_across_processes(db, monkeypatch):
    slept = []
    monkeypatch.setattr("time.sleep", slept.append)
    monkeypatch.setattr("time.time", lambda: 1_000_000.0)
    one, other = quota(db, per_second=4), quota(db, per_second=4)
    for counted in (one, other, one, other):
        counted.take()
    assert slept == pytest.approx([0.0, 0.25, 0.5, 0.75])


def test_clients_are_counted_apart(db):
    quota(db, client="a", per_day=1).take()
    assert quota(db, client="a", per_day=1).left() == 0
    quota(db, client="b", per_day=1).take()


@pytest.mark.parametrize("url", ["http://api.example/shop", "ftp://api.example/shop", "shop.json"])
def test_the_secret_is_never_sent_in_the_clear(db, url):
    with pytest.raises(InputError, match="must begin with https"):
        NaverShop("id", "secret", quota(db), url=url)


def test_the_key_comes_from_the_environment():
    names = ("FAQDESK_NAVER_CLIENT_ID", "FAQDESK_NAVER_CLIENT_SECRET")
    assert credentials(dict(zip(names, ("a ", "b"), strict=True))) == ("a", "b")
    with pytest.raises(InputError, match=r"^FAQDESK_NAVER_CLIENT_SECRET must"):
        credentials({names[0]: "a", names[1]: " "})
