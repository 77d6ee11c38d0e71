"""Check 3: every route x whoever asks x whose the thing is x which of its fields.

`access_table` says what holds; here each row is asked by everybody.
"""

import io
import re

import pytest
from PIL import Image

from support import agents, holding, settings, suggestions
from support.agents import ROLES
from support.audit import Actor
from support.clock import ago
from support.database import scalar, write
from support.recommender import Suggestion
from tests.conftest import ACTOR
from tests.listings.moderation.desk import add_listings, report
from tests.trust.access_table import (
    ANSWERING,
    DESK,
    GET,
    HELD,
    LABELLING,
    LEADS,
    MODERATING,
    NESTED,
    OPEN,
    OWN,
    PAGES,
    ROUTES,
    SIDEBAR,
    SIGNED,
    WITH_TOKEN,
    WORD,
    Scopes,
)
from tests.web.api_asker import API, Asker
from tests.web.conftest import signed_in
from tests.web.console_pages import HELPDESK
from tests.web.furnished import furnish
from web import embed_tokens, tokens

NOWHERE = "987654321"  # the id of nothing


@pytest.fixture
def people(db):
    """Two of every role, by login: `lead1`, `lead2` ..."""
    for role in ROLES:
        for number in (1, 2):
            agents.add(db, ACTOR, login=f"{role}{number}", name=f"{role}{number}", role=role)
    return {one.login: one.id for one in agents.listed(db)}


@pytest.fixture
def as_(app, people):
    """A client of somebody, made once."""
    known = {}
    return lambda login: (
        known.setdefault(login, None)
        or known.__setitem__(login, signed_in(app, login))
        or known[login]
    )


def paths(app):
    """The address of each route, with ids of nothing."""
    found = {}
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<[^>]*filename>", "desk.css", rule.rule)
        path = re.sub(r"<int[^>]*>", NOWHERE, path)
        found[rule.endpoint] = re.sub(r"<[^>]*>", "nothing-here", path)
    return found


def ask(client, row, path):
    """A route as somebody asks for it whose body will do."""
    options = {"json": row.json} if row.json is not None else {}
    if row.form:
        options = {"data": row.form}
    return client.open(path, method=row.method, **options)


def said(answer, *ids):
    """What an answer says, but for the ids that it names and what stands around every page."""
    page = re.search('<div class="narrow panel">.*</div>', answer.text, re.DOTALL)
    text = page[0] if page else answer.text
    answer.close()
    for one in ids:
        text = re.sub(rf"\b{one}\b", "#", text)
    return answer.status_code, text


# ---- routes and roles


