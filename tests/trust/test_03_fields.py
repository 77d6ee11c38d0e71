"""Check 3, fields: what nobody reads, what only some read, and what no form writes by a field more.

Each column that is a secret, or is somebody's alone, holds a word of its own here; every page and
every answer of the API is searched for those words, for everybody who can ask.
"""

import hashlib
import json
import shutil

import pytest

from support import agents, second_factor, settings
from support.agents import ROLES
from support.audit import Actor
from support.clock import now
from support.database import one, scalar, write
from support.workspace import Workspace
from tests import soaking
from tests.conftest import ACTOR
from tests.trust.access_table import PAGES, PATCH, POST, ROUTES, Scopes
from tests.web.api_asker import Asker
from tests.web.conftest import StubRecommender, _similar, signed_in, stubbed_app
from tests.web.console_pages import addresses
from tests.web.furnished import furnish
from web import tokens

NOBODY: frozenset[str] = frozenset()
ADMIN = frozenset({"admin"})
ANSWERING = frozenset({"agent", "lead", "admin"})

# Each word, where it is kept, and who may read it (programs: none of them).
WORDS = {
    "canary0token": ("api_tokens.token_hash", NOBODY),
    "canary0session": ("sessions.token_hash, of a colleague", NOBODY),
    "canary0address": ("sessions.address, of a colleague", ADMIN),
    "canary0browser": ("sessions.user_agent, of a colleague", ADMIN),
    "canary0attempt": ("sign_in_attempts.address", NOBODY),
    "canary0invite": ("invitations.token_hash", NOBODY),
    "canary0customer": ("inquiries.customer, a keyed hash: whose data an act was about", ADMIN),
    "canary0draft": ("drafts.sealed, of a colleague", NOBODY),
    "canary0original": ("originals.sealed, of an open inquiry", ANSWERING),
    "canary0factor": ("the shared secret of a colleague's second factor", NOBODY),
    "canary0access": ("connection_secrets.sealed", NOBODY),
    "canary0audit": ("audit.address", ADMIN),
    "canary0deskkey": ("the key beside the workspace", NOBODY),
}


@pytest.fixture(scope="module")
def desk(tmp_path_factory, model_desk):
    folder = tmp_path_factory.mktemp("fields")
    shutil.copytree(model_desk.home, folder / "desk")
    shutil.copy(model_desk.key_path, folder / "desk.key")
    space = Workspace(folder / "desk")
    db = space.database()
    furnish(space, db)
    for role in ROLES:
        agents.add(db, ACTOR, login=f"{role}9", name=f"{role}9", role=role)
    colleague = agents.add(db, ACTOR, login="colleague", name="Colleague", role="agent")
    _plant(space, db, colleague.id)
    app = stubbed_app(space, StubRecommender(space, _similar()), WTF_CSRF_ENABLED=False)
    yield app, db
    db.close()


def _plant(space, db, colleague):
    seal = space.seal()
    inquiry = scalar(db, "SELECT id FROM inquiries WHERE status = 'open' AND joined_to IS NULL")
    message = scalar(db, "SELECT message_id FROM originals WHERE message_id IN "
                         "(SELECT id FROM messages WHERE inquiry_id = ?)", [inquiry])  # fmt: skip
    with write(db):
        db.execute("UPDATE inquiries SET customer = 'canary0customer'")
        db.execute("UPDATE originals SET sealed = ? WHERE message_id = ?",
                   [seal.close_up("canary0original"), message])  # fmt: skip
        db.table("sessions").insert(
            {"token_hash": "canary0session0", "agent_id": colleague, "created_at": now(),
             "last_seen_at": now(), "expires_at": "2999-01-01T00:00:00Z",
             "address": "canary0address", "user_agent": "canary0browser"},
        )  # fmt: skip
        db.table("sign_in_attempts").insert(
            {"login": "canary0attempt", "address": "canary0attempt", "at": now()}
        )
        db.table("drafts").insert(
            {"inquiry_id": inquiry, "agent_id": colleague, "revision": 1, "updated_at": now(),
             "sealed": seal.close_up("canary0draft")},
        )  # fmt: skip
        db.table("invitations").insert(
            {"token_hash": "canary0invite", "login": "jun", "name": "Jun", "role": "agent",
             "created_by": "agent:1", "created_at": now(), "expires_at": "2999-01-01T00:00:00Z"},
        )  # fmt: skip
        tokens.create(db, ACTOR, name="t", scopes=("admin",))
        db.execute("UPDATE api_tokens SET token_hash = 'canary0token' || id")
        row = one(db, "SELECT id, sealed FROM connections")
        access = json.loads(seal.open_up(row["sealed"])) | {"token": "canary0access"}
        sealed = seal.close_up(json.dumps(access | {"secret": "canary0access"}))
        db.execute("UPDATE connections SET sealed = ? WHERE id = ?", [sealed, row["id"]])
    second_factor.begin(db, seal, colleague)
    settings.change(db, Actor("agent:1", "canary0audit"), top_k=4)


