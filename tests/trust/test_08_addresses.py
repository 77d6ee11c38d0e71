"""Check 8: an address that somebody else wrote leads into the public network, or nowhere.

The servers are real; what the tests call public is one address of this machine, 127.0.0.2.
"""

import itertools
import socket
import time

import pytest
import urllib3
from click.testing import CliRunner

from listings import collect_fetch
from listings.collect_fetch import PictureFetcher
from listings.collect_run import CollectReport
from support import attachment_fetch, link_check, public_net
from support.connection_access import Access
from support.errors import AddressError, PictureError
from tests.trust import sources
from tests.trust.hostile_server import hostile
from web.cli import faqdesk

PUBLIC, INSIDE = "127.0.0.2", "127.0.0.1"
is_public = public_net.is_public


@pytest.fixture
def outside(monkeypatch):
    """A server of the public network, on a port of the web's."""
    with hostile(PUBLIC) as server:
        monkeypatch.setattr(public_net, "_PORTS", (None, server.port))
        monkeypatch.setattr(
            public_net, "is_public", lambda address: address == PUBLIC or is_public(address)
        )
        yield server


@pytest.fixture
def inside(outside):
    """One of our own network, at the same port."""
    with hostile(INSIDE, outside.port) as server:
        yield server


@pytest.fixture
def names(monkeypatch):
    """A resolver: name to its addresses, those of the next question after those of the last."""
    known, asked, real = {}, [], socket.getaddrinfo

    def resolve(host, port, *args, **kw):
        if host not in known:
            return real(host, port, *args, **kw)
        asked.append(host)
        return [
            entry for address in next(known[host]) for entry in real(address, port, *args, **kw)
        ]

    def give(host, *answers):
        known[host] = itertools.chain(answers, itertools.repeat(answers[-1]))

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    give.asked = asked
    return give


def get(url, **options):
    """What stands behind an address, or the reason why it was not asked."""
    pools = public_net.pools(timeout=urllib3.Timeout(connect=2, read=2), retries=2, **options)
    with pools.request("GET", url, preload_content=False) as answer:
        return public_net.read_within(answer, most=1000, seconds=5)


# Which addresses


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "127.1", "0", "0.0.0.0", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1",
        "017700000001", "127.0.0.1.", "localhost", "localhost.", "10.0.0.1", "172.16.0.1",
        "192.168.0.1", "169.254.169.254", "2852039166", "100.64.0.1", "192.0.0.1", "192.0.2.1",
        "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
        "[::]", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]",
        "[0:0:0:0:0:ffff:a9fe:a9fe]", "[fe80::1]", "[fc00::1]", "[fd00:ec2::254]", "[ff02::1]",
        "[64:ff9b::7f00:1]", "[64:ff9b::a9fe:a9fe]", "[64:ff9b:1::7f00:1]", "[2002:7f00:1::]",
        "[2002:a00:1::1]", "[2001:0:4136:e378:8000:63bf:80ff:fffe]", "[2001:db8::1]", "[3fff::1]",
        "[100::1]", "①②⑦.⓪.⓪.①", "127。0。0。1", "127.0.0.1%00.example.com",
    ],
)  # fmt: skip
def test_no_way_of_writing_a_private_address_is_asked(host, monkeypatch):
    connected = []
    monkeypatch.setattr(
        urllib3.util.connection, "create_connection", lambda *a, **kw: connected.append(a)
    )
    with pytest.raises((AddressError, urllib3.exceptions.HTTPError, ValueError)):
        get(f"http://{host}/")
    assert connected == []


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd", "ftp://example.com/", "gopher://example.com/", "data:image/png,x",
        "//example.com/", "/a.jpg", "example.com", "http://", "http:///a", "https://[::1", "",
        "http://user@example.com/", "http://user:word@example.com/", "http://example.com:22/",
        "http://example.com:6379/", "https://example.com:8080/", "http://example.com:65536/",
        "http://example.com:80x/", "jar:http://example.com!/", "javascript:alert(1)",
    ],
)  # fmt: skip
def test_only_plain_addresses_of_the_web_on_its_ports_are_asked(url, monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **kw: pytest.fail("it was looked up"))
    with pytest.raises(AddressError):
        public_net.host_of(url)
    with pytest.raises(AddressError):
        get(url)
    with pytest.raises(PictureError):
        PictureFetcher(delay=0).fetch(url)


