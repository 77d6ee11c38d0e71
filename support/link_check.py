"""Are the help centre's pages still where links lead? Asked politely, one page a second.

Off by default (setting `link_check_days`): a desk asks nobody unless its people say so. Only hosts
of the public network are asked, with HEAD where the server understands it, and a host that is busy
is left alone for this time. What was found is kept; nothing is changed for it.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Literal
from urllib.parse import urljoin, urlsplit

import urllib3
from sqlite_utils import Database
from urllib3.util import Timeout

from . import faqs, settings
from .audit import Actor, record
from .clock import ago, now
from .database import Row, one, scalar, write
from .errors import AddressError
from .links import LinkReader
from .public_net import host_of, pools, reason

State = Literal["there", "moved", "gone", "unsure"]
Progress = Callable[[int, int, str], None]

USER_AGENT: Final = "faqdesk (a support desk that checks its own links)"
DELAY: Final = 1.0  # seconds between two requests to one host
REDIRECTS: Final = 5
_MOVES: Final = (301, 302, 303, 307, 308)
_FOR_GOOD: Final = (301, 308)
_GONE: Final = (404, 410)
_NO_HEAD: Final = (400, 403, 404, 405, 501)  # what servers say that know GET alone
_BUSY: Final = (429, 503)


@dataclass(frozen=True, slots=True)
class Checked:
    """What one address answered.

    `target` is where it led, '' where it stayed; `permanent`: every move on the way was for good.
    """

    state: State
    status: int | None = None
    target: str = ""
    permanent: bool = False
    detail: str = ""
    busy: bool = False


@dataclass(slots=True)
class LinkReport:
    """What a round came to: how many FAQs in each state, and how many were left alone."""

    there: int = 0
    moved: int = 0
    gone: int = 0
    unsure: int = 0
    left_alone: int = 0  # their host was busy
    no_address: int = 0
    found: list[tuple[str, Checked]] = field(default_factory=list)  # slugs that are not there


class LinkChecker:
    """Asks for pages one after the other."""

    def __init__(self, *, private: bool = False, delay: float = DELAY) -> None:
        """Set up.

        Args:
            private: whether addresses of private networks may be asked too: a help centre inside.
            delay: seconds between two requests to one host.
        """
        self._private = private
        self._delay = delay
        self._asked: dict[str, float] = {}
        self._pools = pools(
            private=private,
            num_pools=8,
            retries=False,
            timeout=Timeout(connect=5, read=15),
            headers={"User-Agent": USER_AGENT, "Accept": "text/html,*/*;q=0.5"},
        )

    def check(self, url: str) -> Checked:
        """Ask for an address, following where it leads. Never raises for what it finds."""
        place, for_good = url, True
        try:
            for _ in range(REDIRECTS + 1):
                status, leads_to = self._ask(place)
                if status not in _MOVES or not leads_to:
                    return _judged(url, place, status, for_good)
                for_good = for_good and status in _FOR_GOOD
                place = urljoin(place, leads_to)
        except AddressError as error:
            return Checked("unsure", target=place if place != url else "", detail=str(error))
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            return Checked("unsure", target=place if place != url else "", detail=reason(error))
        return Checked("unsure", target=place, detail=f"more than {REDIRECTS} redirects")

    def _ask(self, url: str) -> tuple[int, str]:
        """The status, and where a redirect leads; with GET where HEAD is not understood."""
        status, leads_to = self._request("HEAD", url)
        if status in _NO_HEAD:
            status, leads_to = self._request("GET", url)
        return status, leads_to

    def _request(self, method: str, url: str) -> tuple[int, str]:
        host = host_of(url, private=self._private)
        wait = self._asked.get(host, 0.0) + self._delay - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        try:
            response = self._pools.request(
                method, url, redirect=False, preload_content=False, retries=False
            )
            try:
                return response.status, response.headers.get("Location", "")
            finally:
                response.close()  # what the page says is not read
        finally:
            self._asked[host] = time.monotonic()


def due(db: Database) -> bool:
    """Whether a round is due by the setting `link_check_days`; never where it is 0."""
    days = settings.load(db).link_check_days
    if not days:
        return False
    last = scalar(db, "SELECT max(checked_at) FROM faq_link_checks")
    return last is None or last < ago(days=days)


def check_links(
    db: Database,
    *,
    actor: Actor,
    checker: LinkChecker,
    limit: int | None = None,
    progress: Progress = lambda done, total, message: None,
) -> LinkReport:
    """Check the addresses of all active FAQs, those first that were checked longest ago.

    Each result is kept at once: a killed round loses none.

    Args:
        db: the desk's database.
        actor: who asks for it.
        checker: asks.
        limit: FAQs at most.
        progress: told done, total and a message; may raise.
    """
    sql = """
        SELECT faqs.id, faqs.slug, faqs.url FROM faqs
        LEFT JOIN faq_link_checks ON faq_id = faqs.id
        WHERE active = 1 ORDER BY checked_at IS NOT NULL, checked_at, faqs.id LIMIT ?
    """
    rows = list(db.query(sql, [-1 if limit is None else limit]))
    reader = LinkReader(settings.load(db).link_patterns, faqs.aliases(db))
    report, busy = LinkReport(), set[str]()
    for done, row in enumerate(rows, 1):
        host = urlsplit(row["url"]).hostname or ""
        if not row["url"]:
            report.no_address += 1
        elif host in busy:
            report.left_alone += 1
        else:
            found = _read(checker.check(row["url"]), row, reader)
            if found.busy:
                busy.add(host)
                report.left_alone += 1
            else:
                _keep(db, row, found)
                setattr(report, found.state, getattr(report, found.state) + 1)
                if found.state != "there":
                    report.found.append((row["slug"], found))
        progress(done, len(rows), "checking links")
    with write(db):
        detail = {name: getattr(report, name) for name in ("there", "moved", "gone", "unsure")}
        record(db, actor, "links.checked", "desk", detail=detail)
    return report


def _judged(url: str, place: str, status: int, for_good: bool) -> Checked:
    target = place if place != url else ""
    permanent = bool(target) and for_good
    if 200 <= status < 300:
        return Checked("moved" if target else "there", status, target, permanent)
    if status in _GONE:
        return Checked("gone", status, target, permanent)
    return Checked(
        "unsure", status, target, permanent, f"it answers {status}", busy=status in _BUSY
    )


def _read(found: Checked, row: Row, reader: LinkReader) -> Checked:
    """Say what a move means: the same page elsewhere is no move, another FAQ's is one to merge."""
    if found.state != "moved":
        return found
    slug = reader.slug(found.target)
    if slug == row["slug"]:  # with a locale, a slash, or https before it
        return Checked("there", found.status, found.target, found.permanent)
    front = urlsplit(found.target).path.strip("/") == ""
    detail = f"leads to FAQ {slug}" if slug else "leads to the front page" if front else ""
    return Checked("moved", found.status, found.target, found.permanent, detail)


def _keep(db: Database, row: Row, found: Checked) -> None:
    moment = now()
    with write(db):
        before = one(db, "SELECT * FROM faq_link_checks WHERE faq_id = ?", [row["id"]])
        same = before is not None and before["state"] == found.state
        db.table("faq_link_checks").insert(
            {
                "faq_id": row["id"],
                "url": row["url"],
                "state": found.state,
                "status": found.status,
                "target": found.target,
                "permanent": int(found.permanent),
                "detail": found.detail,
                "since": before["since"] if same and before else moment,
                "times": before["times"] + 1 if same and before else 1,
                "checked_at": moment,
            },
            pk="faq_id",
            replace=True,
        )
