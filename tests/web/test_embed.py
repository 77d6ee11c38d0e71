"""`/embed/suggest` over HTTP: who may hold it, who may ask, and what is remembered."""

import pytest

from support import agents, settings
from support.clock import ago
from support.database import one, scalar
from tests.web.conftest import ACTOR, PASSWORD, signed_in
from tests.web.doors import problem
from web import embed_tokens

PARENT = "https://acme.zendesk.com"
CHAT = "https://app.chatwoot.example"
NEWLY_ASKED = [{"role": "customer", "text": "<p>인증번호가 안 와요</p>"}]


@pytest.fixture(autouse=True)
def parents(db):
    settings.change(db, ACTOR, embed_parents=f"{PARENT},{CHAT}=chat-kr")


def connected(client, parent=PARENT):
    """The token that a sidebar gets which somebody signed in connects."""
    page = client.post("/sidebar", data={"parent": parent}).text
    return page.split('data-token="')[1].split('"')[0]


@pytest.fixture
def token(agent):
    return connected(agent)


def agents_id(db):
    return scalar(db, "SELECT id FROM agents WHERE login = 'mina'")


def ask(client, token, path="/embed/suggestions", **body):
    body = {"helpdesk": "zendesk", "origin": PARENT, "conversation": "5158", "subject": "",
            "messages": NEWLY_ASKED} | body  # fmt: skip
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return client.post(path, json=body, headers=headers)


def test_the_page_may_be_held_by_the_configured_parents_alone(app, db):
    answer = app.test_client().get("/embed/suggest")
    assert answer.status_code == 200
    policy = answer.headers["Content-Security-Policy"]
    assert policy.endswith(f"frame-ancestors {PARENT} {CHAT}")
    assert "default-src 'none'" in policy
    assert "X-Frame-Options" not in answer.headers
    assert "Set-Cookie" not in answer.headers
    for path in ("/sidebar", "/sidebar/setup", "/sign-in", "/", "/embed/nothing"):
        answer = app.test_client().get(path)
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]


def test_without_a_parent_there_is_no_page(app, db):
    settings.change(db, ACTOR, embed_parents="")
    answer = app.test_client().get("/embed/suggest")
    assert answer.status_code == 404
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert "Set-Cookie" not in answer.headers


def test_what_fits_comes_for_an_agents_token(app, token):
    answer = ask(app.test_client(), token)
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
    assert answer.json["suggestion_id"].startswith("sg_")
    assert 'data-slug="code-missing"' in answer.json["html"]
    assert "https://help.example.com/ko/faq/code-missing" in answer.json["html"]
    assert "문자 인증번호가 계속 안 오는데요" in answer.json["html"]  # a similar past answer


def test_a_cookie_counts_for_nothing_in_the_sidebar(agent, token):
    assert agent.get("/").status_code == 200  # signed in, and still:
    problem(ask(agent, ""), 401)
    problem(ask(agent, "fs_wrong"), 401)
    rules = [rule for rule in agent.application.url_map.iter_rules() if "POST" in rule.methods]
    paths = [
        r.rule.replace("<suggestion_id>", "1") for r in rules if r.endpoint.startswith("embed.")
    ]
    assert len(paths) == 5
    for path in paths:
        for asker in (agent, agent.application.test_client()):
            answer = ask(asker, "", path)
            problem(answer, 401)
            assert "Set-Cookie" not in answer.headers
            assert "Access-Control-Allow-Origin" not in answer.headers
    # No page of another origin may add the header: a browser asks first, and is not told so.
    asked = agent.options("/embed/suggestions", headers={
        "Origin": "https://evil.example", "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization"})  # fmt: skip
    assert not [name for name, _ in asked.headers if name.startswith("Access-Control")]
    page = agent.get("/embed/suggest")
    assert "Mina" not in page.text
    assert "Set-Cookie" not in page.headers


def test_a_token_ends_with_its_hour_its_session_and_its_agent(app, agent, token, db):
    def works():
        return ask(app.test_client(), token).status_code == 200

    assert works()
    hour = scalar(db, "SELECT expires_at FROM embed_tokens")
    assert ago(minutes=-59) < hour <= ago(minutes=-60)
    db.execute("UPDATE embed_tokens SET expires_at = ?", [ago(seconds=1)])
    assert not works()
    db.execute("UPDATE embed_tokens SET expires_at = ?", [hour])
    db.execute("UPDATE sessions SET expires_at = ?", [ago(seconds=1)])
    assert not works()
    db.execute("UPDATE sessions SET expires_at = '2999-01-01T00:00:00Z'")
    db.execute("UPDATE agents SET active = 0 WHERE login = 'mina'")
    assert not works()
    db.execute("UPDATE agents SET active = 1, role = 'labeller' WHERE login = 'mina'")
    assert not works()
    db.execute("UPDATE agents SET role = 'agent' WHERE login = 'mina'")
    assert works()
    agent.post("/sign-out")
    assert not works()
    assert scalar(db, "SELECT count(*) FROM embed_tokens") == 0


def test_a_new_password_ends_it(app, token, db):
    agents.set_password(db, ACTOR, "mina", PASSWORD + "!")
    problem(ask(app.test_client(), token), 401)


