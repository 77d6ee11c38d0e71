"""Check 6: no other site asks in somebody's name, and looking at a page changes nothing."""

import ast
import hashlib
import re
import shutil
from contextlib import closing
from pathlib import Path

import pytest
from sqlite_utils import Database

from support.audit import Actor
from support.database import scalar
from support.workspace import Workspace
from tests.web.conftest import PASSWORD, signed_in, stubbed_app
from tests.web.console_pages import addresses
from tests.web.furnished import furnish
from web import tokens
from web.origins import BY_TOKEN, SAFE

ROOT = Path(__file__).parents[2]
OWN = "http://localhost"
FOREIGN = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},  # another name of the same domain
    {"Sec-Fetch-Site": "of-another-kind"},
    {"Sec-Fetch-Site": "cross-site", "Origin": OWN},
    {"Sec-Fetch-Site": "", "Origin": OWN},
    {"Sec-Fetch-Site": "cross-site", "Origin": "null"},
    {"Origin": "null"},  # a sandboxed frame, a data: page, a redirect from elsewhere
    {"Origin": ""},
    {"Origin": "https://h"},
    {"Origin": "https://localhost"},
    {"Origin": "http://localhost:81"},
    {"Origin": "http://localhost.h"},
    {"Origin": "http://h@localhost"},
    {"Origin": "http://localhost, http://h"},
]
FROM_HERE = [
    {},  # neither a script of ours nor an old browser says anything: the form's token counts
    {"Sec-Fetch-Site": "same-origin", "Origin": OWN},
    {"Sec-Fetch-Site": "none"},
    # What the browser made out itself; the proxy lost our port, or an add-on withholds the origin.
    {"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost:8443"},
    {"Sec-Fetch-Site": "same-origin", "Origin": "null"},
    {"Origin": OWN},
]
# Where a look writes something down, and why that changes nothing that anybody did: a table, or
# some columns of one.
WRITTEN_BY_LOOKING = {
    "suggestions": "what was suggested first is remembered, so that the answer can be learned from",
    "suggestion_faqs": "the FAQs of that",
    "audit": "that somebody read a customer's own words (originals.read)",
    "audit_head": "the sealed end of the trail",
    "sessions.last_seen_at": "when somebody was last seen",
    "sessions.expires_at": "and until when they stay signed in for that",
    "api_tokens.last_used_at": "when a token was last used",
    "moderation_cases.claimed_by": "who has a case on the screen, so that two do not decide it",
    "moderation_cases.claimed_at": "since when",
    "sign_in_attempts": "a link that is nobody's was tried",
    "sqlite_sequence": "the last number of these tables",
}
# Views of the console that read JSON.
JSON_ROUTES = {
    "/inquiries/6/draft", "/suggestions/{}/inserted", "/suggestions/{}/dismissed",
    "/listings/suggest",
}  # fmt: skip
READ_JSON = {
    "api.py", "api_forms.py", "embed.py", "holding_page.py", "inquiry.py", "listings_page.py",
    "map_page.py", "preferences.py",
}  # fmt: skip


@pytest.fixture(scope="module")
def furnished(model_desk, tmp_path_factory):
    """A desk with something on every page, made once."""
    home = tmp_path_factory.mktemp("furnished") / "desk"
    return furnished_at(home, model_desk)


@pytest.fixture
def space(furnished, tmp_path):
    return copied(furnished, tmp_path / "desk")


@pytest.fixture
def live(space, recommender):
    """Its console; without forms' tokens, to see what else stands before a view."""
    return stubbed_app(space, recommender, WTF_CSRF_ENABLED=False)


@pytest.fixture
def ada(live):
    return signed_in(live, "ada")


def copied(desk: Workspace, home: Path) -> Workspace:
    shutil.copytree(desk.home, home)
    shutil.copy(desk.key_path, home.with_name(home.name + ".key"))
    return Workspace(home)


def furnished_at(home: Path, model: Workspace) -> Workspace:
    desk = copied(model, home)
    with closing(desk.database()) as db:
        furnish(desk, db)
    return desk


def tables(db: Database) -> dict[str, str]:
    """Every column of every table, by a hash of all its rows."""
    found = {}
    for name in db.table_names():
        rows = list(db.query(f"SELECT * FROM [{name}]"))
        for column in rows[0] if rows else ():
            said = sorted(repr(row[column]) for row in rows)
            found[f"{name}.{column}"] = hashlib.sha256(repr(said).encode()).hexdigest()
        found[f"{name}.*"] = str(len(rows))
    return found


