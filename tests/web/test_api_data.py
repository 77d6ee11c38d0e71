"""`/api/v1`: suggestions and what became of them, past answers, FAQs, figures, listings."""

import json

import pytest

from support.database import one, scalar
from tests.conftest import ACTOR
from tests.web.conftest import HELP
from tests.web.doors import problem
from web import tokens
from web.api_pages import write_cursor

API = "/api/v1"
PHONE = "010-2938-4471"


class Asker:
    """Calls the API with a token."""

    def __init__(self, app, db, *scopes):
        self.client = app.test_client()
        self.id, secret = tokens.create(db, ACTOR, name="t", scopes=scopes or ("admin",))
        self.headers = {"Authorization": f"Bearer {secret}"}

    def get(self, path, **query):
        return self.client.get(API + path, query_string=query, headers=self.headers)

    def post(self, path, body=None):
        return self.client.post(API + path, json=body, headers=self.headers)

    def patch(self, path, body):
        return self.client.patch(API + path, json=body, headers=self.headers)

    def pages(self, path, name, **query):
        """Every row of a list, read page by page."""
        found, cursor = [], ""
        while cursor is not None:
            answer = self.get(path, cursor=cursor, **query)
            assert answer.status_code == 200, answer.text
            assert len(answer.json[name]) <= query["limit"]
            found += answer.json[name]
            cursor = answer.json["next"]
        return found


@pytest.fixture
def ask(guarded_app, db):
    return Asker(guarded_app, db)


def suggest(ask, **more):
    return ask.post("/suggestions", {"text": "인증번호가 안 와요"} | more).json


def outcomes(db, suggestion_id):
    sql = "SELECT slug, outcome FROM suggestion_faqs WHERE suggestion_id = ? ORDER BY rank"
    return {row["slug"]: row["outcome"] for row in db.query(sql, [suggestion_id])}


# Suggestions


def test_only_what_is_asked_for_is_told(ask, db):
    whole = suggest(ask)
    assert [faq["faq_id"] for faq in whole["faqs"]] == ["code-missing", "no-show"]
    assert whole["faqs"][0]["words"]
    assert whole["similar"]
    faq = suggest(ask, include=["faq"])
    assert faq["similar"] == []
    assert not {"words", "used_by", "neighbours"} & faq["faqs"][0].keys()
    assert faq["suggestion_id"]
    similar = suggest(ask, include=["similar"])
    assert (similar["faqs"], similar["suggestion_id"]) == ([], None)
    assert similar["band"] == "likely"
    assert similar["similar"] == whole["similar"]


def test_an_inquiry_of_the_desk_is_asked_by_its_number_or_its_sources(ask, db, ids):
    number = str(ids["o1"])
    found = ask.post("/suggestions", {"inquiry_id": number}).json
    assert found["inquiry_id"] == number
    assert found["faqs"][0]["faq_id"] == "code-missing"
    by_source = ask.post("/suggestions", {"inquiry_id": "test:o1"}).json
    assert by_source["suggestion_id"] == found["suggestion_id"]  # the same is remembered once
    row = one(db, "SELECT * FROM suggestions WHERE id = ?", [found["suggestion_id"]])
    assert row["inquiry_id"] == ids["o1"]
    assert "2345" not in json.dumps(found)


def test_what_was_answered_is_not_suggested_for_anew(ask, db, ids):
    found = ask.post("/suggestions", {"inquiry_id": str(ids["a1"])}).json
    assert found["suggestion_id"] is None
    assert scalar(db, "SELECT count(*) FROM suggestions") == 0


@pytest.mark.parametrize(
    ("name", "status"),
    [("99", 404), ("test:none", 404), ("x", 400), ("9" * 30, 400), ("a:b:c", 404)],
)
def test_an_inquiry_that_is_not_there(ask, name, status):
    problem(ask.post("/suggestions", {"inquiry_id": name}), status)


def test_a_page_that_is_gone_is_said_so(ask, db):
    row = one(db, "SELECT id, url FROM faqs WHERE slug = 'code-missing'")
    check = {
        "faq_id": row["id"],
        "url": row["url"],
        "state": "gone",
        "since": "2026",
        "checked_at": "2026",
    }
    db.table("faq_link_checks").insert(check)
    db.conn.commit()
    gone = {faq["faq_id"]: faq["gone"] for faq in suggest(ask)["faqs"]}
    assert gone == {"code-missing": True, "no-show": False}
    assert ask.get("/faqs/code-missing").json["gone"] is True
    listed = {faq["faq_id"]: faq["gone"] for faq in ask.get("/faqs").json["faqs"]}
    assert listed["code-missing"] is True