def real(app, db):
    """Words that are secret by themselves: a second factor's, the desk's keys."""
    workspace = app.extensions["faqdesk"].workspace
    colleague = scalar(db, "SELECT id FROM agents WHERE login = 'colleague'")
    return {
        second_factor.begun(db, workspace.seal(), colleague).secret: NOBODY,
        workspace.key_path.read_text().strip(): NOBODY,
        str(workspace.seal().session_secret): NOBODY,
        scalar(db, "SELECT password_hash FROM agents WHERE login = 'mina'"): NOBODY,
    }


def _found(body, words):
    return {word for word in words if word in body}


@pytest.mark.parametrize(
    "role", ROLES if soaking.many(1, 2) > 1 else ("agent", "moderator", "admin")
)
def test_what_a_page_shows_is_for_whom_it_is(desk, role):
    app, db = desk
    client = signed_in(app, f"{role}9")
    words = {word: who for word, (_, who) in WORDS.items()} | real(app, db)
    seen = set()
    colleague = scalar(db, "SELECT id FROM agents WHERE login = 'colleague'")
    for path in [*(page.path for page in addresses(app, db)), f"/people/{colleague}"]:
        if path.startswith(("/models/thresholds", "/api/v1/")):
            continue  # the drawn desk's classifier is a name alone; programs are asked below
        answer = client.get(path)
        for word in _found(answer.get_data().decode(errors="replace"), words):
            assert role in words[word], (path, word)
            seen.add(word)
        answer.close()
    # Whoever may read it finds it: the search above is not blind.
    assert seen == {word for word, who in words.items() if role in who}


def test_programs_get_none_of_it(desk):
    app, db = desk
    asker = Asker(app, db)
    words = {**{word: who for word, (_, who) in WORDS.items()}, **real(app, db)}
    n = 0
    for page in addresses(app, db):
        path = page.path.partition("?")[0]
        if path.startswith("/api/v1/"):
            for query in ({}, {"q": "인증번호"}, {"reason": "a look"}):
                answer = asker.client.get(path, query_string=query, headers=asker.headers)
                assert not _found(answer.get_data().decode(errors="replace"), words), path
                n += answer.status_code == 200
                answer.close()
    assert n > 10


# ---- a field more than a form has


MORE = {
    "role": "admin", "active": "0", "is_admin": "1", "admin": "1", "id": "1", "agent_id": "1",
    "agent": "1", "password_hash": "x", "login": "taken-over", "created_by": "agent:1",
    "made_by": "agent:1", "scopes": "admin", "scope": "admin", "expires_at": "2999-01-01T00:00:00Z",
    "held_by": "1", "status": "closed", "token_hash": "x", "key": "canary0session0",
    "language": "en", "name": "Another", "theme": "dark", "text": "x", "label": "animals",
    "reason": "x", "kind": "index", "customer": "x", "address": "x", "permissions": "admin",
}  # fmt: skip
# What no form but an admin's writes, of anybody: and of oneself the name and language alone.
GUARDED = {
    "agents": "id, login, role, active, password_hash",
    "api_tokens": "id, scopes, revoked_at, expires_at, made_by",
    "settings": "*",
    "connections": "name, active, sealed",
    "invitations": "id, role, revoked_at",
    "second_factors": "*",
}


