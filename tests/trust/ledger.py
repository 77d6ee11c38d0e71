"""Agents, moderators and helpdesks at a desk's doors, who note what they were told is done.

What was not acknowledged is done again, as people and helpdesks do; what was, is looked for.
"""

import http.client
import json
import random
import re
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

from sqlite_utils import Database

from support import agents, answering, connections, delivery, routes
from support.clock import ago
from support.connection_access import Access
from support.database import scalar
from support.routes import MailThread
from support.seal import Seal
from support.webhook_signatures import signed
from support.workspace import Workspace
from tests.conftest import ACTOR, import_csv
from tests.helpdesks import Helpdesk, MailServer, helpdesk, mail_server
from tests.listings.moderation.desk import add_listings, report
from tests.support.test_webhooks import BODIES, SECRET

PASSWORD = "a long enough one"
EACH = 6  # answers to a helpdesk, answers by mail, decisions, webhooks
FIRST = 10_000  # conversations that webhooks tell of


@dataclass
class Outside:
    """What helpdesk and mail server got; they outlive the desk."""

    desk: Helpdesk
    box: MailServer


@contextmanager
def outside() -> Iterator[Outside]:
    """A helpdesk and a mail server that listen while the block runs."""
    with helpdesk("chatwoot") as desk, mail_server() as box:
        yield Outside(desk, box)


def lay(folder: Path, there: Outside) -> Workspace:
    """A desk with inquiries from both, and reported listings."""
    space = Workspace(folder / "desk").create()
    rows = "".join(f"{n},문의 {n},{ago(minutes=n + 1)}\n" for n in range(2 * EACH))
    import_csv(space, folder / "open.csv", "id,question,created_at\n" + rows)
    seal = space.seal()
    with closing(space.database()) as db:
        access = Access(
            address=there.desk.address, secret=SECRET, account="3", token="t", private=True
        )
        chat, _ = connections.connect(
            db, seal, ACTOR, name="chatwoot", kind="chatwoot", access=access
        )  # fmt: skip
        access = Access(
            address=there.box.address, sender="help@example.com", tls="none", private=True
        )
        post, _ = connections.connect(db, seal, ACTOR, name="mail", kind="smtp", access=access)
        for number, row in enumerate(list(db.query("SELECT id FROM inquiries ORDER BY id"))):
            mail = MailThread(f"c{number}@customer.example", "환불", f"<{number}@customer.example>")
            routes.note(
                db, seal, row["id"], connection_id=(chat if number % 2 else post).id,
                conversation=str(number), mail=None if number % 2 else mail,
            )  # fmt: skip
        db.conn.commit()
        for listing_id in add_listings(db, seal, EACH):
            report(db, seal, listing_id, "ann")
        for login, role in (("mina", "agent"), ("mo", "moderator")):
            agents.add(db, ACTOR, login=login, name=login, role=role, password=PASSWORD)
        db.conn.commit()
    return space


@dataclass
class Person:
    """Somebody at the console, with a browser's cookies."""

    login: str
    cookies: dict[str, str] = field(default_factory=dict)

    def post(self, port: int, path: str, **values: str) -> tuple[int, str]:
        """Send a form, signing in where the console wants that first."""
        status, said = self._call(port, "GET", "/csrf")
        if status == 302:
            page = self._call(port, "GET", "/sign-in")[1]
            token = re.findall(r'name="csrf_token" value="([^"]+)"', page)[0]
            form = {"csrf_token": token, "login": self.login, "password": PASSWORD}
            self._call(port, "POST", "/sign-in", form)
            status, said = self._call(port, "GET", "/csrf")
        return self._call(port, "POST", path, {"csrf_token": json.loads(said)["token"], **values})

    def _call(
        self, port: int, method: str, path: str, form: dict[str, str] | None = None
    ) -> tuple[int, str]:
        headers = {
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            "Content-Type": "application/x-www-form-urlencoded",
        }
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
            connection.request(method, path, urlencode(form or {}), headers)
            answer = connection.getresponse()
            said = answer.read().decode()
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie" and (found := re.match(r"([^=]+)=([^;]*)", value)):
                self.cookies[found[1]] = found[2]
        return answer.status, said


