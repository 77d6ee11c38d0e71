"""What a team, programs and a helpdesk ask of a desk in a busy hour, how often, and of whom.

The hour: each agent answers thirty inquiries, one every two minutes, which is a pace that nobody
keeps all day; two hundred of them so answer 6,000 in an hour. What goes with an answer follows from
the console's scripts: a draft is saved after each pause of 0.6 s (six times while an answer is
written), the page asks for news every 20 s while somebody looks at it, the inbox every 30 s; an FAQ
is looked for in every second inquiry, asked for after each pause of 0.12 s (three times). Pages of
leads are looked at a few times an hour. Beside the team stand a bot that asks for suggestions
before people are needed, a form that hands inquiries in, and a helpdesk that knocks.
"""

import http.client
import itertools
import json
import random
import secrets
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from support.webhook_signatures import signed

from .bench_web_clicks import NEXT, PAGES, TIMEOUT, Agent, Answer, Page, Words

BUSY: Final = (429, 503)  # what a desk answers that is asked too much; with Retry-After
_ALPHABET: Final = "abcdefghijklmnopqrstuvwxyz"
MARK: Final = "bench-"  # before the letters that a sent answer is known by


@dataclass
class Ledger:
    """What was acknowledged, to be looked for in the database at the end.

    A desk that is kept has seen other runs: the marks and numbers of each are its own.
    """

    sends: dict[str, int] = field(default_factory=dict)  # mark of an answer -> inquiry
    tried: set[str] = field(default_factory=set)  # marks of all that were sent
    handed_in: list[str] = field(default_factory=list)  # ids at their source
    knocks: list[str] = field(default_factory=list)  # ids of webhooks
    run: str = field(default_factory=lambda: "".join(secrets.choice(_ALPHABET) for _ in range(8)))
    _numbers: "itertools.count[int]" = field(
        default_factory=lambda: itertools.count(10_000 * (1 + secrets.randbelow(90)))
    )

    def mark(self) -> str:
        """Letters that no other answer has; digits may be masked as somebody's number."""
        number, letters = self.number(), ""
        while number:
            number, rest = divmod(number, 26)
            letters += _ALPHABET[rest]
        return f"{MARK}{self.run}-{letters}."

    def number(self) -> int:
        """One that nothing else has."""
        return next(self._numbers)


@dataclass
class Browser(Agent):
    """One person's browser, which asks for several things at once, over as many lines as it takes.

    What went wrong on a line that had been used before, and before any answer, is asked anew on
    another line, as browsers do: the server may have closed it for being quiet.
    """

    ledger: Ledger = field(default_factory=Ledger)
    bearer: str = ""  # a program's token, instead of a cookie
    again: int = 0  # requests that were asked anew
    unsaid: int = 0  # refusals that did not say when to come again
    _free: "deque[http.client.HTTPConnection]" = field(default_factory=deque, repr=False)
    _own: threading.local = field(default_factory=threading.local, repr=False)

    def led(self) -> str:
        """Where this thread's last answer redirected."""
        return str(getattr(self._own, "led_to", ""))

    def close(self) -> None:
        """Hang up all lines that are not in use."""
        while self._free:
            self._free.pop().close()

    def _send(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> Answer:
        if self.bearer:
            headers = headers | {"Authorization": f"Bearer {self.bearer}", "Cookie": ""}
        while True:
            try:
                line, used = self._free.pop(), True
            except IndexError:
                line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT)
                used = False
            try:
                line.request(method, path, body, headers)
                answer = line.getresponse()
                content = answer.read()
            except (OSError, http.client.HTTPException) as error:
                line.close()
                # Closed while it was quiet: nothing was heard, so it is asked anew.
                if used and isinstance(error, ConnectionError):
                    self.again += 1
                    continue
                raise
            self._heed(answer)
            self._free.append(line)
            return answer.status, content

    def _heed(self, answer: http.client.HTTPResponse) -> None:
        self._own.led_to = answer.headers.get("Location", "")
        self._keep_cookie(answer.headers.get_all("Set-Cookie") or ())
        if answer.status in BUSY and not answer.headers.get("Retry-After", "").isdigit():
            self.unsaid += 1


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of request: how often each agent's share of it is asked in an hour, and how."""

    name: str
    an_hour: float
    ask: Callable[[Browser], Answer]
    needs_inquiry: bool = False
    who: str = "agent"  # agent, program or helpdesk

    def lacks(self, browser: Browser) -> bool:
        """Whether it needs an inquiry, and none is open."""
        return self.needs_inquiry and not browser.reading


def _send(browser: Browser) -> Answer:
    """Send an answer; what is acknowledged is noted, and where it led is what to read next."""
    inquiry, mark = browser.reading, browser.ledger.mark()
    slug = browser.draw.choice(browser.words.slugs)
    text = f"안녕하세요, 확인했습니다. {mark}\nhttps://help.example.com/ko/faq/{slug}"
    browser.reading, browser.typed, browser.kept = 0, 0, 0
    browser.ledger.tried.add(mark)
    status, body = browser.ask("POST", f"/inquiries/{inquiry}/send", {"text": text})
    if status in (302, 303):
        browser.ledger.sends[mark] = inquiry
        found = browser.led().rpartition("/inquiries/")[2]
        browser.reading = int(found) if found.isdigit() else 0
    elif status in BUSY:
        browser.reading = inquiry  # the text is in the browser still
    return status, body


