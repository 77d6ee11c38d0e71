"""What an agent of the benchmark clicks: pages, how often each, and how they are asked for."""

import http.client
import json
import random
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final, Self
from urllib.parse import urlencode

from sqlite_utils import Database

from support.errors import FaqdeskError

WITHIN_MS: Final = 150  # at the 95th percentile; what a page is held to that says nothing else
TIMEOUT: Final = 60.0  # seconds
CONFLICT: Final = 409
_ASKED: Final = 400  # inquiries whose words are searched for
_SENTENCE: Final = "안녕하세요, 문의하신 내용을 확인했습니다. "


Answer = tuple[int, bytes]  # status and body


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
    kept: int = 0  # the revision of the draft that was saved last
    shown: str = ""  # messages of the inquiry that was seen last
    _led_to: str = ""  # where the last answer redirected
    _line: http.client.HTTPConnection | None = field(default=None, repr=False)

    def sign_in(self, login: str, password: str) -> Self:
        """Sign in as a person does, by the form."""
        self._look(self.ask("GET", "/sign-in")[1])
        form = {"csrf_token": self.csrf, "login": login, "password": password}
        status, _ = self.ask("POST", "/sign-in", form)
        if status != 302:
            raise FaqdeskError(f"{login} could not sign in: {status}.")
        self.get("/")  # signed in, forms want another token
        return self

    def click(self, page: "Page") -> Done:
        """Ask for a page."""
        try:
            status, body = page.ask(self)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            return Done(0, f"{type(error).__name__}: {error}")
        if status == CONFLICT:  # a colleague was quicker, which is said and no trouble
            self.reading = 0
        elif status >= 400:
            return Done(len(body), f"status {status}: {body[:200]!r}")
        return Done(len(body))

    def lacks(self, page: "Page") -> bool:
        """Whether the page needs an inquiry, and none is open."""
        return page.needs_inquiry and not self.reading

    def some(self, name: str) -> str:
        """One of the desk's words of a kind."""
        return str(self.draw.choice(getattr(self.words, name)))

    def on_screen(self) -> str:
        """The inquiries of the list that was seen last."""
        return ",".join(map(str, self.waiting))

    def go_on(self, path: str, form: dict[str, str]) -> Answer:
        """Send a form and follow to the inquiry that comes next."""
        status, body = self.ask("POST", path, form)
        if status not in (302, 303):
            return status, body
        found = re.search(r"/inquiries/(\d+)", self.led())
        self.reading, self.typed = int(found[1]) if found else 0, 0
        return self.get(self.led())

    def get(self, path: str, **values: str) -> Answer:
        """Ask for a page, and remember where it leads."""
        query = urlencode({key: value for key, value in values.items() if value})
        status, body = self.ask("GET", path + ("?" + query if query else ""))
        self._look(body)
        return status, body

    def ask(
        self, method: str, path: str, form: dict[str, str] | None = None, *, data: object = None
    ) -> Answer:
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

    def led(self) -> str:
        """Where the last answer redirected."""
        return self._led_to

    def close(self) -> None:
        """Hang up; the next request opens a line of its own."""
        if self._line is not None:
            self._line.close()
            self._line = None

    def _send(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> Answer:
        if self._line is None:
            self._line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT)
        self._line.request(method, path, body, headers)
        answer = self._line.getresponse()
        content = answer.read()
        self._led_to = answer.headers.get("Location", "")
        self._keep_cookie(answer.headers.get_all("Set-Cookie") or ())
        return answer.status, content

    def _keep_cookie(self, given: Sequence[str]) -> None:
        for cookie in given:
            if kept := re.match(r"faqdesk=[^;]+", cookie):
                self.cookie = kept[0]

    def _look(self, body: bytes) -> None:
        token = re.search(rb'data-csrf="([^"]+)"', body)
        if token:
            self.csrf = token[1].decode()
        shown = re.search(rb'name="shown" value="([\d,]*)"', body)
        if shown:
            self.shown = shown[1].decode()


