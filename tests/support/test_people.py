"""Invitations, passwords, roles and the second factor."""

import pyotp
import pytest

from support import agents, holding, invitations, second_factor
from support.audit import Actor
from support.clock import ago
from support.database import one, scalar
from support.errors import ConflictError, InputError, NotFoundError, PermissionDeniedError
from tests.conftest import ACTOR, import_csv

PASSWORD = "correct horse"


@pytest.fixture
def mina(db):
    return agents.add(db, ACTOR, login="mina", name="미나", role="admin", password=PASSWORD)


def invite(db, **more):
    return invitations.invite(
        db, ACTOR, **({"login": "joon", "name": "준", "role": "agent"} | more)
    )


def test_an_invitation_makes_an_agent_once(db):
    invitation, token = invite(db)
    assert invitation.state == "open"
    assert token not in str(one(db, "SELECT * FROM invitations"))
    assert invitations.find(db, token).login == "joon"
    with pytest.raises(InputError, match="10 characters"):
        invitations.accept(db, token, password="short")
    joon = invitations.accept(db, token, password=PASSWORD)
    assert (joon.login, joon.name, joon.role) == ("joon", "준", "agent")
    assert agents.authenticate(db, "joon", PASSWORD)
    assert invitations.get(db, invitation.id).state == "accepted"
    with pytest.raises(NotFoundError, match="Ask for a new one"):
        invitations.accept(db, token, password=PASSWORD)
    with pytest.raises(ConflictError, match="signs in already"):
        invite(db)


def test_a_link_that_is_revoked_replaced_or_old_is_worth_nothing(db):
    _, first = invite(db)
    second, token = invite(db)
    for gone in (first, "no token"):
        with pytest.raises(NotFoundError):
            invitations.find(db, gone)
    invitations.revoke(db, ACTOR, second.id)
    with pytest.raises(NotFoundError):
        invitations.accept(db, token, password=PASSWORD)
    with pytest.raises(ConflictError, match="revoked"):
        invitations.revoke(db, ACTOR, second.id)
    third, token = invite(db)
    db["invitations"].update(third.id, {"expires_at": ago(seconds=1)})
    with pytest.raises(NotFoundError):
        invitations.find(db, token)
    assert [found.state for found in invitations.listed(db)] == ["expired", "revoked", "revoked"]
    for wrong in ({"role": "king"}, {"login": "a b"}, {"days": 0}):
        with pytest.raises(InputError):
            invite(db, **wrong)


def test_somebody_known_from_an_import_can_be_invited(db):
    known = agents.add(db, ACTOR, login="joon", name="?", role="agent")
    _, token = invite(db, role="lead")
    joon = invitations.accept(db, token, password=PASSWORD)
    assert (joon.id, joon.name, joon.role) == (known.id, "준", "lead")
    assert agents.authenticate(db, "joon", PASSWORD)


def test_a_link_lets_somebody_choose_a_new_password_and_nothing_else(db, mina):
    _, first = invitations.let_reset(db, ACTOR, mina.id)
    found, token = invitations.let_reset(db, ACTOR, mina.id)
    assert found.resets
    with pytest.raises(NotFoundError):
        invitations.find(db, first)
    row = {"agent_id": mina.id, "created_at": ago(), "last_seen_at": ago(), "expires_at": ago()}
    db["sessions"].insert(row | {"token_hash": "x", "address": "", "user_agent": ""})
    assert agents.authenticate(db, "mina", PASSWORD)
    again = invitations.accept(db, token, password="another horse", login="x", name="X")
    assert again == mina
    assert agents.authenticate(db, "mina", "another horse")
    assert scalar(db, "SELECT count(*) FROM sessions") == 0
    agents.add(db, ACTOR, login="joon", name="준", role="admin", password=PASSWORD)
    agents.set_active(db, ACTOR, mina.id, active=False)
    with pytest.raises(PermissionDeniedError, match="shut out"):
        invitations.let_reset(db, ACTOR, mina.id)


def test_links_end_with_the_trust_they_were_made_in(db, mina):
    joon = agents.add(db, ACTOR, login="joon", name="준", role="admin", password=PASSWORD)
    made_by = Actor(joon.actor_name)
    fresh = {"name": "소라", "role": "admin"}
    _, first = invitations.invite(db, made_by, login="sora", **fresh)
    _, kept = invite(db, login="hana")
    agents.change(db, ACTOR, joon.id, role="lead")
    _, second = invitations.invite(db, made_by, login="yuna", **fresh)
    agents.set_active(db, ACTOR, joon.id, active=False)
    for token in (first, second):
        with pytest.raises(NotFoundError):
            invitations.accept(db, token, password=PASSWORD)
    assert invitations.find(db, kept).login == "hana"
    with pytest.raises(ConflictError, match="shut out"):
        invite(db, login="joon")
    _, token = invitations.let_reset(db, ACTOR, mina.id)
    agents.set_password(db, ACTOR, "mina", "a new long one")
    with pytest.raises(NotFoundError):
        invitations.accept(db, token, password="stolen by a link")
    found, token = invitations.let_reset(db, ACTOR, mina.id)
    invitations.accept(db, token, password=PASSWORD)
    assert invitations.get(db, found.id).state == "accepted"
    assert scalar(db, "SELECT revoked_at FROM invitations WHERE id = ?", [found.id]) is None


