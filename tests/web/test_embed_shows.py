"""What the sidebar shows beside a conversation, and what is remembered of it."""

import json
from html import unescape

import pytest
from flask_babel import force_locale

from support import agents, answering, preferences, saved_replies, settings
from support.database import one, scalar
from support.promise import Promise
from support.saved_reply_advice import SuggestedReply
from tests.web.conftest import ACTOR, import_rows, signed_in
from tests.web.doors import problem
from tests.web.test_embed import CHAT, NEWLY_ASKED, PARENT, agents_id, ask, connected
from web.wording import REASONS


@pytest.fixture(autouse=True)
def parents(db):
    settings.change(db, ACTOR, embed_parents=f"{PARENT},{CHAT}=chat-kr")


@pytest.fixture
def token(agent):
    return connected(agent)


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
    settings.change(db, ACTOR, allow=["070-1234-5678"])  # the desk's own
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