def test_every_route_is_in_the_table(app):
    found = {
        (rule.endpoint, method): bool(rule.arguments)
        for rule in app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    assert set(found) == {(name, row.method) for name, row in ROUTES.items()}
    for name, row in ROUTES.items():
        assert found[name, row.method] == bool(row.of) or "static" in name, name


def test_nobody_gets_in(app):
    client, at = app.test_client(), paths(app)
    for name in PAGES:
        answer = ask(client, ROUTES[name], at[name])
        if ROUTES[name].method == GET:
            assert answer.status_code == 302, name
            assert answer.headers["Location"].startswith("/sign-in?next=/"), name
        else:
            assert answer.status_code == 403, name
    for name in WITH_TOKEN:
        assert ask(client, ROUTES[name], at[name]).status_code == 401, name
    for name in OPEN:
        assert ask(client, ROUTES[name], at[name]).status_code < 500, name


@pytest.mark.parametrize("role", ROLES)
def test_each_role_gets_its_pages_and_no_others(app, as_, role):
    client, at = as_(f"{role}1"), paths(app)
    for name, roles in PAGES.items():
        row = ROUTES[name]
        answer = ask(client, row, at[name])
        if role not in roles:
            assert answer.status_code == 403, name
        elif row.of and row.of != WORD:
            assert answer.status_code == row.absent, name
        else:
            assert answer.status_code < 500, name
            assert answer.status_code != 403, name
        answer.close()
    for name in WITH_TOKEN:  # no cookie counts there
        assert ask(client, ROUTES[name], at[name]).status_code == 401, name


@pytest.mark.parametrize("scope", tokens.SCOPES)
def test_each_scope_opens_its_doors_and_no_others(app, db, scope):
    asker, at = Asker(app, db, scope), paths(app)
    db.execute("UPDATE api_tokens SET per_minute = 100000")
    db.conn.commit()
    for name, row in ROUTES.items():
        if not isinstance(row.who, Scopes):
            continue
        answer = asker.client.open(at[name], method=row.method, headers=asker.headers, json={})
        opens = scope in row.who.names or scope == "admin"
        assert (answer.status_code == 403) != opens, name
        assert answer.status_code not in (401, 500), name
        if opens and row.of == DESK and row.method == GET:
            assert answer.status_code in (400, 404), name  # 400: no id at all


def test_a_token_of_another_kind_or_time_opens_nothing(app, db, as_, people):
    settings.change(db, ACTOR, embed_parents=[HELPDESK])
    as_("agent1")
    actor = Actor(f"agent:{people['agent1']}")
    session = "a session of agent1"
    with write(db):
        sql = "SELECT token_hash FROM sessions WHERE agent_id = ?"
        old = scalar(db, sql, [people["agent1"]])
        db.execute("UPDATE sessions SET token_hash = ? WHERE token_hash = ?",
                   [embed_tokens._hash(session), old])  # fmt: skip
    sidebar = embed_tokens.begin(db, session, actor, parent=HELPDESK).secret
    _, live = tokens.create(db, ACTOR, name="live", scopes=("admin",))
    revoked_id, revoked = tokens.create(db, ACTOR, name="revoked", scopes=("admin",))
    tokens.revoke(db, ACTOR, revoked_id)
    expired_id, expired = tokens.create(db, ACTOR, name="expired", scopes=("admin",), days=1)
    with write(db):
        db.table("api_tokens").update(expired_id, {"expires_at": ago(days=1)})
    wrong = {
        SIDEBAR: [live, revoked, expired, session, ""],
        Scopes: [sidebar, revoked, expired, ""],
    }
    at, client = paths(app), app.test_client()
    for place, name in enumerate(WITH_TOKEN):
        row = ROUTES[name]
        if row.who == SIGNED:
            continue
        address = {"REMOTE_ADDR": f"192.0.2.{place}"}  # one that guesses so often has to wait
        for secret in wrong[Scopes if isinstance(row.who, Scopes) else SIDEBAR]:
            headers = {"Authorization": f"Bearer {secret}"}
            answer = client.open(
                at[name], method=row.method, json={}, headers=headers, environ_base=address
            )
            assert answer.status_code == 401, name
    # Of another helpdesk than the one that it was made for: no.
    body = {"origin": "https://another.zendesk.com", "helpdesk": "zendesk", "messages": []}
    headers = {"Authorization": f"Bearer {sidebar}"}
    answer = client.post("/embed/suggestions", json=body, headers=headers)
    assert answer.status_code == 403


def test_who_knocks_without_a_signature_learns_nothing(app, db, space):
    furnish(space, db)
    known, unknown = (
        app.test_client().post(f"/api/v1/webhooks/{name}", json={}) for name in ("zendesk", "other")
    )
    assert said(known) == said(unknown)
    assert known.status_code == 401


# ---- what is one's own


def png():
    file = io.BytesIO()
    Image.new("RGB", (40, 40), "teal").save(file, "PNG")
    file.seek(0)
    return file


def a_picture(client, db, people):
    return client.post("/listings/pictures", data={"picture": (png(), "a.png")}).json["name"]


def an_asked_picture(client, db, people):
    answer = client.post("/moderation/similar", data={"picture": (png(), "a.png")})
    return re.search("picture=([0-9a-f]{32})", answer.headers["Location"])[1]


def a_table(at):
    def make(client, db, people):
        file = io.BytesIO(b"slug,title,name,body\na,b,c,d\n")
        answer = client.post(at, data={"file": (file, "t.csv")})
        return answer.headers["Location"].rpartition("/")[2]

    return make


def a_look(client, db, people):
    file = io.BytesIO("question,answer\n환불,네\n".encode())
    answer = client.post("/imports", data={"files": (file, "t.csv")})
    return answer.headers["Location"].rpartition("/")[2]


def a_suggestion(client, db, people):
    nothing = Suggestion("silent", "out_of_scope", 0.7, (), (), "r1")
    first = f"agent:{people['agent1']}"
    return suggestions.remember(db, nothing, inquiry_id=None, asked_by=first)


# What somebody makes, in whose role, and the routes that take its name.
MADE = {
    a_picture: (LABELLING, "labeller", ["listings_page.picture", "listings_page.remove_picture"]),
    an_asked_picture: (MODERATING, "moderator", ["similar_page.upload"]),
    a_table("/faqs/-/import"): (LEADS, "lead", ["faqs_page.look_at", "faqs_page.take_in"]),
    a_table("/replies/import"): (LEADS, "lead", ["replies_page.look_at", "replies_page.take_in"]),
    a_look: (
        frozenset({"admin"}), "admin",
        [f"imports_page.{name}" for name in
         ("look", "look_state", "look_again", "take_in", "cancel", "throw_away")],
    ),
    a_suggestion: (ANSWERING, "agent", ["inquiry.inserted", "inquiry.dismissed"]),
}  # fmt: skip


def test_all_that_is_ones_own_is_asked_for_here():
    covered = {name for _roles, _role, names in MADE.values() for name in names}
    own = {name for name, row in ROUTES.items() if row.of == OWN}
    assert own - covered == {"embed.inserted", "embed.dismissed", "api.tell_events"}  # below


@pytest.mark.parametrize("make", MADE, ids=lambda make: make.__qualname__)
def test_what_another_made_is_not_there(app, db, as_, people, make):
    roles, role, names = MADE[make]
    key = make(as_(f"{role}1"), db, people)
    at = paths(app)
    for name in names:
        row, path = ROUTES[name], re.sub("nothing-here|" + NOWHERE, "{}", at[name])
        for other in (f"{role}2", *(f"{one}1" for one in roles - {role})):
            theirs = ask(as_(other), row, path.format(key))
            none = ask(as_(other), row, path.format(NOWHERE if key.isdigit() else "0" * len(key)))
            assert said(theirs, key) == said(none, NOWHERE, "0" * len(key)), (name, other)
            assert theirs.status_code == row.absent, (name, other)
    mine = ask(
        as_(f"{role}1"), ROUTES[names[0]], re.sub("nothing-here|" + NOWHERE, key, at[names[0]])
    )
    assert mine.status_code == (404 if make is a_suggestion else 200)  # it holds no such FAQ
    mine.close()


def test_a_program_tells_of_what_programs_were_shown(app, db, people):
    """And of an inquiry's: nothing of what an agent's sidebar alone was shown."""
    asker = Asker(app, db, "feedback")
    of_agent = a_suggestion(None, db, people)
    nothing = Suggestion("silent", "out_of_scope", 0.7, (), (), "r1")
    of_program = suggestions.remember(db, nothing, inquiry_id=None, asked_by="token:77")
    events = {"events": [{"id": "e1", "type": "displayed"}]}
    theirs = asker.post(f"/suggestions/{of_agent}/events", events)
    none = asker.post("/suggestions/sg_0/events", events)
    assert said(theirs, of_agent) == said(none, "sg_0")
    assert theirs.status_code == 404
    assert asker.post(f"/suggestions/{of_program}/events", events).status_code == 202


def test_a_sidebar_tells_of_what_it_was_shown(app, db, as_, people):
    settings.change(db, ACTOR, embed_parents=[HELPDESK])
    page = as_("agent2").post("/sidebar", data={"parent": HELPDESK}).text
    headers = {"Authorization": "Bearer " + page.split('data-token="')[1].split('"')[0]}
    theirs = a_suggestion(None, db, people)
    for act in ("inserted", "dismissed"):
        answers = [
            app.test_client().post(f"/embed/suggestions/{key}/{act}", headers=headers,
                                   json={"slug": "refund", "reason": "other"})
            for key in (theirs, "sg_0")
        ]  # fmt: skip
        assert said(answers[0], theirs) == said(answers[1], "sg_0")
        assert answers[0].status_code == 404


def test_sessions_drafts_and_answers_to_calls_are_ones_own(app, db, as_, people):
    as_("agent1")
    key = scalar(db, "SELECT token_hash FROM sessions WHERE agent_id = ?", [people["agent1"]])[:16]
    answers = [
        as_("admin1").post("/account/sessions/end", data={"key": k}) for k in (key, "0" * 16)
    ]
    assert said(answers[0]) == said(answers[1])
    assert answers[0].status_code == 404
    # A draft is its writer's, sealed; nobody else is shown it.
    inquiry_id = scalar(db, "SELECT min(id) FROM inquiries WHERE status = 'open'")
    draft = {"text": "canary of a draft", "revision": 1}
    assert as_("agent1").post(f"/inquiries/{inquiry_id}/draft", json=draft).status_code == 200
    assert "canary of a draft" in as_("agent1").get(f"/inquiries/{inquiry_id}").text
    for other in ("agent2", "lead1", "admin1"):
        assert "canary of a draft" not in as_(other).get(f"/inquiries/{inquiry_id}").text
    # The answer to a call is kept for the token that made it.
    one, other = (Asker(app, db, "faqs") for _ in range(2))
    keyed = {"Idempotency-Key": "the-same"}
    made = [
        asker.client.post(API + "/faqs", json={"title": f"new {asker.id}"},
                          headers=asker.headers | keyed)
        for asker in (one, other)
    ]  # fmt: skip
    assert [answer.status_code for answer in made] == [201, 201]
    assert made[1].json["faq"]["title"] == f"new {other.id}"


# ---- what somebody has in hand


def test_what_another_has_in_hand_is_left_alone(app, db, space, as_, people):
    inquiry_id = scalar(db, "SELECT min(id) FROM inquiries WHERE status = 'open'")
    holding.claim(db, people["agent1"], inquiry_id)
    (listing_id,) = add_listings(db, space.seal(), 1)
    report(db, space.seal(), listing_id, "ann")
    case_id = scalar(db, "SELECT id FROM moderation_cases")
    assert as_("moderator1").get(f"/moderation?case={case_id}").status_code == 200
    at, whose = paths(app), {ANSWERING: ("agent2", inquiry_id), MODERATING: ("moderator2", case_id)}
    held = {name for name, row in ROUTES.items() if row.of == HELD}
    tables = ("inquiries", "outbox", "moderation_decisions", "inquiry_snoozes")
    tables = [name for name in tables if db.table(name).exists()]
    before = {name: list(db.table(name).rows) for name in tables}
    for name in sorted(held):
        row = ROUTES[name]
        login, key = whose[row.who]
        path = at[name].replace(NOWHERE, str(key))
        form = row.form or {"text": "네", "agent": str(people["agent2"])}
        answer = as_(login).post(path, data=form, headers={"Accept": "application/json"})
        told = answer.status_code == 200 and bool(answer.json["holder"])  # a claim says who has it
        assert answer.status_code == 409 or (name == "holding_page.claim" and told), name
    assert {name: list(db.table(name).rows) for name in tables} == before


# ---- what stands inside something else


def test_what_is_nested_belongs_to_what_stands_before_it(app, db, space, as_):
    furnish(space, db)
    one, other = add_listings(db, space.seal(), 2, seller="nested")
    report(db, space.seal(), one, "bob")
    lead = as_("lead1")
    case_id = scalar(db, "SELECT id FROM moderation_cases WHERE listing_id = ?", [one])
    lead.post(f"/moderation/{case_id}/decide", data={"label": "animals", "reason": "x"})
    decision = scalar(db, "SELECT id FROM moderation_decisions WHERE case_id = ?", [case_id])
    reporter = scalar(db, "SELECT reporter FROM moderation_reports WHERE case_id = ?", [case_id])
    webhook = scalar(db, "SELECT id FROM webhook_deliveries WHERE state = 'failed'")
    sanction = scalar(db, "SELECT id FROM sanctions")
    seller = scalar(db, "SELECT seller FROM listings WHERE id = ?", [one])
    admin = as_("admin1")
    access = {"name": "second", "kind": "chatwoot", "address": "https://c.example", "token": "t",
              "user": "1", "account": "1"}  # fmt: skip
    admin.post("/connections", data=access)
    wrong = {
        "moderation_page.undo_decision": f"/moderation/listings/{other}/undo/{decision}",
        "moderation_page.appeal": f"/moderation/listings/{other}/appeal",
        "moderation_page.set_aside": f"/moderation/listings/{other}/set-aside",
        "sellers_page.lift": f"/moderation/sellers/{seller}/sanctions/{sanction}/lift",
        "sellers_page.unlift": f"/moderation/sellers/{seller}/sanctions/{sanction}/unlift",
        "connections_page.work_again": f"/connections/second/webhooks/{webhook}/again",
        "connections_page.forget": f"/connections/second/webhooks/{webhook}/give-up",
    }
    assert set(wrong) == {name for name, row in ROUTES.items() if row.of == NESTED}
    form = {"decision": str(decision), "by": "seller", "reporter": reporter, "reason": "x"}
    names = ("moderation_decisions", "appeals", "moderation_reports", "sanctions")
    before = {name: list(db.table(name).rows) for name in (*names, "webhook_deliveries")}
    for name, path in wrong.items():
        assert admin.post(path, data=form).status_code in (400, 404), name
    assert {name: list(db.table(name).rows) for name in before} == before
