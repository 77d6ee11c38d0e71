"""Check 5: a session ends where it is said to end, its cookie stays where it was given."""

import re

import pytest
from click.testing import CliRunner

from support import agents, invitations, second_factor
from support.clock import ago
from support.database import scalar, write
from support.errors import InputError
from tests.conftest import ACTOR
from tests.trust.test_04_sign_in_throttled import _cheap_hash  # noqa: F401 - for every test here
from tests.web.conftest import PASSWORD, signed_in, stubbed_app
from tests.web.doors import Visitor
from web import embed_tokens, sessions
from web.cli.demo import demo_command
from web.origins import is_own_machine
from web.serve import serve
from web.sessions import LIFETIME_HOURS, MOST_DAYS

NEW = "another long one"
PARENT = "https://acme.zendesk.com"


@pytest.fixture
def admin(app, db):
    agents.add(db, ACTOR, login="ada", name="Ada", role="admin", password=PASSWORD)
    return signed_in(app, "ada")


def cookie_of(client):
    return client.get_cookie("faqdesk").value


def opens(app, cookie):
    """Whether a copied cookie still is somebody."""
    thief = app.test_client()
    thief.set_cookie("faqdesk", cookie)
    return thief.get("/").status_code == 200


def sign_out(app, admin, mina, db):
    mina.post("/sign-out")


def change_password(app, admin, mina, db):
    form = {"old": PASSWORD, "new": NEW, "again": NEW}
    assert mina.post("/account/password", data=form).status_code == 302


def password_from_the_command_line(app, admin, mina, db):
    agents.set_password(db, ACTOR, "mina", NEW)


def password_by_link(app, admin, mina, db):
    _, token = invitations.let_reset(db, ACTOR, 1)
    form = {"password": NEW, "again": NEW}
    assert app.test_client().post(f"/join/{token}", data=form).status_code == 302


def disable(app, admin, mina, db):
    assert admin.post("/people/1/out").status_code == 302


def disable_and_enable(app, admin, mina, db):
    disable(app, admin, mina, db)
    assert admin.post("/people/1/in").status_code == 302


def admin_signs_them_out(app, admin, mina, db):
    assert admin.post("/people/1/sign-out").status_code == 302


def sign_in_again(app, admin, mina, db):
    form = {"login": "mina", "password": PASSWORD}
    assert mina.post("/sign-in", data=form).status_code == 302


def end_it_by_name(app, admin, mina, db):
    [session] = [s for s in sessions.listed(db, 1) if s.user_agent == "test"]
    sessions.end(db, 1, session.key, ACTOR)


def second_factor_on(app, admin, mina, db):
    """Switched on in another browser: this one was let in without it."""
    import time

    import pyotp

    other = signed_in(app, "mina")
    seal = app.extensions["faqdesk"].seal
    begun = second_factor.begin(db, seal, 1)
    code = pyotp.TOTP(begun.secret).at(time.time())
    assert other.post("/account/second-factor/confirm", data={"code": code}).status_code == 200


def idle(app, admin, mina, db):
    with write(db):
        db.execute("UPDATE sessions SET expires_at = ? WHERE agent_id = 1", [ago(seconds=1)])


def too_old(app, admin, mina, db):
    """However often somebody clicks: it was begun too long ago."""
    with write(db):
        sql = """UPDATE sessions SET created_at = ?, last_seen_at = ?, expires_at = ?
            WHERE agent_id = 1"""
        db.execute(sql, [ago(days=MOST_DAYS, minutes=-1), ago(hours=1), ago(minutes=-2)])
    assert mina.get("/").status_code == 200  # a click prolongs it, and not beyond its week
    kept = scalar(db, "SELECT expires_at FROM sessions WHERE agent_id = 1")
    assert kept <= ago(minutes=-1)
    with write(db):
        sql = "UPDATE sessions SET created_at = ?, expires_at = ? WHERE agent_id = 1"
        db.execute(sql, [ago(days=MOST_DAYS, minutes=2), ago(seconds=1)])


