"""Signing in with a second factor, ending sessions, inviting from the command line."""

import time

import pyotp
import pytest
from click.testing import CliRunner

from support import agents, invitations, second_factor
from support.audit import Actor
from support.database import scalar
from web import sessions
from web.attempts import ATTEMPTS, TooManyAttemptsError
from web.cli import faqdesk
from web.sessions import SecondFactorError

ACTOR = Actor("cli:test")
PASSWORD = "correct horse"


@pytest.fixture
def sora(db):
    return agents.add(db, ACTOR, login="sora", name="소라", role="agent", password=PASSWORD)


def sign_in(db, seal, **more):
    words = {"login": "sora", "password": PASSWORD, "address": "1.2.3.4", "user_agent": "x"}
    return sessions.sign_in(db, seal, **(words | more))


@pytest.fixture
def phone(db, seal, sora):
    """A phone that was set up a minute ago."""
    secret = second_factor.begin(db, seal, sora.id).secret
    before = time.time() - 60
    code = pyotp.TOTP(secret).at(before)
    second_factor.confirm(db, seal, ACTOR, sora.id, code, at=before)
    return pyotp.TOTP(secret)


def test_signing_in_asks_for_the_code(db, seal, sora, phone):
    with pytest.raises(SecondFactorError) as asked:
        sign_in(db, seal)
    assert not asked.value.wrong
    with pytest.raises(SecondFactorError) as refused:
        sign_in(db, seal, code="000000" if phone.now() != "000000" else "111111")
    assert refused.value.wrong
    assert sign_in(db, seal, password="wrong horse", code=phone.now()) is None
    agent, token = sign_in(db, seal, code=phone.now())
    assert agent.id == sora.id
    assert sessions.find(db, token).id == sora.id


def test_codes_cannot_be_guessed_at_leisure(db, seal, sora, phone):
    for _ in range(ATTEMPTS):
        with pytest.raises(SecondFactorError):
            sign_in(db, seal, code="abc")
    with pytest.raises(TooManyAttemptsError):
        sign_in(db, seal, code=phone.now())


def test_codes_are_few_from_all_addresses_together(db, seal, sora, phone):
    for number in range(ATTEMPTS):
        with pytest.raises(SecondFactorError):
            sign_in(db, seal, code="abc", address=f"10.0.0.{number}")
    with pytest.raises(TooManyAttemptsError):
        sign_in(db, seal, code=phone.now(), address="10.0.1.1")


def test_sessions_are_listed_and_ended_everywhere(db, seal, sora):
    tokens = [sign_in(db, seal, user_agent=name)[1] for name in ("phone", "laptop")]
    found = sessions.listed(db, sora.id, tokens[1])
    assert {item.user_agent: item.current for item in found} == {"phone": False, "laptop": True}
    assert sessions.sign_out_everywhere(db, sora.id, ACTOR, but=tokens[1]) == 1
    assert sessions.find(db, tokens[0]) is None
    assert sessions.find(db, tokens[1]) is not None
    assert sessions.sign_out_everywhere(db, sora.id, ACTOR) == 1
    assert scalar(db, "SELECT count(*) FROM audit WHERE action = 'sign_out.everywhere'") == 2


def test_an_admins_commands(space, db, seal, sora, monkeypatch):
    monkeypatch.setenv("FAQDESK_HOME", str(space.home))

    def run(*words):
        done = CliRunner().invoke(faqdesk, ["agent", *words])
        assert done.exit_code == 0, done.output
        return done.output

    token = run("invite", "bora", "--name", "보라", "--role", "lead").splitlines()[0][6:]
    assert invitations.accept(db, token, password=PASSWORD).role == "lead"
    assert "accepted" in run("invitations")
    run("invite", "dora")
    run("revoke", "2")
    assert "revoked" in run("invitations")
    assert agents.listed(db)
    run("role", "sora", "moderator")
    assert agents.get(db, sora.id).role == "moderator"
    sign_in(db, seal)
    assert run("sign-out", "sora") == "1 ended.\n"
    assert run("forget-second-factor", "sora") == "There was none.\n"
