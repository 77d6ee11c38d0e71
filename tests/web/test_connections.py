"""Connections on the command line and on their page."""

import io
import json
import sys

import pytest
from PIL import Image

from support import agents, connections
from support.connection_access import Access
from support.database import scalar
from tests.conftest import ACTOR
from tests.helpdesks import helpdesk
from tests.web.conftest import PASSWORD, signed_in
from web.cli import main


def drawn():
    """A picture of one point, as a camera would save it."""
    file = io.BytesIO()
    Image.new("RGB", (1, 1), "teal").save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def run(monkeypatch, capsys, space):
    """Run a command as a shell would, with words on standard input."""
    monkeypatch.setenv("FAQDESK_HOME", str(space.home))

    def call(*words, typed="", code=0):
        monkeypatch.setattr(sys, "argv", ["faqdesk", "connect", *words])
        raw = io.BytesIO(typed if isinstance(typed, bytes) else typed.encode())
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(raw))
        try:
            main()
            ended = 0
        except SystemExit as end:
            ended = end.code or 0
        found = capsys.readouterr()
        assert ended == code, found
        return found.out or found.err

    return call


@pytest.fixture
def admin(app, db):
    agents.add(db, ACTOR, login="ada", name="Ada", role="admin", password=PASSWORD)
    return signed_in(app, "ada")


@pytest.fixture
def desk():
    with helpdesk("zendesk") as found:
        yield found


def test_a_helpdesk_is_connected_tried_out_and_ended(run, db, desk):
    words = ("add", "zendesk", "--address", desk.address, "--user", "bot@example.com")
    assert "not fetched" in run(*words, typed="t0ken\n", code=1)  # of a private network
    made = json.loads(run(*words, "--private", "--json", typed="t0ken\n"))
    assert (made["webhook"], made["delivers"]) == ("/api/v1/webhooks/zendesk", True)
    tried = run("test", "zendesk")
    assert "ok\tsignature" in tried
    assert "-\theard\tNone has come yet." in tried
    assert "ok\tdelivery\tThe way out is open, as bot@example.com." in tried
    (row,) = json.loads(run("list", "--json"))
    assert row["name"] == "zendesk"
    assert "t0ken" not in str(row)
    assert "secret" not in row
    assert made["secret"] not in str(row)
    assert "zendesk\tzendesk\ton\tdelivers\theard never\tno answers" in run("list")
    run("switch", "zendesk", "--off")
    assert "\toff\t" in run("list")
    run("switch", "zendesk", "--on")
    run("end", "zendesk")
    assert "\tended\t" in run("list")
    assert "its keys are forgotten" in run("switch", "zendesk", "--on", code=1)
    assert "No connection 'x'" in run("test", "x", code=1)


def test_a_wrong_token_is_told_by_trying_it_out(run, desk, monkeypatch):
    run("add", "zendesk", "--address", desk.address, "--user", "u", "--private", typed="t\n")
    from tests import helpdesks

    monkeypatch.setattr(helpdesks, "_read", lambda *_: {"user": {"role": "end-user"}})
    assert "FAILED\tdelivery\tThe token is of nobody who may answer." in run(
        "test", "zendesk", code=1
    )


def test_channel_talk_gets_its_token_in_the_address(run):
    told = run("add", "channel-talk", "--listen-only", "--secret", typed="a-secret\n")
    assert "/api/v1/webhooks/channel-talk?token=a-secret" in told


def test_a_mail_comes_in_by_a_pipe(run, db):
    run("add", "smtp", "--address", "mail.example.com:587", "--sender", "help@example.com",
        typed="\n")  # fmt: skip
    raw = "From: mina@customer.example\nMessage-ID: <a@b>\nSubject: Refund\n\nWhere is my refund?\n"
    assert run("mail", "smtp", typed=raw).startswith("asked\tinquiry ")
    assert run("mail", "smtp", typed=raw).startswith("known\tinquiry ")
    assert scalar(db, "SELECT count(*) FROM inquiries WHERE channel = 'email' AND source = 'mail'")


PIXEL = drawn()


def test_a_customers_picture_is_shown_and_the_helpdesk_alone_is_told_who_we_are(
    space, db, agent, desk, ids
):
    seal = space.seal()
    message = scalar(db, "SELECT id FROM messages WHERE inquiry_id = ?", [ids["o4"]])
    row = {"message_id": message, "name": "a.png", "url": f"{desk.address}/files/a.png"}
    first = db["attachments"].insert(row).last_pk
    desk.files = {"/files/a.png": PIXEL, "/files/b.png": b"<script>alert(1)</script>"}
    path = f"/attachments/{first}"
    assert f'src="{path}"' in agent.get(f"/inquiries/{ids['o4']}").text
    assert agent.get(path).status_code == 404  # an address of a private network, of nobody's
    access = Access(address=desk.address, user="u@example.com", token="t", private=True)
    connections.connect(db, seal, ACTOR, name="z", kind="zendesk", source="test", access=access)
    found = agent.get(path)
    assert (found.status_code, found.content_type) == (200, "image/jpeg")
    assert found.data.startswith(b"\xff\xd8")  # written anew, whatever it was
    assert found.headers["X-Content-Type-Options"] == "nosniff"
    assert desk.headers[-1]["Authorization"].startswith("Basic ")
    second = db["attachments"].insert(row | {"url": f"{desk.address}/files/b.png"}).last_pk
    third = db["attachments"].insert(row | {"url": f"{desk.address}/files/none.png"}).last_pk
    for number in (third, 999_999):
        assert agent.get(f"/attachments/{number}").status_code == 404
    # What only calls itself a picture, or begins like one, is never drawn.
    desk.files["/files/none.png"] = PIXEL[:40] + b"<script>alert(1)</script>"
    for number in (second, third):
        found = agent.get(f"/attachments/{number}")
        assert found.content_type == "application/octet-stream"
        assert found.headers["Content-Disposition"].startswith("attachment; filename=a.png")
        assert found.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in found.headers["Content-Security-Policy"]
