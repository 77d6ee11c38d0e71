"""`/api/v1/suggestions`: of what there is, what is asked for; and nothing whose page is gone."""

import json
from dataclasses import replace

import pytest

from support.database import one, scalar
from support.gone_pages import without_gone
from support.promise import Promise
from tests.web.api_asker import outcomes, suggest
from tests.web.doors import problem
from web.api_schemas import asked_text


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


# Pages that are gone


@pytest.fixture
def goes(db):
    """Lets the page of an FAQ be gone."""

    def go(slug):
        row = one(db, "SELECT id, url FROM faqs WHERE slug = ?", [slug])
        check = {"faq_id": row["id"], "url": row["url"], "state": "gone"}
        db.table("faq_link_checks").insert(check | {"since": "2026", "checked_at": "2026"})
        db.conn.commit()

    return go


def test_the_first_is_gone_and_what_follows_was_never_likely(ask, db, goes):
    goes("code-missing")
    found = suggest(ask)
    assert (found["faqs"], found["gone"]) == ([], ["code-missing"])
    assert (found["band"], found["abstain_reason"]) == ("silent", "gone")
    assert found["explanation"] == "알맞은 FAQ의 페이지가 사라졌어요."
    assert found["similar"]
    row = one(db, "SELECT band, reason FROM suggestions WHERE id = ?", [found["suggestion_id"]])
    assert (row["band"], row["reason"]) == ("silent", "gone")
    assert outcomes(db, found["suggestion_id"]) == {}


def test_a_later_one_that_is_gone_is_left_out(ask, db, goes):
    goes("no-show")
    found = suggest(ask)
    assert [(faq["rank"], faq["faq_id"]) for faq in found["faqs"]] == [(1, "code-missing")]
    assert (found["band"], found["gone"]) == ("likely", ["no-show"])
    assert list(outcomes(db, found["suggestion_id"])) == ["code-missing"]


def test_of_possible_ones_no_promise_is_made_without_all(db, recommender, goes):
    three = recommender.suggest(db, "인증번호가 안 와요")
    possible = replace(three, band="possible", promise=Promise(30, 50, 0.4, 0.7), tie=True)
    assert without_gone(db, possible) == (possible, ())
    goes("code-missing")
    left, out = without_gone(db, possible)
    assert (out, left.band, left.promise, left.tie) == (("code-missing",), "possible", None, False)
    assert [item.faq.slug for item in left.faqs] == ["no-show"]
    goes("no-show")
    assert without_gone(db, possible)[0].band == "silent"


def test_faqs_say_which_are_gone(ask, goes):
    goes("code-missing")
    assert ask.get("/faqs/code-missing").json["gone"] is True
    assert ask.get("/faqs/no-show").json["gone"] is False
    listed = {faq["faq_id"]: faq["gone"] for faq in ask.get("/faqs").json["faqs"]}
    assert listed == {"code-missing": True, "no-show": False, "refund": False}


def test_a_page_that_moved_is_not_gone(ask, db, goes):
    goes("code-missing")
    db.execute("UPDATE faqs SET url = url || '-2' WHERE slug = 'code-missing'")
    db.conn.commit()
    assert suggest(ask)["faqs"][0]["faq_id"] == "code-missing"


# Filters, and the order of messages


def test_similar_answers_are_narrowed_and_faqs_are_not(ask):
    def ids_of(**filters):
        found = suggest(ask, text="환불받고 싶은데 인증번호가 안 와요", filters=filters)
        assert found["faqs"][0]["faq_id"] == "code-missing"
        return {faq for past in found["similar"] for faq in past["faq_ids"]}

    assert ids_of(faq="refund") == {"refund"}
    assert ids_of(faq="refund", channel="email", language="ko") == {"refund"}
    assert ids_of(channel="fax") == set()
    assert ids_of(until="2000-01-01T00:00:00Z") == set()


@pytest.mark.parametrize(
    ("filters", "status"),
    [({"colour": "red"}, 422), ({"faq": 3}, 422), ("refund", 422), ({"since": "noon"}, 400)],
)
def test_a_filter_that_is_none_is_refused(ask, db, filters, status):
    problem(ask.post("/suggestions", {"text": "환불", "filters": filters}), status)


def test_messages_that_say_when_are_put_in_order():
    def message(text, at):
        return {"role": "customer", "text": text, "at": at}

    later, first = message("송장도요", "2026-11-03T10:00:00Z"), message("환불이요", "2026-11-03")
    asked = {"subject": "", "text": "", "messages": [later, first]}
    assert asked_text(asked) == "환불이요\n송장도요"
    asked["messages"].append(message("네?", ""))
    assert asked_text(asked) == "송장도요\n환불이요\n네?"


def test_a_message_at_no_moment_is_refused(ask):
    message = {"role": "customer", "text": "환불", "at": "noon"}
    problem(ask.post("/suggestions", {"messages": [message]}), 422)


def test_a_dry_run_records_nothing_but_the_call(ask, db):
    before = {name: scalar(db, f"SELECT count(*) FROM {name}") for name in db.table_names()}
    found = suggest(ask, dry_run=True, filters={"faq": "refund"}, inquiry_id="1")
    assert found["suggestion_id"] is None
    after = {name: scalar(db, f"SELECT count(*) FROM {name}") for name in db.table_names()}
    assert after == before
