"""What README.md, docs/api.md and the desk's own page say of the API is so."""

import json
import re
import shlex
import subprocess
import sys

import pytest

from support.database import one, scalar
from support.faqs import Faq
from tests.conftest import ACTOR
from tests.web.browser import served
from tests.web.doors import ROOT
from web import api_page, tokens
from web.api_page import operations

EXAMPLE = re.compile(r"<!-- tested: (\w+) -->\n```(\w+)\n(.*?)```", re.DOTALL)


def examples(name):
    """The commands and the Python of a file, by what each shows."""
    text = (ROOT / name).read_text(encoding="utf-8")
    return {what: (kind, body) for what, kind, body in EXAMPLE.findall(text)}


@pytest.fixture
def running(guarded_app, db):
    """The desk over HTTP, and a token of every scope."""
    _, secret = tokens.create(db, ACTOR, name="t", scopes=("admin",))
    with served(guarded_app) as address:
        yield address, secret


def curl(body, running, folder, **more):
    """Run the curl of an example as a shell does; gives its answer."""
    address, secret = running
    command = body[body.index("$ curl") + 2 :]
    script = command.replace("http://127.0.0.1:8000", address)
    script = script.replace("curl -s", "curl -sS --fail-with-body", 1)
    values = {"DESK": address, "TOKEN": secret, **more}
    lines = [f"{name}={shlex.quote(value)}" for name, value in values.items()]
    done = subprocess.run(
        ["sh", "-c", "\n".join([*lines, script])],
        capture_output=True, text=True, timeout=60, cwd=folder, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("name", ["README.md", "docs/api.md"])
def test_the_curl_of_a_suggestion_works(name, running, db, tmp_path):
    answer = curl(examples(name)["suggest"][1], running, tmp_path)
    assert '"faq_id":"code-missing"' in answer.replace(" ", "")
    assert scalar(db, "SELECT count(*) FROM suggestions") == 1


@pytest.mark.parametrize("name", ["README.md", "docs/api.md"])
def test_the_httpx_of_a_suggestion_works(name, running):
    address, secret = running
    body = f"DESK, TOKEN = {address!r}, {secret!r}\n" + examples(name)["httpx"][1]
    done = subprocess.run(
        [sys.executable, "-c", body], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "인증번호가 오지 않아요" in done.stdout


def test_the_curl_of_events_settles_a_suggestion(running, db, tmp_path):
    both = examples("docs/api.md")
    curl(both["suggest"][1], running, tmp_path)
    number = scalar(db, "SELECT id FROM suggestions")
    answer = curl(both["events"][1], running, tmp_path, SUGGESTION=number)
    assert answer.count('"taken"') == 2
    sql = "SELECT outcome FROM suggestion_faqs WHERE slug = 'code-missing'"
    assert one(db, sql)["outcome"] == "accepted"


def test_the_curl_of_an_import_is_taken(running, db, tmp_path):
    (tmp_path / "export.csv").write_text("question,answer\n환불?,네\n", encoding="utf-8")
    answer = curl(examples("docs/api.md")["import"][1], running, tmp_path)
    assert '"queued"' in answer
    assert one(db, "SELECT state FROM jobs WHERE kind = 'import'")["state"] == "queued"


def test_the_curls_of_an_inquiry_and_its_answer_work(running, db, tmp_path):
    both = examples("docs/api.md")
    made = json.loads(curl(both["inquiry"][1], running, tmp_path))
    assert (made["fresh"], made["inquiry"]["status"]) == (True, "open")
    told = json.loads(curl(both["answer"][1], running, tmp_path))
    assert (told["state"], told["faq_ids"]) == ("answered", ["refund"])


def test_the_curl_of_an_export_works(running, db, tmp_path):
    curl(examples("docs/api.md")["suggest"][1], running, tmp_path)
    head, *rows = curl(examples("docs/api.md")["export"][1], running, tmp_path).splitlines()
    assert head.lstrip("\ufeff").startswith("suggestion_id,at,asked_by")
    assert "code-missing" in rows[0]
    assert scalar(db, "SELECT count(*) FROM audit WHERE action = 'feedback.exported'") == 1


def test_every_scope_is_explained():
    text = (ROOT / "docs/api.md").read_text(encoding="utf-8").partition("\n## Suggestions")[0]
    table = set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE))
    assert table == set(tokens.SCOPES)


# The page


def test_the_page_shows_every_operation_of_openapi(guarded_app):
    client = guarded_app.test_client()
    spec = client.get("/api/v1/openapi.json").json
    page = client.get("/api/v1/docs").text
    there = {
        (method.upper(), path)
        for path, item in spec["paths"].items()
        for method in item
        if method != "parameters"
    }
    assert len(there) > 25
    for method, path in there:
        assert f"<code>{method} {path}</code>" in page
    anchors = re.findall(r' id="([^"]+)"', page)
    assert len(anchors) == len(set(anchors))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(anchors)


def test_the_page_needs_nothing_from_elsewhere(guarded_app):
    page = guarded_app.test_client().get("/api/v1/docs").text
    loaded = re.findall(r'(?:src|<link[^>]*href)="([^"]+)"', page)
    assert loaded
    assert all(place.startswith("/") and not place.startswith("//") for place in loaded)


def test_fields_are_told_with_what_they_may_be(guarded_app):
    with guarded_app.app_context():
        found = {(item.method, item.path): item for item in operations(api_page.spec())}
    ask = found["POST", "/api/v1/suggestions"]
    fields = {field.name: field for field in ask.bodies[0][1]}
    assert ask.scope == "suggest"
    assert fields["top_k"].kind == "integer, 1 to 9, else 3"
    assert fields["role"].kind == "customer | agent | bot"
    assert (fields["role"].depth, fields["role"].required) == (1, True)
    answer = {field.name for field in ask.answers[0][2]}
    assert {"probability", "promise", "right", "similar", "text"} <= answer
    assert "429" in ask.problems
    import_ = found["POST", "/api/v1/imports"]
    assert [media for media, _ in import_.bodies] == ["multipart/form-data"]
    assert "-F files=@" in import_.example


def test_what_people_wrote_is_no_part_of_the_page(guarded_app, db):
    from support import faqs

    faqs.save(db, [Faq(slug="secret", title="비밀 제목", url="https://help.example.com/x")])
    assert "비밀 제목" not in guarded_app.test_client().get("/api/v1/docs").text