ENDS = [
    sign_out, change_password, password_from_the_command_line, password_by_link, disable,
    disable_and_enable, admin_signs_them_out, sign_in_again, end_it_by_name, second_factor_on, idle,
    too_old,
]  # fmt: skip


@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.__name__)
def test_a_copied_cookie_is_worth_nothing_after(app, admin, db, end):
    mina = signed_in(app, "mina")
    stolen = cookie_of(mina)
    with mina.session_transaction() as session:
        token = session["_user_id"]
    sidebar = embed_tokens.begin(db, token, ACTOR, parent=PARENT).secret
    assert opens(app, stolen)
    assert embed_tokens.find(db, sidebar, allowed=[PARENT])
    end(app, admin, mina, db)
    assert not opens(app, stolen)
    assert sessions.find(db, token) is None
    assert embed_tokens.find(db, sidebar, allowed=[PARENT]) is None
    assert opens(app, cookie_of(admin))  # nobody else's ended with it


def test_who_changes_their_password_goes_on_and_everybody_else_with_it_does_not(app, admin, db):
    here, there = signed_in(app, "mina"), signed_in(app, "mina")
    change_password(app, admin, here, db)
    assert here.get("/").status_code == 200
    assert there.get("/").status_code == 302


def test_another_role_counts_at_once(app, admin, db):
    sujin = signed_in(app, "sujin")
    assert sujin.get("/models").status_code == 200
    agent_id = scalar(db, "SELECT id FROM agents WHERE login = 'sujin'")
    assert admin.post(f"/people/{agent_id}", data={"name": "S", "role": "agent"}).status_code == 302
    assert sujin.get("/models").status_code == 403
    agents.change(db, ACTOR, agent_id, role="moderator")
    assert sujin.get("/inquiries/1").status_code == 403
    with sujin.session_transaction() as session:
        sidebar = embed_tokens.begin(db, session["_user_id"], ACTOR, parent=PARENT).secret
    asked = sujin.post("/embed/renew", headers={"Authorization": f"Bearer {sidebar}"})
    assert asked.status_code == 401


def test_a_session_lasts_half_a_day_without_a_click_and_a_week_with_them(db, space):
    agent = agents.get(db, 1)
    token = sessions.begin(db, space.seal(), agent, ACTOR, "test")
    assert ago(hours=-LIFETIME_HOURS, seconds=5) <= _ends(db) <= ago(hours=-LIFETIME_HOURS)
    for day in range(1, MOST_DAYS + 1):
        begun = ago(days=day, minutes=-10)
        with write(db):
            row = [begun, ago(hours=1), ago(minutes=-5)]
            db.execute("UPDATE sessions SET created_at = ?, last_seen_at = ?, expires_at = ?", row)
        assert sessions.find(db, token)
        assert _ends(db) <= ago(days=day - MOST_DAYS, minutes=-10)


def _ends(db):
    return scalar(db, "SELECT max(expires_at) FROM sessions")


def test_no_session_is_taken_over_that_was_laid_under_before(app, db):
    """Fixation: what a visitor had in the cookie before is gone, whoever put it there."""
    attacker = signed_in(app, "yuna")
    victim = app.test_client()
    victim.set_cookie("faqdesk", cookie_of(attacker))
    with victim.session_transaction() as session:
        before = dict(session)
        session["planted"] = "by somebody"
    assert victim.post("/sign-in", data={"login": "mina", "password": PASSWORD}).status_code == 302
    with victim.session_transaction() as session:
        assert session["_user_id"] != before["_user_id"]
        assert "planted" not in session
    assert sessions.find(db, before["_user_id"]) is None  # and ended: a browser has one session
    tokens = set()
    for _ in range(3):
        victim.post("/sign-in", data={"login": "mina", "password": PASSWORD})
        with victim.session_transaction() as session:
            tokens.add(session["_user_id"])
    assert len(tokens) == 3