# What became of them


def tell(ask, suggestion_id, *events):
    answer = ask.post(f"/suggestions/{suggestion_id}/events", {"events": list(events)})
    assert answer.status_code == 202, answer.text
    return [(item["state"], item["detail"]) for item in answer.json["events"]]


def test_an_answer_settles_what_was_suggested(ask, db):
    number = suggest(ask)["suggestion_id"]
    said = tell(
        ask,
        number,
        {"id": "1", "type": "displayed"},
        {"id": "2", "type": "inserted", "faq_id": "no-show", "form": "link"},
        {"id": "3", "type": "undone", "faq_id": "no-show"},
        {"id": "4", "type": "inserted", "faq_id": "code-missing"},
        {"id": "5", "type": "sent", "faq_ids": ["refund"], "text": f"보세요 {HELP}code-missing"},
    )
    assert said == [("taken", "")] * 5
    assert outcomes(db, number) == {"code-missing": "accepted", "no-show": "passed_over"}
    assert [row["slug"] for row in db.query("SELECT slug FROM misses")] == ["refund"]
    kinds = [row["kind"] for row in db.query("SELECT kind FROM suggestion_events ORDER BY id")]
    assert kinds == ["inserted", "undone", "inserted"]
    late = tell(ask, number, {"id": "6", "type": "dismissed", "faq_id": "no-show"})
    assert late[0][0] == "refused"


def test_an_answer_without_a_link_is_no_evidence(ask, db):
    number = suggest(ask)["suggestion_id"]
    assert tell(ask, number, {"id": "1", "type": "sent", "text": "확인해 볼게요"}) == [
        ("taken", "")
    ]
    assert set(outcomes(db, number).values()) == {None}


def test_an_event_counts_once(ask, db):
    number = suggest(ask)["suggestion_id"]
    event = {"id": "1", "type": "inserted", "faq_id": "no-show"}
    assert tell(ask, number, event, event) == [("taken", ""), ("known", "")]
    assert tell(ask, number, event) == [("known", "")]
    assert scalar(db, "SELECT count(*) FROM suggestion_events") == 1
    other = suggest(ask)["suggestion_id"]  # ids are each suggestion's own
    assert tell(ask, other, event) == [("taken", "")]


def test_a_dismissal_has_its_reason_and_can_be_taken_back(ask, db):
    number = suggest(ask)["suggestion_id"]
    event = {"type": "dismissed", "faq_id": "no-show", "reason": "outdated"}
    tell(ask, number, event | {"id": "1"})
    assert outcomes(db, number)["no-show"] == "dismissed"
    tell(ask, number, {"id": "2", "type": "undone", "faq_id": "no-show"})
    assert outcomes(db, number)["no-show"] is None


def test_what_is_said_beside_an_event_is_masked(ask, db, space):
    number = suggest(ask)["suggestion_id"]
    tell(
        ask,
        number,
        {"id": "1", "type": "dismissed", "faq_id": "no-show", "comment": f"전화 {PHONE}",
         "agent": "mina.kim@example.org"},
        {"id": "2", "type": "sent", "text": f"{HELP}refund {PHONE}"},
    )  # fmt: skip
    row = one(db, "SELECT * FROM api_events WHERE id = '1'")
    assert "[전화번호]" in row["comment"]
    assert row["told_by"] == f"token:{ask.id}"
    db.execute("PRAGMA wal_checkpoint")
    for path in space.home.glob("desk.db*"):
        assert b"2938" not in path.read_bytes()
        assert b"mina.kim" not in path.read_bytes()


def test_a_past_answer_can_be_inserted(ask, db, ids):
    number = suggest(ask)["suggestion_id"]
    event = {"id": "1", "type": "inserted", "inquiry_id": str(ids["a1"])}
    assert tell(ask, number, event) == [("taken", "")]
    assert one(db, "SELECT past_id FROM suggestion_events")["past_id"] == ids["a1"]