class Ledger:
    """What is to be done at the doors, and what of it was acknowledged."""

    def __init__(self, db: Database, draw: random.Random) -> None:
        """Draw the order of everything that waits on a desk."""
        inquiries = [row["id"] for row in db.query("SELECT id FROM inquiries WHERE status='open'")]
        cases = [row["id"] for row in db.query("SELECT id FROM moderation_cases")]
        self.left = [
            *(("answer", number) for number in inquiries),
            *(("decide", number) for number in cases),
            *(("webhook", FIRST + number) for number in range(EACH)),
        ]
        draw.shuffle(self.left)
        self.all = list(self.left)
        self.done: list[tuple[str, int]] = []
        self._mina, self._mo = Person("mina"), Person("mo")

    def work(self, port: int) -> None:
        """Do what is left, once; what fails or is not heard of stays left."""
        for act in list(self.left):
            try:
                status, said = self._do(port, *act)
            except (OSError, http.client.HTTPException, ValueError, IndexError):
                time.sleep(0.02)  # nobody is there, or it died over it
                continue
            # 409: a decision that was taken and not heard of.
            assert status in (200, 202, 302, 409, 503), (act, status, said[:2000])
            if status != 503:
                self.left.remove(act)
                self.done.append(act)

    def _do(self, port: int, what: str, number: int) -> tuple[int, str]:
        if what == "answer":
            return self._mina.post(port, f"/inquiries/{number}/send", text=words(number))
        if what == "decide":
            values = {"label": "counterfeit", "reason": "a copy", "action": "hide"}
            return self._mo.post(port, f"/moderation/{number}/decide", **values)
        body = BODIES["chatwoot"](number, words(number), ticket=str(number))
        came = signed("chatwoot", SECRET, json.dumps(body, ensure_ascii=False).encode())
        path = f"/api/v1/webhooks/chatwoot?{urlencode(came.query)}"
        headers = {"Content-Type": "application/json", **came.headers}
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
            connection.request("POST", path, came.body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()

    def assert_kept(self, db: Database, seal: Seal) -> None:
        """Everything acknowledged is on the desk."""
        for what, number in self.done:
            there = _there(db, seal, what, number)
            assert there == 1, f"{what} {number} was acknowledged, and is there {there} times"

    def look(self, db: Database) -> None:
        """Who was not told whether their mail went out looks before they send it again."""
        by_mail = {row["inquiry_id"] for row in db.query(_BY_MAIL)}
        for row in db.query("SELECT inquiry_id FROM outbox WHERE maybe_out = 1"):
            act = ("answer", row["inquiry_id"])
            if act in self.left and act[1] in by_mail:
                self.left.remove(act)
                self.done.append(act)

    def settled(self, db: Database) -> bool:
        """Whether nothing is on its way any more."""
        waiting = "SELECT count(*) FROM outbox WHERE state = 'queued'"
        unworked = "SELECT count(*) FROM webhook_deliveries WHERE state = 'queued'"
        return not (self.left or scalar(db, waiting) or scalar(db, unworked))

    def assert_once(self, db: Database, space: Workspace, there: Outside) -> None:
        """Everything was done, nothing twice; what may be out twice was left to a person."""
        assert not self.left
        for what, number in self.all:
            times = _there(db, space.seal(), what, number)
            assert times == 1, f"{what} {number} is there {times} times"
        texts = there.desk.texts()
        mails = [mail.get_content() for mail in there.box.mails]
        by_mail = {row["inquiry_id"] for row in db.query(_BY_MAIL)}
        mina = scalar(db, "SELECT id FROM agents WHERE login = 'mina'")
        for what, number in self.all:
            if what != "answer":
                continue
            stands = delivery.standing(db, number)
            assert stands is not None
            mailed = sum(words(number) in mail for mail in mails)
            if number not in by_mail:
                assert (stands.state, texts.count(words(number))) == ("delivered", 1)
            elif stands.state == "delivered":
                assert mailed == 1
            else:  # nobody can ask a mail server: a person looks, and has the text
                assert stands.state == "failed"
                assert delivery.UNSURE in stands.error
                assert mailed <= 1
                assert answering.draft(db, space.seal(), number, mina).text == words(number)


def words(number: int) -> str:
    """What is said in an answer or a webhook; no other says the same."""
    return f"확인해 보니 사흘 걸립니다 ({number})."


_BY_MAIL = "SELECT inquiry_id FROM inquiry_routes WHERE sealed IS NOT NULL"


def _there(db: Database, seal: Seal, what: str, number: int) -> int:
    """How often an act is on the desk."""
    if what == "answer":
        sql = (
            "SELECT count(*) FROM outbox JOIN messages m ON m.id = message_id "
            "WHERE outbox.inquiry_id = ? AND m.text = ?"
        )
        return int(scalar(db, sql, [number, words(number)]))
    if what == "decide":
        sql = "SELECT count(*) FROM moderation_decisions WHERE case_id = ? AND undone_at IS NULL"
        return int(scalar(db, sql, [number]))
    # A webhook that was acknowledged waits to be worked, or was. Sent again it may wait twice, for
    # it was signed at another moment; it is worked once.
    waiting = db.query("SELECT sealed FROM webhook_deliveries WHERE state = 'queued'")
    waits = sum(words(number) in seal.open_up(row["sealed"]) for row in waiting)
    worked = scalar(db, "SELECT count(*) FROM messages WHERE text = ?", [words(number)])
    return int(worked) or min(1, waits)
