"""`/api/v1/inquiries`: handed in once, read as they stand, answered elsewhere."""

import pytest

from support.database import one, scalar
from tests.web.api_asker import PHONE, Asker, suggest
from tests.web.conftest import HELP
from tests.web.doors import problem

ASKED = {"source": "shop-app", "id": "7", "text": f"환불은 언제 되나요? {PHONE}"}


def hand_in(ask, *, status=201, **more):
    answer = ask.post("/inquiries", ASKED | more)
    assert answer.status_code == status, answer.text
    return answer.json


def talk(*said):
    return {"text": "", "messages": [dict(zip(("role", "text"), one, strict=True)) for one in said]}


def waiting(db):
    return scalar(db, "SELECT count(*) FROM inquiries WHERE status = 'open' AND joined_to IS NULL")


def test_an_inquiry_waits_in_the_inbox(ask, db, agent):
    before = waiting(db)
    made = hand_in(ask, subject="환불", channel="app", language="ko", url="https://shop.example/7")
    assert made["fresh"] is True
    found = made["inquiry"]
    assert (found["source"], found["id"], found["status"]) == ("shop-app", "7", "open")
    assert (found["subject"], found["channel"], found["language"]) == ("환불", "app", "ko")
    assert waiting(db) == before + 1
    assert "환불은 언제 되나요?" in agent.get(f"/inquiries/{found['inquiry_id']}").text


def test_personal_data_is_masked_for_programs_and_sealed_for_agents(ask, space, db, agent):
    found = hand_in(ask, customer_id="mina.kim@example.org")["inquiry"]
    assert "[전화번호]" in found["messages"][0]["text"]
    assert PHONE not in ask.get(f"/inquiries/{found['inquiry_id']}").text
    assert PHONE in agent.get(f"/inquiries/{found['inquiry_id']}").text
    db.execute("PRAGMA wal_checkpoint")
    for path in space.home.glob("desk.db*"):
        assert PHONE.encode() not in path.read_bytes()
        assert b"mina.kim" not in path.read_bytes()


def test_handing_in_again_does_nothing(ask, db):
    first = hand_in(ask)
    again = hand_in(ask, status=200)
    assert again == {"fresh": False, "inquiry": first["inquiry"]}
    assert scalar(db, "SELECT count(*) FROM inquiries WHERE source = 'shop-app'") == 1


def test_more_messages_are_added_while_it_is_open(ask):
    first = hand_in(ask, **talk(("customer", "환불이요")))["inquiry"]
    more = talk(("customer", "환불이요"), ("customer", "송장도 없어요"))
    found = hand_in(ask, **more)["inquiry"]
    assert found["inquiry_id"] == first["inquiry_id"]
    assert [item["text"] for item in found["messages"]] == ["환불이요", "송장도 없어요"]
    assert "송장" in found["text"]
    assert hand_in(ask, **more, status=200)["fresh"] is False


def test_what_is_asked_after_an_answer_is_an_inquiry_of_its_own(ask):
    said = talk(("customer", "환불이요"), ("agent", f"네 {HELP}refund"), ("customer", "언제요?"))
    found = hand_in(ask, **said)["inquiry"]
    assert (found["status"], [m["text"] for m in found["messages"]]) == ("open", ["언제요?"])
    before = ask.get("/inquiries/shop-app:7").json
    assert before["inquiry_id"] != found["inquiry_id"]
    assert (before["status"], before["faq_ids"]) == ("answered", ["refund"])
    assert [item["role"] for item in before["messages"]] == ["customer", "agent"]
    assert hand_in(ask, **said, status=200)["inquiry"] == found


def test_a_suggestion_for_it_is_settled_by_the_answer_that_was_sent(ask, db):
    number = hand_in(ask)["inquiry"]["inquiry_id"]
    suggested = suggest(ask, text="", inquiry_id="shop-app:7")
    assert suggested["inquiry_id"] == number
    answer = {"id": "m2", "text": f"사흘 걸려요 {HELP}refund", "agent": "a@example.org"}
    told = ask.post("/inquiries/shop-app:7/answers", answer)
    assert told.status_code == 201
    assert told.json == {"state": "answered", "inquiry_id": number, "faq_ids": ["refund"]}
    sql = "SELECT outcome FROM suggestion_faqs WHERE suggestion_id = ?"
    assert one(db, sql, [suggested["suggestion_id"]])["outcome"] == "accepted"
    found = ask.get(f"/inquiries/{number}").json
    assert (found["status"], found["faq_ids"]) == ("answered", ["refund"])
    assert "example.org" not in str(found)
    past = ask.get("/search", q="환불은 언제 되나요").json["results"]
    assert number in [item["inquiry_id"] for item in past]  # found at once


