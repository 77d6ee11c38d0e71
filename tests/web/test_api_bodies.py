"""Every call of the API that takes a body, with bodies that are none: a problem, never a 5xx."""

import pytest

from support.database import scalar
from tests.web.api_asker import Asker
from web.app import MAX_BODY

DEEP = b'{"a":' * 20_000 + b"1" + b"}" * 20_000
BODIES = {
    "empty": (b"", "application/json"),
    "half": (b'{"text": ', "application/json"),
    "a list": (b"[]", "application/json"),
    "a word": (b'"text"', "application/json"),
    "nothing": (b"null", "application/json"),
    "deep": (DEEP, "application/json"),
    "deep list": (b"[" * 100_000, "application/json"),
    "no UTF-8": (b'{"text": "\xff\xfe"}', "application/json"),
    "NUL in a name": (b'{"te\\u0000xt": "a"}', "application/json"),
    "a lone surrogate in a name": (b'{"\\ud800": "a"}', "application/json"),
    "a large number": (b'{"top_k": ' + b"9" * 5000 + b"}", "application/json"),
    "no number": (b'{"top_k": NaN}', "application/json"),
    "text": (b"text", "text/plain"),
    "a form": (b"text=hello", "application/x-www-form-urlencoded"),
    "a broken form": (b"--x\r\nno end", "multipart/form-data; boundary=x"),
    "a form without a boundary": (b"--x", "multipart/form-data"),
    "no type": (b"{}", ""),
}


@pytest.fixture
def doors(guarded_app, ask):
    """Every address that takes a body, with its method."""
    spec = ask.get("/openapi.json").json
    return [
        (method.upper(), path.replace("{faq_id}", "refund").format_map(Ones()))
        for path, item in spec["paths"].items()
        for method, one in item.items()
        if method in ("post", "patch") and "requestBody" in one
    ]


class Ones(dict):
    def __missing__(self, name):
        return "1"


def refused(answer):
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.content_type == "application/problem+json"
    assert answer.json["status"] == answer.status_code
    assert answer.json["detail"]
    return answer.status_code


@pytest.mark.parametrize("name", BODIES)
def test_what_is_no_body_is_a_problem(ask, doors, name):
    data, kind = BODIES[name]
    assert len(doors) > 12
    for method, path in doors:
        asked = {"data": data, "headers": ask.headers, "method": method}
        refused(ask.client.open(path, **asked, **({"content_type": kind} if kind else {})))


def test_what_is_too_large_is_a_problem(ask, doors):
    body = b'{"text": "' + b"a" * MAX_BODY + b'"}'
    for method, path in doors:
        answer = ask.client.open(
            path, data=body, method=method, headers=ask.headers, content_type="application/json"
        )
        refused(answer)


@pytest.mark.parametrize("letters", ["\\u0000", "\\ud800", "\\udfff\\ud800", "\\ufffe", "\\u202e"])
def test_hostile_letters_are_kept_as_letters_or_refused(ask, db, letters):
    bodies = {
        "/inquiries": '{"source": "shop", "id": "7", "text": "환불 %s", "customer_id": "%s"}',
        "/inquiries/shop:7/answers": '{"id": "m%s", "text": "네 %s", "agent": "%s"}',
        "/suggestions": '{"text": "%s", "filters": {"faq": "%s", "tag": "%s"}}',
        "/faqs": '{"title": "제목 %s", "body": "%s"}',
        "/listings:judge": '{"source": "s%s", "id": "%s", "title": "가방 %s"}',
    }
    for path, body in bodies.items():
        data = body.replace("%s", letters).encode()
        answer = ask.client.post(
            "/api/v1" + path, data=data, headers=ask.headers, content_type="application/json"
        )
        assert answer.status_code < 500, answer.text
        if answer.status_code >= 400:
            refused(answer)
    number = ask.post("/suggestions", {"text": "환불"}).json["suggestion_id"]
    event = '{"events": [{"id": "e%s", "type": "displayed", "comment": "%s", "agent": "%s"}]}'
    told = ask.client.post(
        f"/api/v1/suggestions/{number}/events", data=event.replace("%s", letters).encode(),
        headers=ask.headers, content_type="application/json",
    )  # fmt: skip
    assert told.status_code == 202
    assert scalar(db, "SELECT count(*) FROM api_events") == 1


def test_a_wrong_token_is_refused_before_a_body_is_read(guarded_app, db, doors):
    stranger = Asker(guarded_app, db)
    stranger.headers = {"Authorization": "Bearer fd_wrong"}
    for method, path in doors:
        answer = stranger.client.open(
            path, data=DEEP, method=method, headers=stranger.headers,
            content_type="application/json",
        )  # fmt: skip
        assert refused(answer) == 401
