"""The doors to who has an inquiry in hand: as forms, and as the page's script asks."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest

from support import agents, holding, joining, snoozing, tagging
from support.audit import Actor
from support.clock import ago, from_iso
from support.database import scalar
from tests.web.conftest import ACTOR
from web import days

JSON = {"Accept": "application/json"}


@pytest.fixture
def team(db):
    return {one.login: one for one in agents.listed(db)}


@pytest.fixture
def yuna(sign_in):
    return sign_in("yuna")


def strip(answer):
    """Text of the strip that an answer brings."""
    return re.sub(r"\s+", " ", answer.json["html"])


def holder(db, inquiry_id):
    held = holding.holder(db, inquiry_id)
    return held and held.name


def test_who_opens_it_has_it_and_the_next_one_is_told(agent, yuna, db, ids):
    path = f"/inquiries/{ids['o1']}/claim"
    first = agent.post(path, headers=JSON)
    assert first.json["mine"]
    assert first.json["until"] == holding.holder(db, ids["o1"]).until
    assert "넘겨받기" not in strip(first)
    second = yuna.post(path, headers=JSON)
    assert (second.status_code, second.json["holder"]) == (200, "Mina")
    assert (second.json["mine"], second.json["until"]) == (False, None)
    assert "Mina님이 보고 있어요. 마지막 활동" in strip(second)
    assert "넘겨받기" in strip(second)
    assert "미루기" not in strip(second)  # others' work is read, or taken over
    assert holder(db, ids["o1"]) == "Mina"


def test_taking_over_tells_the_first_one_and_is_in_the_audit_trail(agent, yuna, db, ids):
    agent.post(f"/inquiries/{ids['o1']}/claim", headers=JSON)
    taken = yuna.post(f"/inquiries/{ids['o1']}/take-over", headers=JSON)
    assert taken.json["mine"]
    assert agent.post(f"/inquiries/{ids['o1']}/claim", headers=JSON).json["holder"] == "Yuna"
    assert scalar(db, "SELECT count(*) FROM audit WHERE action = 'inquiry.taken_over'") == 1
    refused = agent.post(f"/inquiries/{ids['o1']}/keep", headers=JSON)
    assert refused.status_code == 409
    assert "Yuna님이 맡은 문의예요" in refused.json["detail"]


def test_a_window_that_is_left_gives_back_its_own_claim_alone(agent, yuna, db, ids):
    path = f"/inquiries/{ids['o1']}/let-go"
    until = agent.post(f"/inquiries/{ids['o1']}/claim", headers=JSON).json["until"]
    yuna.post(path, json={"until": until})
    agent.post(path, json={"until": ago(minutes=3)})
    assert holder(db, ids["o1"]) == "Mina"
    assert agent.post(path, json={"until": until}).status_code == 204
    assert holder(db, ids["o1"]) is None
    for body in ({}, {"until": ""}, {"until": 5}, []):
        assert agent.post(path, json=body).status_code == 400
    # Left before the claim was answered: whatever it says, but nothing that is kept.
    for door, left in (("claim", None), ("keep", "Mina")):
        agent.post(f"/inquiries/{ids['o1']}/{door}", headers=JSON)
        agent.post(path, json={"until": None})
        assert holder(db, ids["o1"]) == left


def test_what_is_kept_stays_until_it_is_given_back(agent, db, ids):
    path = f"/inquiries/{ids['o1']}"
    until = agent.post(f"{path}/claim", headers=JSON).json["until"]
    kept = agent.post(f"{path}/keep", headers=JSON)
    assert (kept.json["mine"], kept.json["until"]) == (True, None)
    assert "담당 해제" in strip(kept)
    agent.post(f"{path}/let-go", json={"until": until})
    assert holder(db, ids["o1"]) == "Mina"
    given_back = agent.post(f"{path}/let-go", headers=JSON)
    assert not given_back.json["mine"]
    assert holder(db, ids["o1"]) is None


def test_forms_do_the_same_without_a_script(agent, yuna, db, ids):
    path = f"/inquiries/{ids['o1']}"
    answer = agent.post(f"{path}/keep")
    assert (answer.status_code, answer.headers["Location"]) == (303, path)
    refused = yuna.post(f"{path}/claim", follow_redirects=True)
    assert "Mina님이 맡은 문의예요" in refused.text
    assert "Mina님이 담당으로 맡아 둔 문의예요" in refused.text
    yuna.post(f"{path}/take-over")
    assert holder(db, ids["o1"]) == "Yuna"


def test_an_inquiry_is_handed_to_a_colleague(agent, yuna, db, ids, team):
    path = f"/inquiries/{ids['o1']}/keep"
    names = re.findall(r'name="agent" value="\d+">(\w+)<', agent.post(
        f"/inquiries/{ids['o1']}/claim", headers=JSON).json["html"])  # fmt: skip
    assert names == ["Sujin", "Yuna"]  # who answers, and not oneself: Mo moderates
    answer = agent.post(path, data={"agent": team["yuna"].id}, follow_redirects=True)
    assert "Yuna님에게 넘겼어요" in answer.text
    assert answer.request.path == f"/inquiries/{ids['o2']}"  # and what comes next is there
    assert f"/inquiries/{ids['o1']}?scope=mine" in yuna.get("/?scope=mine").text
    for wrong, status in (("x", 400), ("99", 404), (str(team["mo"].id), 409)):
        given = agent.post(f"/inquiries/{ids['o3']}/keep", data={"agent": wrong}, headers=JSON)
        assert given.status_code == status


def test_a_lead_gives_out_what_others_have(lead, agent, db, ids, team):
    agent.post(f"/inquiries/{ids['o1']}/keep")
    assert lead.post(f"/inquiries/{ids['o1']}/keep", headers=JSON).status_code == 409
    html = lead.post(f"/inquiries/{ids['o1']}/claim", headers=JSON).json["html"]
    assert re.findall(r'name="agent" value="\d+">(\w+)<', html) == ["Yuna"]
    lead.post(f"/inquiries/{ids['o1']}/keep", data={"agent": team["yuna"].id})
    assert holder(db, ids["o1"]) == "Yuna"


def test_put_away_until_a_moment_of_the_menu(agent, db, ids):
    html = agent.post(f"/inquiries/{ids['o1']}/claim", headers=JSON).json["html"]
    assert re.search(r'name="in" value="hours">3시간 뒤', html)
    answer = agent.post(
        f"/inquiries/{ids['o1']}/snooze", data={"in": "hours"}, follow_redirects=True
    )
    assert "까지 미뤘어요" in answer.text
    assert answer.request.path == f"/inquiries/{ids['o2']}"
    until = from_iso(snoozing.of(db, ids["o1"]))
    assert timedelta(hours=2.9) < until - datetime.now(UTC) < timedelta(hours=3.1)
    woken = agent.post(f"/inquiries/{ids['o1']}/wake", headers=JSON)
    assert "다시 꺼내기" not in strip(woken)
    assert snoozing.of(db, ids["o1"]) is None


def test_the_menu_s_moments_are_worked_out_when_it_is_used(agent, db, ids, monkeypatch):
    """A page may have been open for hours: three hours are three from the click on."""
    path = f"/inquiries/{ids['o1']}/snooze"
    assert 'value="hours"' in agent.post(f"/inquiries/{ids['o1']}/claim", headers=JSON).json["html"]
    later = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=2)
    monkeypatch.setattr(days, "present", lambda: later)
    assert agent.post(path, data={"in": "hours"}, headers=JSON).status_code == 200
    assert from_iso(snoozing.of(db, ids["o1"])) == later + timedelta(hours=3)
    for name in ("tomorrow", "monday"):
        assert agent.post(path, data={"in": name}, headers=JSON).status_code == 200
        assert snoozing.of(db, ids["o1"]) == snoozing.choices(later)[name]
    wrong = agent.post(path, data={"in": "never"}, headers=JSON)
    assert wrong.status_code == 400
    assert re.search("[가-힣]", wrong.json["detail"])


def test_put_away_until_the_morning_of_a_day(agent, db, ids):
    day = (datetime.now(UTC) + timedelta(days=5)).date()
    answer = agent.post(f"/inquiries/{ids['o1']}/snooze", data={"day": str(day)}, headers=JSON)
    assert answer.json["next"] == f"/inquiries/{ids['o2']}"
    assert snoozing.of(db, ids["o1"]) == f"{day}T00:00:00Z"  # nine in the morning in Seoul
    page = agent.get(f"/inquiries/{ids['o1']}").text
    assert "까지 미룸" in page
    for wrong in ("", "2026-02-31", "2020-01-01", "2999-01-01", "9999-12-31"):
        given = agent.post(f"/inquiries/{ids['o3']}/snooze", data={"day": wrong}, headers=JSON)
        assert given.status_code == 400, wrong
        assert re.search("[가-힣]", given.json["detail"])


def test_what_a_colleague_has_is_not_put_away(agent, yuna, db, ids):
    yuna.post(f"/inquiries/{ids['o1']}/claim", headers=JSON)
    answer = agent.post(f"/inquiries/{ids['o1']}/snooze", data={"in": "hours"}, headers=JSON)
    assert answer.status_code == 409
    assert snoozing.of(db, ids["o1"]) is None


@pytest.mark.parametrize("tag", ["010-1234-5678", "가" * 41, ",".join(map(str, range(21)))])
def test_a_tag_that_cannot_be_is_refused_in_the_readers_language(agent, db, ids, tag):
    answer = agent.post(f"/inquiries/{ids['o1']}/tags", data={"add": tag})
    assert answer.status_code == 400
    assert "태그는 40자까지" in answer.text
    assert tag not in answer.text
    assert tagging.of(db, ids["o1"]) == ()


def test_tags_are_put_on_taken_off_and_completed(agent, db, ids):
    path = f"/inquiries/{ids['o1']}/tags"
    answer = agent.post(path, data={"add": "VIP, 환불 급함,"}, headers=JSON)
    assert tagging.of(db, ids["o1"]) == ("VIP", "환불 급함")
    assert 'value="환불 급함" formnovalidate aria-label="환불 급함 태그 빼기"' in strip(answer)
    assert agent.get("/tags?q=환").json == {"tags": [{"tag": "환불 급함", "n": 1}]}
    agent.post(path, data={"remove": "VIP", "add": ""})
    assert tagging.of(db, ids["o1"]) == ("환불 급함",)
    assert agent.post(path, data={"add": "x" * 41}, headers=JSON).status_code == 400


def test_joined_inquiries_are_parted(agent, db, ids):
    db.execute("UPDATE inquiries SET customer = 'one' WHERE status = 'open'")
    db.conn.commit()
    joining.join(db, ACTOR, ids["o1"], ids["o2"])
    answer = agent.post(f"/inquiries/{ids['o2']}/part", data={"next": f"/inquiries/{ids['o1']}"})
    assert answer.headers["Location"] == f"/inquiries/{ids['o1']}"
    assert scalar(db, "SELECT joined_to FROM inquiries WHERE id = ?", [ids["o2"]]) is None
    again = agent.post(f"/inquiries/{ids['o2']}/part", headers=JSON)
    assert again.status_code == 409


def test_what_is_answered_is_held_by_nobody(agent, ids):
    for door in ("claim", "take-over", "keep", "snooze", "wake"):
        data = {"in": "hours"}
        answer = agent.post(f"/inquiries/{ids['a1']}/{door}", data=data, headers=JSON)
        assert answer.status_code == 409, door
    assert agent.post("/inquiries/9999/claim", headers=JSON).status_code == 404


def test_an_answer_of_two_goes_out_once(agent, yuna, db, ids):
    agent.post(f"/inquiries/{ids['o1']}/claim", headers=JSON)
    yuna.post(f"/inquiries/{ids['o1']}/take-over", headers=JSON)
    refused = agent.post(f"/inquiries/{ids['o1']}/send", data={"text": "제 답변"}, headers=JSON)
    assert refused.status_code == 409
    assert "Yuna" in json.dumps(refused.json, ensure_ascii=False)
    assert yuna.post(f"/inquiries/{ids['o1']}/send", data={"text": "답"}).status_code == 302
    assert scalar(db, "SELECT count(*) FROM outbox") == 1


def test_strips_show_hostile_names_as_words(agent, yuna, db, ids, team):
    hostile = "<script>alert(1)</script>"
    db.execute("UPDATE agents SET name = ? WHERE login = 'yuna'", [hostile])
    db.execute("UPDATE inquiries SET tags = ? WHERE id = ?", [json.dumps([hostile]), ids["o1"]])
    db.conn.commit()
    holding.keep(db, Actor(team["yuna"].actor_name), ids["o1"], team["yuna"].id)
    html = agent.post(f"/inquiries/{ids['o1']}/claim", headers=JSON).json["html"]
    assert "<script>alert" not in html
    assert "&lt;script&gt;" in html


def test_what_a_colleague_has_in_hand_is_neither_woken_nor_parted(agent, yuna, db, ids):
    agent.post(f"/inquiries/{ids['o1']}/keep", headers=JSON)
    snoozing.snooze(db, ACTOR, ids["o1"], ago(hours=-2))
    sql = "UPDATE inquiries SET joined_to = ?, status = 'closed' WHERE id = ?"
    db.execute(sql, [ids["o1"], ids["o4"]])
    for path in (f"/inquiries/{ids['o1']}/wake", f"/inquiries/{ids['o4']}/part"):
        assert yuna.post(path, headers=JSON).status_code == 409
    assert snoozing.of(db, ids["o1"])
    assert agent.post(f"/inquiries/{ids['o1']}/wake", headers=JSON).status_code == 200


def test_who_answers_no_more_keeps_nothing(agent, db, ids, team):
    agent.post(f"/inquiries/{ids['o1']}/keep", headers=JSON)
    agents.change(db, ACTOR, team["mina"].id, role="moderator")
    assert holder(db, ids["o1"]) is None