def _claim(browser: Browser) -> Answer:
    return browser.ask("POST", f"/inquiries/{browser.reading}/claim", data={})


def open_inquiry(browser: Browser) -> Answer:
    """Look at the inquiry that the last answer led to."""
    return browser.get(f"/inquiries/{browser.reading}")


def _suggest(browser: Browser) -> Answer:
    return browser.ask("POST", "/api/v1/suggestions", data={"text": browser.some("typed")})


def _search(browser: Browser) -> Answer:
    return browser.get("/api/v1/search", q=browser.some("typed"))


def _hand_in(browser: Browser) -> Answer:
    named = f"load-{browser.ledger.run}-{browser.ledger.number()}"
    data = {"source": "form", "id": named, "text": browser.some("typed")}
    status, body = browser.ask("POST", "/api/v1/inquiries", data=data)
    if status in (200, 201):
        browser.ledger.handed_in.append(named)
    return status, body


def knock(browser: Browser, *, secret: str) -> Answer:
    """A customer writes into a helpdesk, which tells of it."""
    number = browser.ledger.number()
    body = {
        "ticket": {"id": number, "title": "문의", "state": "open", "customer": {"id": number},
                   "article_ids": [number]},
        "article": {"id": number, "ticket_id": number, "type": "web", "sender": "Customer",
                    "body": browser.some("typed"), "content_type": "text/plain",
                    "internal": False, "attachments": [], "created_by": {"firstname": "하나"}},
    }  # fmt: skip
    came = signed("zammad", secret, json.dumps(body).encode())
    headers = dict(came.headers) | {"Content-Type": "application/json"}
    status, answer = browser._send("POST", "/api/v1/webhooks/zammad", came.body.decode(), headers)
    if status == 202:
        browser.ledger.knocks.append(str(number))
    return status, answer


def _page(name: str, an_hour: float) -> Kind:
    page: Page = next(page for page in PAGES if page.name == name)
    return Kind(name, an_hour, page.ask, page.needs_inquiry)


def kinds(secret: str) -> tuple[Kind, ...]:
    """All kinds of requests; the helpdesk signs with `secret`.

    Its webhooks and the form bring as many new inquiries as ten out of thirty that are answered:
    a desk that has some waiting never runs dry in the time of a run.
    """
    return (
        _page("draft", 180),
        _page("inquiry, news", 108),
        _page("FAQ picker", 45),
        Kind("claim", 45, _claim, needs_inquiry=True),
        Kind("send", 30, _send, needs_inquiry=True),
        _page("inbox, news", 24),
        _page("inbox", 15),
        _page("inquiry", 15),
        _page("search", 12),
        Kind(NEXT.name, 6, NEXT.ask),
        _page("answered, filtered", 6),
        _page("one FAQ", 4),
        _page("answered", 3),
        _page("FAQs", 2),
        _page("week", 0.5),
        _page("replies", 0.5),
        _page("gaps", 0.2),
        _page("models", 0.2),
        _page("audit trail", 0.1),
        Kind("API suggest", 18, _suggest, who="program"),
        Kind("API hand in", 6, _hand_in, who="program"),
        Kind("API search", 3, _search, who="program"),
        Kind("webhook", 4, lambda browser: knock(browser, secret=secret), who="helpdesk"),
    )


def arrivals(
    found: tuple[Kind, ...], *, agents: int, seconds: float, times: float = 1.0, seed: int = 0
) -> list[tuple[float, int, Kind]]:
    """When each request should start, drawn before the first is sent: a Poisson process an agent.

    Args:
        found: the kinds; how often each is asked stands with it.
        agents: how many people there are.
        seconds: how long they ask.
        times: how much more often than a busy hour has it.
        seed: of the draw.

    Returns:
        Seconds from the start, whose request it is (from 0), and its kind, in order of time.
    """
    draw = random.Random(seed)
    weights = [kind.an_hour for kind in found]
    a_second = times * sum(weights) / 3600
    made = []
    for agent in range(agents):
        at = draw.expovariate(a_second)
        while at < seconds:
            made.append((at, agent, draw.choices(found, weights)[0]))
            at += draw.expovariate(a_second)
    return sorted(made, key=lambda one: one[:2])


def team(
    port: int, ledger: Ledger, words: Words, *, agents: int, token: str, seed: int = 0
) -> tuple[list[Browser], Browser, Browser]:
    """The agents' browsers, one program and one helpdesk; nobody is signed in yet."""
    people = [
        Browser(port, random.Random(f"{seed} {number}"), words, ledger=ledger)
        for number in range(agents)
    ]
    program = Browser(port, random.Random(seed), words, ledger=ledger, bearer=token)
    helpdesk = Browser(port, random.Random(seed + 1), words, ledger=ledger)
    return people, program, helpdesk
