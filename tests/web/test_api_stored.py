"""`/api/v1`: listings, what they were labelled as, and what they were found to be."""

import pytest

from tests.web.api_asker import PHONE
from tests.web.doors import problem


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