def test_an_answer_to_one_inquiry_leaves_what_was_asked_after_it(ask):
    first = hand_in(ask)["inquiry"]["inquiry_id"]
    ask.post(f"/inquiries/{first}/answers", {"id": "m2", "text": "네"})
    more = {"text": "", "messages": [{"id": "m3", "role": "customer", "text": "그럼 배송은요?"}]}
    second = hand_in(ask, **more)["inquiry"]["inquiry_id"]
    assert second != first
    told = ask.post(f"/inquiries/{first}/answers", {"id": "m4", "text": "덧붙여요"}).json
    assert (told["state"], told["inquiry_id"]) == ("added", first)
    assert ask.get(f"/inquiries/{second}").json["status"] == "open"


def test_an_answer_counts_once_and_a_second_one_is_added(ask):
    hand_in(ask)
    states = [
        ask.post("/inquiries/shop-app:7/answers", {"id": name, "text": text}).json["state"]
        for name, text in (("m2", "네"), ("m2", "네"), ("m3", "하나 더요"))
    ]
    assert states == ["answered", "known", "added"]


@pytest.mark.parametrize(
    "wrong",
    [{"source": ""}, {"source": "a:b"}, {"source": "a#"}, {"source": "x" * 101}, {"id": ""},
     {"id": "a#b"}, {"id": "a\nb"}, {"id": 7}, {"text": ""}, {"text": None},
     {"messages": [{"text": "a"}]}, {"text": "가" * 20_001}, {"at": "noon"}, {"colour": "red"},
     {"url": "javascript:alert(1)"}, talk(("agent", "네")), talk(("bot", "네")),
     talk(("customer", ""))],
)  # fmt: skip
def test_what_cannot_be_handed_in_is_refused(ask, db, wrong):
    before = scalar(db, "SELECT count(*) FROM inquiries")
    problem(ask.post("/inquiries", ASKED | wrong), 422)
    assert scalar(db, "SELECT count(*) FROM inquiries") == before


def test_all_messages_are_taken_or_none(ask, db):
    problem(ask.post("/inquiries", ASKED | {"text": " \n "}), 400)
    problem(ask.post("/inquiries", ASKED | talk(("customer", " "), ("agent", "네"))), 400)
    assert scalar(db, "SELECT count(*) FROM inquiries WHERE source = 'shop-app'") == 0


@pytest.mark.parametrize(("name", "status"), [("99", 404), ("x:1", 404), ("x", 400)])
def test_an_inquiry_that_is_not_there(ask, name, status):
    problem(ask.get(f"/inquiries/{name}"), status)
    problem(ask.post(f"/inquiries/{name}/answers", {"id": "1", "text": "네"}), status)


def test_each_scope_opens_its_own(guarded_app, db, ask):
    hand_in(ask)
    reader, other = Asker(guarded_app, db, "search"), Asker(guarded_app, db, "metrics")
    assert reader.get("/inquiries/shop-app:7").status_code == 200
    assert Asker(guarded_app, db, "inquiries").get("/inquiries/shop-app:7").status_code == 200
    assert "'inquiries' or 'search'" in problem(other.get("/inquiries/shop-app:7"), 403)["detail"]
    problem(reader.post("/inquiries", ASKED), 403)
    problem(reader.post("/inquiries/shop-app:7/answers", {"id": "1", "text": "네"}), 403)


def test_a_persons_number_in_an_id_or_an_address_is_not_kept(ask, db):
    first = hand_in(ask, id="hong@naver.com", url="https://shop.example/x?tel=010-1234-5678")
    assert not any(
        word in str(row)
        for word in ("naver", "1234-5678")
        for table in ("inquiries", "messages")
        for row in db.query(f"SELECT * FROM {table}")
    )
    again = hand_in(ask, id="hong@naver.com", status=200)
    assert again["inquiry"]["inquiry_id"] == first["inquiry"]["inquiry_id"]
    assert ask.get("/inquiries/shop-app:hong@naver.com").status_code == 200
