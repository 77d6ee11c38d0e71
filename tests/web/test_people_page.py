"""People, invitations and joining: who may do it, links that are good once, the last admin."""

import re

import pytest

from support import agents, invitations, second_factor
from support.audit import Actor
from support.clock import ago
from support.database import one, scalar
from tests.conftest import ACTOR
from tests.web.conftest import PASSWORD, signed_in
from web.attempts import ATTEMPTS

NEW = "a few words in a row"


@pytest.fixture
def ada(db):
    return agents.add(db, ACTOR, login="ada", name="Ada", role="admin", password=PASSWORD).id


@pytest.fixture
def admin(app, ada):
    return signed_in(app, "ada")


def link_of(answer):
    return re.search(r'value="http://localhost(/join/[^"]+)"', answer.text)[1]


def invited(admin, **form):
    answer = admin.post("/people", data={"name": "준", "role": "agent"} | form)
    assert answer.status_code == 200, answer.text
    return link_of(answer)


def join(app, link, **form):
    client = app.test_client()
    both = {"password": NEW, "again": NEW}
    return client, client.post(link, data={"login": "joon", "name": "준"} | both | form)


def test_everybody_stands_there_with_what_an_admin_wants_to_know(admin, db, space):
    agents.add(db, ACTOR, login="bygone", name="김민지", role="agent")
    agents.set_active(db, ACTOR, 2, active=False)
    page = admin.get("/people").text
    for words in (
        "Mina",
        "mina · 상담원",
        "차단됨",
        "로그인할 수 없음",
        "온 적 없음",
        "로그인 1곳",
    ):
        assert words in page
    assert page.index("Ada") < page.index("Yuna") < page.index("김민지")


def test_only_admins_see_people(lead):
    assert lead.get("/people").status_code == 403
    assert "/people" not in lead.get("/account").text


def test_an_invitation_is_shown_once_and_makes_an_agent_who_is_in(app, admin, db):
    link = invited(admin)
    assert link not in admin.get("/people").text
    page = app.test_client().get(link).text
    assert "상담원(으)로 초대받으셨어요" in page
    client, answer = join(app, link, name="한  준")
    assert answer.headers["Location"] == "/account"
    assert "들어오셨어요" in client.get("/account").text
    joon = one(db, "SELECT * FROM agents WHERE login = 'joon'")
    assert (joon["name"], joon["role"]) == ("한 준", "agent")
    assert "한 준 수락" in admin.get("/people").text
    _, again = join(app, link, login="other")
    assert again.status_code == 404
    assert "이미 쓴 링크예요" in again.text


@pytest.mark.parametrize(
    ("wrong", "beside"),
    [
        ({"password": "short", "again": "short"}, "password"),
        ({"again": NEW + "s"}, "again"),
        ({"login": ""}, "login"),
        ({"login": "a b"}, "login"),
        ({"login": "mina"}, "login"),
        ({"login": "MINA"}, "login"),
        ({"login": "bygone"}, "login"),  # known from an import: nobody takes that name by choice
    ],
)
def test_what_will_not_do_is_said_beside_it_and_kept(app, admin, db, wrong, beside):
    agents.add(db, ACTOR, login="bygone", name="김민지", role="agent")
    link = invited(admin)
    _, answer = join(app, link, **wrong)
    assert answer.status_code in (400, 409)
    assert f'id="{beside}-trouble"' in answer.text
    assert NEW not in answer.text
    assert invitations.listed(db)[0].state == "open"
    assert join(app, link)[1].status_code == 302


def test_links_that_are_no_more_say_what_to_do(app, admin, db):
    link = invited(admin)
    db["invitations"].update(1, {"expires_at": ago(seconds=1)})
    assert "기간이 지났어요" in join(app, link)[1].text
    link = invited(admin)
    assert admin.post("/people/invitations/2/revoke").status_code == 302
    assert "취소됐거나" in app.test_client().get(link).text
    answer = app.test_client().get(link + "x")
    assert answer.status_code == 404
    assert "모르는 링크예요" in answer.text
    assert scalar(db, "SELECT count(*) FROM agents WHERE login = 'joon'") == 0


def test_links_cannot_be_guessed_at_leisure_and_good_ones_are_not_counted(app, admin):
    link = invited(admin)
    client = app.test_client()
    for _ in range(ATTEMPTS + 2):
        assert client.get(link).status_code == 200
    for number in range(ATTEMPTS):
        assert client.get(f"/join/{number}").status_code == 404
    assert client.get("/join/x").status_code == 429
    assert client.post("/sign-in", data={"login": "mina", "password": PASSWORD}).status_code == 302