def test_an_invitation_may_leave_the_login_open_but_not_for_a_known_one(db):
    agents.add(db, ACTOR, login="bygone", name="?", role="agent")
    _, token = invite(db, login="")
    _, other = invite(db, login="")  # two without a login do not replace each other
    with pytest.raises(ConflictError, match="taken"):
        invitations.accept(db, token, password=PASSWORD, login="bygone")
    joon = invitations.accept(db, token, password=PASSWORD, login="joon")
    assert (joon.login, joon.name) == ("joon", "준")
    assert invitations.find(db, other).login == ""
    with pytest.raises(InputError, match="name, or a login"):
        invite(db, login="", name=" ")


def test_the_last_admin_stays(db, mina):
    with pytest.raises(ConflictError, match="last admin"):
        agents.change(db, ACTOR, mina.id, role="agent")
    with pytest.raises(ConflictError, match="last admin"):
        agents.set_active(db, ACTOR, mina.id, active=False)
    agents.add(db, ACTOR, login="joon", name="준", role="admin", password=PASSWORD)
    assert agents.change(db, ACTOR, mina.id, role="agent", name="김미나").role == "agent"
    assert agents.get(db, mina.id).name == "김미나"


def test_who_is_shut_out_holds_nothing(space, db, tmp_path, mina):
    joon = agents.add(db, ACTOR, login="joon", name="준", role="agent", password=PASSWORD)
    import_csv(
        space, tmp_path / "h.csv", f"id,question,answer,created_at\n1,문의,,{ago(hours=1)}\n"
    )
    holding.keep(db, ACTOR, 1, joon.id)
    agents.set_active(db, ACTOR, joon.id, active=False)
    assert holding.holder(db, 1) is None


NOW = 1_700_000_000.0


def set_up(db, seal, agent):
    """A second factor that is on; its secret and recovery codes."""
    enrolment = second_factor.begin(db, seal, agent.id)
    code = pyotp.TOTP(enrolment.secret).at(NOW)
    codes = second_factor.confirm(db, seal, Actor(agent.actor_name), agent.id, code, at=NOW)
    return enrolment.secret, codes


def test_a_second_factor_counts_once_a_code_fitted(db, seal, mina):
    enrolment = second_factor.begin(db, seal, mina.id)
    assert enrolment.uri.startswith("otpauth://totp/faqdesk:mina?secret=" + enrolment.secret)
    assert not second_factor.state(db, mina.id).on
    code = pyotp.TOTP(enrolment.secret).at(NOW)
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    with pytest.raises(InputError, match="does not fit"):
        second_factor.confirm(db, seal, ACTOR, mina.id, wrong, at=NOW)
    assert not second_factor.check(db, seal, mina.id, code, at=NOW)  # not on yet
    codes = second_factor.confirm(db, seal, ACTOR, mina.id, code, at=NOW)
    assert len(set(codes)) == 10
    assert second_factor.state(db, mina.id).recovery_left == 10
    with pytest.raises(ConflictError):
        second_factor.begin(db, seal, mina.id)
    with pytest.raises(ConflictError):
        second_factor.confirm(db, seal, ACTOR, mina.id, code, at=NOW)


def test_no_code_counts_twice(db, seal, mina):
    secret, _ = set_up(db, seal, mina)
    phone = pyotp.TOTP(secret)
    assert not second_factor.check(db, seal, mina.id, phone.at(NOW), at=NOW)  # set up with it
    later = phone.at(NOW + 30)
    assert second_factor.check(db, seal, mina.id, f" {later[:3]} {later[3:]} ", at=NOW + 30)
    assert not second_factor.check(db, seal, mina.id, later, at=NOW + 40)
    assert second_factor.check(db, seal, mina.id, phone.at(NOW + 90), at=NOW + 60)  # fast clock
    assert not second_factor.check(db, seal, mina.id, phone.at(NOW + 300), at=NOW + 200)
    for wrong in ("", "123", "abcdef", "१२३४५६"):
        assert not second_factor.check(db, seal, mina.id, wrong, at=NOW + 300)


def test_recovery_codes_work_once_and_are_not_kept(db, seal, mina):
    _, codes = set_up(db, seal, mina)
    kept = [row["code_hash"] for row in db.query("SELECT code_hash FROM recovery_codes")]
    assert not set(codes) & set(kept)
    assert second_factor.check(db, seal, mina.id, codes[0].upper().replace("-", " "), at=NOW)
    assert not second_factor.check(db, seal, mina.id, codes[0], at=NOW)
    assert second_factor.state(db, mina.id).recovery_left == 9
    fresh = second_factor.renew_codes(db, seal, ACTOR, mina.id)
    assert not second_factor.check(db, seal, mina.id, codes[1], at=NOW)
    assert second_factor.check(db, seal, mina.id, fresh[0], at=NOW)


def test_a_second_factor_is_switched_off(db, seal, mina):
    secret, _ = set_up(db, seal, mina)
    assert secret not in str(one(db, "SELECT * FROM second_factors"))
    assert second_factor.switch_off(db, ACTOR, mina.id)
    assert not second_factor.switch_off(db, ACTOR, mina.id)
    assert not second_factor.check(db, seal, mina.id, pyotp.TOTP(secret).at(NOW), at=NOW)
    with pytest.raises(ConflictError):
        second_factor.renew_codes(db, seal, ACTOR, mina.id)
