"""`/embed/suggest` over HTTP: who may hold it, who may ask, and what is remembered."""

import pytest

from support import agents, answering, settings
from support.clock import ago
from support.database import one, scalar
from tests.web.conftest import ACTOR, PASSWORD, import_rows, signed_in
from tests.web.doors import problem
from web import embed_tokens

PARENT = "https://acme.zendesk.com"
CHAT = "https://app.chatwoot.example"
NEWLY_ASKED = [{"role": "customer", "text": "<p>인증번호가 안 와요</p>"}]


@pytest.fixture(autouse=True)
def parents(db):
    settings.change(db, ACTOR, embed_parents=f"{PARENT},{CHAT}=chat-kr")


@pytest.fixture
def token(agent):
    page = agent.post("/sidebar").text
    return page.split('data-token="')[1].split('"')[0]


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
    for path in ("/sidebar", "/sign-in", "/", "/embed/nothing"):
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
    problem(ask(agent, "", "/embed/renew"), 401)
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
    assert signed_in(app, "mo").post("/sidebar").status_code == 403
    assert scalar(db, "SELECT count(*) FROM embed_tokens") == 0


def test_the_token_is_made_by_a_guarded_form_and_told_in_the_audit_trail(guarded_app, agent, db):
    assert signed_in(guarded_app, "mina").post("/sidebar").status_code == 400
    agent.get("/sidebar")
    assert scalar(db, "SELECT count(*) FROM embed_tokens") == 0
    agent.post("/sidebar")
    told = one(db, "SELECT actor, object FROM audit WHERE action = 'sidebar.connected'")
    assert told["actor"] == told["object"] == f"agent:{agents_id(db)}"


def agents_id(db):
    return scalar(db, "SELECT id FROM agents WHERE login = 'mina'")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"origin": "https://evil.example"}, 403),
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
    for path in ("/embed/suggestions", "/embed/suggestions/1/inserted"):
        answer = app.test_client().post(path, data=raw, headers=headers)
        assert answer.status_code in (400, 404)
        assert answer.content_type == "application/problem+json"


def test_what_is_shown_is_remembered_for_the_conversation_under_the_desks_name(app, token, db):
    key = ask(app.test_client(), token).json["suggestion_id"]
    assert ask(app.test_client(), token).json["suggestion_id"] == key
    shown = one(db, "SELECT * FROM embed_shown")
    assert shown == {"suggestion_id": key, "source": "zendesk", "conversation": "5158"}
    other = ask(app.test_client(), token, origin=CHAT, helpdesk="chatwoot").json["suggestion_id"]
    sql = "SELECT source FROM embed_shown WHERE suggestion_id = ?"
    assert scalar(db, sql, [other]) == "chat-kr"
    row = one(db, "SELECT * FROM suggestions WHERE id = ?", [key])
    assert (row["asked_by"], row["inquiry_id"]) == (f"agent:{agents_id(db)}", None)


def test_beside_an_inquiry_of_the_desk_its_answer_decides(app, token, db, space, ids):
    db.execute(
        "UPDATE inquiries SET source = 'zendesk', source_id = '5158' WHERE id = ?", [ids["o1"]]
    )
    key = ask(app.test_client(), token).json["suggestion_id"]
    assert scalar(db, "SELECT inquiry_id FROM suggestions WHERE id = ?", [key]) == ids["o1"]
    text = "https://help.example.com/ko/faq/code-missing"
    agent_id = agents_id(db)
    answering.send(
        db, space.seal(), inquiry_id=ids["o1"], agent_id=agent_id, text=text, actor=ACTOR
    )
    sql = "SELECT slug, outcome FROM suggestion_faqs WHERE suggestion_id = ? ORDER BY rank"
    assert [tuple(row.values()) for row in db.query(sql, [key])] == [
        ("code-missing", "accepted"),
        ("no-show", "passed_over"),
    ]


def test_what_was_taken_and_what_does_not_fit_is_remembered(app, token, db, ids):
    client = app.test_client()
    key = ask(client, token).json["suggestion_id"]
    path = f"/embed/suggestions/{key}"
    for body in ({"slug": "code-missing", "form": "titled"}, {"past": ids["a1"]}):
        assert ask(client, token, path + "/inserted", **body).status_code == 204
    assert (
        ask(client, token, path + "/dismissed", slug="no-show", reason="irrelevant").status_code
        == 204
    )
    sql = "SELECT kind, slug, past_id, actor FROM suggestion_events ORDER BY id"
    me = f"agent:{agents_id(db)}"
    assert [tuple(row.values()) for row in db.query(sql)] == [
        ("inserted", "code-missing", None, me),
        ("inserted", "", ids["a1"], me),
        ("dismissed", "no-show", None, me),
    ]
    assert "no-show" not in ask(client, token).json["html"].split("card-past")[0]
    assert ask(client, token, path + "/dismissed", slug="no-show", undone=True).status_code == 204
    assert 'data-slug="no-show"' in ask(client, token).json["html"]
    problem(ask(client, token, path + "/inserted", past="1"), 400)
    problem(ask(client, token, path + "/inserted", slug="refund"), 404)


def test_nobody_reports_on_what_colleagues_were_shown(app, token):
    key = ask(app.test_client(), token).json["suggestion_id"]
    page = signed_in(app, "yuna").post("/sidebar").text
    other = page.split('data-token="')[1].split('"')[0]
    path = f"/embed/suggestions/{key}/inserted"
    problem(ask(app.test_client(), other, path, slug="code-missing"), 404)


def test_personal_data_is_masked_before_a_model_sees_it(app, token, recommender, monkeypatch):
    seen = []
    known = recommender.suggest

    def suggest(db, text, **more):
        seen.append(text)
        return known(db, text, **more)

    monkeypatch.setattr(recommender, "suggest", suggest)
    messages = [{"role": "customer", "text": "제 번호는 010-2345-6789 입니다"}]
    ask(app.test_client(), token, subject="도와주세요", messages=messages)
    assert seen == ["도와주세요\n제 번호는 [전화번호] 입니다"]


def test_hostile_words_of_customers_are_words(app, token, space, db, tmp_path, recommender):
    rows = [("x1", 10, "web", "ko", "a", "인증번호 <script>x</script>", "<img src=x onerror=y>")]
    import_rows(space, db, rows, tmp_path)
    recommender.similar.remember(db, [scalar(db, "SELECT max(id) FROM inquiries")])
    html = ask(app.test_client(), token).json["html"]
    assert "<script" not in html
    assert "<img" not in html


def test_it_speaks_the_agents_language(app, token, db):
    assert (
        "유력" in ask(app.test_client(), token).json["html"]
        or "Likely" not in ask(app.test_client(), token).json["html"]
    )
    agents.set_language(db, agents_id(db), "en")
    assert "<h2>Likely</h2>" in ask(app.test_client(), token).json["html"]


def test_silence_says_why(app, token, recommender):
    recommender.silence = "ambiguous"
    answer = ask(app.test_client(), token)
    assert 'class="silence"' in answer.json["html"]
    assert "card-faq" not in answer.json["html"]
