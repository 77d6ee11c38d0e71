"""The jobs about the desk's knowledge: each to its end, and stopped where somebody cancels it."""

import json

import pytest

from support import faq_edit, saved_replies
from support.errors import JobCancelledError, ModelMissingError
from support.workspace import Workspace
from tests import knowledge_desk
from tests.conftest import ACTOR
from web.knowledge_work import KNOWLEDGE_WORKS


@pytest.fixture
def space(tmp_path):
    """A desk of its own, not the console tests' marketplace."""
    return Workspace(tmp_path / "desk").create()


@pytest.fixture
def desk(space, tmp_path):
    knowledge_desk.make(space, tmp_path)
    db = space.database()
    faq_edit.edit(db, ACTOR, "refund", url="http://127.0.0.1:1/faq/refund")
    saved_replies.create(db, ACTOR, title="인증번호", body=knowledge_desk.ANSWERS["code"])
    yield db
    db.close()


RESULTS = {
    "gaps": ("inquiries", 14),
    "map": ("points", 20),
    "pairs": ("inquiries", 6),
    "links": ("unsure", 1),
    "replies": ("uses", 5),
}


@pytest.mark.parametrize("kind", sorted(KNOWLEDGE_WORKS))
def test_a_job_runs_to_its_end_and_tells_what_came_of_it(space, desk, kind):
    knowledge_desk.use_shipped_encoder(space)
    told = []
    found = KNOWLEDGE_WORKS[kind](
        space, desk, ACTOR, {}, lambda done, total, message: told.append(message)
    )
    name, value = RESULTS[kind]
    assert found[name] == value
    assert json.loads(json.dumps(found)) == found  # it is kept as JSON
    assert told


@pytest.mark.parametrize("kind", sorted(KNOWLEDGE_WORKS))
def test_a_cancelled_job_stops(space, desk, kind):
    knowledge_desk.use_shipped_encoder(space)

    def cancelled(done, total, message):
        raise JobCancelledError("enough")

    with pytest.raises(JobCancelledError):
        KNOWLEDGE_WORKS[kind](space, desk, ACTOR, {}, cancelled)


@pytest.mark.parametrize("kind", sorted(set(KNOWLEDGE_WORKS) - {"links"}))
def test_without_an_encoder_the_cure_is_named(space, desk, kind):
    with pytest.raises(ModelMissingError, match="faqdesk train"):
        KNOWLEDGE_WORKS[kind](space, desk, ACTOR, {}, lambda *told: None)
