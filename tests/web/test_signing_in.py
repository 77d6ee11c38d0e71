import re

import pytest

from web.auth import own_path

PASSWORD = "correct horse"


def try_password(client, password=PASSWORD, **form):
    return client.post("/sign-in", data={"login": "mina", "password": password, **form})


def test_every_page_asks_to_sign_in_and_comes_back(app):
    client = app.test_client()
    answer = client.get("/inquiries/6?x=1")
    assert answer.headers["Location"] == "/sign-in?next=/inquiries/6?x%3D1"
    page = client.get(answer.headers["Location"]).text
    target = re.search(r'name="next" value="(/inquiries/6[^"]*)"', page)[1]
    assert try_password(client, next=target).headers["Location"] == target


def test_a_wrong_password_is_said_kindly_and_keeps_the_login(app):
    answer = try_password(app.test_client(), "nonsense")
    assert answer.status_code == 401
    assert "아이디 또는 비밀번호가 맞지 않아요" in answer.text
    assert 'value="mina"' in answer.text
    assert "nonsense" not in answer.text


def test_too_many_attempts_wait(app, db, space):
    from support.clock import now

    login = space.seal().customer("login", "mina")
    for _ in range(10):
        db["sign_in_attempts"].insert({"login": login, "address": "127.0.0.1", "at": now()})
    db.conn.commit()
    answer = try_password(app.test_client())
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "900"
    assert "15분 뒤에" in answer.text


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "javascript:alert(1)",
        "evil",
        "",
        " //evil.example",
        "/\\[",
        "//[",
        "/%0a//evil\n",
        "http:/evil",
    ],
)
def test_signing_in_leads_nowhere_else(app, target):
    assert own_path(target) is None
    client = app.test_client()
    assert try_password(client, next=target).headers["Location"] == "/"
    answer = client.post("/language", data={"language": "en", "next": target})
    assert answer.headers["Location"] == "/"


def test_a_form_without_its_token_is_refused(guarded_app):
    client = guarded_app.test_client()
    assert try_password(client).status_code == 400
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/sign-in").text)[1]
    assert try_password(client, csrf_token=token).status_code == 302
    refused = [
        client.post("/inquiries/6/send", data={"text": "안 보낸 글"}),
        client.post("/inquiries/6/draft", json={"text": "a", "revision": 1}),
        client.post("/suggestions/sg_1/dismissed", json={"slug": "refund", "reason": "other"}),
        client.post("/sign-out"),
    ]
    assert [answer.status_code for answer in refused] == [400] * 4
    assert "안 보낸 글" in refused[0].text
    fresh = client.get("/csrf").json["token"]
    draft = {"text": "a", "revision": 1}
    answer = client.post("/inquiries/6/draft", json=draft, headers={"X-CSRFToken": fresh})
    assert answer.status_code == 200


def test_whoever_was_signed_out_keeps_the_text(agent):
    agent.post("/sign-out")
    answer = agent.post("/inquiries/6/send", data={"text": "안 보낸 글"})
    assert answer.status_code == 403
    assert "안 보낸 글" in answer.text
    as_script = {"Accept": "application/json"}
    answer = agent.post("/inquiries/6/draft", json={"text": "a", "revision": 1}, headers=as_script)
    assert answer.status_code == 403
    assert answer.content_type == "application/problem+json"


def test_signing_out_ends_the_session_itself(app, agent):
    cookie = agent.get_cookie("faqdesk").value
    agent.post("/sign-out")
    thief = app.test_client()
    thief.set_cookie("faqdesk", cookie)
    assert thief.get("/").headers["Location"].startswith("/sign-in")


def test_those_who_do_not_answer_see_masked_answers_alone(sign_in, ids):
    moderator = sign_in("mo")
    assert moderator.get("/").headers["Location"] == "/moderation"
    answer = moderator.get(f"/inquiries/{ids['o1']}")
    assert answer.status_code == 403
    assert "010-2345-6789" not in answer.text
    assert "권한이 없거나" in answer.text
    assert moderator.get("/search?q=환불").status_code == 200
    assert moderator.post(f"/inquiries/{ids['o1']}/send", data={"text": "a"}).status_code == 403


def test_the_language_is_ones_own_and_stays(agent, sign_in):
    assert "문의함" in agent.get("/").text
    answer = agent.post("/language", data={"language": "en", "next": "/search?q=a"})
    assert answer.headers["Location"] == "/search?q=a"
    assert '<html lang="en"' in agent.get("/").text
    assert "Inbox" in sign_in("mina").get("/").text
    assert "문의함" in sign_in("yuna").get("/").text
    assert agent.post("/language", data={"language": "tlh"}).status_code == 400


def test_the_browsers_language_counts_before_signing_in(app):
    client = app.test_client()
    page = client.get("/sign-in", headers={"Accept-Language": "en-GB,en;q=0.9"}).text
    assert "Sign in" in page
    assert "로그인" in client.get("/sign-in", headers={"Accept-Language": "fr"}).text
    client.post("/language", data={"language": "en", "next": "/sign-in"})
    assert "Sign in" in client.get("/sign-in", headers={"Accept-Language": "fr"}).text


def test_pages_run_no_script_of_others(agent, ids):
    for path in ("/", f"/inquiries/{ids['o1']}", "/search?q=환불", "/nowhere"):
        answer = agent.get(path)
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert not re.search(r'<script(?![^>]* src="/)|<style| style="| on[a-z]+="', answer.text)
        assert not re.search(r'(src|href)="https?://(?!help\.example\.com)', answer.text)


def test_a_page_that_breaks_says_nothing_of_it(app, recommender, monkeypatch, ids):
    def fail(*_, **__):
        raise RuntimeError("secret 010-1111-2222")

    client = app.test_client()
    try_password(client)
    monkeypatch.setattr(recommender, "suggest", fail)
    answer = client.get(f"/inquiries/{ids['o1']}")
    assert answer.status_code == 500
    assert "서버에 문제가 생겼어요" in answer.text
    assert "010-1111" not in answer.text
