"""What an agent of the benchmark clicks: pages, how often each, and how they are asked for."""

import http.client
import json
import random
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, Self
from urllib.parse import urlencode

from sqlite_utils import Database

from support.errors import FaqdeskError

WITHIN_MS: Final = 150  # at the 95th percentile; what a page is held to that says nothing else
TIMEOUT: Final = 60.0  # seconds
_ASKED: Final = 400  # inquiries whose words are searched for


@dataclass(frozen=True, slots=True)
class Words:
    """What a desk can be asked for."""

    typed: tuple[str, ...]  # two words of an inquiry, as people type them
    slugs: tuple[str, ...]
    agents: tuple[str, ...]
    categories: tuple[str, ...]
    tags: tuple[str, ...]

    @classmethod
    def of(cls, db: Database) -> Self:
        """Read some from a desk."""
        texts = db.conn.execute("SELECT text FROM inquiries ORDER BY id LIMIT ?", [_ASKED])
        pairs = [text.split()[:2] for (text,) in texts]

        def column(sql: str) -> tuple[str, ...]:
            return tuple(row[0] for row in db.conn.execute(sql))

        return cls(
            typed=tuple(" ".join(pair) for pair in pairs if len(pair) == 2),
            slugs=column("SELECT slug FROM faqs WHERE active ORDER BY slug"),
            agents=column("SELECT 'agent:' || id FROM agents ORDER BY id"),
            categories=column("SELECT DISTINCT category FROM faqs WHERE category <> ''"),
            tags=column("SELECT DISTINCT tag FROM inquiry_tags ORDER BY tag"),
        )


@dataclass(frozen=True, slots=True)
class Done:
    """What came back."""

    size: int  # bytes
    error: str = ""


@dataclass
class Agent:
    """One person's browser: a connection, a cookie, and what was seen last."""

    port: int
    draw: random.Random
    words: Words
    cookie: str = ""
    csrf: str = ""
    waiting: Sequence[int] = ()  # inquiries on the inbox's page
    reading: int = 0  # the one that is open
    typed: int = 0  # drafts saved of it
    _line: http.client.HTTPConnection | None = field(default=None, repr=False)

    def sign_in(self, login: str, password: str) -> Self:
        """Sign in as a person does, by the form."""
        self._look(self.ask("GET", "/sign-in")[1])
        form = {"csrf_token": self.csrf, "login": login, "password": password}
        status, _ = self.ask("POST", "/sign-in", form)
        if status != 302:
            raise FaqdeskError(f"{login} could not sign in: {status}.")
        return self

    def click(self, page: "Page") -> Done:
        """Ask for a page."""
        try:
            status, body = page.ask(self)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            return Done(0, f"{type(error).__name__}: {error}")
        return Done(len(body), "" if status < 400 else f"status {status}: {body[:200]!r}")

    def get(self, path: str, **values: str) -> tuple[int, bytes]:
        """Ask for a page, and remember where it leads."""
        query = urlencode({key: value for key, value in values.items() if value})
        status, body = self.ask("GET", path + ("?" + query if query else ""))
        self._look(body)
        return status, body

    def ask(
        self, method: str, path: str, form: dict[str, str] | None = None, *, data: object = None
    ) -> tuple[int, bytes]:
        """Send a request, with a form's or JSON's body; a line that was closed is opened again."""
        headers = {"Cookie": self.cookie, "X-CSRFToken": self.csrf, "Accept": "text/html"}
        body = None
        if form is not None:
            body = urlencode(form)
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        if data is not None:
            body = json.dumps(data)
            headers |= {"Content-Type": "application/json", "Accept": "application/json"}
        with suppress(http.client.HTTPException, ConnectionError):
            return self._send(method, path, body, headers)
        self.close()  # the server closes a line that was quiet for some seconds
        return self._send(method, path, body, headers)

    def close(self) -> None:
        """Hang up; the next request opens a line of its own."""
        if self._line is not None:
            self._line.close()
            self._line = None

    def _send(
        self, method: str, path: str, body: str | None, headers: dict[str, str]
    ) -> tuple[int, bytes]:
        if self._line is None:
            self._line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT)
        self._line.request(method, path, body, headers)
        answer = self._line.getresponse()
        content = answer.read()
        kept = re.search(r"faqdesk=[^;]+", answer.headers.get("Set-Cookie", ""))
        if kept:
            self.cookie = kept[0]
        return answer.status, content

    def _look(self, body: bytes) -> None:
        token = re.search(rb'data-csrf="([^"]+)"', body)
        if token:
            self.csrf = token[1].decode()


@dataclass(frozen=True, slots=True)
class Page:
    """One thing to click: how often among all clicks, and how it is asked for."""

    name: str
    weight: float
    ask: Callable[[Agent], tuple[int, bytes]]
    within_ms: int | None = None


def _inbox(agent: Agent) -> tuple[int, bytes]:
    status, body = agent.get("/")
    agent.waiting = [int(found) for found in re.findall(rb'href="/inquiries/(\d+)"', body)]
    return status, body


def _inquiry(agent: Agent) -> tuple[int, bytes]:
    if not agent.waiting:
        _inbox(agent)
    if not agent.waiting:
        raise FaqdeskError("The inbox shows no inquiry. Grow the desk anew: leave out --desk")
    agent.reading, agent.typed = agent.draw.choice(agent.waiting), 0
    return agent.get(f"/inquiries/{agent.reading}")


def _draft(agent: Agent) -> tuple[int, bytes]:
    if not agent.reading:
        _inquiry(agent)
    agent.typed += 1
    text = "안녕하세요, 문의하신 내용을 확인했습니다. " * agent.typed
    revision = agent.draw.randrange(1, 2**40)
    data = {"text": text, "revision": revision}
    return agent.ask("POST", f"/inquiries/{agent.reading}/draft", data=data)


def _find_faqs(agent: Agent) -> tuple[int, bytes]:
    if not agent.reading:
        _inquiry(agent)
    return agent.get(f"/inquiries/{agent.reading}/faqs", q=agent.draw.choice(agent.words.typed))


def _answered(agent: Agent) -> tuple[int, bytes]:
    return agent.get("/", status="answered")


def _search(agent: Agent) -> tuple[int, bytes]:
    return agent.get("/search", q=agent.draw.choice(agent.words.typed))


PAGES: Final = (
    Page("inbox", 20, _inbox),
    Page("inquiry", 30, _inquiry),
    Page("draft", 15, _draft),
    Page("faq picker", 8, _find_faqs),
    Page("answered", 8, _answered),
    Page("search", 8, _search),
)
