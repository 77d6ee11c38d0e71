"""What stands before every page: headers, tokens of forms, no way elsewhere.

Who may open which page is in `tests/trust/access_table.py`: a new page is written down there.
"""

import re

import pytest

from support.database import scalar
from tests.trust.access_table import WITH_TOKEN
from tests.web.conftest import PASSWORD
from tests.web.doors import Visitor
from web.app import create_app

ELSEWHERE = [
    "//h", "/\\h", "\\/h", "\\\\h", "https:h", "https://h/x", "///h", "/\t/h", "/\n/h", "h",
    "javascript:alert(1)", " //h", "//h@localhost", "http://localhost.h/",
]  # fmt: skip


@pytest.fixture
def app(space):
    return create_app(space)


@pytest.fixture
def unguarded(space):
    """Without forms' tokens, to see what stands behind them."""
    return create_app(space, WTF_CSRF_ENABLED=False)


def rules(app, endpoints=None):
    """Each rule as (endpoint, method, a path that fits it)."""
    for rule in app.url_map.iter_rules():
        if endpoints is None or rule.endpoint in endpoints:
            path = re.sub(r"<[^>]*filename>", "desk.css", rule.rule)
            for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
                yield rule.endpoint, method, re.sub(r"<[^>]*>", "1", path)


def state_of_desk(db):
    tables = (
        *("outbox", "drafts", "jobs", "labels", "suggestions", "sessions"),
        *("listings", "label_batches", "review_decisions", "listing_labels", "categories"),
        *("moderation_cases", "moderation_decisions", "moderation_reports", "moderation_modes"),
        *("moderation_policies", "appeals", "sanctions", "reporters", "watch_alerts"),
        *("listing_apart", "listing_links"),
    )
    return {name: scalar(db, f"SELECT count(*) FROM {name}") for name in tables}


@pytest.mark.parametrize("origin", [{}, {"Origin": "https://h", "Referer": "https://h/"}])
def test_no_form_of_another_site_does_anything(app, db, origin):
    visitor = Visitor(app)
    visitor.sign_in("sujin")
    before = state_of_desk(db)
    posts = [(endpoint, path) for endpoint, method, path in rules(app) if method == "POST"]
    assert len(posts) > 8
    for endpoint, path in posts:
        for body in (
            {"data": {"text": "x", "kind": "train"}},
            {"json": {"text": "x", "revision": 1}},
        ):
            answer = visitor.client.post(path, headers=origin, **body)
            # The API looks at no cookie, so nothing can be asked of it in somebody's name.
            refused = 403 if origin else 400  # another site's is refused for that alone
            assert answer.status_code == (401 if endpoint in WITH_TOKEN else refused), path
    assert state_of_desk(db) == before
    assert visitor.get("/").status_code == 200


def test_a_form_with_another_sessions_token_is_refused(app):
    mina, other = Visitor(app), Visitor(app)
    mina.sign_in("mina")
    token = re.search(r'name="csrf_token" value="([^"]+)"', other.get("/sign-in").text)[1]
    assert mina.client.post("/sign-out", data={"csrf_token": token}).status_code == 400
    assert mina.get("/").status_code == 200


def test_looking_changes_nothing(app, db):
    visitor = Visitor(app)
    visitor.sign_in("sujin")
    for number in (1, 2):
        visitor.get(f"/inquiries/{number}")  # what was suggested is remembered once
    before = state_of_desk(db)
    for _, method, path in rules(app):
        if method == "GET":
            visitor.get(path).close()
    assert state_of_desk(db) == before


