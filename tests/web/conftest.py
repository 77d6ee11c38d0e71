"""A small marketplace's desk: hand-written history, a recommender that can be checked by eye.

The folder is made once and copied for each test, so that every test has a fresh one.
"""

import csv
import hashlib
import secrets
import shutil
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import FileSystemBytecodeCache
from sqlite_utils import Database

from support import agents, faqs, settings
from support.audit import Actor
from support.calibration import Promise
from support.clock import ago, now
from support.database import scalar, write
from support.encoder import SentenceEncoder
from support.faqs import Faq
from support.importing.load import run_import
from support.importing.mapping import LinkRules, Mapping
from support.inquiries import PastAnswer
from support.linear import Contribution
from support.models import Models
from support.recommender import Recommender, SuggestedFaq, Suggestion
from support.similar import SimilarInquiries
from support.text import normalize
from support.workspace import Workspace
from tests import soaking
from web.app import create_app

collect_ignore = [] if soaking.SHARE else ["test_vectors_served.py"]

ACTOR = Actor("cli:test")
PASSWORD = "correct horse"
HELP = "https://help.example.com/ko/faq/"

FAQS = [
    Faq(slug="code-missing", title="인증번호가 오지 않아요", title_en="The code does not arrive",
        url=HELP + "code-missing", category="가입·인증"),
    Faq(slug="refund", title="환불을 받고 싶어요", title_en="I want a refund",
        url=HELP + "refund", category="환불"),
    Faq(slug="no-show", title="상대가 나오지 않았어요", title_en="They did not show up",
        url=HELP + "no-show", category="직거래"),
]  # fmt: skip

COLUMNS = ["id", "created_at", "answered_at", "channel", "language", "agent", "question", "answer"]

# id, minutes ago, channel, language, agent, question, answer
ANSWERED = [
    ("a1", 9000, "app", "ko", "김민지", "인증번호가 안 와요",
     f"스팸함을 봐 주세요.\n{HELP}code-missing"),
    ("a2", 8000, "app", "ko", "최하나", "문자 인증번호가 계속 안 오는데요",
     f"통신사 스팸 차단을 꺼 주세요. 안 되면 070-1234-5678로 전화 주세요.\n{HELP}code-missing"),
    ("a3", 7000, "email", "ko", "김민지", "환불받고싶어요",
     f"구매 확정 전이면 됩니다.\n{HELP}refund"),
    ("a4", 6000, "web", "ko", "최하나", "직거래 약속에 상대가 안 나왔어요",
     f"신고해 주세요.\n{HELP}no-show"),
    ("a5", 5000, "web", "en", "Daniel", "Where is my refund?",
     f"It takes three days.\n{HELP}refund"),
]  # fmt: skip
WAITING = [
    ("o1", 300, "app", "ko", "", "인증번호가 아예 안 와요\n번호는 010-2345-6789 입니다", ""),
    ("o2", 200, "email", "ko", "", "환불은 언제 되나요?", ""),
    ("o3", 100, "web", "en", "", "Hi, the verification code never arrives", ""),
    ("o4", 50, "web", "ko", "", "오늘 날씨가 좋네요", ""),
]
# What the stub suggests for a text that holds one of these.
KNOWN = {"인증번호": ("code-missing", "no-show"), "code": ("code-missing",), "환불": ("refund",)}


class BigramEngine:
    """Counts pairs of letters: a likeness that anybody can work out."""

    dim = 256

    def __call__(self, texts: Sequence[str]) -> np.ndarray:
        found = np.zeros((len(texts), self.dim), np.float32)
        for row, text in enumerate(texts):
            joined = "".join(text.lower().split())
            for place in range(len(joined) - 1):
                found[row, zlib.crc32(joined[place : place + 2].encode()) % self.dim] += 1
        return found


