from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.errors import SettingError
from support.links import LinkPattern, LinkReader

HELP = LinkPattern(
    hosts=("help.example.com", "m.help.example.com"), path="/{locale}/faq/{slug}", relative=True
)
READER = LinkReader(
    [HELP],
    aliases={
        "old-refund": "refund2",
        "refund2": "refund",
        "loop-a": "loop-b",
        "loop-b": "loop-a",
        "환불-방법": "refund",
        "de/rueckgabe": "refund",
        "fr/rueckgabe": "delivery",
        "refund": "refund",
        "why?": "why",
    },
)


@pytest.mark.parametrize(
    "url",
    [
        "https://help.example.com/ko/faq/refund",
        "http://help.example.com/ko/faq/refund/",
        "HTTPS://HELP.EXAMPLE.COM:443/ko/faq/refund",
        "https://www.help.example.com/ko/faq/refund",
        "https://m.help.example.com/ko/faq/refund",
        "https://help.example.com./ko/faq/refund",
        "https://help.example.com/faq/refund",
        "https://help.example.com/en-US/faq/refund",
        "https://help.example.com/zh_Hant/faq/refund",
        "https://help.example.com/KO/FAQ/Refund",
        "https://help.example.com//ko//faq/refund",
        "https://help.example.com/ko/faq/refund?utm_source=mail&utm_medium=x",
        "https://help.example.com/ko/faq/refund#step-2",
        "https://help.example.com/ko/faq/refund/discuss/12",
        "https://help.example.com/ko/faq/%72efund",
        "https://help.example.com/ko/faq/%2572efund",
        "https://help.example.com/ko/faq/old-refund",
        "https://help.example.com/ko/faq/환불-방법",
        "https://help.example.com/ko/faq/" + quote("환불-방법"),
        "https://help.example.com/ko/faq/" + quote(quote("환불-방법")),
        "https://help.example.com/de/faq/rueckgabe",
        "help.example.com/ko/faq/refund",
        "//help.example.com/ko/faq/refund",
        "/ko/faq/refund",
        "  /faq/refund ",
        "https://help.example.com/ko/faq/refund),",
        "https://help.example.com/ko/faq/refund|Refund",
        "https://www.google.com/url?q=https://help.example.com/ko/faq/refund&sa=D",
        "https://t.example.net/?url=https%3A%2F%2Fhelp.example.com%2Fko%2Ffaq%2Frefund",
        "https://out.example.net/v1/0a1b/https%3A//help.example.com/ko/faq/refund",
    ],
)
def test_one_page_however_it_is_written(url):
    assert READER.slug(url) == "refund"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/",
        "https://help.example.com/",
        "https://help.example.com/ko/faq/",
        "https://help.example.com/ko/faqs/refund",
        "https://help.example.com/ko/forum/faq/refund",
        "https://example.com/ko/faq/refund",
        "https://help.example.com.evil.net/ko/faq/refund",
        "https://help.example.com@evil.net/ko/faq/refund",
        "ftp://help.example.com/ko/faq/refund",
        "javascript:alert(1)",
        "mailto:a@help.example.com",
        "https://[::1/ko/faq/refund",
        "https://a.net/?url=https%3A%2F%2Fb.net%2F%3Furl%3Dhttps%253A%252F%252Fhelp.example.com%252Ffaq%252Fa",
    ],
)
def test_other_pages(url):
    assert READER.slug(url) is None


def test_aliases():
    assert READER.slug("/fr/faq/rueckgabe") == "delivery"
    assert READER.slug("/ko/faq/rueckgabe") == "rueckgabe"
    assert READER.slug("/faq/loop-a") == READER.slug("/faq/loop-b") == "loop-a"
    assert READER.slug("/faq/why?x=1") == "why"
    assert READER.slug("/faq/why%3F") == "why"
    assert READER.slug("/faq/New-Page") == "New-Page"


def test_zendesk():
    pattern = LinkPattern(
        hosts=("shop.zendesk.com",),
        path="/hc/{locale}/articles/{slug}",
        slug_regex=r"(\d+)(?:-.*)?",
    )
    reader = LinkReader([pattern])
    for url in (
        "/hc/ko/articles/360012345-환불-방법",
        "/hc/articles/360012345",
        "/hc/ko/articles/360012345-",
    ):
        assert reader.slug("https://shop.zendesk.com" + url) == "360012345"
    assert reader.slug("https://shop.zendesk.com/hc/ko/articles/about") is None
    assert reader.slug("/hc/ko/articles/360012345") is None


def test_a_slug_in_a_parameter():
    reader = LinkReader([LinkPattern(hosts=("a.kr",), path="/cs/view.do?id={slug}")])
    assert reader.slug("https://a.kr/cs/view.do?page=2&id=17&utm=x") == "17"
    assert reader.slug("https://a.kr/cs/view.do?page=2") is None


def test_slugs_are_distinct_and_in_order():
    links = ["/faq/b", "https://x.com", "/faq/old-refund", "/ko/faq/b", "/faq/refund"]
    assert READER.slugs(links) == ("b", "refund")


@pytest.mark.parametrize("path", ["/faq", "faq/{slug}", "/{slug}/{slug}"])
def test_a_path_needs_one_slug(path):
    with pytest.raises(SettingError, match="slug"):
        LinkPattern(hosts=("a.kr",), path=path)


def test_a_broken_slug_regex_is_refused():
    with pytest.raises(SettingError, match="not valid"):
        LinkPattern(hosts=("a.kr",), path="/{slug}", slug_regex="(")


@given(st.text())
def test_any_text_is_accepted(url):
    READER.slug(url)
    READER.slug("https://help.example.com/ko/faq/" + url)


@given(st.text("abc가나다-", min_size=1, max_size=12).filter(lambda slug: slug.strip("-")))
def test_encoding_says_nothing(slug):
    plain = READER.slug("/faq/" + slug)
    assert (
        READER.slug("/ko/faq/" + quote(slug)) == READER.slug("/faq/" + quote(quote(slug))) == plain
    )
