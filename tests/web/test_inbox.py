import re

import pytest

from support import agents, holding, inquiries, snoozing, tagging
from support.audit import Actor
from support.clock import ago, now
from support.inquiries import PAGE
from tests.web.conftest import ACTOR


def listed(page: str) -> list[int]:
    return [int(found) for found in re.findall(r'href="/inquiries/(\d+)', page)]


def told(page: str) -> dict[str, int]:
    """The counts beside the scopes."""
    found = re.findall(r'data-count="(\w+)">(\d+)<', page)
    return {name: int(n) for name, n in found}


@pytest.fixture
def yuna(db):
    return next(one for one in agents.listed(db) if one.login == "yuna")


@pytest.fixture
def mina(db):
    return next(one for one in agents.listed(db) if one.login == "mina")


def test_open_inquiries_stand_oldest_first_with_how_long_they_wait(agent, ids):
    page = agent.get("/").text
    assert listed(page) == [ids["o1"], ids["o2"], ids["o3"], ids["o4"]]
    assert "5시간째 대기" in page
    assert "도란장터" in page


def test_lists_show_masked_text_only(agent):
    page = agent.get("/").text
    assert "[전화번호]" in page
    assert "010-2345-6789" not in page


def test_old_addresses_lead_to_where_it_is_now(agent):
    for status, target in (
        ("open", "/"),
        ("answered", "/answered"),
        ("closed", "/answered/closed"),
    ):
        answer = agent.get(f"/?status={status}")
        assert (answer.status_code, answer.headers["Location"]) == (301, target)


def test_scopes_hold_what_they_say(agent, db, ids, mina, yuna):
    holding.keep(db, Actor(mina.actor_name), ids["o1"], mina.id)
    holding.keep(db, Actor(yuna.actor_name), ids["o2"], yuna.id)
    snoozing.snooze(db, ACTOR, ids["o3"], ago(hours=-5))
    page = agent.get("/").text
    assert listed(page) == [ids["o1"], ids["o4"]]
    assert told(page) == {"free": 2, "mine": 1, "all": 3, "snoozed": 1, "undelivered": 0}
    assert listed(agent.get("/?scope=mine").text) == [ids["o1"]]
    snoozed = agent.get("/?scope=snoozed").text
    assert listed(snoozed) == [ids["o3"]]
    assert "까지</time>" in snoozed
    everybody = agent.get("/?scope=all").text
    assert listed(everybody) == [ids["o1"], ids["o2"], ids["o4"]]
    assert "Yuna님 담당" in everybody
    assert 'class="held mine" data-held>내 담당<' in everybody
    assert f"/inquiries/{ids['o2']}?scope=all" in everybody  # its neighbours are of this scope


def test_a_tag_leads_to_those_that_have_it(agent, db, ids):
    tagging.change(db, ACTOR, ids["o2"], add=["환불 급함"])
    tagging.change(db, ACTOR, ids["o4"], add=["환불 급함", "VIP"])
    page = agent.get("/").text
    address = re.search(r'class="chip" href="([^"]+)">환불 급함 <span class="count">2<', page)[1]
    assert listed(agent.get(address.replace("&amp;", "&")).text) == [ids["o2"], ids["o4"]]
    assert "이 태그가 달린 문의가 없어요" in agent.get("/?tag=nobody").text


def test_several_messages_of_one_customer_are_counted(agent, db, ids):
    db.execute("UPDATE inquiries SET joined_to = ?, status = 'closed' WHERE id = ?",
               [ids["o1"], ids["o2"]])  # fmt: skip
    db.conn.commit()
    page = agent.get("/").text
    assert listed(page) == [ids["o1"], ids["o3"], ids["o4"]]
    assert page.count("메시지 2개") == 1


def test_the_next_one_is_taken_and_shown(agent, db, ids, mina, yuna):
    holding.claim(db, yuna.id, ids["o1"])
    answer = agent.post("/next")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/inquiries/{ids['o2']}")
    assert holding.holder(db, ids["o2"]).agent_id == mina.id
    answer = agent.post("/next", data={"without": ids["o2"]})
    assert answer.headers["Location"] == f"/inquiries/{ids['o3']}"
    assert agent.post("/next", data={"without": "x' OR 1"}).status_code == 303


