"""Pictures by address: fetched from the public network alone, and never too much."""

import pytest

from listings.collect_fetch import PictureFetcher, is_public
from support import public_net
from support.errors import PictureError


@pytest.fixture
def fetcher():
    """One that may ask this machine, where the tests' server is."""
    return PictureFetcher(private=True, delay=0)


def test_a_picture_comes_as_it_is(fetcher, shop_api, photos):
    assert fetcher.fetch(f"{shop_api.base}/images/7.jpg") == photos(7)


def test_a_move_is_followed(fetcher, shop_api, photos):
    assert fetcher.fetch(f"{shop_api.base}/images/moved.jpg") == photos(7)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("missing.jpg", "it answers 404"),
        ("endless.jpg", "more than 33,554,432 bytes"),
        ("moved-file.jpg", "only http and https"),
    ],
)
def test_what_is_not_there_or_too_much_is_refused(fetcher, shop_api, path, words):
    with pytest.raises(PictureError, match=words):
        fetcher.fetch(f"{shop_api.base}/images/{path}")


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://shop.example/a.jpg",
        "data:image/png;base64,AAAA",
        "//shop.example/a.jpg",
        "http:///a.jpg",
        "http://[::1/a.jpg",
        "http://user:word@shop.example/a.jpg",
        "a.jpg",
    ],
)
def test_only_plain_web_addresses_are_asked(fetcher, url):
    with pytest.raises(PictureError):
        fetcher.fetch(url)


def test_this_machine_is_not_asked_unless_somebody_says_so(shop_api):
    fetcher = PictureFetcher(delay=0)
    with pytest.raises(PictureError, match="port"):
        fetcher.fetch(f"{shop_api.base}/images/7.jpg")
    assert shop_api.fetched == []


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_what_is_connected_to_is_checked_not_what_it_is_called(shop_api, monkeypatch, host):
    fetcher = PictureFetcher(delay=0)
    port = shop_api.server_address[1]
    monkeypatch.setattr(public_net, "_PORTS", (port,))  # as if the port were the web's
    with pytest.raises(PictureError, match="no address of the public network"):
        fetcher.fetch(f"http://{host}:{port}/images/7.jpg")
    assert shop_api.fetched == []


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1:248:1893:25c8:1946", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("192.168.0.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::a00:1", False),
        ("64:ff9b::5db8:d822", True),
        ("2002:7f00:1::", False),
        ("shop.example", False),
    ],
)
def test_private_addresses_in_every_disguise(address, public):
    assert is_public(address) is public
