"""`/api/v1/docs`: the API on one page, written from openapi.json by the server.

It needs no script and nothing from elsewhere, so that it is read where there is no network too.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from flask import Blueprint, current_app, render_template
from flask.typing import ResponseReturnValue

bp = Blueprint("api_page", __name__, url_prefix="/api/v1")

_METHODS: Final = ("get", "post", "put", "patch", "delete")
_GROUPS: Final = (  # how an address begins, and what it is about
    ("/suggestions", "Suggestions"),
    ("/search", "Past answers"),
    ("/inquiries", "Inquiries"),
    ("/faqs", "FAQs"),
    ("/faq-changes", "FAQs"),
    ("/metrics", "Figures"),
    ("/export", "Figures"),
    ("/import", "Imports"),
    ("/categories", "Listings"),
    ("/labels", "Listings"),
    ("/listings:judge", "Moderation"),
    ("/listings/changes", "Moderation"),
    ("/listings", "Listings"),
    ("/", "Moderation"),
)
_DEEPEST: Final = 6  # levels of fields within fields


@dataclass(frozen=True, slots=True)
class Field:
    """One line of a table of fields; `depth` is how far within others it stands, from 0."""

    name: str
    kind: str
    required: bool
    words: str
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one address, as the page shows it."""

    anchor: str
    group: str
    method: str
    path: str
    summary: str
    scope: str
    parameters: tuple[Field, ...]
    bodies: tuple[tuple[str, tuple[Field, ...]], ...]  # media type, fields
    answers: tuple[tuple[str, str, tuple[Field, ...]], ...]  # status, words, fields
    problems: tuple[str, ...]  # statuses
    example: str  # as a shell takes it


@bp.get("/docs")
def show() -> ResponseReturnValue:
    """Show what the API takes and gives."""
    found = operations(spec())
    groups = dict.fromkeys(group for _, group in _GROUPS)
    return render_template(
        "api.html",
        groups=[(name, [item for item in found if item.group == name]) for name in groups],
        host="https://desk.example",
    )


def spec() -> dict[str, Any]:
    """The API as openapi.json describes it."""
    name_to_api = current_app.extensions["flask-smorest"]["blp_name_to_api"]
    described: dict[str, Any] = name_to_api["api"].spec.to_dict()
    return described


def operations(described: dict[str, Any]) -> list[Operation]:
    """Every operation of an OpenAPI document, in the order of its addresses."""
    base = "/api/v1"
    return [
        _operation(described, path.removeprefix(base), path, method, item[method], item)
        for path, item in sorted(described["paths"].items())
        for method in _METHODS
        if method in item
    ]


def _operation(
    described: dict[str, Any],
    short: str,
    path: str,
    method: str,
    told: dict[str, Any],
    item: dict[str, Any],
) -> Operation:
    parameters = [_resolved(described, one) for one in
                  (*item.get("parameters", ()), *told.get("parameters", ()))]  # fmt: skip
    bodies = told.get("requestBody", {}).get("content", {})
    good = {code: one for code, one in told["responses"].items() if code[0] in "23"}
    return Operation(
        anchor=f"{method}{short}".translate(str.maketrans("/{}:", "----")),
        group=next(group for start, group in _GROUPS if short.startswith(start)),
        method=method.upper(),
        path=path,
        summary=told.get("summary", ""),
        scope=" or ".join(one for role in told.get("security", ()) for one in role["token"]),
        parameters=tuple(
            Field(
                one["name"],
                f"{_kind(described, one['schema'])}, in the {one['in']}",
                one.get("required", False),
                one.get("description", ""),
            )
            for one in parameters
        ),
        bodies=tuple(
            (media, tuple(_fields(described, one["schema"]))) for media, one in bodies.items()
        ),
        answers=tuple(
            (code, one.get("description", ""), tuple(_of_answer(described, one)))
            for code, one in good.items()
        ),
        problems=tuple(code for code in told["responses"] if code not in good),
        example=_example(described, method, path, told, parameters),
    )


def _of_answer(described: dict[str, Any], answer: dict[str, Any]) -> Iterator[Field]:
    for content in answer.get("content", {}).values():
        yield from _fields(described, content.get("schema", {}))


