import re

import pytest

from support.inquiries import PAGE


def listed(page: str) -> list[int]:
    return [int(found) for found in re.findall(r'href="/inquiries/(\d+)"', page)]


def test_open_inquiries_stand_oldest_first_with_how_long_they_wait(agent, ids):
    page = agent.get("/").text
    assert listed(page) == [ids["o1"], ids["o2"], ids["o3"], ids["o4"]]
    assert "5시간째 대기" in page
    assert "도란장터" in page


def test_lists_show_masked_text_only(agent):
    page = agent.get("/").text
    assert "[전화번호]" in page
    assert "010-2345-6789" not in page


def test_answered_inquiries_stand_newest_first(agent, ids):
    page = agent.get("/?status=answered").text
    assert listed(page) == [ids[name] for name in ("a5", "a4", "a3", "a2", "a1")]


def test_pages_follow_one_another_without_gap_or_repeat(agent, add_rows, db):
    add_rows([(f"n{i}", 400 + i, "app", "ko", "", f"문의 {i}", "") for i in range(PAGE)])
    first = agent.get("/")
    assert len(listed(first.text)) == PAGE
    following = re.search(r'href="(/\?status=open&amp;before=[^"]+)"', first.text)
    second = agent.get(following[1].replace("&amp;", "&"))
    everybody = listed(first.text) + listed(second.text)
    assert len(everybody) == len(set(everybody)) == PAGE + 4
    assert "before=" not in re.sub(r'name="next" value="[^"]*"', "", second.text)


@pytest.mark.parametrize(
    "query",
    ["status=nonsense", "before=x", "before=2026-01-01T00:00:00Z", "before=,1",
     "before=2026-01-01T00:00:00Z,x"],
)  # fmt: skip
def test_odd_addresses_are_refused_kindly(agent, query):
    answer = agent.get(f"/?{query}")
    assert answer.status_code == 400
    assert "처리하지 못했어요" in answer.text


def test_a_cursor_beyond_sqlites_integers_is_only_the_end(agent):
    for number in (10**30, -(10**30)):
        assert agent.get(f"/?before=2999-01-01T00:00:00Z,{number}").status_code == 200


def test_an_empty_inbox_says_so(agent, db):
    db.execute("UPDATE inquiries SET status = 'closed' WHERE status = 'open'")
    db.conn.commit()
    assert "기다리는 문의가 없어요" in agent.get("/").text