def cookies(answer):
    """Each cookie of an answer: its attributes by name, in small letters."""
    found = {}
    for line in answer.headers.getlist("Set-Cookie"):
        (name, _), *more = (part.strip().partition("=")[::2] for part in line.split(";"))
        found[name] = {key.lower(): value for key, value in more}
    return found


WAYS = [
    # proxies, environment, headers, whether it is https
    (0, {"wsgi.url_scheme": "https", "HTTP_HOST": "desk.example"}, {}, True),
    (1, {"HTTP_HOST": "10.0.0.1:8000"},
     {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "desk.example"}, True),
    (2, {"HTTP_HOST": "10.0.0.1:8000"},
     {"X-Forwarded-Proto": "http, https, https", "X-Forwarded-Host": "x, desk.example, y"}, True),
    (0, {"HTTP_HOST": "localhost:8000"}, {}, False),
    (0, {"HTTP_HOST": "127.0.0.1:8000"}, {"X-Forwarded-Proto": "https"}, False),  # nobody's word
    (1, {"HTTP_HOST": "[::1]:8000"}, {}, False),
]  # fmt: skip


@pytest.mark.parametrize(("proxies", "environ", "headers", "https"), WAYS)
def test_the_cookie_is_bound_to_https_and_the_host_where_there_is_https(
    space, recommender, proxies, environ, headers, https
):
    app = stubbed_app(space, recommender, PROXIES=proxies, WTF_CSRF_ENABLED=False)
    client = app.test_client(use_cookies=False)
    form = {"login": "mina", "password": PASSWORD}
    answer = client.post("/sign-in", data=form, headers=headers, environ_overrides=environ)
    assert answer.status_code == 302
    found = cookies(answer)
    bound = "__Host-" if https else ""
    assert set(found) == {bound + "faqdesk", bound + "faqdesk-known"}
    for attributes in found.values():
        assert ("secure" in attributes) == https
        assert "httponly" in attributes
        assert attributes["samesite"] == "Lax"
        assert attributes["path"] == "/"
        assert "domain" not in attributes
    hsts = answer.headers.get("Strict-Transport-Security", "")
    assert hsts == ("max-age=31536000" if https else "")
    # The session counts under its own name alone: one laid under from plain http does nothing.
    line = next(c for c in answer.headers.getlist("Set-Cookie") if c.startswith(bound + "faqdesk="))
    value = line.partition("=")[2].partition(";")[0]

    def looks(name):
        more = headers | {"Cookie": f"{name}={value}"}
        return client.get("/", headers=more, environ_overrides=environ).status_code

    assert looks(bound + "faqdesk") == 200
    assert looks("faqdesk" if https else "__Host-faqdesk") == 302
    # Signing out takes the cookie away under the same name and the same attributes.
    more = headers | {"Cookie": f"{bound}faqdesk={value}"}
    gone = client.post("/sign-out", headers=more, environ_overrides=environ)
    assert cookies(gone)[bound + "faqdesk"]["path"] == "/"
    assert looks(bound + "faqdesk") == 302


IN_THE_CLEAR = [
    "desk.example", "192.0.2.1:8000", "10.0.0.1", "[2001:db8::1]:80", "localhost.evil.example",
    "127.0.0.1.evil.example", "0.0.0.0:8000", "desk.example:443", "[::", "a@localhost", "",
]  # fmt: skip


