"""One's own account: what is chosen stays, and what guards it asks for the password."""

import re
import time

import pyotp
import pytest

from support import agents, preferences, second_factor
from support.audit import Actor
from support.database import one, scalar
from tests.web.conftest import PASSWORD, signed_in
from tests.web.doors import Visitor
from web.account_words import browser
from web.attempts import ATTEMPTS

NEW = "another long one"
MINA = Actor("agent:1")


def post(client, path, **form):
    return client.post(f"/account{path}", data=form)


def sign_in(app, **form):
    client = app.test_client()
    return client, client.post("/sign-in", data={"login": "mina", **form})


def half_of(answer):
    return re.search(r'name="half" value="([^"]+)"', answer.text)[1]


@pytest.fixture
def phone(db, space):
    """Mina's phone, set up a minute ago, and her recovery codes."""
    seal, before = space.seal(), time.time() - 60
    totp = pyotp.TOTP(second_factor.begin(db, seal, 1).secret)
    totp.codes = second_factor.confirm(db, seal, MINA, 1, totp.at(before), at=before)
    return totp


def test_name_language_theme_and_keys_are_kept(agent, db):
    page = agent.get("/account").text
    assert 'data-theme="system"' in page
    form = {"name": " 김  미나 ", "language": "en", "theme": "dark", "keys": "off"}
    assert post(agent, "", **form).status_code == 302
    assert (agents.get(db, 1).name, agents.get(db, 1).language) == ("김 미나", "en")
    page = agent.get("/account").text
    assert 'data-theme="dark"' in page
    assert 'data-keys="off"' in page
    assert preferences.load(db, 1).insert_as == preferences.Preferences().insert_as


def test_a_name_that_will_not_do_is_said_beside_it(agent, db):
    for wrong in ("", "  ", "x" * 61):
        answer = post(agent, "", name=wrong, theme="dark")
        assert answer.status_code == 400
        assert 'id="name-trouble"' in answer.text
    assert agents.get(db, 1).name == "Mina"
    assert preferences.load(db, 1).theme == "system"


def test_a_new_password_needs_the_old_one_and_ends_other_sessions(app, agent, db):
    other = signed_in(app, "mina")
    for wrong, beside in (
        ({"old": "wrong horse", "new": NEW, "again": NEW}, "old"),
        ({"old": PASSWORD, "new": "short", "again": "short"}, "new"),
        ({"old": PASSWORD, "new": PASSWORD, "again": PASSWORD}, "new"),
        ({"old": PASSWORD, "new": NEW, "again": NEW + "r"}, "again"),
    ):
        answer = post(agent, "/password", **wrong)
        assert answer.status_code == 400
        assert f'id="{beside}-trouble"' in answer.text
        assert NEW not in answer.text
    assert agents.authenticate(db, "mina", PASSWORD)
    answer = post(agent, "/password", old=PASSWORD, new=NEW, again=NEW)
    assert answer.headers["Location"] == "/account"
    assert "비밀번호를 바꿨어요" in agent.get("/account").text
    assert other.get("/account").status_code == 302
    assert agents.authenticate(db, "mina", NEW)


def test_the_old_password_cannot_be_guessed_at_leisure(agent):
    for _ in range(ATTEMPTS):
        assert post(agent, "/password", old="x", new=NEW, again=NEW).status_code == 400
    assert post(agent, "/password", old=PASSWORD, new=NEW, again=NEW).status_code == 429


def test_a_second_factor_is_set_up_with_the_code_that_the_picture_holds(app, agent, db, space):
    assert agent.get("/account/second-factor").status_code == 302
    assert agent.get("/account/second-factor/code.svg").status_code == 404
    for wrong in ({}, {"password": "wrong horse"}):
        answer = post(agent, "/second-factor", **wrong)
        assert answer.status_code == 400
        assert 'id="begin-trouble"' in answer.text
    assert second_factor.begun(db, space.seal(), 1) is None
    other = signed_in(app, "mina")
    post(agent, "/second-factor", password=PASSWORD)
    left = second_factor.begun(db, space.seal(), 1).secret
    post(agent, "/second-factor", password=PASSWORD)
    page = agent.get("/account/second-factor").text
    secret = second_factor.begun(db, space.seal(), 1).secret
    assert f'data-copy="{secret}"' in page
    picture = agent.get("/account/second-factor/code.svg")
    assert picture.content_type.startswith("image/svg+xml")
    assert picture.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert "style=" not in picture.text
    assert secret != left  # nobody goes on with a secret that somebody else may have seen
    answer = post(agent, "/second-factor/confirm", code="abc")
    assert answer.status_code == 400
    assert 'id="code-trouble"' in answer.text
    page = post(agent, "/second-factor/confirm", code=pyotp.TOTP(secret).now()).text
    codes = re.findall(r"<li><code>([a-z0-9-]{14})</code>", page)
    assert len(codes) == 10
    assert other.get("/account").status_code == 302  # it was let in without the factor
    assert second_factor.check(db, space.seal(), 1, codes[3])
    assert secret not in agent.get("/account").text
    assert agent.get("/account/second-factor").status_code == 302
    assert agent.get("/account/second-factor/code.svg").status_code == 404


def test_setting_up_can_be_left(agent, db, space):
    post(agent, "/second-factor", password=PASSWORD)
    assert second_factor.begun(db, space.seal(), 1)
    post(agent, "/second-factor/off")
    assert second_factor.begun(db, space.seal(), 1) is None


