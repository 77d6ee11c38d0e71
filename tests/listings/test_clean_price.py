"""Prices as people write them."""

import pytest

from listings.clean_price import parse_price


@pytest.mark.parametrize(
    ("text", "amount", "currency"),
    [
        ("12만원", 120_000, "KRW"),
        ("12만", 120_000, "KRW"),
        ("1,200,000", 1_200_000, "KRW"),
        ("1.200.000원", 1_200_000, "KRW"),
        ("12.000원", 12_000, "KRW"),
        ("₩ 35,000", 35_000, "KRW"),
        ("３５,０００원", 35_000, "KRW"),
        ("3.5만원", 35_000, "KRW"),
        ("1만5천원", 15_000, "KRW"),
        ("1만 5천", 15_000, "KRW"),
        ("12만 5,000원", 125_000, "KRW"),
        ("1억 2천만원", 120_000_000, "KRW"),
        ("만원", None, ""),
        ("5천원", 5_000, "KRW"),
        ("3만 ~ 5만", 30_000, "KRW"),
        ("10,000 ~ 20,000원", 10_000, "KRW"),
        ("무료나눔", 0, "KRW"),
        ("나눔합니다", 0, "KRW"),
        ("Free", 0, "KRW"),
        ("£30", 3_000, "GBP"),
        ("£1,250.50", 125_050, "GBP"),
        ("30 GBP", 3_000, "GBP"),
        ("$19.99", 1_999, "USD"),
        ("1.299,50 €", 129_950, "EUR"),
        ("12,5 €", 12_5 * 100, "EUR"),
        ("¥3,000", 3_000, "JPY"),
        ("", None, ""),
        ("가격 문의", None, ""),
        ("교환만 합니다", None, ""),
        ("-5000", None, ""),
        ("99999999999999999999", None, ""),
    ],
)
def test_a_price_is_read_in_the_smallest_unit_of_its_currency(text, amount, currency):
    price = parse_price(text)
    assert (price.amount, price.currency) == (amount, currency)


@pytest.mark.parametrize(
    ("text", "currency", "amount"),
    [("5.00", "GBP", 500), ("5", "gbp", 500), ("0.015", "USD", 2), ("5.00", "", 5), ("0", "", 0)],
)
def test_a_bare_number_is_of_the_currency_that_is_said(text, currency, amount):
    assert parse_price(text, currency=currency).amount == amount


def test_the_text_s_own_currency_comes_first():
    assert parse_price("£7", currency="USD").currency == "GBP"


def test_what_follows_a_price_is_not_read():
    assert parse_price("3만원" + " " * 1000 + "5천원").amount == 30_000
    assert parse_price("싸게 " * 100 + "3만원").amount is None
    assert parse_price(" " * 300 + "3만원").amount == 30_000
