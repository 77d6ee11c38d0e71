"""Check 16: how large a request may be, how often one may ask, how much is done at once."""

import io
import re
import socket
import threading
from contextlib import ExitStack, contextmanager
from urllib.parse import urlencode

import pytest

from support import agents, settings
from support.clock import now
from support.database import scalar
from tests.conftest import ACTOR
from tests.trust.access_table import GET, PATCH, POST, ROUTES, SIDEBAR, SIGNED, Scopes
from tests.web.api_asker import Asker
from tests.web.conftest import PASSWORD, signed_in
from tests.web.console_pages import HELPDESK
from tests.web.doors import fetch, problem, serving, until
from web import api_rate, backlog, batches_page, import_work, table_files
from web.app import MAX_BODY, create_app
from web.costly import COSTLY, EXPORT, PICTURE, TAKE_IN, THINK, Gate, Kind
from web.limits import LARGER

KINDS = (THINK, EXPORT, TAKE_IN, PICTURE)


# ---- what is costly


def test_what_is_costly_is_known_by_its_route():
    assert set(COSTLY) <= set(ROUTES)
    assert set(LARGER) <= set(ROUTES)
    assert set(COSTLY.values()) == set(KINDS)
    # Whoever may send much takes a place for it; the two that judge pictures think as well.
    assert set(LARGER) - set(COSTLY) == set()


def test_whatever_is_cheap_finds_a_thread_while_all_places_are_taken():
    assert sum(kind.at_once + kind.waiting for kind in KINDS) < backlog.THREADS


def test_a_gate_lets_so_many_work_and_so_many_wait():
    gate = Gate(Kind("test", at_once=2, waiting=1, seconds=60.0, per_minute=1))
    assert gate.enter()
    assert gate.enter()
    got = []
    waiter = threading.Thread(target=lambda: got.append(gate.enter()))
    waiter.start()
    while gate._waiting == 0:
        pass
    assert not gate.enter()  # one waits already
    gate.leave()
    waiter.join()
    assert got == [True]
    assert not Gate(Kind("none", at_once=0, waiting=1, seconds=0.0, per_minute=1)).enter()


@pytest.mark.parametrize("kind", [TAKE_IN, PICTURE], ids=lambda kind: kind.name)
def test_two_who_send_files_over_slow_lines_refuse_nobody(app, db, kind):
    """They hold their places for minutes, and a third one is served meanwhile."""
    admin, gate = _admin(app, db), app.extensions["faqdesk-costly"][kind.name]
    assert gate.enter()
    assert gate.enter()
    for name in sorted(name for name, each in COSTLY.items() if each == kind):
        if not isinstance(ROUTES[name].who, Scopes):
            answer = call(admin, app, name)
            answer.close()
            assert answer.status_code != 503, name


# ---- each costly route, with its gate shut and its quota used up


@pytest.fixture
def shut(app):
    """An application in which nothing costly finds a place."""
    for gate in app.extensions["faqdesk-costly"].values():
        gate._places = threading.Semaphore(0)
        gate.kind = Kind(gate.kind.name, 0, 0, 0.0, gate.kind.per_minute)
    return app


def addresses(app):
    return {rule.endpoint: rule.rule for rule in app.url_map.iter_rules()}


def call(client, app, name, **more):
    rule = addresses(app)[name]
    path = rule.replace("<listing_id>", "1").replace("<name>", "csv").replace("<which>", "result")
    path = path.replace("<int(max=9223372036854775807):batch_id>", "1")
    path = path.replace("<int(max=9223372036854775807):listing_id>", "1")
    return client.open(path, method=ROUTES[name].method, **more)


def test_every_costly_route_waits_for_a_place(shut, db, sign_in):
    lead, asker = _admin(shut, db), Asker(shut, db)
    for name in sorted(COSTLY):
        row = ROUTES[name]
        assert row.method in (GET, POST, PATCH)
        if isinstance(row.who, Scopes):
            answer = call(asker.client, shut, name, headers=asker.headers)
            problem(answer, 503)
        elif name.startswith("embed."):
            continue  # below
        else:
            answer = call(lead, shut, name)
            assert answer.status_code == 503, name
        assert int(answer.headers["Retry-After"]) > 0
    # Who is not let in takes no place, and what is cheap needs none.
    nobody = shut.test_client()
    assert nobody.get("/search").status_code == 302
    assert nobody.get("/api/v1/search").status_code == 401
    assert lead.get("/").status_code == 200
    assert lead.get("/faqs").status_code == 200