def _fields(described: dict[str, Any], schema: dict[str, Any], depth: int = 0) -> Iterator[Field]:
    """The fields of a schema, each followed by those within it."""
    schema = _resolved(described, schema)
    needed = schema.get("required", ())
    for name, one in schema.get("properties", {}).items():
        whole = _resolved(described, one)
        words = one.get("description", "") or whole.get("description", "")
        yield Field(name, _kind(described, one), name in needed, words, depth)
        inner = whole.get("items", whole)
        for choice in inner.get("anyOf", (inner,)):
            if depth < _DEEPEST:
                yield from _fields(described, choice, depth + 1)


def _kind(described: dict[str, Any], schema: dict[str, Any]) -> str:
    """What a value may be, in words."""
    whole = _resolved(described, schema)
    if "enum" in whole:
        return " | ".join("none" if one is None else str(one) or '""' for one in whole["enum"])
    if choices := whole.get("anyOf"):
        return " or ".join(_kind(described, one) for one in choices)
    kinds = whole.get("type", "object" if "properties" in whole else "any")
    word = " or ".join([kinds] if isinstance(kinds, str) else kinds)
    if word.startswith("array"):
        word += f" of {_kind(described, whole.get('items', {}))}"
    low, high = (whole.get(name) for name in ("minimum", "maximum"))
    if low is not None and high is not None:
        word += f", {low} to {high}"
    if whole.get("maxLength"):
        word += f", at most {whole['maxLength']:,} characters"
    if "default" in whole and whole["default"] not in ("", None, []):
        word += f", else {json.dumps(whole['default'])}"
    return word


def _resolved(described: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """A schema or parameter, with what it refers to put in."""
    choices = schema.get("allOf", ())
    place = schema.get("$ref") or (choices[0].get("$ref") if len(choices) == 1 else None)
    if not place:
        return schema
    found: Any = described
    for part in place.removeprefix("#/").split("/"):
        found = found[part]
    own = {name: value for name, value in schema.items() if name not in ("$ref", "allOf")}
    return _resolved(described, found | own)


def _example(
    described: dict[str, Any],
    method: str,
    path: str,
    told: dict[str, Any],
    parameters: list[dict[str, Any]],
) -> str:
    """The shortest call of an operation that a shell can make."""
    for one in parameters:
        if one["in"] == "path":
            path = path.replace(f"{{{one['name']}}}", "1")
    needed = [one for one in parameters if one["in"] == "query" and one.get("required")]
    query = "&".join(f"{one['name']}=..." for one in needed)
    line = [f'curl -H "Authorization: Bearer $TOKEN" "$DESK{path}{"?" * bool(query)}{query}"']
    content = told.get("requestBody", {}).get("content", {})
    if "application/json" in content:
        schema = _resolved(described, content["application/json"]["schema"])
        names = schema.get("required") or list(schema.get("properties", {}))[:1]
        body = {name: _sample(described, schema["properties"][name]) for name in names}
        line.append(f"--json '{json.dumps(body, ensure_ascii=False)}'")
    elif "multipart/form-data" in content:
        line.append("-F files=@export.json")
    if method != "get" and len(line) == 1:
        line.insert(0, f"-X {method.upper()}")
        line = [line[1].replace("curl ", f"curl {line[0]} ", 1)]
    elif method not in ("get", "post"):
        line[0] = line[0].replace("curl ", f"curl -X {method.upper()} ", 1)
    return " \\\n    ".join(line)


def _sample(described: dict[str, Any], schema: dict[str, Any]) -> Any:
    """A value that a schema lets through, as an example shows it."""
    whole = _resolved(described, schema)
    if whole.get("enum"):
        return whole["enum"][0]
    kind = whole.get("type")
    if kind == "array":
        return [_sample(described, whole["items"])]
    if kind == "object" or "properties" in whole:
        names = whole.get("required", ())
        return {name: _sample(described, whole["properties"][name]) for name in names}
    return {"integer": 1, "number": 1.0, "boolean": True}.get(str(kind), "...")