def test_a_token_is_renewed_while_it_holds_and_what_ended_is_swept(app, token, db):
    client = app.test_client()
    made = ask(client, token, "/embed/renew").json
    assert made["token"] != token
    assert ask(client, made["token"]).status_code == ask(client, token).status_code == 200
    db.execute("UPDATE embed_tokens SET expires_at = ? WHERE token_hash = ?",
               [ago(seconds=1), embed_tokens._hash(token)])  # fmt: skip
    problem(ask(client, token, "/embed/renew"), 401)
    ask(client, made["token"], "/embed/renew")
    assert scalar(db, "SELECT count(*) FROM embed_tokens") == 2


def test_a_sidebar_token_opens_nothing_else(app, token):
    client = app.test_client()
    headers = {"Authorization": f"Bearer {token}"}
    problem(client.get("/api/v1/search?q=a", headers=headers), 401)
    assert client.get("/", headers=headers).status_code == 302


def test_who_answers_nobody_gets_no_token(app, db):
    assert signed_in(app, "mo").post("/sidebar", data={"parent": PARENT}).status_code == 403
    assert scalar(db, "SELECT count(*) FROM embed_tokens") == 0


def test_the_token_is_made_by_a_guarded_form_and_told_in_the_audit_trail(guarded_app, agent, db):
    wanted = {"parent": PARENT}
    assert signed_in(guarded_app, "mina").post("/sidebar", data=wanted).status_code == 400
    assert PARENT in agent.get("/sidebar", query_string=wanted).text
    assert scalar(db, "SELECT count(*) FROM embed_tokens") == 0
    agent.post("/sidebar", data=wanted)
    told = one(db, "SELECT actor, object, detail FROM audit WHERE action = 'sidebar.connected'")
    assert told["actor"] == told["object"] == f"agent:{agents_id(db)}"
    assert PARENT in told["detail"]


@pytest.mark.parametrize("parent", ["", "null", "https://evil.example", PARENT + ".evil.example"])
def test_a_token_is_made_for_an_allowed_helpdesk_alone(agent, db, parent):
    assert agent.post("/sidebar", data={"parent": parent}).status_code == 400
    page = agent.get("/sidebar", query_string={"parent": parent}).text
    assert '<form method="post" action="/sidebar"' not in page
    assert scalar(db, "SELECT count(*) FROM embed_tokens") == 0


def test_a_token_is_good_in_the_helpdesk_that_it_was_made_for(app, agent, token, db):
    problem(ask(app.test_client(), token, origin=CHAT, helpdesk="chatwoot"), 403)
    assert ask(app.test_client(), connected(agent, CHAT), origin=CHAT).status_code == 200
    settings.change(db, ACTOR, embed_parents=CHAT)
    problem(ask(app.test_client(), token), 401)
    problem(ask(app.test_client(), token, "/embed/renew"), 401)


def test_a_token_stands_in_no_address_and_no_log(app, agent, capsys):
    page = agent.get("/sidebar", query_string={"parent": PARENT})
    assert "fs_" not in page.text
    made = agent.post("/sidebar", data={"parent": PARENT})
    assert made.headers["Cache-Control"] == "no-store"
    token = made.text.split('data-token="')[1].split('"')[0]
    answer = ask(app.test_client(), token)
    renewed = ask(app.test_client(), token, "/embed/renew").json["token"]
    ask(app.test_client(), token, "/embed/search", typed="환불")
    problem(ask(app.test_client(), token, origin=CHAT), 403)
    assert token not in answer.text
    told = "".join(capsys.readouterr())
    assert "/embed/suggestions" in told
    assert token not in told
    assert renewed not in told


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": ["x"]}, 403),
        ({"helpdesk": "other"}, 400),
        ({"conversation": ""}, 400),
        ({"conversation": "x" * 201}, 400),
        ({"messages": "x"}, 400),
        ({"messages": ["x"]}, 400),
        ({"messages": [{"role": "owner", "text": "x"}]}, 400),
    ],
)
def test_what_makes_no_sense_is_refused(app, token, db, body, status):
    problem(ask(app.test_client(), token, **body), status)
    assert scalar(db, "SELECT count(*) FROM suggestions") == 0


@pytest.mark.parametrize("raw", [b"[]", b"1", b"{", b"null", b""])
def test_what_is_no_object_is_refused(app, token, raw):
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    for path in ("/embed/suggestions", "/embed/search", "/embed/suggestions/1/inserted"):
        answer = app.test_client().post(path, data=raw, headers=headers)
        assert answer.status_code in (400, 404)
        assert answer.content_type == "application/problem+json"


def test_what_is_too_long_is_cut_or_refused(app, token, recommender, monkeypatch):
    seen = []
    known = recommender.suggest

    def suggest(db, text, **more):
        seen.append(text)
        return known(db, text, **more)

    monkeypatch.setattr(recommender, "suggest", suggest)
    said = [{"role": "customer", "text": f"{n} " + "가" * 300} for n in range(900)]
    assert ask(app.test_client(), token, messages=said).status_code == 200
    assert len(seen[0]) <= 20_000
    assert "899 " in seen[0]
    problem(ask(app.test_client(), token, messages=[{"role": "customer", "text": "x" * (3 << 20)}]),
            413)  # fmt: skip
