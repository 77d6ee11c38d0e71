"""`/api/v1`: who may ask, what may be asked, what comes back, and what is kept of it."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.database import one, scalar
from support.releases import current
from support.text import normalize
from support.workspace import Workspace
from tests.conftest import ACTOR
from tests.web.doors import NUMBER, desk_to_teach, problem
from train.desk import train_all
from web import tokens
from web.app import MAX_BODY, create_app

ASK, FIND = "/api/v1/suggestions", "/api/v1/search"
TOO_LONG = "가" * 20_001


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Workspace:
    """A desk that has learned from its history; tests do not write to it."""
    space = desk_to_teach(tmp_path_factory.mktemp("trained"))
    db = space.database()
    train_all(space, db, actor=ACTOR)
    db.close()
    return space


class Program:
    """Asks the API with a token."""

    def __init__(self, space, *scopes, header=None):
        self.client = create_app(space).test_client()
        if header is None:
            db = space.database()
            self.id, secret = tokens.create(db, ACTOR, name="helpdesk", scopes=scopes)
            db.close()
            header = f"Bearer {secret}"
        self.headers = {"Authorization": header}

    def ask(self, body=None, **more):
        return self.client.post(ASK, json=body, headers=self.headers, **more)

    def send(self, data, content_type="application/json"):
        return self.client.post(ASK, data=data, content_type=content_type, headers=self.headers)

    def find(self, **query):
        return self.client.get(FIND, query_string=query, headers=self.headers)


@pytest.fixture
def program(space):
    return Program(space, "suggest", "search")


@pytest.fixture(scope="module")
def taught(trained):
    return Program(trained, "suggest", "search")


def kept(db):
    return scalar(db, "SELECT count(*) FROM suggestions")


# Who may ask


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Bearer fd_wrong", "Basic bWluYTp4", "fd_x", "Bearer é\x7f"]
)
def test_without_a_live_token_nothing_is_said(space, header):
    stranger = Program(space, header=header)
    for answer in (stranger.ask({"text": "환불"}), stranger.find(q="환불"), stranger.send(b"{")):
        body = problem(answer, 401)
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert "faqdesk token create" in body["detail"]


def test_a_token_is_gone_once_revoked(program, db):
    assert program.find(q="환불").status_code == 200
    tokens.revoke(db, ACTOR, program.id)
    problem(program.find(q="환불"), 401)


def test_the_word_bearer_may_be_written_in_any_case(program):
    program.headers["Authorization"] = program.headers["Authorization"].replace("Bearer", "bEARER ")
    assert program.find(q="환불").status_code == 200


def test_a_scope_opens_its_own_door_only(space):
    body = problem(Program(space, "search").ask({"text": "환불"}), 403)
    assert "'suggest'" in body["detail"]
    problem(Program(space, "suggest").find(q="환불"), 403)


def test_a_session_of_the_console_is_no_token(space, app, agent):
    problem(agent.post(ASK, json={"text": "환불"}), 401)


def test_the_secret_is_not_in_the_database_and_its_use_is_noted(program, db, space):
    program.find(q="환불")
    secret = program.headers["Authorization"].split()[1]
    row = one(db, "SELECT * FROM api_tokens")
    assert secret not in str(row)
    assert row["last_used_at"]
    db.execute("PRAGMA wal_checkpoint")
    assert secret.encode() not in space.database_path.read_bytes()


# What may be asked


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "text"),
        ({"text": ""}, "text"),
        ({"text": "a", "messages": [{"role": "customer", "text": "b"}]}, "text"),
        ({"text": 3}, "text"),
        ({"text": None}, "text"),
        ({"text": TOO_LONG}, "text"),
        ({"text": "a", "subject": "가" * 1001}, "subject"),
        ({"text": "a", "top_k": 0}, "top_k"),
        ({"text": "a", "top_k": 10}, "top_k"),
        ({"text": "a", "top_k": "many"}, "top_k"),
        ({"text": "a", "top_k": 1e400}, "top_k"),
        ({"text": "a", "dry_run": "perhaps"}, "dry_run"),
        ({"text": "a", "colour": "red"}, "colour"),
        ({"messages": "hello"}, "messages"),
        ({"messages": [{"role": "king", "text": "b"}]}, "messages"),
        ({"messages": [{"text": "b"}]}, "messages"),
        ({"messages": [{"role": "customer", "text": "b"}] * 201}, "messages"),
        ({"messages": [{"role": "customer", "text": "가" * 9000}] * 3}, "messages"),
    ],
)
def test_what_cannot_be_asked_is_refused_naming_the_field(program, db, body, field):
    found = problem(program.ask(body), 422)
    assert list(found["errors"]["json"]) == [field]
    assert kept(db) == 0


@pytest.mark.parametrize(
    ("query", "field"),
    [({}, "q"), ({"q": ""}, "q"), ({"q": " \n\u3000\u200b"}, "q"), ({"q": TOO_LONG}, "q"),
     ({"q": "a", "mode": "magic"}, "mode"), ({"q": "a", "top_k": "51"}, "top_k")],
)  # fmt: skip
def test_a_search_that_cannot_be_made_is_refused_naming_the_field(program, query, field):
    assert list(problem(program.find(**query), 422)["errors"]["query"]) == [field]


@pytest.mark.parametrize(
    ("data", "content_type", "status"),
    [
        (b"text=hello", "application/x-www-form-urlencoded", 415),
        (b'{"text": "a"}', "text/plain", 415),
        (b"", "application/json", 400),
        (b'{"text": ', "application/json", 400),
        (b'{"text": "\xff\xfe"}', "application/json", 400),
        ('{"text": "환불"}'.encode("utf-16"), "application/json", 200),
        (b"[" * 100_000, "application/json", 400),
        (b'{"text":' * 50_000, "application/json", 400),
        (b'{"text": "a", "top_k": ' + b"9" * 5000 + b"}", "application/json", 400),
        (b"[]", "application/json", 422),
        (b"null", "application/json", 422),
        (b'"text"', "application/json", 422),
        (b'{"text": "a", "top_k": NaN}', "application/json", 422),
        (b'{"text": "a", "dry_run": {"a": [1]}}', "application/json", 422),
        (b'{"text": "a"' + b" " * MAX_BODY + b"}", "application/json", 413),
    ],
)
def test_what_is_no_question_is_refused(program, data, content_type, status):
    answer = program.send(data, content_type)
    if status == 200:
        assert answer.status_code == 200
    else:
        problem(answer, status)


def test_unknown_paths_and_methods_are_problems_too(program):
    problem(program.client.get("/api/v1/nothing"), 404)
    problem(program.client.get("/api/"), 404)
    answer = program.client.get(ASK)
    problem(answer, 405)
    assert "POST" in answer.headers["Allow"]
    problem(program.client.delete(FIND), 405)


@pytest.mark.parametrize(
    "text",
    ["\\u0000", "\\ud800", "\\udfff\\ud800 환불", "\\ufffe\\uffff", "\\u202e\\u200b\\u0000환불",
     "\\n\\r\\t ",
     "' OR 1=1; DROP TABLE inquiries --", "\\\"; NEAR(a b) *", "{{7*7}}", "%s%n"],
)  # fmt: skip
def test_hostile_letters_are_only_letters(program, taught, text):
    for asker in (program, taught):
        assert asker.send(f'{{"text": "{text}", "dry_run": true}}').status_code == 200
        for mode in ("similar", "words"):
            plain = json.loads(f'"{text}"').encode("utf-8", "surrogatepass")
            answer = asker.client.get(
                f"{FIND}?mode={mode}&q=x%20" + "".join(f"%{byte:02x}" for byte in plain),
                headers=asker.headers,
            )
            assert answer.status_code == 200


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.text(max_size=300))
def test_any_text_gets_an_answer(taught, text):
    answer = taught.ask({"text": text, "dry_run": True})
    assert answer.status_code == (200 if text else 422)
    assert taught.find(q=text).status_code == (200 if normalize(text) else 422)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["text", "messages", "role", "subject", "top_k", "dry_run"]), inner
            )
        ),
        max_leaves=12,
    )
)
def test_any_json_gets_an_answer(taught, body):
    assert taught.send(json.dumps(body)).status_code in (200, 422)


# What comes back, and what is kept


def test_a_desk_without_models_says_so(program):
    body = program.ask({"text": "환불해 주세요"}).json
    assert (body["abstained"], body["abstain_reason"]) == (True, "no_model")
    assert (body["faqs"], body["similar"], body["release"]) == ([], [], "")
    assert (body["tie"], body["promise"]) == (False, None)
    assert body["explanation"] == "아직 지난 답변을 학습하지 않았어요."
    found = program.find(q="환불").json
    assert found["mode"] == "words"
    assert [item["text"] for item in found["results"]] == ["환불받고싶어요"]


def test_blank_text_is_silence_not_an_error(program):
    assert program.ask({"text": " \n "}).json["abstain_reason"] == "empty"
    messages = [{"role": "agent", "text": "환불해 드릴까요?"}]
    assert program.ask({"messages": messages}).json["abstain_reason"] == "empty"


def test_personal_data_is_counted_and_never_stored(program, db, space):
    text = "010-2938-4471 로 전화 주세요. 메일은 mina.kim@example.org 입니다"
    body = program.ask({"text": text, "subject": "제목 010-2938-4471"}).json
    assert body["redactions"] == {"phone": 2, "email": 1}
    program.find(q=text)
    row = one(db, "SELECT * FROM suggestions")
    assert row["id"] == body["suggestion_id"]
    assert row["asked_by"] == f"token:{program.id}"
    db.execute("PRAGMA wal_checkpoint")
    for path in space.home.glob("desk.db*"):
        assert not NUMBER.search(path.read_bytes())
        assert b"mina.kim" not in path.read_bytes()
        assert "전화 주세요. 메일".encode() not in path.read_bytes()


def test_a_dry_run_stores_nothing(program, db):
    assert program.ask({"text": "환불", "dry_run": True}).json["suggestion_id"] is None
    assert kept(db) == 0


def test_a_trained_desk_suggests(taught):
    body = taught.ask({"text": "환불은 언제 되나요 어제부터 그래요"}).json
    assert body["release"] == current_release(taught)
    assert body["degraded"] == ""
    assert not body["abstained"]
    assert body["threshold"] is not None
    assert body["explanation"] == ""
    assert (body["promise"] is None) == (body["band"] == "likely")
    first = body["faqs"][0]
    assert (first["rank"], first["faq_id"], first["title"]) == (1, "refund", "환불은 언제 되나요")
    assert 0 < first["probability"] <= 1
    promise = first["promise"]
    assert 0 <= promise["low"] <= promise["right"] / promise["n"] <= promise["high"] <= 1
    past = body["similar"][0]
    assert past["text"].startswith("환불")
    assert past["faq_ids"] == ["refund"]
    assert past["inquiry_id"] in first["used_by"]
    assert past["score"] > 0.5


def test_messages_are_asked_as_their_customers_words(taught):
    text = taught.ask({"text": "택배가 안 와요\n송장 번호가 없어요", "dry_run": True}).json
    said = [
        ("customer", "택배가 안 와요"),
        ("agent", "환불"),
        ("bot", "탈퇴"),
        ("customer", "송장 번호가 없어요"),
    ]
    messages = [{"role": role, "text": words} for role, words in said]
    assert taught.ask({"messages": messages, "dry_run": True}).json == text


def test_top_k_limits_what_is_suggested(taught):
    for top_k in (1, 2):
        body = taught.ask({"text": "계정이 잠겼어요", "top_k": top_k, "dry_run": True}).json
        assert len(body["faqs"]) <= top_k
        assert len(taught.find(q="계정", top_k=top_k).json["results"]) == top_k


def test_similar_and_words_search_differently(taught):
    similar = taught.find(q="환불은 언제 되나요").json
    assert similar["mode"] == "similar"
    assert similar["results"][0]["text"] == "환불은 언제 되나요"
    scores = [round(item["score"], 2) for item in similar["results"]]  # as they are shown
    assert scores == sorted(scores, reverse=True)
    words = taught.find(q="번호 송장", mode="words").json
    assert words["mode"] == "words"
    assert {item["text"][:8] for item in words["results"]} == {"송장 번호가 없"}


def test_signs_alone_are_a_question_too(taught):
    assert taught.find(q="?!...").status_code == 200
    assert taught.find(q="?!...", mode="words").json["results"] == []


def test_a_damaged_release_is_silence_and_words_are_still_found(program, space):
    (space.models / "current").write_text("{half")
    body = program.ask({"text": "환불"}).json
    assert (body["abstained"], body["abstain_reason"]) == (True, "no_model")
    assert "faqdesk train" in body["degraded"]
    assert "/" not in body["degraded"]  # no folder of this machine
    found = program.find(q="환불").json
    assert found["mode"] == "words"
    assert found["results"]


# What the API says of itself


def test_openapi_describes_both_doors_and_their_key(space):
    answer = create_app(space).test_client().get("/api/v1/openapi.json")
    assert answer.status_code == 200
    spec = answer.json
    assert spec["openapi"].startswith("3.1")
    assert spec["components"]["securitySchemes"] == {"token": {"type": "http", "scheme": "bearer"}}
    post, get = spec["paths"][ASK]["post"], spec["paths"][FIND]["get"]
    for door, scope in ((post, "suggest"), (get, "search")):
        assert door["security"] == [{"token": [scope]}]
        assert {"200", "400", "401", "403", "422", "503"} <= set(door["responses"])
        for status in set(door["responses"]) - {"200"}:
            assert list(door["responses"][status]["content"]) == ["application/problem+json"]
        assert door["summary"]
    assert post["requestBody"]["content"]["application/json"]["schema"]
    assert {"q", "mode", "top_k", "faq", "since"} <= {item["name"] for item in get["parameters"]}
    assert [item["name"] for item in post["parameters"]] == ["Idempotency-Key"]


def current_release(program):
    desk = program.client.application.extensions["faqdesk"]
    return current(desk.workspace.models).name