def test_codes_and_switching_off_need_the_password(agent, db, space, phone):
    for path in ("/second-factor/codes", "/second-factor/off"):
        assert post(agent, path, password="wrong horse").status_code == 400
    page = post(agent, "/second-factor/codes", password=PASSWORD).text
    assert not second_factor.check(db, space.seal(), 1, phone.codes[0])
    fresh = re.findall(r"<li><code>([a-z0-9-]{14})</code>", page)
    assert second_factor.check(db, space.seal(), 1, fresh[0])
    assert post(agent, "/second-factor/off", password=PASSWORD).status_code == 302
    assert not second_factor.state(db, 1).on


def test_signing_in_asks_for_the_code_after_the_password(app, phone):
    client, asked = sign_in(app, password=PASSWORD, next="/search")
    assert asked.status_code == 200
    assert 'autocomplete="one-time-code"' in asked.text
    assert 'name="password"' not in asked.text
    assert PASSWORD not in asked.text
    assert client.get("/account").status_code == 302
    half = half_of(asked)
    wrong = client.post("/sign-in", data={"half": half, "code": "12345", "next": "/search"})
    assert wrong.status_code == 401
    assert "코드가 맞지 않아요" in wrong.text
    form = {"half": half_of(wrong), "code": phone.now(), "next": "/search"}
    assert client.post("/sign-in", data=form).headers["Location"] == "/search"
    assert client.get("/account").status_code == 200
    # The same code does not let a second one in.
    stranger, asked = sign_in(app, password=PASSWORD)
    form["half"] = half_of(asked)
    assert stranger.post("/sign-in", data=form).status_code == 401


def test_a_recovery_code_lets_in_once(app, phone):
    for status in (302, 401):
        client, asked = sign_in(app, password=PASSWORD)
        form = {"half": half_of(asked), "code": "", "recovery": phone.codes[0].upper()}
        assert client.post("/sign-in", data=form).status_code == status


def test_a_wrong_password_is_not_told_from_one_without_its_code(app, phone):
    _, answer = sign_in(app, password="wrong horse")
    assert answer.status_code == 401
    assert 'name="half"' not in answer.text


def test_what_stands_for_the_password_ends_with_it(app, db, phone, monkeypatch):
    client, asked = sign_in(app, password=PASSWORD)
    form = {"half": half_of(asked), "code": phone.now()}
    agents.set_password(db, MINA, "mina", NEW)
    for half in (form["half"], "x", "eHh4", form["half"][:-9] + "AAAAAAAA="):
        answer = client.post("/sign-in", data=form | {"half": half})
        assert answer.status_code == 401
        assert "다시 로그인해 주세요" in answer.text
        assert 'name="password"' in answer.text
    monkeypatch.setattr("web.sessions.HALF_MINUTES", -1)
    client, asked = sign_in(app, password=NEW)
    answer = client.post("/sign-in", data={"half": half_of(asked), "code": phone.now()})
    assert "다시 로그인해 주세요" in answer.text


def test_codes_are_throttled_as_passwords_are(app, phone):
    client, asked = sign_in(app, password=PASSWORD)
    for _ in range(ATTEMPTS):
        form = {"half": half_of(asked), "code": "000"}
        assert client.post("/sign-in", data=form).status_code == 401
    form["code"] = phone.now()
    assert client.post("/sign-in", data=form).status_code == 429


def test_sessions_are_listed_and_ended_one_by_one_or_all(app, agent, db):
    phone, laptop, yuna = (signed_in(app, name) for name in ("mina", "mina", "yuna"))
    db.execute("UPDATE sessions SET user_agent = 'Mozilla/5.0 (iPhone) Safari/604.1', "
               "address = '10.0.0.7' WHERE rowid = 2")  # fmt: skip
    db.conn.commit()
    page = agent.get("/account").text
    assert "iPhone의 Safari" in page
    assert "10.0.0.7" in page
    assert page.count("지금 이곳") == 1
    keys = re.findall(r'name="key" value="([0-9a-f]+)"', page)
    assert len(keys) == 2
    assert post(yuna, "/sessions/end", key=keys[0]).status_code == 404  # another's
    assert post(agent, "/sessions/end", key=keys[0]).status_code == 302
    assert sorted(client.get("/account").status_code for client in (phone, laptop)) == [200, 302]
    post(agent, "/sessions/end-others")
    assert [c.get("/account").status_code for c in (agent, phone, laptop, yuna)] == [
        200,
        302,
        302,
        200,
    ]
    assert scalar(db, "SELECT count(*) FROM audit WHERE action = 'sign_out.everywhere'") == 1


def test_the_cookie_of_a_session_is_nowhere_on_the_page(app):
    visitor = Visitor(app)
    visitor.sign_in("mina")
    with visitor.client.session_transaction() as session:
        token = session["_user_id"]
    page = visitor.get("/account").text
    assert token not in page
    assert (
        one(app.extensions["faqdesk"].workspace.database(), "SELECT token_hash FROM sessions")[
            "token_hash"
        ]
        not in page
    )


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit Chrome/150 Safari/537 Edg/150", "Edge"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko Firefox/140.0", "Firefox"),
        ("Mozilla/5.0 (Linux; Android 15) SamsungBrowser/28 Chrome/130", "Samsung Internet"),
        ("curl/8.5", "curl"),
        ("", "알 수 없는"),
        ("<script>", "알 수 없는"),
    ],
)
def test_browsers_are_named_as_people_know_them(app, said, words):
    with app.test_request_context():
        assert words in browser(said)
