"""`/api/v1`: who may ask, and how often; a token stands in the Authorization header.

Errors are problem+json. What there is to ask for stands in the modules beside this one.
"""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

from flask import Request, Response, g, request
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue
from flask_smorest import Blueprint
from marshmallow import RAISE
from webargs.flaskparser import FlaskParser

from . import api_rate, attempts, costly, tokens
from .api_schemas import ProblemSchema
from .database import db, desk
from .errors import problem


class _Parser(FlaskParser):
    # A filter that is misspelt shall not be left out in silence.
    DEFAULT_UNKNOWN_BY_LOCATION = {**FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION, "query": RAISE}  # noqa: RUF012

    def _raw_load_json(self, req: Request) -> Any:
        return req.get_json()  # 415 and 400 for what is no JSON


class _Blueprint(Blueprint):  # type: ignore[misc]
    ARGUMENTS_PARSER = _Parser()


bp = _Blueprint("api", __name__, url_prefix="/api/v1", description="The desk, for programs.")


@bp.record_once
def describe(state: BlueprintSetupState) -> None:
    """Say in openapi.json how a token is sent; errors are those of `problems`."""
    rest = state.app.extensions["flask-smorest"]["blp_name_to_api"][bp.name]
    rest.spec.components.security_scheme("token", {"type": "http", "scheme": "bearer"})
    rest.DEFAULT_ERROR_RESPONSE_NAME = None


@bp.after_request
def tell_allowance(response: Response) -> Response:
    """Say with every answer how many calls the token has left."""
    if "allowance" in g:
        response.headers.extend(g.allowance.headers())
    return response


def needs(*scopes: str) -> Callable[..., Callable[..., ResponseReturnValue]]:
    """Let a view answer only a live token with this scope, or with one of these."""

    def around(view: Callable[..., ResponseReturnValue]) -> Callable[..., ResponseReturnValue]:
        @wraps(view)
        def guarded(*args: Any, **values: Any) -> ResponseReturnValue:
            kind, _, secret = request.headers.get("Authorization", "").partition(" ")
            token = tokens.find(db(), secret.strip()) if kind.lower() == "bearer" else None
            if token is None:
                if secret:
                    attempts.unknown(db(), "token", request.remote_addr or "")
                answer = problem(
                    HTTPStatus.UNAUTHORIZED,
                    "Send a live token: Authorization: Bearer fd_... "
                    "(made with `faqdesk token create`).",
                )
                answer.headers["WWW-Authenticate"] = "Bearer"
                return answer
            limit = token.per_minute or api_rate.PER_MINUTE
            g.allowance = api_rate.count(desk().workspace.limits_path, token.id, per_minute=limit)
            if g.allowance.used_up:
                answer = problem(
                    HTTPStatus.TOO_MANY_REQUESTS,
                    f"This token may make {limit} calls a minute. Wait as Retry-After says.",
                )
                answer.headers["Retry-After"] = str(g.allowance.seconds)
                return answer
            if not any(map(token.may, scopes)):
                lacks = " or ".join(map(repr, scopes))
                return problem(HTTPStatus.FORBIDDEN, f"This token lacks the scope {lacks}.")
            costly.begin()
            g.token = token
            g.actor_name = f"token:{token.id}"
            return view(*args, **values)

        # OpenAPI 3.1 lets any scheme name the roles that it takes.
        roles = [{"token": [scope]} for scope in scopes]
        described: Callable[..., ResponseReturnValue] = bp.doc(security=roles)(guarded)
        return described

    return around


def problems(*more: int) -> Callable[..., Callable[..., ResponseReturnValue]]:
    """Describe in openapi.json the answers that are no success."""

    def around(view: Callable[..., ResponseReturnValue]) -> Callable[..., ResponseReturnValue]:
        for status in (400, 401, 403, 422, 429, 503, *more):
            view = bp.alt_response(
                status, schema=ProblemSchema, content_type="application/problem+json"
            )(view)
        # Programs that are generated from openapi.json call the operation so.
        named: Callable[..., ResponseReturnValue] = bp.doc(operationId=view.__name__)(view)
        return named

    return around
