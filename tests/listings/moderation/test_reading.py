"""Links, contacts and signals of a listing are counted by hand-worked cases."""

import numpy as np
import pytest

from listings.listing import Listing
from listings.moderation.classes import Signals
from listings.moderation.reading import NAMES, count_contacts, count_links, read, read_all, vectors


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("의자 팝니다", 0),
        ("자세히는 https://shop.example.com/a?b=1 에서", 1),
        ("shop.co.kr 과 www.example.com", 2),
        ("3.5인치 하드 2.5kg", 0),
        ("주소-shop.com", 1),
        ("-" * 30 + ".com", 0),
        ("a" * 63 + ".com", 1),
        ("a" * 64 + ".com", 0),  # no part of an address is longer
    ],
)
def test_links_are_counted(text: str, links: int) -> None:
    assert count_links(text) == links


@pytest.mark.parametrize(
    ("text", "contacts"),
    [
        ("의자 팝니다", 0),
        ("010-1234-5678", 1),
        ("[전화번호] 로 연락", 1),
        ("카톡 아이디 chair77 또는 텔레그램", 2),
        ("me@example.com", 1),
    ],
)
def test_contacts_are_counted(text: str, contacts: int) -> None:
    assert count_contacts(text) == contacts


def test_hidden_contacts_are_counted_too() -> None:
    reading = read(Listing("의자", "공일공 일이삼사 오육칠팔 로 연락"))
    assert reading.signals.contacts == 1
    assert reading.words.tricks == 11


def test_given_counts_stand() -> None:
    assert read(Listing("카톡"), Signals(contacts=0)).signals.contacts == 0


def test_a_vector_says_what_is_known() -> None:
    values = vectors([read(Listing("의자", price=0), Signals(repeats=3))])[0]
    known = dict(zip(NAMES, values[len(NAMES) :].tolist(), strict=True))
    assert known == {
        "price": 1, "account_days": 0, "earlier_posts": 0, "earlier_sanctions": 0, "repeats": 1,
        "links": 1, "contacts": 1, "tricks": 1, "length": 1,
    }  # fmt: skip
    assert values[NAMES.index("repeats")] == pytest.approx(np.log(4))
    assert vectors([]).shape == (0, 2 * len(NAMES))


def test_a_signal_for_each_listing() -> None:
    with pytest.raises(ValueError, match="1 listings and 2 signals"):
        read_all([Listing("의자")], [None, None])
