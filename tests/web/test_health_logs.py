"""What monitors ask and what logs say: which release, which route, never whose words."""

import logging
import sys

import pytest
import structlog

from support.workspace import Workspace
from tests.conftest import ACTOR
from tests.web.doors import NUMBER, Visitor, fetch, logged, problem, serving
from web import logs, tokens
from web.app import create_app

SECRET = "비밀스러운-질문"  # must not be in a log


@pytest.fixture
def app(space):
    return create_app(space)


@pytest.fixture
def client(app):
    return app.test_client()


def test_a_desk_without_models_is_ready(client):
    assert client.get("/healthz").json == {"status": "ok"}
    assert client.get("/readyz").json == {"status": "ok", "release": None, "failing": []}


@pytest.mark.parametrize(
    "current",
    ["", "{half", "null", "[]", "{}", '{"release": "r", "parts": 3}', "\x00\xff",
     '{"release": "r"}',
     '{"release": "r", "parts": {"encoder": {"version": "gone"}}}',
     '{"release": "r", "parts": {"faq": {"version": "../../.."}, "index": {"version": ""}}}'],
)  # fmt: skip
def test_damaged_models_degrade_the_desk_and_stop_nothing(app, client, space, current):
    (space.models / "current").write_text(current, encoding="latin-1")
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json["status"] == "degraded"
    assert str(space.home) not in answer.text  # anybody may ask
    assert client.get("/healthz").status_code == 200
    agent = Visitor(app)
    agent.sign_in("mina")
    assert agent.get("/").status_code == 200
    assert agent.get("/search?q=환불").status_code == 200


def test_a_folder_in_place_of_the_pointer_degrades_too(client, space):
    (space.models / "current").mkdir()
    assert client.get("/readyz").json["status"] == "degraded"


@pytest.mark.parametrize("damage", ["gone", "junk"])
def test_without_its_database_the_desk_lives_but_is_not_ready(client, space, damage):
    for path in space.home.glob("desk.db*"):
        path.unlink()
    if damage == "junk":
        space.database_path.write_bytes(b"no database at all" * 100)
    assert client.get("/healthz").status_code == 200
    problem(client.get("/readyz"), 503)
    problem(client.get("/api/v1/search?q=a", headers={"Authorization": "Bearer x"}), 503)
    page = client.get("/", headers={"Cookie": "faqdesk=x"})
    assert page.status_code in (302, 503)
    page = client.get("/sign-in")
    assert page.status_code == 503
    assert "Traceback" not in page.text
    assert page.headers["Content-Security-Policy"]


def test_every_answer_carries_its_requests_id(client):
    first = client.get("/healthz").headers["X-Request-Id"]
    assert first != client.get("/healthz").headers["X-Request-Id"]
    assert client.get("/", headers={"X-Request-Id": "trace-7"}).headers["X-Request-Id"] == "trace-7"
    for odd in ("a b", "x" * 65, '"}', "a;b"):
        assert client.get("/", headers={"X-Request-Id": odd}).headers["X-Request-Id"] != odd


def test_an_error_is_logged_by_kind_and_place_not_by_its_words():
    try:
        int(SECRET)
    except ValueError:
        for given in (True, sys.exc_info()):
            line = logs.place_of_error(None, "error", {"event": "x", "exc_info": given})
            assert (line["event"], line["error"]) == ("x", "ValueError")
            assert "test_health_logs.py" in line["at"][-1]
            assert SECRET not in str(line)
    assert logs.place_of_error(None, "error", {"exc_info": True}) == {}
    assert logs.place_of_error(None, "info", {"event": "x"}) == {"event": "x"}


@pytest.fixture(scope="module")
def lines(tmp_path_factory):
    """What a server logs of a few requests, one of which fails unforeseen."""
    space = Workspace(tmp_path_factory.mktemp("logged") / "desk").create()
    db = space.database()
    _, token = tokens.create(db, ACTOR, name="t", scopes=("suggest", "search"))
    allowed = {"Authorization": f"Bearer {token}", "X_Request_Id": "r-1"}
    body = f'{{"text": "{SECRET} 010-2938-4471"}}'.encode()
    with serving(space, "--workers", "1") as (port, _):
        asked = {"method": "POST", "body": body, "Content_Type": "application/json"}
        assert fetch(port, "/api/v1/suggestions", **asked, **allowed)[0] == 200
        assert fetch(port, "/api/v1/search?q=010-2938-4471", **allowed)[0] == 200
        assert fetch(port, "/search?q=010-2938-4471")[0] == 302
        assert fetch(port, "/nothing/010-2938-4471")[0] == 404
        db.execute("ALTER TABLE settings RENAME TO elsewhere")
        assert fetch(port, "/api/v1/search?q=010-2938-4471", **allowed)[0] == 500
        status, headers, page = fetch(port, "/sign-in")
        assert (status, page) == (500, "500 Internal Server Error\n")
        assert headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
    db.close()
    return logged(space)


def test_log_lines_name_request_route_and_asker(lines):
    first = next(line for line in lines if line.get("route") == "/api/v1/suggestions")
    assert first["event"] == "request"
    assert (first["method"], first["status"], first["request_id"]) == ("POST", 200, "r-1")
    assert first["actor"] == "token:1"
    assert first["ms"] > 0
    assert first["timestamp"].endswith("Z")
    routes = [line["route"] for line in lines if line["event"] == "request"]
    assert {"/healthz", "/api/v1/search", "/search", "none", "/sign-in"} <= set(routes)


def test_log_lines_hold_no_words_of_customers(lines):
    assert not NUMBER.search(str(lines).encode())
    assert SECRET not in str(lines)


def test_an_unforeseen_error_is_one_line_with_its_place(lines):
    [first, *_] = [line for line in lines if line["event"] == "unforeseen error"]
    assert (first["level"], first["error"], first["route"]) == (
        "error", "OperationalError", "/api/v1/search",
    )  # fmt: skip
    assert first["request_id"] == "r-1"
    assert any("web/api.py" in place for place in first["at"])


def test_other_libraries_lines_are_json_too(capfd):
    before, handlers = structlog.get_config(), logging.getLogger().handlers[:]
    try:
        logs.configure()
        try:
            int(SECRET)
        except ValueError:
            logging.getLogger("huey").exception("it died: %s", "job 3")
        logging.getLogger("huey").info("started")
    finally:
        logging.captureWarnings(False)
        structlog.configure(**before)
        logging.getLogger().handlers[:] = handlers
    [line] = capfd.readouterr().err.splitlines()
    assert '"event": "it died: job 3"' in line
    assert '"error": "ValueError"' in line
    assert SECRET not in line