def changed(before: dict[str, str], after: dict[str, str]) -> set[str]:
    """The columns that are not as they were, but for those that a look may write."""
    found = {name for name in before | after if before.get(name) != after.get(name)}
    return {name for name in found if not {name, name.partition(".")[0]} & set(WRITTEN_BY_LOOKING)}


def unsafe(app):
    """Every route that may change something: endpoint, method, a path that fits it."""
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - set(SAFE)):
            yield rule.endpoint, method, re.sub(r"<[^>]*>", "1", rule.rule)


def test_what_another_site_asks_is_refused_on_every_route(live, ada, db):
    before, asked = tables(db), 0
    for number, (endpoint, method, path) in enumerate(unsafe(live)):
        if endpoint.partition(".")[0] in BY_TOKEN:
            continue
        for headers in (FOREIGN[0], FOREIGN[number % len(FOREIGN)]):
            told = headers | {"Accept": "application/json"}
            answer = ada.open(path, method=method, headers=told, data={"text": "x"})
            assert answer.status_code == 403, (path, headers)
            assert "another site" in answer.text, path  # for that, and not for a role
            asked += 1
    assert asked > 250
    for headers in FOREIGN:
        assert ada.post("/sign-out", headers=headers).status_code == 403, headers
    assert changed(before, tables(db)) == set()


@pytest.mark.parametrize("headers", FROM_HERE)
def test_what_a_page_of_ours_asks_is_not(live, ada, headers):
    answer = ada.post("/language", data={"language": "en"}, headers=headers)
    assert answer.status_code == 302
    assert live.test_client().post("/sign-in", data={"login": "mina", "password": PASSWORD},
                                   headers=headers).status_code == 302  # fmt: skip


def test_a_proxy_that_loses_the_port_is_found_out_and_newer_browsers_do_not_mind(
    space, recommender
):
    """With https and the forms' tokens, as it is served."""
    outside = "https://desk.example:8443"
    headers = {"Origin": outside, "Referer": f"{outside}/sign-in"}
    guarded, base = stubbed_app(space, recommender), {"base_url": "https://desk.example"}

    def asked(headers):
        client = guarded.test_client()
        page = client.get("/sign-in", **base).text
        token = re.search(r'name="csrf_token" value="([^"]+)"', page)[1]
        form = {"login": "mina", "password": PASSWORD, "csrf_token": token}
        return client.post("/sign-in", data=form, headers=headers, **base)

    said = asked(headers)
    assert said.status_code == 403
    for word in (outside, "https://desk.example.", "proxy"):
        assert word in said.text
    for more in (headers, {"Origin": "null"}, {}):
        assert asked(more | {"Sec-Fetch-Site": "same-origin"}).status_code == 302


def test_signing_somebody_in_as_somebody_else_from_another_site_is_refused_too(live):
    """Forged sign-in: a visitor must not go on in an account that an attacker chose."""
    form = {"login": "mina", "password": PASSWORD}
    for headers in FOREIGN:
        answer = live.test_client().post("/sign-in", data=form, headers=headers)
        assert answer.status_code == 403
        assert not any("_user_id" in cookie for cookie in answer.headers.getlist("Set-Cookie"))


def test_looking_changes_nothing_on_any_page(live, ada, db):
    """Every address that can be looked at, by who may see them all, by GET and by HEAD."""
    seen = {page.path for page in addresses(live, db)}
    assert len(seen) > 90
    _, secret = tokens.create(db, Actor("cli:test"), name="t", scopes=("admin",))
    before, trail = tables(db), scalar(db, "SELECT max(id) FROM audit")
    # Headers and fields by which some frameworks make another method of it.
    tricks = {
        "X-HTTP-Method-Override": "DELETE", "X-HTTP-Method": "POST", "X-Method-Override": "POST",
        "Authorization": f"Bearer {secret}", "Idempotency-Key": "1",
    }  # fmt: skip
    answered = set()
    for number, path in enumerate(sorted(seen)):
        if not path.startswith("/api/"):
            path += ("&" if "?" in path else "?") + "_method=POST"
        for method in ("GET", "HEAD") if number % 5 == 0 else ("GET",):
            answer = ada.open(path, method=method, headers=tricks)
            answered.add(answer.status_code)
            answer.close()
    assert 200 in answered
    assert changed(before, tables(db)) == set()
    told = db.query("SELECT DISTINCT action FROM audit WHERE id > ?", [trail])
    assert {row["action"] for row in told} <= {"originals.read"}


