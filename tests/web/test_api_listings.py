"""`/api/v1/categories`: a listing in, its categories out, words and pictures."""

import io
import shutil

import pytest

from support import releases
from tests.conftest import ACTOR
from tests.listings.conftest import photo
from tests.listings.small_category import category_model
from tests.web.doors import kept, problem
from web import tokens
from web.app import create_app

__all__ = ["category_model"]

CATEGORIES = "/api/v1/categories"


@pytest.fixture
def ask(space, db):
    _, secret = tokens.create(db, ACTOR, name="shop", scopes=("listings",))
    client = create_app(space).test_client()
    headers = {"Authorization": f"Bearer {secret}"}
    return lambda **more: client.post(CATEGORIES, headers=headers, **more)


@pytest.fixture
def model(space, db, category_model):
    (space.models / "category").mkdir(exist_ok=True)
    shutil.copytree(category_model, space.models / "category" / "m1")
    releases.publish(space, db, {"category": "m1"}, actor=ACTOR, line="category")


def test_a_listing_gets_its_categories(ask, model):
    found = ask(json={"title": "나이키 운동화", "price": "3만원", "top_k": 2}).json
    assert [guess["rank"] for guess in found["guesses"]] == [1, 2]
    assert found["guesses"][0]["path"] == "패션 > 신발"
    assert 0 < found["guesses"][0]["probability"] <= 1
    assert "운동화" in [word["text"] for word in found["guesses"][0]["words"]]
    assert (found["voices"], found["problems"]) == (["text"], [])
    assert found["review"] is False


def test_pictures_come_as_a_form_and_stay_nowhere(ask, model, space):
    before = kept(space)
    body = {
        "title": "운동화",
        "pictures": [(io.BytesIO(photo(1)), "a.png"), (io.BytesIO(b"x"), "b.png")],
    }
    found = ask(data=body, content_type="multipart/form-data").json
    assert found["guesses"][0]["path"] == "패션 > 신발"
    assert len(found["problems"]) == 1
    assert "b.png" in found["problems"][0]
    assert kept(space) == before
    many = [(io.BytesIO(photo(1)), "a.png")] * 11
    answer = ask(data={"title": "a", "pictures": many}, content_type="multipart/form-data")
    assert "At most 10" in problem(answer, 400)["detail"]


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"json": {}}, 400),
        ({"json": {"title": "a", "top_k": 0}}, 422),
        ({"json": {"title": "a" * 501}}, 422),
        ({"json": {"title": "a", "colour": "red"}}, 422),
        ({"json": []}, 422),
        ({"data": b"{", "content_type": "application/json"}, 400),
        ({"data": b"a", "content_type": "text/plain"}, 415),
    ],
)
def test_what_cannot_be_asked_is_refused(ask, model, more, status):
    problem(ask(**more), status)


def test_without_a_model_or_a_scope_it_says_so(ask, space, db):
    assert "faqdesk train category" in problem(ask(json={"title": "a"}), 503)["detail"]
    _, secret = tokens.create(db, ACTOR, name="other", scopes=("suggest",))
    client = create_app(space).test_client()
    headers = {"Authorization": f"Bearer {secret}"}
    answer = client.post(CATEGORIES, json={"title": "a"}, headers=headers)
    assert "'listings'" in problem(answer, 403)["detail"]


def test_the_schema_names_both_ways(space):
    schema = create_app(space).test_client().get("/api/v1/openapi.json").json
    described = schema["paths"][CATEGORIES]["post"]
    assert set(described["requestBody"]["content"]) == {"application/json", "multipart/form-data"}
    assert "$ref" in described["requestBody"]["content"]["application/json"]["schema"]
    assert described["security"] == [{"token": ["listings"]}]
