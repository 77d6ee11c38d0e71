"""The page of connections: made, changed, tried, switched and ended there; what did not go out."""

import re

import pytest

from support import agents, answering, connections, delivery, delivery_ways, inquiries, routes
from support.audit import Actor
from support.connection_access import Access
from support.database import scalar
from support.webhook_signatures import signed
from tests.conftest import ACTOR
from tests.helpdesks import helpdesk
from tests.web.conftest import PASSWORD, signed_in

FORMS = {
    "zendesk": {"address": "https://a.zendesk.com", "user": "u@example.com", "token": "t0ken-1",
                "secret": "s3cret-1"},
    "chatwoot": {"address": "https://chat.example.com", "account": "3", "token": "t0ken-1"},
    "zammad": {"address": "https://zammad.example.com", "token": "t0ken-1"},
    "channel-talk": {"user": "key", "token": "t0ken-1", "sender": "도란"},
    "smtp": {"address": "smtp.example.com:587", "user": "u", "token": "t0ken-1",
             "sender": "Help <help@example.com>", "tls": "starttls"},
}  # fmt: skip


@pytest.fixture
def admin(app, db):
    agents.add(db, ACTOR, login="ada", name="Ada", role="admin", password=PASSWORD)
    return signed_in(app, "ada")


@pytest.fixture
def desk():
    with helpdesk("zendesk") as found:
        yield found


def access(space, db, name):
    return connections.access(db, space.seal(), connections.get(db, name).id)


@pytest.mark.parametrize("kind", FORMS)
def test_each_kind_is_connected_with_its_own_fields_and_its_secrets_are_seen_no_more(
    space, db, admin, kind
):
    form = admin.get(f"/connections/-/new?kind={kind}").text
    asked = set(re.findall(r'<(?:input|select)[^>]* name="([a-z]+)"', form))
    assert set(FORMS[kind]) - asked == set()
    made = admin.post("/connections", data=FORMS[kind] | {"kind": kind, "delivers": "1"})
    assert made.status_code == 200
    kept = access(space, db, kind)
    assert kept.token == "t0ken-1"
    assert connections.get(db, kind).delivers
    if kind != "smtp":
        assert f"http://localhost/api/v1/webhooks/{kind}" in made.text
    # What the desk made is shown once; what was typed, never.
    assert (kept.secret in made.text) == (kind not in ("zendesk", "smtp"))
    for path in (f"/connections/{kind}", f"/connections/{kind}/edit", "/connections"):
        page = admin.get(path).text
        assert kept.token not in page
        assert kept.secret not in page
        assert "s3cret-1" not in page


def test_what_was_typed_stays_where_something_is_missing(db, admin):
    form = FORMS["zendesk"] | {"kind": "zendesk", "delivers": "1", "token": ""}
    answer = admin.post("/connections", data=form)
    assert answer.status_code == 400
    assert "답변을 보내려면 필요해요: API 토큰" in answer.text
    assert 'value="https://a.zendesk.com"' in answer.text
    assert "s3cret-1" not in answer.text
    assert connections.listed(db) == []
    hidden = admin.post("/connections", data=form | {"address": "https://10.0.0.7", "token": "t"})
    assert (hidden.status_code, "공개된 https 주소만" in hidden.text) == (400, True)
    private = admin.post("/connections", data=form | {"address": "http://10.0.0.7", "token": "t"})
    assert private.status_code == 400
    assert "공개된 https 주소만" in private.text
    assert admin.post("/connections", data={"kind": "intercom"}).status_code == 400


def test_a_change_keeps_what_is_secret_unless_it_would_go_elsewhere(space, db, admin):
    form = FORMS["zendesk"] | {"kind": "zendesk", "delivers": "1"}
    admin.post("/connections", data=form)
    again = admin.post("/connections", data=form)
    assert again.status_code == 409
    empty = form | {"token": "", "secret": ""}
    assert admin.post("/connections/zendesk", data=empty).status_code == 302
    kept = access(space, db, "zendesk")
    assert (kept.token, kept.secret) == ("t0ken-1", "s3cret-1")
    for change in ({"address": "https://evil.example.com"}, {"user": "other@example.com"}):
        assert admin.post("/connections/zendesk", data=empty | change).status_code == 400
        assert access(space, db, "zendesk").address == "https://a.zendesk.com"
    admin.post("/connections/zendesk", data=form | {"token": "t0ken-2", "secret": "s3cret-2"})
    kept = access(space, db, "zendesk")
    assert (kept.token, kept.secret) == ("t0ken-2", "s3cret-2")
    without = {name: value for name, value in empty.items() if name != "delivers"}
    admin.post("/connections/zendesk", data=without)
    assert not connections.get(db, "zendesk").delivers