def test_an_invitation_needs_a_name_or_login_and_a_free_one(admin, db):
    for wrong in ({"name": " "}, {"role": "king"}, {"login": "mina"}, {"days": "x"},
                  {"login": "a b"}, {"days": "1000"}):  # fmt: skip
        answer = admin.post("/people", data={"name": "준", "role": "agent"} | wrong)
        assert answer.status_code == 400
        assert 'class="trouble"' in answer.text
    assert invitations.listed(db) == []


def test_a_role_is_changed_and_the_last_admin_stays(app, admin, ada, db):
    mina = signed_in(app, "mina")
    form = {"name": "미나", "role": "lead", "seen": "agent"}
    assert admin.post("/people/1", data=form).status_code == 302
    assert (agents.get(db, 1).name, agents.get(db, 1).role) == ("미나", "lead")
    assert mina.get("/models").status_code == 200
    assert admin.post("/people/1", data=form).status_code == 409  # seen: an agent, as before
    answer = admin.post(f"/people/{ada}", data={"name": "Ada", "role": "lead"})
    assert answer.status_code == 409
    assert "마지막 관리자예요" in answer.text
    assert admin.post(f"/people/{ada}/out").status_code == 409
    admin.post("/people/1", data={"name": "미나", "role": "admin", "seen": "lead"})
    answer = admin.post(f"/people/{ada}", data={"name": "Ada", "role": "lead"})
    assert answer.headers["Location"] == "/account"
    assert admin.get("/people").status_code == 403


def test_shutting_out_and_letting_in_again(app, admin, db):
    mina = signed_in(app, "mina")
    admin.post("/people/1/out")
    assert mina.get("/account").status_code == 302
    assert "차단 풀기" in admin.get("/people/1").text
    assert admin.post("/people/1/password").status_code == 403
    admin.post("/people/1/in")
    assert agents.authenticate(db, "mina", PASSWORD)


def test_signing_somebody_out_everywhere(app, admin):
    both = [signed_in(app, "mina") for _ in range(2)]
    assert "로그인 2개를 끝냈어요" in admin.post(
        "/people/1/sign-out", follow_redirects=True).text  # fmt: skip
    assert [client.get("/account").status_code for client in both] == [302, 302]
    assert admin.get("/people").status_code == 200


def test_a_second_factor_is_forgotten_for_who_lost_everything(admin, db, space):
    import time

    import pyotp

    before = time.time() - 60
    secret = second_factor.begin(db, space.seal(), 1).secret
    second_factor.confirm(
        db, space.seal(), Actor("agent:1"), 1, pyotp.TOTP(secret).at(before), at=before
    )
    assert "2단계 인증 지우기" in admin.get("/people/1").text
    admin.post("/people/1/forget-second-factor")
    assert not second_factor.state(db, 1).on


def test_a_link_for_a_new_password_changes_nothing_else(app, admin, db):
    mina = signed_in(app, "mina")
    link = link_of(admin.post("/people/1/password"))
    assert agents.authenticate(db, "mina", PASSWORD)
    page = app.test_client().get(link).text
    assert 'name="login"' not in page
    client, answer = join(app, link, login="other", name="Other", role="admin")
    assert answer.headers["Location"] == "/"
    assert client.get("/account").status_code == 200
    assert mina.get("/account").status_code == 302
    assert agents.authenticate(db, "mina", NEW) == agents.get(db, 1)
    assert (agents.get(db, 1).name, agents.get(db, 1).role) == ("Mina", "agent")


def test_a_newer_link_takes_an_older_ones_place_and_shutting_out_closes_it(app, admin, db):
    first, second = (link_of(admin.post("/people/1/password")) for _ in range(2))
    assert app.test_client().get(first).status_code == 404
    agents.set_active(db, ACTOR, 1, active=False)
    assert app.test_client().get(second).status_code == 404
    assert join(app, second)[1].status_code == 404


def test_a_new_password_does_not_get_round_the_second_factor(app, admin, db, space):
    import time

    import pyotp

    before = time.time() - 60
    totp = pyotp.TOTP(second_factor.begin(db, space.seal(), 1).secret)
    second_factor.confirm(db, space.seal(), Actor("agent:1"), 1, totp.at(before), at=before)
    client, answer = join(app, link_of(admin.post("/people/1/password")))
    assert 'name="half"' in answer.text
    assert client.get("/account").status_code == 302
    half = re.search(r'name="half" value="([^"]+)"', answer.text)[1]
    assert client.post("/sign-in", data={"half": half, "code": totp.now()}).status_code == 302
    assert client.get("/account").status_code == 200
