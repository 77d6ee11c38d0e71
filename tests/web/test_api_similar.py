"""`/api/v1/listings/<id>/similar` and `/api/v1/listings:similar`: what is like it, and why."""

import io
from dataclasses import replace

import pytest

from tests.conftest import ACTOR
from tests.web.doors import kept, problem
from tests.web.drawn_listings import BAG, BAG_AGAIN, LAMP, jpeg, sell
from web import tokens
from web.app import create_app
from web.similar_desk import SimilarDesk
from web.similar_follow import SimilarFollower

ASK = "/api/v1/listings:similar"


def like(key):
    return f"/api/v1/listings/{key}/similar"


@pytest.fixture
def app(space):
    return create_app(space)


@pytest.fixture
def client(app, db):
    _, secret = tokens.create(db, ACTOR, name="shop", scopes=("listings",))
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {secret}"
    return client


@pytest.fixture
def shop(space, db):
    ids = [
        sell(space, db, 1, "mina", BAG, photos=[(1, 0), (2, 0)]),
        sell(space, db, 2, "kim", BAG_AGAIN, photos=[(3, 0), (1, 0)]),
        sell(space, db, 3, "lee", LAMP, photos=[(4, 0)]),
    ]
    SimilarDesk(space).index(db, progress=lambda *told: None)
    return ids


def test_what_is_like_a_listing_comes_with_its_reasons(client, shop):
    found = client.get(like(shop[0])).json
    assert (found["degraded"], found["problems"]) == ("", [])
    (best,) = found["listings"]
    assert (best["rank"], best["listing_id"], best["external_id"]) == (1, shop[1], "2")
    assert best["title"] == BAG_AGAIN
    assert 0.9 < best["probability"] <= 1
    reasons = {reason["by"]: reason for reason in best["reasons"]}
    assert (reasons["hash"]["picture"], reasons["hash"]["other_picture"]) == (1, 2)
    assert reasons["hash"]["bits"] == 0
    assert "florence" in reasons["text"]["words"]
    assert reasons["text"]["picture"] is None


def test_a_listing_may_go_by_the_marketplaces_id(client, shop):
    found = client.get(like("1"), query_string={"source": "shop"}).json
    assert found["listings"][0]["external_id"] == "2"
    problem(client.get(like("1"), query_string={"source": "other"}), 404)
    problem(client.get(like("77"), query_string={"source": "shop"}), 404)


def test_words_pictures_or_both_are_asked_about(client, shop, space):
    before = kept(space)
    assert client.post(ASK, json={"text": LAMP}).json["listings"][0]["listing_id"] == shop[2]
    body = {"pictures": [(io.BytesIO(b"x"), "b.png"), (io.BytesIO(jpeg(4)), "lamp.jpg")]}
    found = client.post(ASK, data=body, content_type="multipart/form-data").json
    assert [one["listing_id"] for one in found["listings"]] == [shop[2]]
    assert "b.png" in found["problems"][0]
    body = {"text": BAG, "top_k": "2", "pictures": [(io.BytesIO(jpeg(1)), "bag.jpg")]}
    found = client.post(ASK, data=body, content_type="multipart/form-data").json
    assert [one["listing_id"] for one in found["listings"]] == shop[:2]
    assert kept(space) == before


def test_how_to_look_is_chosen(client, shop):
    words = client.get(like(shop[0]), query_string={"ways": "text"}).json["listings"]
    assert [reason["by"] for reason in words[0]["reasons"]] == ["text"]
    sure = {"ways": "text", "at_least": 1}
    assert client.get(like(shop[0]), query_string=sure).json["listings"] == []
    assert client.post(ASK, json={"text": BAG, "top_k": 1}).json["listings"][0]["rank"] == 1


@pytest.mark.parametrize(
    ("key", "query", "status"),
    [
        ("999", {}, 404),
        ("bag", {}, 404),
        ("9" * 40, {}, 404),
        ("1", {"top_k": 0}, 422),
        ("1", {"at_least": 2}, 422),
        ("1", {"ways": "smell"}, 400),
    ],
)
def test_what_cannot_be_asked_of_a_listing_is_refused(client, shop, key, query, status):
    problem(client.get(like(key), query_string=query), status)


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"json": {}}, 400),
        ({"json": {"text": "  "}}, 400),
        ({"json": {"text": 7}}, 422),
        ({"json": []}, 422),
        ({"json": {"text": "a" * 20_001}}, 422),
        ({"data": b"{", "content_type": "application/json"}, 400),
        ({"data": b"a", "content_type": "text/plain"}, 415),
        ({"data": {"pictures": [(io.BytesIO(b"x"), "b.png")]}}, 400),
        ({"data": {"pictures": [(io.BytesIO(b"x"), "b.png")] * 11}}, 400),
    ],
)
def test_what_cannot_be_asked_is_refused(client, shop, more, status):
    problem(client.post(ASK, **more), status)


def test_without_a_token_or_its_scope_nothing_is_told(app, db, shop):
    client = app.test_client()
    problem(client.get(like(shop[0])), 401)
    problem(client.post(ASK, json={"text": BAG}), 401)
    _, secret = tokens.create(db, ACTOR, name="other", scopes=("suggest",))
    headers = {"Authorization": f"Bearer {secret}"}
    assert "listings" in problem(client.get(like(shop[0]), headers=headers), 403)["detail"]
    problem(client.post(ASK, json={"text": BAG}, headers=headers), 403)


def test_personal_data_in_a_question_is_masked_before_it_is_looked_for(client, shop, app):
    seen = []
    similar = app.extensions["faqdesk"].similar

    class Listening:
        def to(self, text, pictures, **options):
            seen.append(text)
            return similar.to(text, pictures, **options)

    app.extensions["faqdesk"] = replace(app.extensions["faqdesk"], similar=Listening())
    client.post(ASK, json={"text": f"{BAG}, call 010-2345-6789"})
    assert "2345" not in seen[0]


def test_an_index_server_that_is_away_is_told_without_its_address(app, client, space, shop):
    away = SimilarFollower(space, server="127.0.0.1:9")
    app.extensions["faqdesk"] = replace(app.extensions["faqdesk"], similar=away)
    found = client.get(like(shop[0])).json
    assert found["listings"][0]["listing_id"] == shop[1]
    assert "index server" in found["degraded"]
    assert "127.0.0.1" not in found["degraded"]


def test_both_are_described_for_programs(client):
    paths = client.get("/api/v1/openapi.json").json["paths"]
    asked = paths["/api/v1/listings/{listing_id}/similar"]["get"]
    assert {part["name"] for part in asked["parameters"]} >= {"top_k", "ways", "at_least", "source"}
    body = paths["/api/v1/listings:similar"]["post"]["requestBody"]["content"]
    assert set(body) == {"application/json", "multipart/form-data"}