def test_signing_out_is_asked_for_by_post_alone(live, ada, db):
    for method in ("GET", "HEAD", "PUT", "DELETE"):
        headers = {"X-HTTP-Method-Override": "POST"}
        assert ada.open("/sign-out", method=method, headers=headers).status_code == 405
    assert ada.get("/").status_code == 200
    assert ada.post("/sign-out").status_code == 302
    assert ada.get("/").status_code == 302


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "", "text/json"]
)
def test_json_needs_its_content_type(live, ada, db, kind):
    """A form of another site can send any text as text/plain, but no JSON without asking first."""
    assert ada.get("/inquiries/6").status_code == 200  # it is suggested something there
    shown = scalar(db, "SELECT id FROM suggestions WHERE inquiry_id = 6")
    before = tables(db)
    for path in (route.format(shown) for route in JSON_ROUTES):
        body = '{"text": "x", "revision": 1, "name": "theme", "value": "dark", "ids": [1]}'
        answer = ada.post(path, data=body, content_type=kind)
        assert answer.status_code == 415, path
    assert changed(before, tables(db)) == set()


def test_the_api_reads_no_json_that_is_not_called_so(live, db):
    _, secret = tokens.create(db, Actor("cli:test"), name="t", scopes=("admin",))
    client, seen = live.test_client(), 0
    before = tables(db)
    for endpoint, method, path in unsafe(live):
        if endpoint.partition(".")[0] != "api" or method == "DELETE":
            continue
        answer = client.open(path, method=method, data='{"text": "x"}', content_type="text/plain",
                             headers={"Authorization": f"Bearer {secret}"})  # fmt: skip
        seen += 1
        assert answer.status_code in (400, 404, 415, 422), path
    assert seen > 10
    assert changed(before, tables(db)) == set()


def test_no_view_reads_json_whatever_it_is_called():
    reading = set()
    for path in (ROOT / "web").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(".get_json"):
                assert not node.keywords, f"{path.name}: {ast.unparse(node)}"
                reading.add(path.name)
    assert reading == READ_JSON


def test_what_knows_no_cookie_does_nothing_for_a_cookie(live, ada, db):
    """The API, the sidebar and webhooks ask for no form's token: each has its own reason."""
    assert set(BY_TOKEN) == {"api", "embed", "webhooks"}
    before, seen = tables(db), set()
    for endpoint, method, path in unsafe(live):
        blueprint = endpoint.partition(".")[0]
        if blueprint in BY_TOKEN:
            seen.add(blueprint)
            for headers in ({}, *FOREIGN[:2], {"Authorization": "Basic YWRhOng="}):
                answer = ada.open(path, method=method, json={"text": "x"}, headers=headers)
                assert answer.status_code == 401, path
                assert "Set-Cookie" not in answer.headers, path
    assert seen == set(BY_TOKEN)
    # That somebody knocked in vain is noted with the connection.
    assert changed(before, tables(db)) <= {"connections.refused", "connections.refused_at"}


def test_no_page_of_another_origin_may_add_a_header_or_read_an_answer(live, ada):
    asks = {"Origin": "https://h", "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,content-type,x-csrftoken"}  # fmt: skip
    for rule in live.url_map.iter_rules():
        path = re.sub(r"<[^>]*>", "1", rule.rule)
        answer = ada.open(path, method="OPTIONS", headers=asks)
        assert not [name for name, _ in answer.headers if name.startswith("Access-Control")]
        answer.close()
    for path in ("/", "/inquiries/6", "/api/v1/faqs", "/static/desk.css", "/healthz"):
        answer = ada.get(path, headers={"Origin": "https://h"})
        assert not [name for name, _ in answer.headers if name.startswith("Access-Control")]
        answer.close()


def test_forms_carry_a_token_and_it_is_asked_for(space, recommender, db):
    """The other half: a browser that says nothing of where it asks from is held by the token."""
    guarded = stubbed_app(space, recommender)
    ada = signed_in(guarded, "ada")
    before = tables(db)
    for endpoint, method, path in unsafe(guarded):
        if endpoint.partition(".")[0] not in BY_TOKEN:
            answer = ada.open(path, method=method, data={"csrf_token": "of somebody else"})
            assert answer.status_code == 400, path
    assert changed(before, tables(db)) == set()