def test_where_everything_is_taken_the_next_is_the_inbox(agent, db, yuna):
    db.execute("UPDATE inquiries SET held_by = ? WHERE status = 'open'", [yuna.id])
    db.conn.commit()
    answer = agent.post("/next", follow_redirects=True)
    assert "맡을 문의가 더 없어요" in answer.text
    assert "기다리는 문의마다 담당이 있어요" in answer.text
    assert "disabled" in re.search(r'id="take-next".*?</form>', answer.text, re.DOTALL)[0]


def test_a_list_on_the_screen_hears_how_it_stands(agent, db, ids, mina, yuna):
    holding.claim(db, yuna.id, ids["o1"])
    holding.claim(db, mina.id, ids["o2"])
    db.execute("UPDATE inquiries SET status = 'closed' WHERE id = ?", [ids["o3"]])
    db.conn.commit()
    shown = ",".join(str(ids[name]) for name in ("o1", "o2", "o3"))
    assert agent.get(f"/inbox/state?ids={shown},x,-1").json == {
        "counts": {"free": 2, "mine": 0, "all": 3, "snoozed": 0, "undelivered": 0},
        "held": {
            str(ids["o1"]): {"words": "Yuna님 담당", "mine": False},
            str(ids["o2"]): {"words": "보는 중", "mine": True},
        },
        "gone": [ids["o3"]],
    }
    assert agent.get("/inbox/state").json["gone"] == []


def test_what_one_answered_today_is_said_and_can_be_read(agent, db, ids, mina):
    assert "오늘 답변" not in agent.get("/").text
    db.execute("UPDATE messages SET agent_id = ? WHERE id = (SELECT answer_id FROM inquiries "
               "WHERE id = ?)", [mina.id, ids["a1"]])  # fmt: skip
    db.execute("UPDATE inquiries SET answered_by = ?, answered_at = ? WHERE id = ?",
               [mina.actor_name, now(), ids["a1"]])  # fmt: skip
    db.conn.commit()
    page = agent.get("/").text
    address = re.search(r'day-line" href="([^"]+)">오늘 답변 1건<', page)[1]
    assert listed(agent.get(address.replace("&amp;", "&")).text) == [ids["a1"]]


def test_pages_follow_one_another_without_gap_or_repeat(agent, add_rows, db):
    add_rows([(f"n{i}", 400 + i, "app", "ko", "", f"문의 {i}", "") for i in range(PAGE)])
    first = agent.get("/")
    assert len(listed(first.text)) == PAGE
    following = re.search(r'href="(/\?after=[^"]+)"', first.text)
    second = agent.get(following[1].replace("&amp;", "&"))
    everybody = listed(first.text) + listed(second.text)
    assert len(everybody) == len(set(everybody)) == PAGE + 4
    assert "after=" not in re.sub(r'name="next" value="[^"]*"', "", second.text)


@pytest.mark.parametrize(
    "query",
    ["status=nonsense", "scope=theirs", "after=x", "after=2026-01-01T00:00:00Z", "after=,1",
     "after=2026-01-01T00:00:00Z,x"],
)  # fmt: skip
def test_odd_addresses_are_refused_kindly(agent, query):
    answer = agent.get(f"/?{query}")
    assert answer.status_code == 400
    assert "처리하지 못했어요" in answer.text


def test_a_cursor_beyond_sqlites_integers_is_only_the_end(agent):
    for number in (10**30, -(10**30)):
        assert agent.get(f"/?after=2999-01-01T00:00:00Z,{number}").status_code == 200


def test_empty_lists_say_what_belongs_there(agent, db):
    assert "담당 문의가 없어요" in agent.get("/?scope=mine").text
    assert "미뤄 둔 문의가 없어요" in agent.get("/?scope=snoozed").text
    db.execute("UPDATE inquiries SET status = 'closed' WHERE status = 'open'")
    db.conn.commit()
    assert inquiries.counts(db)["open"] == 0
    assert "기다리는 문의가 없어요" in agent.get("/").text
