"""Links of the help centre: there, moved, gone or unsure; asked politely, where that is allowed."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest

from support import faq_edit, faqs, link_check, settings
from support.clock import ago
from support.database import one, scalar
from support.errors import AddressError, SettingError
from support.link_check import LinkChecker, check_links
from support.public_net import host_of, is_public
from tests.conftest import ACTOR

PAGES = {
    "/faq/here": (200, ""),
    "/faq/locale": (301, "/ko/faq/locale"),
    "/ko/faq/locale": (200, ""),
    "/faq/old": (301, "/faq/here"),
    "/faq/front": (302, "/"),
    "/": (200, ""),
    "/faq/circle": (302, "/faq/circle"),
    "/faq/inside": (302, "http://169.254.169.254/latest"),
    "/faq/file": (302, "file:///etc/passwd"),
    "/faq/busy": (429, ""),
    "/faq/locked": (401, ""),
}


class HelpCentre(BaseHTTPRequestHandler):
    """Answers as PAGES say; some pages know GET alone."""

    asked: ClassVar[list[tuple[str, str]]] = []

    def do_HEAD(self):
        self.asked.append((self.command, self.path))
        status, leads_to = PAGES.get(self.path, (404, ""))
        if self.command == "HEAD" and self.path == "/faq/here":
            status = 405
        self.send_response(status)
        if leads_to:
            self.send_header("Location", leads_to)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_HEAD  # noqa: N815

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture
def centre():
    server = ThreadingHTTPServer(("127.0.0.1", 0), HelpCentre)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    HelpCentre.asked.clear()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def checker():
    return LinkChecker(private=True, delay=0)


@pytest.mark.parametrize(
    ("path", "state", "status", "target", "permanent"),
    [
        ("/faq/here", "there", 200, "", False),
        ("/faq/none", "gone", 404, "", False),
        ("/faq/old", "moved", 200, "/faq/here", True),
        ("/faq/front", "moved", 200, "/", False),
        ("/faq/locked", "unsure", 401, "", False),
    ],
)
def test_an_address_is_there_moved_gone_or_unsure(centre, checker, path, state, status, target,
                                                  permanent):  # fmt: skip
    found = checker.check(centre + path)
    assert (found.state, found.status, found.permanent) == (state, status, permanent)
    assert found.target == (centre + target if target else "")


def test_pages_are_asked_with_head_and_only_then_with_get(centre, checker):
    checker.check(centre + "/faq/locked")
    checker.check(centre + "/faq/here")
    assert HelpCentre.asked == [("HEAD", "/faq/locked"), ("HEAD", "/faq/here"),
                                ("GET", "/faq/here")]  # fmt: skip


def test_a_circle_and_a_way_out_of_the_web_are_unsure(centre, checker):
    assert "redirects" in checker.check(centre + "/faq/circle").detail
    assert "only http" in checker.check(centre + "/faq/file").detail
    assert checker.check("http://127.0.0.1:1/").state == "unsure"


def test_our_own_network_is_not_asked_not_even_after_a_redirect(centre, monkeypatch):
    guarded = LinkChecker(delay=0)
    assert "port" in guarded.check(centre + "/faq/here").detail
    assert HelpCentre.asked == []
    port = int(centre.rpartition(":")[2])
    monkeypatch.setattr("support.public_net._PORTS", (None, port))  # as if it were the web's
    for host in (centre, f"http://localhost:{port}"):
        assert "no address of the public network" in guarded.check(host + "/faq/here").detail
    assert HelpCentre.asked == []
    for ours in ("169.254.169.254", "::127.0.0.1", "::ffff:0:127.0.0.1", "::ffff:10.0.0.1",
                 "64:ff9b:1::7f00:1", "64:ff9b::7f00:1", "fec0::1", "5f00::1", "3fff::1",
                 "::1", "::", "fe80::1%eth0", "fd00::1", "ff02::1", "2002:7f00:1::"):  # fmt: skip
        assert not is_public(ours), ours
    for other in ("2606:4700::1111", "64:ff9b::808:808", "8.8.8.8", "::ffff:8.8.8.8"):
        assert is_public(other), other
    with pytest.raises(AddressError, match="name and password"):
        host_of("https://me:secret@help.example.com/")


@pytest.fixture
def desk(db, centre):
    host = centre.removeprefix("http://").partition(":")[0]
    settings.change(db, ACTOR, faq_hosts=(host,))
    slugs = ("here", "locale", "old", "front", "none")
    faqs.save(db, [faqs.Faq(slug=slug, title=slug, url=f"{centre}/faq/{slug}") for slug in slugs])
    return db


def kept(db):
    sql = """
        SELECT slug, state, times, detail FROM faq_link_checks
        JOIN faqs ON faqs.id = faq_id ORDER BY faqs.id
    """
    return [tuple(row) for row in db.conn.execute(sql)]


def test_what_a_round_found_is_kept_and_counted(desk, checker):
    report = check_links(desk, actor=ACTOR, checker=checker)
    assert (report.there, report.moved, report.gone, report.unsure) == (2, 2, 1, 0)
    assert kept(desk) == [
        ("here", "there", 1, ""),
        ("locale", "there", 1, ""),  # the same page with its language before it
        ("old", "moved", 1, "leads to FAQ here"),
        ("front", "moved", 1, "leads to the front page"),
        ("none", "gone", 1, ""),
    ]
    check_links(desk, actor=ACTOR, checker=checker)
    assert {times for _, _, times, _ in kept(desk)} == {2}
    faq_edit.edit(desk, ACTOR, "none", url="http://help.example.com/faq/none")
    assert len(kept(desk)) == 4  # what was found of another address says nothing
    assert scalar(desk, "SELECT count(*) FROM audit WHERE action = 'links.checked'") == 2


def test_a_busy_host_is_left_alone(desk, centre, checker):
    faqs.save(desk, [faqs.Faq(slug="a-busy", title="b", url=f"{centre}/faq/busy")])
    desk.execute("UPDATE faqs SET id = 0 WHERE slug = 'a-busy'")
    desk.execute("UPDATE faqs SET url = '' WHERE slug = 'here'")
    report = check_links(desk, actor=ACTOR, checker=checker)
    assert (report.left_alone, report.no_address) == (5, 1)
    assert [path for _, path in HelpCentre.asked] == ["/faq/busy"]
    assert kept(desk) == []


def test_those_checked_longest_ago_come_first(desk, checker):
    check_links(desk, actor=ACTOR, checker=checker)
    desk.execute("UPDATE faq_link_checks SET checked_at = '2026' WHERE faq_id = 3")
    HelpCentre.asked.clear()
    check_links(desk, actor=ACTOR, checker=checker, limit=1)
    assert HelpCentre.asked[0] == ("HEAD", "/faq/old")


def test_by_itself_the_desk_asks_nobody(desk, checker):
    assert settings.load(desk).link_check_days == 0
    assert not link_check.due(desk)
    settings.change(desk, ACTOR, link_check_days=7)
    assert link_check.due(desk)
    check_links(desk, actor=ACTOR, checker=checker)
    assert not link_check.due(desk)
    desk.execute("UPDATE faq_link_checks SET checked_at = ?", [ago(days=8)])
    assert link_check.due(desk)
    with pytest.raises(SettingError):
        settings.change(desk, ACTOR, link_check_days=-1)
    assert one(desk, "SELECT 1 FROM settings WHERE key = 'link_check_days'")


def test_two_requests_to_one_host_are_a_while_apart(centre, monkeypatch):
    waits = []
    monkeypatch.setattr(link_check.time, "sleep", waits.append)
    patient = LinkChecker(private=True, delay=5)
    patient.check(centre + "/faq/locked")
    assert waits == []
    patient.check(centre + "/faq/locked")
    assert 4 < waits[0] <= 5