def test_one_is_switched_off_and_on_and_ended(space, db, admin):
    admin.post("/connections", data=FORMS["zammad"] | {"kind": "zammad", "delivers": "1"})
    admin.post("/connections/zammad/switch", data={"on": "0"})
    assert "꺼짐" in admin.get("/connections").text
    admin.post("/connections/zammad", data=FORMS["zammad"] | {"delivers": "1"})
    assert not connections.get(db, "zammad").active  # a change does not switch it on
    admin.post("/connections/zammad/switch", data={"on": "1"})
    assert connections.get(db, "zammad").active
    admin.post("/connections/zammad/end")
    assert access(space, db, "zammad") == Access()
    assert "끝낸 연결" in admin.get("/connections/zammad").text
    # The same name begins anew, with keys of its own.
    form = FORMS["zammad"] | {"kind": "zammad", "token": "t0ken-9", "delivers": "1"}
    assert admin.post("/connections", data=form).status_code == 200
    assert access(space, db, "zammad").token == "t0ken-9"
    acts = "SELECT action FROM audit WHERE action LIKE 'connection.%' ORDER BY id"
    assert [row["action"].partition(".")[2] for row in db.query(acts)] == [
        "made", "off", "changed", "off", "on", "ended", "changed",
    ]  # fmt: skip


def test_one_is_tried_out(space, db, admin, desk):
    form = FORMS["zendesk"] | {"kind": "zendesk", "address": desk.address, "private": "1",
                               "delivers": "1"}  # fmt: skip
    admin.post("/connections", data=form)
    tried = admin.post("/connections/zendesk/test").text
    assert "bot@example.com(으)로 보낼 수 있어요." in tried
    assert "아직 들어온 것이 없어요." in tried
    assert admin.post("/connections/none/test").status_code == 404


def test_a_webhook_that_was_set_aside_is_worked_through_again_or_forgotten(space, db, admin):
    admin.post("/connections", data=FORMS["zendesk"] | {"kind": "zendesk"})
    for number in (1, 2):
        db["webhook_deliveries"].insert(
            {"connection_id": 1, "delivery_id": str(number), "sealed": space.seal().close_up("{}"),
             "state": "failed", "event": "ticket.comment_added", "tries": 5, "error": "disk full",
             "received_at": "2026-11-03T08:15:00Z"},
        )  # fmt: skip
    page = admin.get("/connections/zendesk").text
    assert "disk full" in page
    assert "/connections/zendesk/webhooks/1/again" in page
    admin.post("/connections/zendesk/webhooks/1/again")
    admin.post("/connections/zendesk/webhooks/2/give-up")
    rows = list(db.query("SELECT state, sealed IS NULL AS gone FROM webhook_deliveries"))
    assert rows == [{"state": "queued", "gone": 0}, {"state": "ignored", "gone": 1}]
    assert admin.post("/connections/zendesk/webhooks/2/again").status_code == 404


def test_the_template_of_a_trigger_is_there_to_paste(db, admin):
    admin.post("/connections", data=FORMS["zendesk"] | {"kind": "zendesk"})
    page = admin.get("/connections/zendesk").text
    assert "{{ticket.id}}" in page
    assert "{{ticket.latest_public_comment.value}}" in page


# Answers that were not delivered


@pytest.fixture
def failed(space, db, agent, desk, ids):
    """Inquiry o4, whose answer the helpdesk refused; its outbox id."""
    seal = space.seal()
    given = Access(address=desk.address, user="u@example.com", token="t", private=True)
    made, _ = connections.connect(db, seal, ACTOR, name="zendesk", kind="zendesk", access=given)
    routes.note(db, seal, ids["o4"], connection_id=made.id, conversation="77")
    agent.post(f"/inquiries/{ids['o4']}/send", data={"text": "내일은 맑습니다"})
    desk.plan = ["404"]
    (outbox_id,) = delivery.due(db)
    assert delivery.deliver(db, seal, outbox_id, make=delivery_ways.sender) == "failed"
    return outbox_id


def deliver(space, db):
    (outbox_id,) = delivery.due(db)
    return delivery.deliver(db, space.seal(), outbox_id, make=delivery_ways.sender)


