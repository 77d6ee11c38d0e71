"""`/embed/suggest` over HTTP: who may hold it, who may ask, and what is remembered."""

import json
from html import unescape

import pytest
from flask_babel import force_locale

from support import agents, answering, preferences, saved_replies, settings
from support.clock import ago
from support.database import one, scalar
from support.promise import Promise
from support.saved_reply_advice import SuggestedReply
from tests.web.conftest import ACTOR, PASSWORD, import_rows, signed_in
from tests.web.doors import problem
from web import embed_tokens
from web.wording import REASONS

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


def agents_id(db):
    return scalar(db, "SELECT id FROM agents WHERE login = 'mina'")


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


def test_what_is_shown_is_remembered_for_the_conversation_under_the_desks_name(
    app, agent, token, db
):
    key = ask(app.test_client(), token).json["suggestion_id"]
    assert ask(app.test_client(), token).json["suggestion_id"] == key
    shown = one(db, "SELECT * FROM embed_shown")
    assert shown == {"suggestion_id": key, "source": "zendesk", "conversation": "5158"}
    chat = connected(agent, CHAT)
    other = ask(app.test_client(), chat, origin=CHAT, helpdesk="chatwoot").json["suggestion_id"]
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
    card = card_of(ask(client, token).json["html"], "no-show")
    assert "card-faq dismissed" in card
    assert "이 문의와 무관함" in card
    assert ask(client, token, path + "/dismissed", slug="no-show", undone=True).status_code == 204
    assert "dismissed" not in card_of(ask(client, token).json["html"], "no-show").split(">")[0]
    problem(ask(client, token, path + "/inserted", past="1"), 400)
    problem(ask(client, token, path + "/inserted", slug="refund"), 404)


def card_of(html, slug):
    """The piece of page of one suggested FAQ."""
    return next(part for part in html.split("<li ") if f'data-slug="{slug}"' in part)


def test_what_was_looked_up_and_what_was_taken_back_is_remembered(app, token, db):
    client = app.test_client()
    reply = saved_replies.create(db, ACTOR, title="환불 안내", body="환불은 사흘 걸려요.")
    key = ask(client, token).json["suggestion_id"]
    hits = ask(client, token, "/embed/search", typed="환불").json["html"]
    assert "환불을 받고 싶어요" in hits
    assert "환불은 사흘 걸려요." in hits
    assert "card-" not in ask(client, token, "/embed/search", typed="없는말").json["html"]
    assert ask(client, token, "/embed/search", typed=" ").json["html"] == ""
    path = f"/embed/suggestions/{key}/inserted"
    for body in (
        {"slug": "refund", "form": "link", "found": True},
        {"reply": reply.id},
        {"reply": reply.id, "undone": True},
        {"slug": "code-missing", "form": "link"},
        {"slug": "code-missing", "undone": True},
    ):
        assert ask(client, token, path, **body).status_code == 204
    sql = "SELECT kind, slug, reply_id FROM suggestion_events ORDER BY id"
    assert [tuple(row.values()) for row in db.query(sql)] == [
        ("inserted", "refund", None),
        ("inserted", "", reply.id),
        ("undone", "", reply.id),
        ("inserted", "code-missing", None),
        ("undone", "code-missing", None),
    ]
    sql = "SELECT inserted_at FROM suggestion_faqs WHERE slug = 'code-missing'"
    assert scalar(db, sql) is None
    problem(ask(client, token, path, reply=999), 404)


def test_beside_what_was_answered_already_nothing_is_remembered(app, token, db):
    answered = [*NEWLY_ASKED, {"role": "agent", "text": "스팸함을 봐 주세요"}]
    answer = ask(app.test_client(), token, messages=answered).json
    assert 'data-slug="code-missing"' in answer["html"]
    assert 'data-inserted=""' in answer["html"]
    assert "data-dismiss" not in answer["html"].replace('data-dismissed=""', "")
    assert answer["suggestion_id"] == ""
    assert scalar(db, "SELECT count(*) FROM suggestions") == 0


def test_the_inquirys_suggestion_is_the_teams_and_leads_to_the_desk(app, token, db, ids):
    db.execute(
        "UPDATE inquiries SET source = 'zendesk', source_id = '5158' WHERE id = ?", [ids["o1"]]
    )
    signed_in(app, "yuna").get(f"/inquiries/{ids['o1']}")
    answer = ask(app.test_client(), token).json
    assert f'href="/inquiries/{ids["o1"]}" target="_blank"' in answer["html"]
    key = answer["suggestion_id"]
    assert scalar(db, "SELECT count(*) FROM suggestions") == 1
    path = f"/embed/suggestions/{key}/dismissed"
    assert ask(app.test_client(), token, path, slug="no-show", reason="other").status_code == 204


def test_why_and_saved_replies_stand_beside_what_fits(app, token, monkeypatch, db):
    reply = saved_replies.create(db, ACTOR, title="인증 안내", body="070-1234-5678로 전화 주세요.")
    promise = Promise(9, 10, 0.6, 0.98)
    item = SuggestedReply(reply, "likely", 0.9, promise, ())
    monkeypatch.setattr("support.saved_reply_advice.suggest", lambda db, past: [item])
    html = ask(app.test_client(), token).json["html"]
    assert "인증 안내" in html
    assert f"&#34;reply&#34;: {reply.id}" in html
    assert "<mark>인증번호</mark>" in html
    assert "10번 중 9번" in html
    assert html.count("data-dismiss=") == 2 * len(answering.DISMISSALS)


def test_nobody_reports_on_what_colleagues_were_shown(app, token):
    key = ask(app.test_client(), token).json["suggestion_id"]
    other = connected(signed_in(app, "yuna"))
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


def test_it_speaks_the_agents_language_and_looks_as_they_like(app, token, db):
    answer = ask(app.test_client(), token).json
    assert ">유력한 추천</h2>" in answer["html"]
    assert answer["person"] == {"language": "ko", "theme": "system", "keys": "on"}
    agents.set_language(db, agents_id(db), "en")
    preferences.put(db, agents_id(db), theme="dark", keys="off")
    answer = ask(app.test_client(), token).json
    assert ">Likely</h2>" in answer["html"]
    assert answer["person"] == {"language": "en", "theme": "dark", "keys": "off"}
    assert ask(app.test_client(), token, "/embed/renew").json["person"]["theme"] == "dark"


def test_the_page_brings_the_words_of_both_languages(app):
    page = app.test_client().get("/embed/suggest", headers={"Accept-Language": "en"}).text
    words = json.loads(unescape(page.split('data-words="')[1].split('"')[0]))
    assert words["ko"].keys() == words["en"].keys()
    assert (words["ko"]["connect"], words["en"]["connect"]) == ("연결", "Connect")
    assert all(words["ko"][name] != words["en"][name] for name in words["ko"])


@pytest.mark.parametrize("reason", ["ambiguous", "out_of_scope", "below_threshold"])
def test_silence_says_why(app, token, recommender, reason):
    recommender.silence = reason
    answer = ask(app.test_client(), token)
    with app.test_request_context(), force_locale("ko"):
        said = str(REASONS[reason])
    assert f'<p class="silence">{said}</p>' in answer.json["html"]
    assert "card-faq" not in answer.json["html"]
