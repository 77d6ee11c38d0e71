"""Signing in and out: what starts a session, what ends it, and how often one may try."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from support import agents
from support.clock import ago, now
from support.database import scalar
from support.seal import KEY_BYTES, Seal
from tests.conftest import ACTOR
from tests.web.conftest import PASSWORD
from tests.web.doors import Visitor
from web import sessions
from web.app import create_app
from web.attempts import AT_ALL, ATTEMPTS, TooManyAttemptsError


@pytest.fixture
def app(space):
    return create_app(space)


@pytest.fixture
def mina(app):
    visitor = Visitor(app)
    assert visitor.sign_in("mina").status_code == 302
    return visitor


SEAL = Seal(bytes(KEY_BYTES))


def is_in(visitor):
    return visitor.get("/").status_code == 200


def attempt(db, login="mina", password="wrong password", address="10.0.0.1"):
    return sessions.sign_in(
        db, SEAL, login=login, password=password, address=address, user_agent=""
    )


def test_signing_in_opens_the_inbox_and_signing_out_ends_it_in_the_database(app, mina, db):
    assert is_in(mina)
    stolen = mina.client.get_cookie("faqdesk").value
    assert mina.post("/sign-out", {}).status_code == 302
    assert not is_in(mina)
    assert scalar(db, "SELECT count(*) FROM sessions") == 0
    thief = Visitor(app)
    thief.client.set_cookie("faqdesk", stolen)
    assert not is_in(thief)


def test_the_database_holds_no_token_that_signs_in(mina, db, app):
    with mina.client.session_transaction() as session:
        token = session["_user_id"]
    kept = scalar(db, "SELECT token_hash FROM sessions")
    assert token not in kept
    assert sessions.find(db, token).login == "mina"
    assert sessions.find(db, kept) is None


def test_wrong_password_unknown_login_and_a_shut_out_one_get_the_same_answer(app, db):
    agents.set_active(db, ACTOR, next(a.id for a in agents.listed(db) if a.login == "yuna"),
                      active=False)  # fmt: skip
    pages = set()
    for login, password in (("mina", "wrong password"), ("nobody", PASSWORD), ("yuna", PASSWORD)):
        answer = Visitor(app).sign_in(login, password)
        assert answer.status_code == 401
        pages.add(re.sub(r'(value|data-csrf)="[^"]*"', "", answer.text))
    assert len(pages) == 1


@pytest.mark.parametrize(
    ("login", "password"),
    [
        ("", ""),
        ("mina", ""),
        ("mina\0", PASSWORD),
        ("' OR 1=1 --", "x"),
        ("가" * 9999, "나" * 9999),
    ],
)
def test_odd_logins_are_only_wrong(app, login, password):
    assert Visitor(app).sign_in(login, password).status_code == 401


def test_a_few_failures_from_elsewhere_lock_nobody_out(app):
    for number in range(ATTEMPTS + 1):
        assert Visitor(app, f"10.0.0.{number}").sign_in("MINA", "wrong").status_code == 401
    assert Visitor(app, "10.0.1.1").sign_in("mina").status_code == 302


def test_one_login_waits_after_too_many_failures_wherever_they_come_from(app, db, space):
    row = {"login": space.seal().customer("login", "mina"), "at": now()}
    rows = [row | {"address": f"10.0.2.{number}"} for number in range(AT_ALL - 2)]
    db["sign_in_attempts"].insert_all(rows)
    for number in range(2):
        assert Visitor(app, f"10.0.0.{number}").sign_in("MINA", "wrong").status_code == 401
    answer = Visitor(app, "10.0.1.1").sign_in("mina")
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 900
    assert Visitor(app, "10.0.1.1").sign_in("sujin").status_code == 302
    db.execute("UPDATE sign_in_attempts SET at = ?", [ago(minutes=16)])
    assert Visitor(app, "10.0.1.1").sign_in("mina").status_code == 302


def test_one_address_waits_and_a_forwarded_one_does_not_fool_it(app):
    for number in range(ATTEMPTS):
        answer = Visitor(app).sign_in(
            "mina", "wrong", headers={"X-Forwarded-For": f"10.9.9.{number}"}
        )
        assert answer.status_code == 401
    forwarded = {"X-Forwarded-For": "10.9.8.7", "Forwarded": "for=10.9.8.7"}
    assert Visitor(app).sign_in("mina", headers=forwarded).status_code == 429
    assert Visitor(app, "10.0.0.2").sign_in("mina").status_code == 302


def test_a_success_forgives_its_own_login_only(db):
    for _ in range(ATTEMPTS - 2):
        attempt(db)
    attempt(db, "sujin")
    assert attempt(db, "mina", PASSWORD)
    kept = [row["login"] for row in db.query("SELECT login FROM sign_in_attempts")]
    assert kept == [SEAL.customer("login", "sujin")]
    attempt(db, address="10.0.0.9")  # somebody elsewhere guesses on: that stays counted
    assert attempt(db, "mina", PASSWORD)
    kept = [row["address"] for row in db.query("SELECT address FROM sign_in_attempts")]
    assert kept == ["10.0.0.1", "10.0.0.9"]


def test_a_password_typed_where_the_login_goes_is_not_kept_in_plain(app, space, db):
    Visitor(app).sign_in("Correct Horse Battery", "oops")
    kept = scalar(db, "SELECT login FROM sign_in_attempts")
    assert kept == space.seal().customer("login", "correct horse battery")
    db.close()
    for path in space.home.glob("desk.db*"):
        assert b"orse batter" not in path.read_bytes().lower()


def test_many_at_once_get_no_more_attempts_than_one_after_the_other(space, db):
    def one(_):
        own = space.database()
        try:
            attempt(own)
            return "failed"
        except TooManyAttemptsError:
            return "waits"
        finally:
            own.close()

    with ThreadPoolExecutor(ATTEMPTS + 5) as pool:
        outcomes = list(pool.map(one, range(ATTEMPTS + 5)))
    assert outcomes.count("failed") == ATTEMPTS
    assert scalar(db, "SELECT count(*) FROM audit WHERE action = 'sign_in.failed'") == ATTEMPTS


def test_a_new_password_ends_every_session(app, mina, db):
    other = Visitor(app)
    other.sign_in("mina")
    agents.set_password(db, ACTOR, "mina", "another long one")
    assert not is_in(mina)
    assert not is_in(other)
    assert Visitor(app).sign_in("mina").status_code == 401
    assert Visitor(app).sign_in("mina", "another long one").status_code == 302


def test_shutting_out_ends_sessions_and_letting_in_again_does_not_revive_them(app, mina, db):
    agents.set_active(db, ACTOR, 1, active=False)
    assert agents.get(db, 1).login == "mina"
    assert not is_in(mina)
    assert Visitor(app).sign_in("mina").status_code == 401
    agents.set_active(db, ACTOR, 1, active=True)
    assert not is_in(mina)


def test_a_session_ends_by_itself_and_a_click_prolongs_it(mina, db):
    later, hour = ago(hours=-11), ago(hours=1)
    db.execute("UPDATE sessions SET last_seen_at = ?, expires_at = ?", [hour, ago(hours=-1)])
    assert is_in(mina)
    assert scalar(db, "SELECT expires_at FROM sessions") > later
    db.execute("UPDATE sessions SET expires_at = ?", [ago(seconds=1)])
    assert not is_in(mina)


def test_sessions_that_ended_are_forgotten_at_the_next_sign_in(mina, db):
    db.execute("UPDATE sessions SET expires_at = ?", [ago(seconds=1)])
    attempt(db, "sujin", PASSWORD)
    assert scalar(db, "SELECT count(*) FROM sessions WHERE expires_at < ?", [now()]) == 0


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(app):
    answer = Visitor(app).sign_in("mina")
    cookie = next(c for c in answer.headers.getlist("Set-Cookie") if c.startswith("faqdesk="))
    flags = {part.strip().split("=")[0].lower(): part.strip() for part in cookie.split(";")[1:]}
    assert "httponly" in flags
    assert flags["samesite"] == "SameSite=Lax"
    assert flags["path"] == "Path=/"
    assert "domain" not in flags
    assert "Cookie" in answer.headers["Vary"]
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_changed_cookie_is_nobody(app, mina):
    value = mina.client.get_cookie("faqdesk").value
    mina.client.set_cookie("faqdesk", value[:-3] + "abc")
    assert not is_in(mina)


def test_what_a_visitor_left_in_the_cookie_before_is_gone_after(app):
    visitor = Visitor(app)
    visitor.post("/language", {"language": "en"})
    with visitor.client.session_transaction() as session:
        assert session["language"] == "en"
        before = session["csrf_token"]
    visitor.sign_in("mina")
    with visitor.client.session_transaction() as session:
        assert "language" not in session
        assert session.get("csrf_token") != before


def test_the_audit_trail_knows_who_came_and_that_somebody_failed(app, mina, db):
    Visitor(app).sign_in("mina", "wrong")
    mina.post("/sign-out", {})
    sql = "SELECT action, actor, address FROM audit WHERE action LIKE 'sign_%' ORDER BY id"
    assert [tuple(row.values()) for row in db.query(sql)] == [
        ("sign_in.done", "agent:1", "127.0.0.1"),
        ("sign_in.failed", "nobody", "127.0.0.1"),
        ("sign_out.done", "agent:1", "127.0.0.1"),
    ]