@pytest.mark.parametrize(
    "address", ["169.254.169.254", "fe80::1", "fe80::1%eth0", "::ffff:169.254.169.254", "0.0.0.0"]
)
def test_what_a_cloud_tells_its_machines_is_asked_of_nobody_even_inside(address):
    assert not public_net.is_askable(address, private=True)
    assert public_net.is_askable("10.0.0.1", private=True)


# What a name leads to


def test_a_name_is_resolved_once_and_what_was_checked_is_connected_to(outside, inside, names):
    names("turn.example", [PUBLIC], [INSIDE])
    url = f"http://turn.example:{outside.port}/page"
    assert get(url).startswith(b"<script>")
    assert names.asked == ["turn.example"]
    for _ in range(2):
        with pytest.raises(AddressError, match=INSIDE):
            get(url)
    assert (outside.asked, inside.asked) == (["/page"], [])
    assert len(names.asked) == 3


def test_a_name_with_one_address_inside_is_not_asked_at_all(outside, inside, names):
    names("both.example", [PUBLIC, INSIDE])
    with pytest.raises(AddressError, match=INSIDE):
        get(f"http://both.example:{outside.port}/page")
    assert inside.asked == outside.asked == []


def test_an_address_that_does_not_answer_gives_way_to_the_next_that_was_checked(outside, names):
    names("two.example", ["127.0.0.3", PUBLIC])
    checked = public_net.is_public
    public_net.is_public = lambda address: address == "127.0.0.3" or checked(address)
    try:
        assert get(f"http://two.example:{outside.port}/page").startswith(b"<script>")
    finally:
        public_net.is_public = checked


@pytest.mark.parametrize(
    "to",
    [
        "http://127.0.0.1:{port}/page", "http://inside.example:{port}/page", "//127.0.0.1:{port}/",
        "http://2130706433:{port}/page", "http://[::ffff:127.0.0.1]:{port}/page",
        "http://outside.example:22/", "ftp://outside.example/", "file:///etc/passwd",
        "http://user:word@outside.example:{port}/page", "javascript:alert(1)",
    ],
)  # fmt: skip
def test_every_redirect_is_checked_anew(to, outside, inside, names):
    names("outside.example", [PUBLIC])
    names("inside.example", [INSIDE])
    url = f"http://outside.example:{outside.port}/to/{to.format(port=outside.port).encode().hex()}"
    with pytest.raises(AddressError):
        get(url)
    with pytest.raises(PictureError):
        PictureFetcher(delay=0).fetch(url)
    assert link_check.LinkChecker(delay=0).check(url).state == "unsure"
    with pytest.raises(AddressError):
        attachment_fetch._get(url, Access(), "")
    assert inside.asked == []


# What comes back


@pytest.fixture
def hurried(monkeypatch):
    """Nobody waits for a minute in a test."""
    monkeypatch.setattr(public_net, "HEAD_SECONDS", 0.3)
    monkeypatch.setattr(collect_fetch, "SECONDS", 0.3)
    monkeypatch.setattr(attachment_fetch, "SECONDS", 0.3)
    retries = urllib3.Retry(total=1, redirect=3)
    timeout = urllib3.Timeout(connect=1, read=1)
    monkeypatch.setattr(collect_fetch, "RETRIES", retries)
    monkeypatch.setattr(collect_fetch, "TIMEOUT", timeout)
    monkeypatch.setattr(attachment_fetch, "_TIMEOUT", timeout)


@pytest.mark.parametrize(
    "way", ["endless", "said", "drip", "head", "heads", "silent", "cut", "noise", "round"]
)
def test_an_answer_that_never_ends_is_given_up(way, outside, hurried):
    url = f"{outside.base}/{way}/"
    started = time.monotonic()
    with pytest.raises(PictureError):
        PictureFetcher(delay=0).fetch(url)
    with pytest.raises((urllib3.exceptions.HTTPError, ValueError, AddressError)):
        attachment_fetch._get(url, Access(), "")
    assert time.monotonic() - started < 60, "it was waited for"


