"""The API keeps to what openapi.json says of it, whatever is asked: no 5xx, no other shape.

What is asked is made up from openapi.json itself, right and wrong, by schemathesis; at length in
`make soak`.
"""

import shutil

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from support import releases
from support.database import scalar
from tests import soaking
from tests.conftest import ACTOR
from tests.listings.small_category import category_model
from tests.web.api_asker import Asker, suggest
from web import jobs, tokens

__all__ = ["category_model"]

EXAMPLES = soaking.many(10, 200)  # calls of each operation
WRONG = GenerationMode.NEGATIVE
OPENAPI = "/api/v1/openapi.json"
HELD = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.response_headers_conformance,
    checks.negative_data_rejection,
]


@pytest.fixture
def described(guarded_app, space, db, category_model):
    """The API of a desk with history, a recommender and categories, by its own description."""
    (space.models / "category").mkdir(exist_ok=True)
    shutil.copytree(category_model, space.models / "category" / "m1")
    releases.publish(space, db, {"category": "m1"}, actor=ACTOR, line="category")
    return schemathesis.openapi.from_wsgi(OPENAPI, guarded_app)


@pytest.fixture
def bearer(db):
    _, secret = tokens.create(db, ACTOR, name="t", scopes=("admin",), per_minute=100_000)
    return {"Authorization": f"Bearer {secret}"}


@pytest.fixture
def there(guarded_app, space, db):
    """What can stand in an address: something that there is, or was."""
    ask = Asker(guarded_app, db)
    listing = {"source": "shop", "id": "7", "title": "가방"}
    listing_id = ask.post("/listings:judge", listing).json["listing_id"]
    label = {"tree": "shop", "path": "패션"}
    edited = ask.patch("/faqs/refund", {"title": "환불"}).json
    handed_in = ask.post("/inquiries", {"source": "shop", "id": "7", "text": "환불이요"}).json
    return {
        "suggestion_id": suggest(ask)["suggestion_id"],
        "faq_id": "refund",
        "change_id": edited["change_ids"][0],
        "inquiry_id": handed_in["inquiry"]["inquiry_id"],
        "import_id": str(scalar(db, "SELECT max(id) FROM imports")),
        "job_id": str(jobs.enqueue(space, db, ACTOR, "undo-import", {"import_id": 1})),
        "listing_id": listing_id,
        "label_id": ask.post(f"/listings/{listing_id}/labels", label).json["label_id"],
    }


def test_openapi_is_what_openapi_3_1_asks_for(guarded_app):
    spec = guarded_app.test_client().get(OPENAPI).json
    assert [error.message for error in OpenAPIV31SpecValidator(spec).iter_errors()] == []
    operations = [one for path in spec["paths"].values() for one in path.values()]
    used = [one["operationId"] for one in operations if isinstance(one, dict)]
    assert len(used) == len(set(used))


def test_every_answer_is_as_described(described, bearer, there):
    wrong, n = [], 0
    for found in described.get_all_operations():
        operation, n = found.ok(), n + 1

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(
            # What is wrong on purpose stays so; what is right may ask for something there is.
            st.tuples(operation.as_strategy(), st.booleans())
            | st.tuples(operation.as_strategy(generation_mode=WRONG), st.just(False))
        )
        def ask(made):
            case, known = made
            # A list of nothing is not sent at all: what was wrong with it never arrives.
            assume(not any(value in (None, [], {}) for value in (case.query or {}).values()))
            if known:
                case.path_parameters = dict(case.path_parameters or {}) | {
                    name: there[name] for name in case.path_parameters or () if name in there
                }
            answer = case.call(headers=bearer)
            # In a form all is text: a number where words are asked for arrives as words.
            form = case.media_type == "multipart/form-data"
            case.validate_response(answer, checks=HELD[:-1] if form else HELD)

        try:
            ask()
        except (Exception, BaseExceptionGroup) as error:
            wrong.append(f"{operation.label}: {error}")
    assert not wrong, "\n".join(wrong)
    assert n > 30


def test_what_can_stand_in_an_address_is_there(described, bearer, there):
    """The test before would else ask for nothing but what there is not."""
    spec = described.raw_schema
    names = {part[1:-1] for path in spec["paths"] for part in path.split("/") if part[:1] == "{"}
    assert names <= set(there)