class StubRecommender(Recommender):
    """Suggests by a table; its past answers come from a real index."""

    def __init__(self, workspace: Workspace, similar: SimilarInquiries) -> None:
        super().__init__(workspace)
        self.similar: SimilarInquiries | None = similar
        self.silence = ""  # a reason: says nothing at all

    def models(self) -> Models:
        return Models(similar=self.similar)

    def suggest(
        self,
        db: Database,
        text: str,
        *,
        top_k: int = 3,
        inquiry_id: int | None = None,
        similar_k: int | None = None,
        models: Models | None = None,
    ) -> Suggestion:
        similar: tuple[PastAnswer, ...] = ()
        if self.similar is not None:  # a test may take it away
            found = self.similar.similar(
                db, normalize(text), top_k=similar_k or 3, without=inquiry_id
            )
            similar = tuple(found)
        slugs = next((KNOWN[word] for word in KNOWN if word in text.lower()), ())
        if self.silence or not slugs:
            reason = self.silence or "out_of_scope"
            return Suggestion("silent", reason, 0.7, (), similar, "r1")
        known = faqs.named(db, slugs)
        suggested = tuple(
            SuggestedFaq(
                faq=known[slug],
                probability=0.9 / place,
                promise=Promise(53 // place, 66, 0.68, 0.89),
                words=(Contribution("인증번호", 1.5), Contribution("날씨", -0.5)),
                neighbours=0.5,
                used_by=tuple(past for past in similar if slug in past.slugs),
            )
            for place, slug in enumerate(slugs, 1)
        )
        return Suggestion("likely", "", 0.7, suggested, similar, "r1")


@pytest.fixture(scope="session")
def model_desk(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The desk that each test gets a copy of."""
    folder = tmp_path_factory.mktemp("model")
    space = Workspace(folder / "desk").create()
    db = space.database()
    faqs.save(db, FAQS)
    settings.change(db, ACTOR, desk_name="도란장터", holdout=0.0)
    import_rows(space, db, [*ANSWERED, *WAITING], folder)
    for login, role in (
        ("mina", "agent"),
        ("yuna", "agent"),
        ("sujin", "lead"),
        ("mo", "moderator"),
    ):
        agents.add(db, ACTOR, login=login, name=login.title(), role=role, password=PASSWORD)
    _similar().remember(db, [row["id"] for row in db.query(
        "SELECT id FROM inquiries WHERE status = 'answered'")])  # fmt: skip
    db.close()
    return space


@pytest.fixture(scope="session", autouse=True)
def _compiled_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Compile a template once a run, not once for each application that a test makes."""
    cache = FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Flask, "jinja_options", {"bytecode_cache": cache})
        yield


@pytest.fixture
def space(model_desk: Workspace, tmp_path: Path) -> Workspace:
    shutil.copytree(model_desk.home, tmp_path / "desk")
    shutil.copy(model_desk.key_path, tmp_path / "desk.key")
    return Workspace(tmp_path / "desk")


@pytest.fixture
def db(space: Workspace) -> Iterator[Database]:
    database = space.database()
    yield database
    database.close()


@pytest.fixture
def recommender(space: Workspace) -> StubRecommender:
    return StubRecommender(space, _similar())


@pytest.fixture
def app(space: Workspace, recommender: StubRecommender) -> Flask:
    return stubbed_app(space, recommender, WTF_CSRF_ENABLED=False)


@pytest.fixture
def guarded_app(space: Workspace, recommender: StubRecommender) -> Flask:
    """As `app`, but with its guard against forged forms, as in life."""
    return stubbed_app(space, recommender)


@pytest.fixture
def agent(app: Flask) -> FlaskClient:
    return signed_in(app, "mina")


@pytest.fixture
def lead(app: Flask) -> FlaskClient:
    return signed_in(app, "sujin")


@pytest.fixture
def ask(guarded_app: Flask, db: Database) -> Any:
    """Calls the API with a token of every scope."""
    from tests.web.api_asker import Asker

    return Asker(guarded_app, db)


@pytest.fixture
def ids(db: Database) -> dict[str, int]:
    """Inquiries by their id in the import."""
    return {row["source_id"]: row["id"] for row in db.query("SELECT id, source_id FROM inquiries")}


@pytest.fixture
def sign_in(app: Flask) -> Any:
    return lambda login: signed_in(app, login)


@pytest.fixture
def add_rows(space: Workspace, db: Database, tmp_path: Path) -> Any:
    """Import more rows, written as ANSWERED and WAITING are."""
    return lambda rows: import_rows(space, db, rows, tmp_path)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    from tests.web import browser

    with browser.chromium() as found:
        yield found


@pytest.fixture
def browser(chromium: Any) -> Iterator[Any]:
    with chromium.watched():
        yield chromium.ready()


@pytest.fixture
def address(guarded_app: Flask) -> Iterator[str]:
    """The console over HTTP."""
    from tests.web.browser import served

    with served(guarded_app) as found:
        yield found


@pytest.fixture
def context(browser: Any) -> Iterator[Any]:
    """A browser's window with its own cookies; fails the test where a page breaks its policy."""
    wrong: list[str] = []
    context = browser.new_context(locale="ko-KR", viewport={"width": 1280, "height": 800})
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    context.set_default_timeout(20_000)
    context.on("weberror", lambda error: wrong.append(str(error.error)))
    context.on("console", lambda line: "Policy" in line.text and wrong.append(line.text))
    context.on("dialog", lambda dialog: wrong.append(dialog.message) or dialog.dismiss())
    yield context
    context.close()
    assert wrong == []


@pytest.fixture
def page(context: Any, address: str) -> Any:
    """A signed-in page."""
    from tests.web.browser import sign_in

    page = context.new_page()
    sign_in(page, address)
    return page


def signed_in(app: Flask, login: str) -> FlaskClient:
    """A client with a session of its own; made without the form, whose hashing takes its time."""
    token = secrets.token_urlsafe()
    db = app.extensions["faqdesk"].workspace.database()
    row = {
        "token_hash": hashlib.sha256(token.encode()).hexdigest(),
        "agent_id": scalar(db, "SELECT id FROM agents WHERE login = ?", [login]),
        "created_at": now(),
        "last_seen_at": now(),
        "expires_at": "2999-01-01T00:00:00Z",
        "address": "127.0.0.1",
        "user_agent": "test",
    }
    with write(db):
        db["sessions"].insert(row)
    db.close()
    client = app.test_client()
    with client.session_transaction() as session:
        session["_user_id"] = token
    return client


def stubbed_app(space: Workspace, recommender: Recommender, **config: Any) -> Flask:
    app = create_app(space, **config)
    desk = app.extensions["faqdesk"]
    app.extensions["faqdesk"] = replace(desk, recommender=recommender)
    return app


def import_rows(
    space: Workspace, db: Database, rows: Sequence[tuple[Any, ...]], folder: Path
) -> None:
    path = folder / "rows.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for name, minutes, channel, language, agent, question, answer in rows:
            at = ago(minutes=minutes)
            done = at if answer else ""
            writer.writerow([name, at, done, channel, language, agent, question, answer])
    mapping = Mapping(source="test", links=LinkRules(hosts=("help.example.com",)))
    run_import(db, space.seal(), [path], mapping, actor=ACTOR)


def _similar() -> SimilarInquiries:
    return SimilarInquiries(SentenceEncoder(BigramEngine(), "bigrams"))


@pytest.fixture
def serve_index():
    """Starts index servers over an empty index of vectors of four numbers, named `text`."""
    from support.faiss_index import FaissIndex
    from web.index_server import IndexServer, named

    running = []

    def start(**options):
        server = IndexServer({"text": named(FaissIndex(4), 4)}, **options)
        server.start()
        running.append(server)
        return server

    yield start
    for server in running:
        server.stop()