def test_what_was_not_delivered_is_in_the_inbox_until_it_is_sent_again(
    space, db, agent, admin, desk, ids, failed
):
    path = f"/inquiries/{ids['o4']}"
    inbox = agent.get("/?scope=undelivered").text
    assert f"{path}?scope=undelivered" in inbox
    assert agent.get("/inbox/state").json["counts"]["undelivered"] == 1
    page = agent.get(path).text
    assert "그쪽에 그런 대화가 없어요 (404)." in page
    assert "내일은 맑습니다" in page
    assert "그쪽에 그런 대화가 없어요 (404)." in admin.get("/connections").text
    assert agent.post(f"/deliveries/{failed}/again").status_code == 302
    assert inquiries.get(db, ids["o4"]).status == "answered"
    assert "전달 중" in agent.get(path).text
    assert "전달 중" in agent.get("/answered").text
    assert scalar(db, "SELECT count(*) FROM drafts") == 0
    assert deliver(space, db) == "delivered"
    assert desk.texts() == ["내일은 맑습니다"]
    assert "전달됨" in agent.get(path).text
    assert "전달 중" not in agent.get("/answered").text
    assert "전달되지 않음" not in agent.get(path).text
    assert agent.get("/inbox/state").json["counts"]["undelivered"] == 0
    told = agent.post(f"/deliveries/{failed}/again", follow_redirects=True).text
    assert "더 할 일이 없어요" in told


def test_what_was_not_delivered_can_be_given_up(space, db, agent, ids, failed):
    agent.post(f"/deliveries/{failed}/give-up")
    assert agent.get("/inbox/state").json["counts"]["undelivered"] == 0
    page = agent.get(f"/inquiries/{ids['o4']}").text
    assert "/deliveries/" not in page
    assert "내일은 맑습니다" in page  # the draft
    assert inquiries.get(db, ids["o4"]).status == "open"


def test_what_waits_for_its_next_try_is_tried_now_or_given_up(space, db, agent, desk, ids, failed):
    agent.post(f"/deliveries/{failed}/again")
    desk.plan = ["503"]
    assert deliver(space, db) == "queued"
    path = f"/inquiries/{ids['o4']}"
    page = agent.get(path).text
    assert "상대 서버에 문제가 있어요 (503)." in page
    assert "다음 시도" in page
    assert delivery.due(db) == []
    agent.post(f"/deliveries/{failed}/again")
    assert delivery.due(db) == [failed]
    agent.post(f"/deliveries/{failed}/give-up")
    assert delivery.due(db) == []
    page = agent.get(path).text
    assert "사람이 포기했어요." in page
    assert "다시 보내기 전에 그쪽에서 확인해 주세요" in page  # a 503 tells nobody what became of it


def test_what_the_customer_wrote_since_is_read_first(space, db, agent, ids, failed):
    from support.importing.conversation import RawMessage
    from support.incoming import receive

    row = next(iter(db.query("SELECT source, source_id FROM inquiries WHERE id = ?", [ids["o4"]])))
    said = RawMessage("new", "customer", "하나 더 물어볼게요", "2026-11-03T08:15:00Z")
    receive(db, space.seal(), source=row["source"], conversation=row["source_id"], message=said)
    told = agent.post(f"/deliveries/{failed}/again", follow_redirects=True).text
    assert "그사이 고객이 새로 썼어요" in told
    assert inquiries.get(db, ids["o4"]).status == "open"


def test_a_newer_answer_is_not_undone_by_an_older_one(space, db, agent, ids, failed):
    agent.post(f"/inquiries/{ids['o4']}/send", data={"text": "모레도 맑습니다"})
    told = agent.post(f"/deliveries/{failed}/again", follow_redirects=True).text
    assert "더 할 일이 없어요" in told
    newest = "SELECT state FROM outbox ORDER BY id DESC LIMIT 1"
    assert scalar(db, newest) == "queued"


def test_a_webhook_on_its_way_does_not_need_the_page(space, db, app):
    """The secret that the page made is the one that webhooks are checked against."""
    agents.add(db, ACTOR, login="ada", name="Ada", role="admin", password=PASSWORD)
    made = signed_in(app, "ada").post("/connections", data=FORMS["zammad"] | {"kind": "zammad"})
    secret = access(space, db, "zammad").secret
    assert secret in made.text
    came = signed("zammad", secret, b'{"ticket": {"id": 1, "state": "open"}}')
    answer = app.test_client().post(
        "/api/v1/webhooks/zammad", data=came.body, headers=dict(came.headers)
    )
    assert answer.status_code == 202


def test_an_agent_says_who_tried_again(db, agent, ids, failed):
    agent.post(f"/deliveries/{failed}/again")
    mina = scalar(db, "SELECT id FROM agents WHERE login = 'mina'")
    sql = "SELECT actor FROM audit WHERE action = 'answer.tried_again'"
    assert scalar(db, sql) == Actor(f"agent:{mina}").name
    assert answering.draft(db, None, ids["o4"], mina).text == ""
