"""An answer sent in one process is a neighbour's label in every other at its next suggestion."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from support import agents, answering, faqs, worklist
from support.audit import Actor
from support.recommender import Recommender
from tests.conftest import ACTOR

ASKED = "보라색 줄무늬 앵무새 모양 열쇠고리 쿠폰함이 회색이에요"  # like nothing in the history
OTHER = """
import json, sys
from pathlib import Path
from support.recommender import Recommender
from support.workspace import Workspace

space = Workspace(Path(sys.argv[1]))
recommender, db = Recommender(space), space.database()
for line in sys.stdin:  # asks once a line; what is loaded stays loaded
    text = line.strip()
    found = recommender.suggest(db, text)
    similar = recommender.models().similar
    near = similar.look_back(db, text, neighbours_k=5).neighbours
    said = {
        "similar": [past.inquiry_id for past in found.similar],
        "labels": near[0][0], "score": near[0][1], "release": found.release,
    }
    print(json.dumps(said), flush=True)
"""


@pytest.fixture
def ask(trained):
    """Ask in a process of its own that runs since before the answer was sent."""
    process = subprocess.Popen(
        [sys.executable, "-c", OTHER, str(trained.home)],
        cwd=Path(__file__).parents[2], text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip

    def one(text):
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(text + "\n")
        process.stdin.flush()
        return json.loads(process.stdout.readline())

    with process:
        yield one
        process.kill()


def test_an_answer_sent_here_is_a_neighbour_there_at_once(trained, ask):
    db = trained.database()
    waiting = worklist.waiting(db, 0, scope="all")[0]
    db.execute("UPDATE inquiries SET text = ? WHERE id = ?", [ASKED, waiting.id])
    faq = faqs.listed(db)[-1]
    before = ask(ASKED)
    assert waiting.id not in before["similar"]
    assert before["score"] < 0.9
    mina = agents.add(db, ACTOR, login="mina", name="미나", role="agent", password="long enough 1")
    sent = answering.send(
        db, trained.seal(), inquiry_id=waiting.id, agent_id=mina.id, text=f"안내예요 {faq.url}",
        actor=Actor(mina.actor_name),
    )  # fmt: skip
    assert sent.slugs == (faq.slug,)
    similar = Recommender(trained).models().similar
    similar.remember(db, [waiting.id])
    after = ask(ASKED)
    assert after["similar"][0] == waiting.id
    assert after["labels"] == [faq.slug]
    assert after["score"] > 0.99
    assert after["release"] == before["release"]  # nothing was trained
    db.close()