@dataclass(frozen=True, slots=True)
class Page:
    """One thing to click: how often among all clicks, and how it is asked for."""

    name: str
    weight: float
    ask: Callable[[Agent], Answer]
    needs_inquiry: bool = False  # one that the agent has open
    within_ms: int = WITHIN_MS


def _inbox(agent: Agent) -> Answer:
    status, body = agent.get("/")
    agent.waiting = [int(found) for found in re.findall(rb'href="/inquiries/(\d+)"', body)]
    return status, body


def _inquiry(agent: Agent) -> Answer:
    if not agent.waiting:
        _inbox(agent)
    if not agent.waiting:
        raise FaqdeskError("The inbox shows no inquiry. Grow the desk anew: leave out --desk")
    agent.reading, agent.typed = agent.draw.choice(agent.waiting), 0
    return agent.get(f"/inquiries/{agent.reading}")


def _next(agent: Agent) -> Answer:
    return agent.go_on("/next", {})


def _draft(agent: Agent) -> Answer:
    agent.typed += 1
    text = _SENTENCE * agent.typed
    kept, agent.kept = agent.kept, 1 + agent.draw.randrange(2**40)
    data = {"text": text, "revision": agent.kept, "bases": [kept]}
    return agent.ask("POST", f"/inquiries/{agent.reading}/draft", data=data)


def _send(agent: Agent) -> Answer:
    slug = agent.draw.choice(agent.words.slugs)
    form = {"text": f"{_SENTENCE}\nhttps://help.example.com/ko/faq/{slug}"}
    return agent.go_on(f"/inquiries/{agent.reading}/send", form)


def _find_faqs(agent: Agent) -> Answer:
    return agent.get(f"/inquiries/{agent.reading}/faqs", q=agent.some("typed"))


def _news(agent: Agent) -> Answer:
    return agent.get(f"/inquiries/{agent.reading}/news", shown=agent.shown)


def _filtered(agent: Agent) -> Answer:
    """One or two filters, as people set them."""
    filters = {
        "agent": agent.some("agents"),
        "faq": agent.some("slugs"),
        "category": agent.some("categories"),
        "tag": agent.some("tags"),
        "channel": agent.draw.choice(("app", "chat", "email", "web")),
        "suggested": agent.draw.choice(("shown", "none", "accepted", "missed")),
        "since": (date.today() - timedelta(days=agent.draw.randrange(7, 700))).isoformat(),
        "words": agent.some("typed"),
    }
    chosen = agent.draw.sample(sorted(filters), agent.draw.choice((1, 1, 2)))
    return agent.get("/answered", **{name: filters[name] for name in chosen})


def _plain(path: str) -> Callable[[Agent], Answer]:
    return lambda agent: agent.get(path)


NEXT: Final = Page("take next", 8, _next)
PAGES: Final = (
    Page("inbox", 14, _inbox),
    Page("inbox, news", 10, lambda agent: agent.get("/inbox/state", ids=agent.on_screen())),
    Page("inquiry", 18, _inquiry),
    NEXT,
    Page("draft", 14, _draft, needs_inquiry=True),
    Page("inquiry, news", 8, _news, needs_inquiry=True),
    Page("FAQ picker", 6, _find_faqs, needs_inquiry=True),
    Page("send", 3, _send, needs_inquiry=True),
    Page("answered", 4, _plain("/answered")),
    Page("answered, filtered", 8, _filtered),
    Page("search", 6, lambda agent: agent.get("/search", q=agent.some("typed"))),
    Page("FAQs", 3, _plain("/faqs")),
    Page("one FAQ", 3, lambda agent: agent.get("/faqs/" + agent.some("slugs"))),
    Page("gaps", 0.5, _plain("/gaps")),
    Page("to mend", 0.5, _plain("/faqs/to-mend")),
    Page("replies", 0.5, _plain("/replies")),
    Page("week", 2, _plain("/week")),
    Page("models", 0.5, _plain("/models")),
    Page("thresholds", 0.5, _plain("/models/thresholds")),
    Page("people", 0.5, _plain("/people")),
    Page("audit trail", 0.5, _plain("/audit")),
    Page("map", 0.3, _plain("/map")),
    Page("map data", 0.3, _plain("/map/map.bin"), within_ms=2_000),
)