@pytest.mark.parametrize("way", ["packed", "twice"])
def test_what_comes_packed_is_not_unpacked(way, outside):
    found = PictureFetcher(delay=0).fetch(f"{outside.base}/{way}/")
    assert found[:2] == b"\x1f\x8b"
    assert len(found) < 1 << 20
    assert attachment_fetch._get(f"{outside.base}/{way}/", Access(), "") == found


def test_a_page_that_says_it_is_a_picture_is_none(outside):
    found = PictureFetcher(delay=0).fetch(f"{outside.base}/page")
    assert attachment_fetch.drawn(found) == b""


# Who asks at all


@pytest.mark.parametrize("command", ["files", "naver"])
def test_no_picture_is_fetched_by_address_unless_somebody_says_so(command, tmp_path, monkeypatch):
    """By default there is nothing that could fetch."""
    made = []
    monkeypatch.setattr("web.cli.collecting.PictureFetcher", lambda **options: made.append(options))
    monkeypatch.setenv("FAQDESK_HOME", str(tmp_path / "desk"))
    for name in ("ID", "SECRET"):
        monkeypatch.setenv(f"FAQDESK_NAVER_CLIENT_{name}", "x")
    monkeypatch.setattr("web.cli.collecting.collect_naver", lambda *a, **kw: CollectReport("", ""))
    table = tmp_path / "a.csv"
    table.write_text("title,image\nBag,http://example.com/a.jpg\n", encoding="utf-8")
    words = {"files": [str(table)], "naver": ["--query", "bag"]}[command]
    CliRunner().invoke(faqdesk, ["collect", command, *words])
    assert made == []
    CliRunner().invoke(faqdesk, ["collect", command, *words, "--fetch-pictures"])
    assert made == [{"private": False}]


# Who opens connections, and why those that do not go through `public_net` need not.
ASKS = {
    "support/public_net.py": "the guard itself",
    "support/delivery_mail.py": "the admin's mail server; its address is checked before a word",
    "support/delivery_helpdesks.py": "urllib3's errors; its connections are the guard's",
    "support/attachment_fetch.py": "urllib3's errors; its connections are the guard's",
    "support/link_check.py": "urllib3's errors; its connections are the guard's",
    "listings/collect_fetch.py": "urllib3's errors and retries; its connections are the guard's",
    "listings/naver.py": "the operator's own address, https or this machine; follows no redirect",
    "support/grpc_index.py": "the operator's index server; TLS and a token unless it is here",
    "web/backlog.py": "waits for who connects to our own port",
    "web/serve.py": "looks whether the port is free",
    "web/redis_queue.py": "the admin's Redis server; TLS and a password unless it is here",
    "web/index_server.py": "listens",
    "support/ray_wire.py": "the operator's Ray cluster; a token and TLS unless it is here",
    "support/picture_decoder.py": "a pair of sockets between two processes",
    "support/picture_worker.py": "the other of that pair",
}
NETS = {
    "urllib3", "socket", "http", "smtplib", "grpc", "requests", "httpx", "aiohttp", "ftplib",
    "imaplib", "poplib", "telnetlib", "nntplib", "xmlrpc", "asyncio", "socketserver", "redis",
}  # fmt: skip


def asks(names):
    """Whether what a file imports can ask the network."""
    return any(
        name.startswith("urllib.request")
        or (name.split(".")[0] in NETS and name != "http.HTTPStatus")
        for name in names
    )


def test_every_file_that_could_ask_the_network_has_its_reason():
    # What is in `train` asks this machine's own server alone, to measure it.
    files = {name for name, used in sources.imported().items() if asks(used)}
    assert {name for name in files if not name.startswith("train/")} == set(ASKS)
    measured = {name for name in files if name.startswith("train/")}
    assert not {name for name in measured if "urllib3" in str(sources.imported()[name])}
    managers = {
        path
        for path, name, _ in sources.calls()
        if name.rpartition(".")[2] in ("PoolManager", "ProxyManager", "urlopen")
    }
    assert managers == {"listings/naver.py"}