def test_what_cannot_have_happened_is_refused_and_the_rest_is_taken(ask, db):
    number = suggest(ask)["suggestion_id"]
    said = tell(
        ask,
        number,
        {"id": "1", "type": "inserted", "faq_id": "nothing"},
        {"id": "2", "type": "inserted"},
        {"id": "3", "type": "dismissed", "faq_id": "refund"},
        {"id": "4", "type": "sent", "faq_ids": ["nothing"]},
        {"id": "5", "type": "inserted", "inquiry_id": "99"},
        {"id": "6", "type": "inserted", "faq_id": "refund"},  # looked up, not suggested
    )
    assert [state for state, _ in said] == ["refused"] * 5 + ["taken"]
    assert "faq_id" in said[1][1]
    problem(ask.post("/suggestions/sg_none/events", {"events": [{"id": "1", "type": "sent"}]}), 404)
    for event in (
        {"type": "sent"},
        {"id": "1", "type": "eaten"},
        {"id": "1", "type": "sent", "at": "noon"},
    ):
        problem(ask.post(f"/suggestions/{number}/events", {"events": [event]}), 422)


# Past answers


def test_a_search_is_narrowed(ask):
    assert {r["faq_ids"][0] for r in ask.get("/search", q="환불").json["results"]} >= {"refund"}
    only = ask.get("/search", q="인증번호", faq="code-missing", language="ko", top_k=1).json
    assert len(only["results"]) == 1
    assert only["results"][0]["faq_ids"] == ["code-missing"]
    words = ask.get("/search", q="환불", mode="words", channel="email").json["results"]
    assert [row["text"] for row in words] == ["환불받고싶어요"]
    assert ask.get("/search", q="환불", until="2000-01-01T00:00:00Z").json["results"] == []
    problem(ask.get("/search", q="환불", since="yesterday"), 400)
    problem(ask.get("/search", q="환불", colour="red"), 422)


def test_answered_inquiries_page_by_page(ask):
    rows = ask.pages("/inquiries", "inquiries", limit=2)
    times = [row["answered_at"] for row in rows]
    assert len(rows) == 5
    assert times == sorted(times, reverse=True)
    assert [r["faq_ids"] for r in ask.pages("/inquiries", "inquiries", limit=1, faq="refund")] == [
        ["refund"], ["refund"],
    ]  # fmt: skip
    assert len(ask.get("/inquiries", words="스팸").json["inquiries"]) == 2


@pytest.mark.parametrize(
    "cursor", ["x", "AAAA", "=", "é", write_cursor("a", 1), write_cursor(2**63, 2**70), "W" * 400]
)
def test_a_cursor_that_is_none_is_refused(ask, cursor):
    problem(ask.get("/labels", cursor=cursor), 400)


# FAQs


def test_faqs_page_by_page(ask):
    names = [faq["faq_id"] for faq in ask.pages("/faqs", "faqs", limit=1)]
    assert names == ["code-missing", "no-show", "refund"]
    found = ask.get("/faqs", q="환불 받고").json["faqs"]
    assert [faq["faq_id"] for faq in found] == ["refund"]
    assert found[0]["sent"] == 2
    assert ask.get("/faqs", category="직거래").json["faqs"][0]["faq_id"] == "no-show"
    problem(ask.get("/faqs/none"), 404)


def test_an_faq_is_made_edited_retired_and_each_is_taken_back(ask, db):
    made = ask.post("/faqs", {"title": "배송은 며칠 걸리나요", "faq_id": "shipping"})
    assert made.status_code == 201
    assert made.json["faq"]["active"]
    problem(ask.post("/faqs", {"title": "또", "faq_id": "shipping"}), 409)
    problem(ask.post("/faqs", {"title": " "}), 400)
    edited = ask.patch("/faqs/shipping", {"body": "이틀입니다", "active": False}).json
    assert (edited["faq"]["body"], edited["faq"]["active"]) == ("이틀입니다", False)
    assert len(edited["change_ids"]) == 2
    assert ask.patch("/faqs/shipping", {"body": "이틀입니다"}).json["change_ids"] == []
    assert ask.get("/faqs", q="며칠").json["faqs"] == []
    assert len(ask.get("/faqs", q="며칠", state="retired").json["faqs"]) == 1
    for number in reversed(made.json["change_ids"] + edited["change_ids"]):
        assert ask.post(f"/faq-changes/{number}/undo").status_code == 200
        problem(ask.post(f"/faq-changes/{number}/undo"), 409)
    problem(ask.get("/faqs/shipping"), 404)
    assert scalar(db, "SELECT count(*) FROM audit WHERE actor = ?", [f"token:{ask.id}"]) >= 3


def test_reading_faqs_does_not_open_their_editing(guarded_app, db):
    reader = Asker(guarded_app, db, "search")
    assert reader.get("/faqs").status_code == 200
    problem(reader.post("/faqs", {"title": "a"}), 403)
    problem(reader.patch("/faqs/refund", {"title": "a"}), 403)