@pytest.mark.parametrize("proxies", [0, 1])
def test_nobody_signs_in_over_plain_http_but_on_the_machine_itself(space, recommender, db, proxies):
    app = stubbed_app(space, recommender, PROXIES=proxies, WTF_CSRF_ENABLED=False)
    client = app.test_client(use_cookies=False)
    form = {"login": "mina", "password": PASSWORD}
    cookie = {"Cookie": f"faqdesk={cookie_of(signed_in(app, 'mina'))}"}
    _, link = invitations.invite(db, ACTOR, login="new", name="New", role="agent")
    doors = (
        ("/sign-in", "POST", {"data": form}),
        ("/sign-in", "GET", {}),
        ("/", "GET", {"headers": cookie}),
        (f"/join/{link}", "POST", {"data": {"password": NEW, "again": NEW}}),
        ("/api/v1/faqs", "GET", {"headers": {"Authorization": "Bearer fd_x"}}),
        ("/embed/renew", "POST", {"headers": {"Authorization": "Bearer fs_x"}}),
    )
    for host in IN_THE_CLEAR:
        asked = {"HTTP_HOST": host}
        for path, method, more in doors:
            answer = client.open(path, method=method, environ_overrides=asked, **more)
            assert answer.status_code in (400, 403), (host, path)
            assert "Set-Cookie" not in answer.headers, (host, path)
            assert "https" in answer.text or answer.status_code == 400, (host, path)
        assert client.get("/healthz", environ_overrides=asked).status_code in (200, 400)
    assert scalar(db, "SELECT count(*) FROM sessions") == 1  # the one that was given above


@pytest.mark.parametrize(
    ("host", "own"),
    [
        ("localhost", True), ("desk.localhost", True), ("127.0.0.1", True), ("127.8.9.1", True),
        ("::1", True), ("0.0.0.0", False), ("10.0.0.1", False), ("::", False),
        ("localhost.h", False), ("", False), ("desk", False), ("2130706433", False),
    ],
)  # fmt: skip
def test_what_the_machine_itself_is_called(host, own):
    assert is_own_machine(host) == own


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "desk.example"])
def test_serving_in_the_clear_is_refused_and_the_cure_is_named(space, host, monkeypatch):
    cure = f"Cannot serve at {re.escape(host)} over plain http.*--cert.*--proxies"
    with pytest.raises(InputError, match=cure):
        serve(space, host=host, port=8999, workers=1)
    monkeypatch.setenv("FAQDESK_HOME", str(space.home / "demo"))
    done = CliRunner().invoke(demo_command, ["--host", host])
    assert isinstance(done.exception, InputError)
    assert not (space.home / "demo").exists()  # before anything was made


def test_what_depends_on_who_asks_is_kept_by_nobody_between(app, sign_in):
    sujin, stranger, blueprints = sign_in("sujin"), app.test_client(), set()
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<[^>]*>", "1", rule.rule)
        if "GET" not in (rule.methods or ()) or "static" in path:
            continue
        clients = [stranger] if rule.endpoint.partition(".")[0] in blueprints else [stranger, sujin]
        blueprints.add(rule.endpoint.partition(".")[0])
        for client in clients:
            answer = client.get(path)
            assert "Cookie" in answer.headers["Vary"], path
            kept = answer.headers["Cache-Control"]
            assert "no-store" in kept or "private" in kept, path
            assert "public" not in kept, path
            answer.close()
    assert len(blueprints) > 40


def test_the_pages_that_hold_a_form_keep_its_password_out_of_the_page(app):
    page = app.test_client().post("/sign-in", data={"login": "mina", "password": "a wrong one"})
    assert "a wrong one" not in page.text
    assert 'type="password"' in page.text


def test_a_visitor_over_https_signs_in_with_the_forms_token(space, recommender):
    """As a browser does it: the whole way, with the guard against forged forms."""
    visitor = Visitor(stubbed_app(space, recommender))
    visitor.client.environ_base["wsgi.url_scheme"] = "https"
    base = {"base_url": "https://desk.example"}
    page = visitor.client.get("/sign-in", **base)
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)[1]
    form = {"login": "mina", "password": PASSWORD, "csrf_token": token}
    headers = {"Referer": "https://desk.example/sign-in", "Origin": "https://desk.example",
               "Sec-Fetch-Site": "same-origin"}  # fmt: skip
    assert visitor.client.post("/sign-in", data=form, headers=headers, **base).status_code == 302
    assert visitor.client.get("/", **base).status_code == 200