def test_a_sidebar_waits_as_well(shut, db, sign_in):
    settings.change(db, ACTOR, embed_parents=[HELPDESK])
    page = sign_in("mina").post("/sidebar", data={"parent": HELPDESK}).text
    headers = {"Authorization": "Bearer " + page.split('data-token="')[1].split('"')[0]}
    for name in ("embed.suggest", "embed.search"):
        answer = call(shut.test_client(), shut, name, headers=headers, json={})
        problem(answer, 503)
        assert answer.headers["Retry-After"]


def test_a_place_is_given_back_whatever_became_of_the_request(app, db):
    admin, asker = _admin(app, db), Asker(app, db)
    gates = app.extensions["faqdesk-costly"]
    free = {name: gate._places._value for name, gate in gates.items()}
    for name in sorted(COSTLY):
        client, more = (asker.client, {"headers": asker.headers, "json": {}})
        if not isinstance(ROUTES[name].who, Scopes):
            client, more = admin, {}
        answer = call(client, app, name, **more)  # most are refused: they lack what is asked
        answer.get_data()
        answer.close()
        assert {name: gate._places._value for name, gate in gates.items()} == free, name


def test_a_place_is_kept_while_an_answer_is_sent_piece_by_piece(app, db):
    admin, asker = _admin(app, db), Asker(app, db)
    places = app.extensions["faqdesk-costly"][EXPORT.name]._places
    for begin in (
        lambda: admin.post("/audit/export", data={"reason": "a look"}, buffered=False),
        lambda: admin.post("/answered/export", data={"reason": "a look"}, buffered=False),
        lambda: asker.get("/export", reason="a look"),
    ):
        answer = begin()
        assert answer.status_code == 200
        assert answer.get_data()
        answer.close()
        assert places._value == EXPORT.at_once
    answer = admin.post("/audit/export", data={"reason": "a look"}, buffered=False)
    next(iter(answer.response))
    assert places._value == EXPORT.at_once - 1
    answer.close()  # whoever asked went away
    assert places._value == EXPORT.at_once


def test_one_person_gets_a_share_of_each_minute_and_others_theirs(app, db, monkeypatch, sign_in):
    monkeypatch.setattr(api_rate.time, "time", lambda: 1_000_000_010)
    mina, yuna = sign_in("mina"), sign_in("yuna")
    for place in range(THINK.per_minute):
        api_rate.count(_path(app), "agent:1 think", per_minute=THINK.per_minute)
        assert place < THINK.per_minute
    answer = mina.get("/search")
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "10"
    assert "10초" in answer.text
    asked = mina.get("/answered/count", headers={"Accept": "application/json"})
    problem(asked, 429)
    assert yuna.get("/search").status_code == 200
    assert mina.get("/").status_code == 200  # what is cheap goes on
    monkeypatch.setattr(api_rate.time, "time", lambda: 1_000_000_070)
    assert mina.get("/search").status_code == 200


def _path(app):
    return app.extensions["faqdesk"].workspace.limits_path


def _admin(app, db):
    agents.add(db, ACTOR, login="ada", name="Ada", role="admin")
    return signed_in(app, "ada")


# ---- how large


def test_every_body_has_an_end(space, db):
    """What says that it is too large is refused before it is read; whoever asks, wherever."""
    app = create_app(space)  # its guard against forged forms reads each body that a cookie sends
    assert app.config["MAX_CONTENT_LENGTH"] == app.config["MAX_FORM_MEMORY_SIZE"] == MAX_BODY
    admin, asker = _admin(app, db), Asker(app, db)
    at = {rule.endpoint: re.sub("<[^>]+>", "1", rule.rule) for rule in app.url_map.iter_rules()}
    for name, row in ROUTES.items():
        program = isinstance(row.who, Scopes)
        if row.method == GET or row.who in (SIDEBAR, SIGNED):
            continue
        answer = (asker.client if program else admin).open(
            at[name],
            method=row.method,
            input_stream=io.BytesIO(b"x"),
            headers=asker.headers if program else {"Sec-Fetch-Site": "same-origin"},
            content_type="application/json" if program else "multipart/form-data; boundary=b",
            # Of the length that it says alone: nobody sends a gigabyte here.
            environ_overrides={"CONTENT_LENGTH": str(LARGER.get(name, MAX_BODY) + 1)},
        )
        # Those take no body, or are asked first for what they lack.
        without = name in ("api.undo_listing_label", "api.undo_faq_change")
        assert answer.status_code == (404 if without else 413), name