# Figures


def test_figures_count_what_was_answered(ask, agent, app, db, ids):
    agent.get(f"/inquiries/{ids['o2']}")
    sent = agent.post(f"/inquiries/{ids['o2']}/send", data={"text": f"보세요 {HELP}refund"})
    assert sent.status_code in (200, 302)
    found = ask.get("/metrics", by="faq").json
    assert found["figures"]["n"] == 1
    assert found["figures"]["accepted"]["right"] == found["figures"]["accepted"]["n"] == 1
    assert [(line["faq_id"], line["accepted"]) for line in found["faqs"]] == [("refund", 1)]
    assert found["waiting"] == 3
    days = ask.get("/metrics", by="day").json["parts"]
    assert sum(part["figures"]["n"] for part in days) == 1
    assert [part["name"] for part in ask.get("/metrics", by="agent").json["parts"]] == ["Mina"]


@pytest.mark.parametrize(
    ("query", "status"),
    [({"since": "x"}, 400), ({"since": "2026-01-02", "until": "2026-01-01"}, 400),
     ({"since": "2020-01-01", "until": "2026-01-01"}, 400), ({"by": "moon"}, 422),
     ({"zone": "Moon/Base"}, 422), ({"since": "1970-01-01", "until": "1970-02-01"}, 400)],
)  # fmt: skip
def test_a_span_that_cannot_be_counted(ask, query, status):
    problem(ask.get("/metrics", **query), status)


# Listings, labels, verdicts


@pytest.fixture
def listing(ask):
    asked = {"source": "shop", "id": "7", "title": "나이키 가방", "description": f"연락 {PHONE}"}
    return ask.post("/listings:judge", asked | {"price": "35,000원"}).json["listing_id"]


def test_listings_are_read_page_by_page(ask, listing):
    for number in range(3):
        body = {"source": "other", "id": str(number), "title": f"의자 {number}"}
        assert ask.post("/listings:judge", body).status_code == 200
    assert len(ask.pages("/listings", "listings", limit=3)) == 4
    only = ask.get("/listings", source="shop", external_id="7").json["listings"]
    assert only == [ask.get(f"/listings/{listing}").json]
    assert (only[0]["title"], only[0]["price"]) == ("나이키 가방", 35000)
    assert "2938" not in only[0]["description"]
    problem(ask.get("/listings/99"), 404)
    problem(ask.get("/listings/x"), 404)


def test_a_label_is_given_listed_and_taken_back(ask, listing):
    label = {"tree": "shop", "path": "패션>가방"}
    made = ask.post(f"/listings/{listing}/labels", label)
    assert made.status_code == 201
    assert made.json["path"] == "패션 > 가방"
    assert made.json["made_by"] == f"token:{ask.id}"
    assert ask.pages("/labels", "labels", limit=1, tree="shop") == [made.json]
    undone = ask.post(f"/labels/{made.json['label_id']}/undo")
    assert undone.json["undone_at"]
    problem(ask.post(f"/labels/{made.json['label_id']}/undo"), 409)
    assert ask.get("/labels").json["labels"] == []
    assert len(ask.get("/labels", undone="true").json["labels"]) == 1
    problem(ask.post("/listings/99/labels", label), 404)


def test_verdicts_are_listed(ask, listing, db):
    assert ask.get("/verdicts").json == {"verdicts": [], "next": None}
    policy = {"version": "p1", "config": "{}", "created_at": "2026", "created_by": "t"}
    columns = {column.name for column in db["moderation_policies"].columns}
    needed = {
        c.name: "{}"
        for c in db["moderation_policies"].columns
        if c.notnull and c.default_value is None and not c.is_pk
    }
    policy_id = (
        db["moderation_policies"]
        .insert(needed | {k: v for k, v in policy.items() if k in columns})
        .last_pk
    )
    db["moderation_verdicts"].insert(
        {"listing_id": int(listing), "policy_id": policy_id, "mode": "shadow", "model": "m1",
         "label": "normal", "probabilities": '{"normal": 1.0}', "action": "pass",
         "reason": "below", "at": "2026-11-03T00:00:00Z"}
    )  # fmt: skip
    db.conn.commit()
    found = ask.get("/verdicts", mode="shadow").json["verdicts"]
    assert (found[0]["external_id"], found[0]["probabilities"]) == ("7", {"normal": 1.0})
    assert ask.get("/verdicts", action="hide").json["verdicts"] == []
