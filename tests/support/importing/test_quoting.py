"""What a mail says anew."""

import pytest

from support.importing.quoting import cut_html, cut_mail, cut_text

NEW = "사흘 안에 됩니다."


@pytest.mark.parametrize(
    "quoted",
    [
        "On Mon, Jan 5, 2026 at 10:00 AM, Kim <c1@example.com> wrote:\n> 언제요",
        "2026년 1월 5일 (월) 오전 10:00, 손님 <c1@example.com>님이 작성:\n> 언제요",
        "-----Original Message-----\nFrom: c1@example.com\n언제요",
        "-----원본 메시지-----\n보낸 사람: 손님\n언제요",
        "From: Kim <c1@example.com>\nSent: Monday\nTo: help@shop.example\nSubject: 환불\n\n언제요",
        "보낸 사람: 손님\n보낸 날짜: 2026년 1월 5일\n받는 사람: 상점\n제목: 환불\n\n언제요",
        "Am 05.01.2026 um 10:00 schrieb Kim:\n> 언제요",
        "________________________________\nFrom: Kim\n언제요",
        "> 언제요\n> 네?",
        "-- \n김미나 드림\n02-000-0000",
        "Sent from my iPhone",
        "나의 iPhone에서 보냄",
    ],
)
def test_what_is_quoted_or_signed_goes(quoted):
    assert cut_text(f"{NEW}\n\n{quoted}\n") == NEW
    assert cut_text(f"{NEW}\r\n\r\n{quoted}\r\n".replace("\n", "\r\n")) == NEW


@pytest.mark.parametrize(
    "quoted",
    [
        '<div class="gmail_quote"><blockquote>언제요</blockquote></div>',
        '<blockquote type="cite">언제요</blockquote>',
        '<hr id="stopSpelling">언제요',
        '<div id="divRplyFwdMsg">언제요</div>',
        '<div class="gmail_signature">김미나</div>',
    ],
)
def test_so_it_does_in_html(quoted):
    assert cut_html(f"<p>{NEW}</p>{quoted}") == f"<p>{NEW}</p>"


def test_where_nothing_would_be_left_all_stays():
    assert cut_text("> 언제요") == "> 언제요"
    markup = '<div class="gmail_quote">언제요</div>'
    assert cut_mail(markup) == markup


def test_words_that_only_look_like_a_separator_stay():
    words = "From: 이라는 칸이 안 보여요\n보낸 사람: 칸도요"
    assert cut_text(words) == words
    assert cut_text("On the way, he wrote a letter") == "On the way, he wrote a letter"
    assert cut_text("가격은 5-- 3 입니다") == "가격은 5-- 3 입니다"


def test_long_texts_take_no_long_time():
    assert cut_text("On " * 60_000).startswith("On On")
    assert len(cut_html("<div " * 30_000)) == 150_000