def _guarded(db):
    return {name: list(db.query(f"SELECT {columns} FROM {name} ORDER BY 1"))
            for name, columns in GUARDED.items()}  # fmt: skip


def _colleague(db, me):
    """Everybody's name, language and sessions, but of who asks."""
    people = db.query("SELECT id, name, language FROM agents WHERE id <> ?", [me])
    sessions = db.query("SELECT token_hash, agent_id FROM sessions WHERE agent_id <> ?", [me])
    return [*people, *sessions]


@pytest.mark.parametrize("role", ("agent", "lead", "moderator", "labeller")[: soaking.many(2, 4)])
def test_no_form_takes_a_field_that_it_does_not_show(desk, role):
    app, db = desk
    client = signed_in(app, f"{role}9")
    me = scalar(db, "SELECT id FROM agents WHERE login = ?", [f"{role}9"])
    before, others = _guarded(db), _colleague(db, me)
    at = {page.endpoint: page for page in app.url_map.iter_rules()}
    n = 0
    for name, roles in PAGES.items():
        row = ROUTES[name]
        if row.method != POST or role not in roles or name in ("account_page.end_others",):
            continue
        path = at[name].rule
        for part in ("inquiry_id", "case_id", "listing_id", "job_id", "agent_id"):
            path = path.replace(f"<int(max=9223372036854775807):{part}>", "1")
        if "<" in path:
            continue
        for options in ({"data": MORE | row.form}, {"json": MORE | (row.json or {})}):
            answer = client.post(path, query_string={"role": "admin"}, **options)
            assert answer.status_code < 500 or answer.status_code == 503, name
            answer.close()
            n += 1
    assert n > 8
    assert _guarded(db) == before
    assert _colleague(db, me) == others


def test_an_invited_person_chooses_no_role(desk):
    app, db = desk
    token = "a link"
    with write(db):
        db.table("invitations").insert(
            {"token_hash": hashlib.sha256(token.encode()).hexdigest(), "login": "", "name": "",
             "role": "agent", "created_by": "agent:1", "created_at": now(),
             "expires_at": "2999-01-01T00:00:00Z"},
        )  # fmt: skip
    form = {"login": "joined", "password": "long enough", "again": "long enough"}
    app.test_client().post(f"/join/{token}", data=MORE | {"name": "J"} | form)
    joined = one(db, "SELECT role, active FROM agents WHERE login = 'joined'")
    assert joined == {"role": "agent", "active": 1}


def test_programs_send_no_field_that_is_not_described(desk):
    app, db = desk
    asker = Asker(app, db)
    before, n = _guarded(db), 0
    for rule in app.url_map.iter_rules():
        row = ROUTES[rule.endpoint]
        if not isinstance(row.who, Scopes) or row.method not in (POST, PATCH):
            continue
        path = rule.rule
        for part in ("listing_id", "label_id", "import_id", "change_id"):
            path = path.replace(f"<int(max=9223372036854775807):{part}>", "1")
        path = path.replace("<string:inquiry_id>", "1").replace("<string:faq_id>", "refund")
        answer = asker.client.open(path, method=row.method, headers=asker.headers, json=MORE)
        takes_none = rule.endpoint in ("api.undo_listing_label", "api.undo_faq_change")
        files = rule.endpoint == "api.import_files"  # a form; what it does not know is left out
        wanted = (404,) if takes_none else (404, 415, 422) if files else (404, 422)
        assert answer.status_code in wanted, (rule.endpoint, answer.status_code, answer.text)
        n += answer.status_code == 422
    assert n > 8
    assert _guarded(db) == before
