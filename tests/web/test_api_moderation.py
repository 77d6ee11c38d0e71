"""Moderation for a marketplace: judged, reported, decided, appealed, hidden and shown again."""

import io

import pytest

from listings.moderation import judging, policy_store
from listings.moderation.cases import of_listing
from listings.moderation.decisions import decide, undo
from listings.moderation.moderator import Moderator
from listings.moderation.policy import Policy, Rules
from support.database import scalar
from tests.conftest import ACTOR
from tests.listings.conftest import photo
from tests.listings.moderation.desk import (
    MODEL,
    a_policy,
    add_listings,
    person,
    put,
    trust,
    verdict,
)
from tests.web.doors import problem
from web import tokens
from web.app import create_app

LISTING = {
    "source": "market",
    "id": "a1",
    "title": "위스키 팝니다",
    "price": "3만원",
    "seller": "kim",
}
QUIET = Rules(sample_all=0.0, sample_hidden=0.0)


@pytest.fixture
def app(space):
    return create_app(space)


@pytest.fixture
def door(app, db):
    _, secret = tokens.create(db, ACTOR, name="market", scopes=("moderation",))
    client = app.test_client()
    headers = {"Authorization": f"Bearer {secret}"}

    def ask(path, method="post", **more):
        return getattr(client, method)(f"/api/v1{path}", headers=headers, **more)

    return ask


@pytest.fixture
def sure(app, monkeypatch):
    """A model that is sure that what holds a bottle is alcohol, and everything else normal."""

    class Sure(Moderator):
        version = MODEL

        def judge(self, listings, signals=None, *, reasons=True):
            found = super().judge(listings, signals, reasons=reasons)
            return [
                verdict(alcohol_tobacco=0.97 if "위스키" in listing.text else 0.02)
                for listing, _ in zip(listings, found, strict=True)
            ]

    desk = app.extensions["faqdesk"]
    model = Sure(desk.moderator.held().rules)
    monkeypatch.setattr(desk.moderator, "held", lambda: model)
    return model


def test_a_dry_run_judges_and_stores_nothing(door, db):
    found = door("/listings:judge", json={"title": "위스키 팝니다", "dry_run": True}).json
    assert (found["action"], found["reason"], found["mode"]) == ("review", "no_model", "off")
    assert found["label"] == "alcohol_tobacco"
    assert sum(found["probabilities"].values()) == pytest.approx(1)
    assert any("위스키" in reason["text"] for reason in found["reasons"])
    assert scalar(db, "SELECT count(*) FROM listings") == 0


def test_a_live_policy_hides_and_the_marketplace_reads_what_to_hide(door, db, sure):
    put(db, a_policy())
    found = door("/listings:judge", json=LISTING).json
    assert (found["action"], found["mode"], found["hidden"]) == ("hide", "live", True)
    assert found["threshold"] == 0.9
    assert found["model"] == MODEL
    again = door("/listings:judge", json=LISTING).json
    assert (again["listing_id"], again["decision_id"]) == (found["listing_id"], None)
    (change,) = door("/listings/changes", "get").json["changes"]
    assert (change["id"], change["action"], change["cause"]) == ("a1", "hide", "decided")
    undo(db, ACTOR, int(found["decision_id"]))
    page = door(f"/listings/changes?after={change['change_id']}", "get").json
    assert [part["action"] for part in page["changes"]] == ["show"]
    assert door(f"/listings/changes?after={page['next']}", "get").json["changes"] == []


def test_without_a_model_nothing_is_hidden_and_people_look(door, db):
    stored = policy_store.store(db, ACTOR, Policy(rules=QUIET))
    policy_store.set_mode(db, ACTOR, stored.id, "live")
    found = door("/listings:judge", json=LISTING).json
    assert (found["action"], found["reason"], found["hidden"]) == ("review", "no_model", False)
    assert of_listing(db, int(found["listing_id"])).state == "open"


def test_pictures_come_as_a_form_and_are_kept_with_the_listing(door, db, space):
    pictures = [(io.BytesIO(photo(1)), "a.png"), (io.BytesIO(b"x"), "b.png")]
    form = {**LISTING, "pictures": pictures}
    found = door("/listings:judge", data=form, content_type="multipart/form-data").json
    assert len(found["problems"]) == 1
    (file,) = [row["file"] for row in db.query("SELECT file FROM listing_pictures")]
    assert (space.home / "images" / file).is_file()
    door("/listings:judge", json=LISTING | {"title": "잔 세트"})
    assert scalar(db, "SELECT count(*) FROM listing_pictures WHERE file = ?", [file]) == 1


