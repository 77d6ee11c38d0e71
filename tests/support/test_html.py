import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.html import to_plain_text


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("", ""),
        ("환불하고 싶어요", "환불하고 싶어요"),
        ("a < b, 3 <5 and <user@host>", "a < b, 3 <5 and <user@host>"),
        ("<p>a < b and <user@host>, type <password></p>", "a < b and <user@host>, type <password>"),
        ("<p>I <3 you, unclosed <b and more", "I <3 you, unclosed <b and more"),
        ("AT&amp;T &#54872;&#48520;", "AT&T 환불"),
        ("?a=1&copy=2", "?a=1&copy=2"),
        ("&lt;p&gt;", "<p>"),
        ("<p>one</p><p>two<br>three</p>", "one\ntwo\nthree"),
        ("<ul><li>one<li><p>two</p></ul>", "- one\n- two"),
        ("<p>a  \n b\t c&nbsp;d</p>", "a b c d"),
        ("<pre>a\n  b</pre>", "a\nb"),
        ("<table><tr><td>a<td>b<tr><td>c</table>", "a b\nc"),
        ("<script>x</script><style>y</style><!-- z --><b>w</b>", "w"),
        ("<p>x<!-- never closed", "x<!-- never closed"),
        ("<head><title>t</title></head><p>x</p><head><p>y</p>", "x\ny"),
        ('<meta charset="euc-kr"><p>한글</p>', "한글"),
        ('<?xml version="1.0" encoding="euc-kr"?><p>한글</p>', "한글"),
        ("<o:p>x</o:p><DIV>Y</DIV>", "x\nY"),
        ('<p title="a>b">x</p>', "x"),
        ("\x00<p>a\x01\x00b\ud800</p>", "ab\ufffd"),
        ("<p>don't <i>isn't</i></p>", "don't isn't"),
    ],
)
def test_text(markup, text):
    assert to_plain_text(markup).text == text


H = "https://help.example.com/ko/faq/"


@pytest.mark.parametrize(
    ("markup", "links"),
    [
        (f'<a href="{H}a">여기</a>', [H + "a"]),
        (f'<a href="{H}a"><img src="x.png"></a>', [H + "a"]),
        (f'<a href="{H}a">{H}a…</a>', [H + "a"]),
        ('<a href="/ko/faq/a">x</a> <a href="//h.com/b">y</a>', ["/ko/faq/a", "https://h.com/b"]),
        ('<a href="javascript:a()">x</a><a href="mailto:a@b.c">y</a><a href="#z">z</a>', []),
        (f'{H}1 <a href="{H}2">x</a> <p>{H}3', [H + "1", H + "2", H + "3"]),
        (f'{H}a <a href="{H}a">x</a>', [H + "a"]),
        (f'<a href="{H}?a=1&copy=2&amp;b=3">x</a>', [H + "?a=1&copy=2&b=3"]),
        (f"{H}a에서 보세요", [H + "a"]),
        (f"{H}%ED%99%98%EB%B6%88을 참고", [H + "%ED%99%98%EB%B6%88"]),
        (f"{H}환불-방법 참고", [H + "환불-방법"]),
        (f"{H}환불-방법", [H + "환불-방법"]),
        (f"{H}12-환불.", [H + "12-환불"]),
        ("https://help.example.com/에서", ["https://help.example.com/"]),
        ("https://help.example.com에서", ["https://help.example.com"]),
        (f"({H}a) [{H}b], “{H}c”。「{H}d」", [H + "a", H + "b", H + "c", H + "d"]),
        ("https://x.com/a_(b)!", ["https://x.com/a_(b)"]),
        ("www.example.com/faq/a, www. http://", ["www.example.com/faq/a"]),
    ],
)
def test_links(markup, links):
    assert list(to_plain_text(markup).links) == links


def test_words_of_a_link_stay_in_the_text():
    found = to_plain_text(f'See <a href="{H}a">this page</a>.')
    assert found.text == "See this page."
    assert found.spelled == f"See this page ({H}a)."


@pytest.mark.parametrize(
    ("markup", "spelled"),
    [
        (f'<a href="{H}a">{H}a</a> 보세요', f"{H}a 보세요"),
        (f'<p>1<br><a href="{H}a"><img src="x.png"></a></p>', f"1\n{H}a"),
        (f'<a href="{H}a">가</a>, <a href="{H}b">나', f"가 ({H}a), 나 ({H}b)"),
        ('<a href="/ko/faq/a">여기</a>', "여기"),
        (f"<b>{H}a</b>", f"{H}a"),
    ],
)
def test_an_address_stands_behind_its_words_unless_it_is_there(markup, spelled):
    assert to_plain_text(markup).spelled == spelled


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<div>" * 100_000 + "end", None),
        ("<i>" * 50_000 + "end" + "</i>" * 50_000, "end"),
        ("<" * 100_000, "<" * 100_000),
        ("<!--" * 50_000, "<!--" * 50_000),
        ('<a "' * 50_000, None),
        ("<p>" + "x" * 1_000_000, "x" * 1_000_000),
        ("<script>" * 10_000, ""),
        ("<p>" + "https://" * 20_000, "https://" * 20_000),
        ("<p " + 'a="b" ' * 30_000 + ">end", "end"),
    ],
    ids=lambda value: repr(value)[:12],
)
def test_hostile_markup(markup, text):
    plain = to_plain_text(markup)
    assert text is None or plain.text == text


@given(st.text())
def test_never_raises(markup):
    to_plain_text(markup)


SHARDS = [
    "<p>", "</p>", "<a href='", "'>", "<b", ">", "&", "<!--", "-->", "<li>", "가", "\x00", '"',
    "</a>", "<script>", "<?xml", "<![CDATA[", "</", " ",
]  # fmt: skip


@given(st.lists(st.sampled_from(SHARDS)))
def test_never_raises_on_broken_markup(pieces):
    to_plain_text("".join(pieces))


@given(st.text(alphabet="가나다 abc12.,\n<&"))
def test_text_without_tags_keeps_its_letters(text):
    assert "".join(to_plain_text(text).text.split()) == "".join(text.split())