def test_a_form_has_so_many_parts(app, db):
    many = "&".join(f"f{n}=1" for n in range(1_100))
    parts = "".join(f'--b\r\nContent-Disposition: form-data; name="f{n}"\r\n\r\n1\r\n'
                    for n in range(1_100)) + "--b--\r\n"  # fmt: skip
    admin = _admin(app, db)
    answer = admin.post("/faqs/-/new", data=parts, content_type="multipart/form-data; boundary=b")
    assert answer.status_code == 413
    answer = admin.post("/faqs/-/new", data=many,
                        content_type="application/x-www-form-urlencoded")  # fmt: skip
    assert answer.status_code < 500


# ---- how much may lie about


def test_files_that_wait_have_an_end(app, space, db, monkeypatch):
    admin = _admin(app, db)
    monkeypatch.setattr(table_files, "MOST_WAITING", 2)
    monkeypatch.setattr(import_work, "MOST_WAITING", 2)
    for path, field, refused in (("/faqs/-/import", "file", 400), ("/imports", "files", 409)):
        for status in (302, 302, refused):
            file = (io.BytesIO(b"slug,title\na,b\n"), "t.csv")
            assert admin.post(path, data={field: file}).status_code == status, path
    for number in range(batches_page.MOST_WAITING):
        db.table("label_batches").insert(
            {"name": f"{number}.csv", "file": "x.csv", "state": "queued", "created_at": now(),
             "created_by": f"agent:{scalar(db, 'SELECT max(id) FROM agents')}"},
        )  # fmt: skip
    db.conn.commit()
    batch = {"file": (io.BytesIO(b"title\na\n"), "t.csv")}
    assert admin.post("/batches", data=batch).status_code == 409


# ---- in life


@contextmanager
def stalled(port, path, cookie):
    """A large upload that has begun, and whose sender says no more."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as sent:
        head = (
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nCookie: {cookie}\r\n"
            "Sec-Fetch-Site: same-origin\r\nContent-Type: multipart/form-data; boundary=b\r\n"
            "Content-Length: 9000000\r\n\r\n--b\r\n"
        )
        sent.sendall(head.encode())
        yield


def test_a_served_desk_says_too_large_too_often_and_busy(space, db):
    agents.add(db, ACTOR, login="ada", name="Ada", role="admin", password=PASSWORD)
    with serving(space, "--workers", "1") as (port, _process):
        cookie = signed_in_over_http(port, "ada")
        own = {"Cookie": cookie, "Sec_Fetch_Site": "same-origin"}
        kind = {"Content_Type": "application/x-www-form-urlencoded"}
        status, _, _ = fetch(port, "/search", method="POST", body=b"q=" + b"x" * MAX_BODY,
                             **own, **kind)  # fmt: skip
        assert status == 413
        with ExitStack() as lines:
            for _ in range(TAKE_IN.at_once):
                lines.enter_context(stalled(port, "/imports", cookie))
            busy = until(lambda: _refused(port, own | kind), "all places are taken")
            assert int(busy["retry-after"]) > 0
            assert fetch(port, "/healthz")[0] == 200
            assert fetch(port, "/", **own)[0] == 200
        until(lambda: not _refused(port, own | kind), "the places are free again")
        said = [fetch(port, "/faqs/-/export/csv", **own) for _ in range(2 * EXPORT.per_minute + 2)]
        status, head, page = next(one for one in said if one[0] != 200)
        assert status == 429
        assert 0 < int(head["retry-after"]) <= 60
        assert head["retry-after"] in page


def _refused(port, headers):
    """The headers of a 503 to a small upload; nothing where it was let in."""
    status, head, _ = fetch(port, "/imports", method="POST", body=b"a=b", **headers)
    return head if status == 503 else None


def signed_in_over_http(port, login):
    """The cookie of a session that was begun through the form."""
    _, head, page = fetch(port, "/sign-in")
    cookie = head["set-cookie"].partition(";")[0]
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)[1]
    form = urlencode({"login": login, "password": PASSWORD, "csrf_token": token}).encode()
    status, head, _ = fetch(
        port, "/sign-in", method="POST", body=form, Cookie=cookie,
        Content_Type="application/x-www-form-urlencoded",
    )  # fmt: skip
    assert status == 302
    return head["set-cookie"].partition(";")[0]