def test_reports_are_merged_settled_and_appealed(door, db, seal, sure):
    put(db, a_policy())
    others = [
        int(
            door("/listings:judge", json=LISTING | {"id": f"o{n}", "title": "의자"}).json[
                "listing_id"
            ]
        )
        for n in range(3)
    ]
    mina = person(db, "mod")
    trust(db, seal, others, mina, ["lee", "park", "choi"])
    said = {"source": "market", "id": "a2", "label": "alcohol_tobacco", "words": "술이에요"}
    assert "'a2'" in problem(door("/reports", json=said | {"reporter": "lee"}), 404)["detail"]
    door("/listings:judge", json=LISTING | {"id": "a2", "title": "의자"})
    first = door("/reports", json=said | {"reporter": "lee"})
    assert first.status_code == 201
    assert (first.json["merged"], first.json["settled"]) == (False, False)
    assert door("/reports", json=said | {"reporter": "lee"}).json["merged"] is True
    case = of_listing(db, int(first.json["listing_id"]))
    decide(db, ACTOR, mina, case.id, label="alcohol_tobacco", reason="a bottle on the chair")
    filed = door(
        "/appeals", json={"source": "market", "id": "a2", "by": "seller", "words": "의자만"}
    )
    assert filed.status_code == 201
    assert of_listing(db, case.listing_id).state == "open"
    again = door("/appeals", json={"source": "market", "id": "a2", "by": "seller"})
    problem(again, 409)


def test_decisions_made_elsewhere_come_in_once_and_all_are_read_back(door, db):
    door("/listings:judge", json=LISTING)
    past = {"source": "market", "id": "a1", "label": "normal", "at": "2026-05-01", "drawn": True}
    assert door("/decisions", json=past).json["decision_id"] == "1"
    assert door("/decisions", json=past).json["decision_id"] is None
    (found,) = door("/decisions", "get").json["decisions"]
    assert (found["id"], found["label"], found["made_by"]) == ("a1", "normal", "import")
    assert (found["at"], found["stands"]) == ("2026-05-01T00:00:00Z", True)


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/listings:judge", {}, 400),
        ("/listings:judge", {"title": "a"}, 400),
        ("/listings:judge", {"title": "a", "colour": "red"}, 422),
        ("/listings:judge", {"title": "a" * 1001}, 422),
        ("/listings:judge", LISTING | {"posted_at": "someday"}, 400),
        ("/listings:judge", [], 422),
        ("/reports", {"source": "market", "id": "a1", "label": "spam"}, 422),
        ("/reports", {"source": "market"}, 422),
        ("/decisions", {"source": "market", "id": "a1", "label": "spam"}, 422),
        ("/appeals", {"source": "market", "id": "a1", "by": "nobody"}, 422),
        ("/appeals", {"source": "market", "id": "a1", "by": "seller"}, 404),
    ],
)
def test_what_cannot_be_asked_is_refused(door, path, body, status):
    problem(door(path, json=body), status)


def test_an_appeal_needs_a_decision(door):
    door("/listings:judge", json=LISTING)
    answer = door("/appeals", json={"source": "market", "id": "a1", "by": "seller"})
    assert "Nothing was decided" in problem(answer, 409)["detail"]


def test_another_scope_is_refused(app, db):
    _, secret = tokens.create(db, ACTOR, name="shop", scopes=("listings",))
    client = app.test_client()
    headers = {"Authorization": f"Bearer {secret}"}
    for path in ("/listings/changes", "/decisions"):
        problem(client.get(f"/api/v1{path}", headers=headers), 403)
    for path in ("/listings:judge", "/reports", "/decisions", "/appeals"):
        problem(client.post(f"/api/v1{path}", headers=headers, json={}), 403)


def test_what_would_be_done_is_said_by_the_policy_in_the_shadow(door, db, space):
    put(db, a_policy(), mode="shadow")
    found = door("/listings:judge", json={"title": "의자", "dry_run": True}).json
    assert found["mode"] == "shadow"
    assert judging.follow(space).held().version == found["model"] == ""


def test_what_waits_to_be_watched_is_a_job_where_it_is_much(door, app, db, seal, sure):
    put(db, a_policy())
    add_listings(db, seal, 60)
    app.extensions["faqdesk"].similar.to("의자")  # a search reads them all into the index
    assert door("/listings:judge", json=LISTING | {"title": "의자"}).json["alerts"] == []
    assert [row["kind"] for row in db.query("SELECT kind FROM jobs")] == ["watch"]