def test_every_kind_of_answer_is_guarded(app):
    visitor, stranger = Visitor(app), app.test_client()
    visitor.sign_in("mina")
    answers = [visitor.client.open(path, method=method) for _, method, path in rules(app)]
    answers += [stranger.open(path, method=method) for _, method, path in rules(app)]
    answers += [
        stranger.get("/nothing"),
        stranger.get("/static/nothing.js"),
        stranger.put("/sign-in"),
        stranger.options("/sign-in"),
        stranger.post("/sign-in", data={"login": "x" * (3 << 20)}),
        stranger.get("/api/v1/nothing"),
        stranger.post("/api/v1/suggestions", data=b"{", content_type="application/json"),
    ]
    assert {200, 302, 400, 401, 403, 404, 405} <= {answer.status_code for answer in answers}
    for answer in answers:
        said = f"{answer.request.method} {answer.request.path} {answer.status_code}"
        policy = dict(
            part.strip().partition(" ")[::2]
            for part in answer.headers["Content-Security-Policy"].split(";")
        )
        assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
        assert policy["script-src"] == policy["style-src"] == policy["form-action"] == "'self'"
        assert "unsafe" not in str(policy), said
        assert answer.headers["X-Content-Type-Options"] == "nosniff", said
        assert answer.headers["X-Frame-Options"] == "DENY", said
        assert answer.headers["Referrer-Policy"] == "same-origin", said
        assert "Access-Control-Allow-Origin" not in answer.headers, said
        assert answer.status_code < 500, said
        if "static" not in answer.request.path:
            assert answer.headers["Cache-Control"] == "no-store", said
            assert "Traceback" not in answer.text, said
        answer.close()


def test_too_much_is_refused(app):
    answer = app.test_client().post("/sign-in", data={"login": "x" * (3 << 20)})
    assert answer.status_code == 413


@pytest.mark.parametrize("target", ELSEWHERE)
def test_nothing_leads_to_a_foreign_place(app, target):
    visitor = Visitor(app)
    answer = visitor.post("/language", {"language": "en", "next": target})
    assert answer.headers["Location"] == "/"
    answer = visitor.post("/sign-in", {"login": "mina", "password": PASSWORD, "next": target})
    assert answer.headers["Location"] == "/"
    answer = visitor.get("/sign-in", query_string={"next": target})
    assert answer.headers["Location"] == "/"


@pytest.mark.parametrize("target", ["/search?q=%ED%99%98%EB%B6%88", "/%5Ch", "/inquiries/1"])
def test_signing_in_goes_back_to_where_one_was(app, target):
    answer = Visitor(app).post("/sign-in", {"login": "mina", "password": PASSWORD, "next": target})
    assert answer.headers["Location"] == target


@pytest.mark.parametrize("path", ["//h/..", "/%5Ch", "/%2F%2Fh", "/\\h", "/;@h", "/%0d%0aX-Evil:1"])
def test_a_path_that_is_not_there_leads_nowhere(app, path):
    answer = app.test_client().get(path)
    assert "X-Evil" not in answer.headers
    assert answer.status_code in (302, 308, 403, 404)  # 403: `//h/..` is asked of a host `h`
    assert not re.match(r"(?:[a-z]+:)?[/\\]{2}(?!localhost/)", answer.headers.get("Location", "/"))


@pytest.mark.parametrize(
    "body",
    ["[" * 100_000, '{"text": ' + "9" * 5000 + "}", '{"text": "\\ud800", "revision": 1}', "{", "[]",
     '{"text": "a\\u0000b", "revision": 1}', '{"text": "a", "revision": 1e999}'],
    ids=["deep", "number", "surrogate", "half", "list", "nul", "infinite"],
)  # fmt: skip
def test_hostile_json_to_the_console_never_breaks_it(unguarded, db, body):
    visitor = Visitor(unguarded)
    visitor.client.post("/sign-in", data={"login": "mina", "password": PASSWORD})
    number = scalar(db, "SELECT min(id) FROM inquiries WHERE status = 'open'")
    for path in (f"/inquiries/{number}/draft", "/suggestions/sg_1/inserted"):
        answer = visitor.client.post(path, data=body, content_type="application/json")
        assert answer.status_code < 500, answer.text


def test_pages_show_hostile_words_as_words(app, db):
    visitor = Visitor(app)
    visitor.sign_in("mina")
    hostile = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{7*7}}"
    db.execute("UPDATE inquiries SET subject = ?, text = ?", [hostile, hostile])
    db.execute("UPDATE messages SET text = ?", [hostile])
    db.execute("UPDATE faqs SET title = ?, title_en = ?, category = ?", [hostile] * 3)
    db.execute("DELETE FROM originals")
    for path in ("/", "/inquiries/1", "/search?q=script", "/nothing/" + hostile, "/sign-in"):
        page = visitor.get(path).text
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert ">49<" not in page
    found = visitor.get("/inquiries/1/faqs?q=").json["groups"]
    titles = {faq["title"] for group in found for faq in group["items"]}
    assert titles == {hostile}  # a script puts it in as text
