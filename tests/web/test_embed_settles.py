"""A reply written in the helpdesk settles what the sidebar showed: from its webhook to the outcome.

The real door takes the webhook in, and the real worker works through it.
"""

import json

import pytest

from support import settings
from support.database import one, scalar
from support.webhook_intake import waiting
from tests.support.test_webhooks import BODIES
from tests.web.conftest import ACTOR, HELP
from tests.web.test_embed import ask, connected
from tests.web.test_webhooks import connected as connect_helpdesk
from tests.web.test_webhooks import knock
from web import door_work

PARENT = "https://helpdesk.example"
ASKED = [{"role": "customer", "text": "인증번호가 안 와요"}]
CODE = f"스팸함을 봐 주세요. {HELP}code-missing"


@pytest.fixture(params=["zendesk", "chatwoot"])
def kind(request):
    return request.param


@pytest.fixture
def at(app, agent, space, db, kind):
    """A helpdesk that is connected, and holds the sidebar of an agent: what happens there."""
    settings.change(db, ACTOR, embed_parents=PARENT, join_hours="0")
    connect_helpdesk(space, db, kind)
    return At(app, space, db, kind, connected(agent, PARENT))


class At:
    def __init__(self, app, space, db, kind, token):
        self.client, self.space, self.db, self.kind = app.test_client(), space, db, kind
        self.token, self.number = token, 0

    def shows(self, messages):
        """The sidebar looks at the conversation; gives the suggestion's id."""
        answer = ask(self.client, self.token, helpdesk=self.kind, origin=PARENT, messages=messages)
        assert answer.status_code == 200
        return answer.json["suggestion_id"]

    def hears(self, text, role="customer"):
        """The helpdesk tells of a message, and the worker works through it."""
        self.number += 1
        body = BODIES[self.kind](self.number, text, role=role)
        assert knock(self.client, self.kind, body).status_code == 202
        for delivery_id in waiting(self.db):
            assert door_work.do(self.space, "webhook", delivery_id) is None

    def outcomes(self, key):
        sql = "SELECT slug, outcome FROM suggestion_faqs WHERE suggestion_id = ? ORDER BY rank"
        return [tuple(row.values()) for row in self.db.query(sql, [key])]


def test_a_reply_settles_what_was_shown_beside_an_inquiry(at, db):
    at.hears("인증번호가 안 와요")
    key = at.shows(ASKED)
    inquiry_id = scalar(db, "SELECT inquiry_id FROM suggestions WHERE id = ?", [key])
    assert one(db, "SELECT status, source FROM inquiries WHERE id = ?", [inquiry_id]) == {
        "status": "open", "source": at.kind,
    }  # fmt: skip
    path = f"/embed/suggestions/{key}/inserted"
    assert ask(at.client, at.token, path, slug="code-missing").status_code == 204
    at.hears(CODE, role="agent")
    assert at.outcomes(key) == [("code-missing", "accepted"), ("no-show", "passed_over")]
    assert scalar(db, "SELECT status FROM inquiries WHERE id = ?", [inquiry_id]) == "answered"
    sql = "SELECT slug, origin FROM labels WHERE inquiry_id = ?"
    assert one(db, sql, [inquiry_id]) == {"slug": "code-missing", "origin": "sent"}
    # Too late to say anything of it.
    assert ask(at.client, at.token, path, slug="no-show").status_code == 409


def test_a_reply_settles_what_was_shown_before_the_inquiry_had_come(at, db):
    key = at.shows(ASKED)
    at.hears("인증번호가 안 와요")
    assert at.shows(ASKED) == key  # one suggestion, though the inquiry came in between
    at.hears(f"환불해 드렸어요. {HELP}refund", role="agent")
    assert at.outcomes(key) == [("code-missing", "passed_over"), ("no-show", "passed_over")]
    assert one(db, "SELECT slug FROM misses WHERE suggestion_id = ?", [key]) == {"slug": "refund"}


def test_a_reply_settles_what_was_shown_for_what_never_was_an_inquiry_here(at, db):
    key = at.shows(ASKED)
    at.hears(CODE, role="agent")
    assert at.outcomes(key) == [("code-missing", "accepted"), ("no-show", "passed_over")]
    assert scalar(db, "SELECT inquiry_id FROM suggestions WHERE id = ?", [key]) is None


def test_what_the_sidebar_shows_after_the_reply_belongs_to_no_later_inquiry(at, db):
    at.hears("인증번호가 안 와요")
    first = at.shows(ASKED)
    at.hears(CODE, role="agent")
    replied = [*ASKED, {"role": "agent", "text": CODE}]
    assert at.shows(replied) == ""
    at.hears("환불은 언제 되나요?")
    second = at.shows([*replied, {"role": "customer", "text": "환불은 언제 되나요?"}])
    at.hears(f"사흘 걸려요. {HELP}refund", role="agent")
    assert at.outcomes(first) == [("code-missing", "accepted"), ("no-show", "passed_over")]
    assert at.outcomes(second) == [("refund", "accepted")]
    assert scalar(db, "SELECT count(*) FROM suggestions") == 2
    assert scalar(db, "SELECT count(*) FROM misses") == 0


def test_a_reply_that_comes_twice_settles_once(at, db):
    at.hears("인증번호가 안 와요")
    key = at.shows(ASKED)
    at.hears(CODE, role="agent")
    before = json.dumps(list(db.query("SELECT * FROM labels")))
    body = BODIES[at.kind](at.number, CODE, role="agent")
    assert knock(at.client, at.kind, body).json == {"state": "known"}
    assert json.dumps(list(db.query("SELECT * FROM labels"))) == before
    assert at.outcomes(key)[0] == ("code-missing", "accepted")
