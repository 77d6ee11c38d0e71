"""The API keeps to what openapi.json says of it, whatever is asked: no 5xx, no other shape.

What is asked is made up from openapi.json itself, right and wrong, by schemathesis.
"""

import os

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from support import releases
from tests.conftest import ACTOR
from tests.listings.small_category import category_model
from web import tokens

__all__ = ["category_model"]

EXAMPLES = 12  # calls of each kind
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
    os.symlink(category_model, space.models / "category" / "m1")
    releases.publish(space, db, {"category": "m1"}, actor=ACTOR, line="category")
    return schemathesis.openapi.from_wsgi(OPENAPI, guarded_app)


@pytest.fixture
def bearer(db):
    _, secret = tokens.create(db, ACTOR, name="t", scopes=("admin",), per_minute=100_000)
    return {"Authorization": f"Bearer {secret}"}


def test_openapi_is_what_openapi_3_1_asks_for(guarded_app):
    spec = guarded_app.test_client().get(OPENAPI).json
    assert [error.message for error in OpenAPIV31SpecValidator(spec).iter_errors()] == []
    operations = [one for path in spec["paths"].values() for one in path.values()]
    used = [one["operationId"] for one in operations if isinstance(one, dict)]
    assert len(used) == len(set(used))


def test_every_answer_is_as_described(described, bearer):
    for found in described.get_all_operations():
        operation = found.ok()

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(operation.as_strategy() | operation.as_strategy(generation_mode=WRONG))
        def ask(case):
            answer = case.call(headers=bearer)
            case.validate_response(answer, checks=HELD)

        ask()
