"""Helpdesks and a mail server of our own, that answer as theirs are documented, and misbehave.

Each remembers what it was sent; `plan` is how it treats the next requests that send something:
"ok", "500", "429", "401", "404", "silent" (takes it in, never answers), "deaf" (drops the
connection before it took anything in), "broken" (takes it in, answers 500), "dropped" (takes it
in, drops the connection), "slow" (takes it in, answers without end), "302" (leads elsewhere).
"""

import json
import re
import socket
import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Helpdesk:
    """The state of one of the four; `said` is what customers would see."""

    def __init__(self, kind):
        self.kind = kind
        self.plan = []
        self.said = []  # (conversation, text, id)
        self.headers = []
        self.paths = []
        self.bodies = []
        self.files = {}  # pictures by path
        self.articles = []  # of Zammad: what the customer wrote
        self.address = ""
        self.after = "7"  # what Retry-After says
        self.hold = threading.Event()  # ends the silence

    def add(self, conversation, text, extra=None):
        number = 900 + len(self.said)
        self.said.append((conversation, text, str(number), extra, time.time()))
        return number

    def texts(self):
        return [text for _, text, *_ in self.said]


def _handler(desk):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def do_GET(self):
            desk.headers.append(self.headers)
            desk.paths.append(self.path)
            if self.path.startswith("/files/"):
                found = desk.files.get(self.path)
                return self._raw(200 if found else 404, found or b"", "application/octet-stream")
            return self._json(200, _read(desk, self.path))

        def do_POST(self):
            self._change()

        def do_PUT(self):
            self._change()

        def _change(self):
            desk.headers.append(self.headers)
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            step = desk.plan.pop(0) if desk.plan else "ok"
            if step == "deaf":
                self.close_connection = True
                self.connection.close()
                return None
            if step.isdigit() and step != "200":
                elsewhere = {"Location": desk.address + "/files/elsewhere"}
                more = elsewhere if step == "302" else {"Retry-After": desk.after}
                return self._json(int(step), {"error": step}, more)
            body = json.loads(raw)
            desk.bodies.append(body)
            told = _write(desk, self.path, body)
            if step == "broken":
                return self._json(500, {"error": "broken"})
            if step == "silent":
                self.close_connection = True
                desk.hold.wait(20)
                return None
            if step == "slow":  # goes on for ever, a byte at a time
                self.send_response(200)
                self.end_headers()
                self.close_connection = True
                while not desk.hold.wait(0.05):
                    with suppress(OSError):
                        self.wfile.write(b" ")
                return None
            if step == "dropped":
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return None
            return self._json(200, told)

        def _json(self, status, body, headers=None):
            self._raw(status, json.dumps(body).encode(), "application/json", headers)

        def _raw(self, status, raw, kind, headers=None):
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(raw)))
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(raw)

    return Handler


def _iso(seconds):
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _read(desk, path):
    known = {
        "/api/v2/users/me.json": {"user": {"role": "agent", "email": "bot@example.com"}},
        "/api/v1/profile": {"email": "bot@example.com"},
        "/api/v1/users/me": {"email": "bot@example.com"},
        "/open/v5/channel": {"channel": {"name": "도란장터"}},
    }
    if path in known:
        return known[path]
    name = re.search(r"/(?:tickets|conversations|by_ticket|user-chats)/([^/?]+)", path)[1]
    mine = [item for item in desk.said if item[0] == name]
    if desk.kind == "zendesk":
        return {"comments": [
            {"id": int(number), "body": text, "html_body": f"<p>{text}</p>", "public": True,
             "created_at": _iso(at), "metadata": {"system": {}, "custom": extra or {}}}
            for _, text, number, extra, at in reversed(mine)
        ]}  # fmt: skip
    if desk.kind == "chatwoot":
        return {"meta": {}, "payload": [
            {"id": int(number), "content": text, "message_type": 1, "private": False,
             "created_at": int(at)}
            for _, text, number, _, at in mine
        ]}  # fmt: skip
    if desk.kind == "zammad":
        return [*desk.articles, *(
            {"id": int(number), "ticket_id": int(name), "sender": "Agent", "internal": False,
             "content_type": "text/plain", "body": text, "created_at": _iso(at)}
            for _, text, number, _, at in mine
        )]  # fmt: skip
    return {"messages": [
        {"id": number, "chatId": name, "personType": "bot", "plainText": text,
         "createdAt": int(at * 1000)}
        for _, text, number, _, at in reversed(mine)
    ]}  # fmt: skip


def _write(desk, path, body):
    if desk.kind == "zendesk":
        name = re.search(r"/tickets/([^/.]+)", path)[1]
        ticket = body["ticket"]
        assert ticket["comment"]["public"] is True
        number = desk.add(name, ticket["comment"]["body"], ticket["metadata"])
        events = [{"id": 1, "type": "Change"}, {"id": number, "type": "Comment"}]
        return {"ticket": {"id": int(name)}, "audit": {"id": 5, "events": events}}
    if desk.kind == "chatwoot":
        account, name = re.search(r"/accounts/(\d+)/conversations/(\d+)/messages$", path).groups()
        assert (account, body["message_type"], body["private"]) == ("3", "outgoing", False)
        return {"id": desk.add(name, body["content"]), "content": body["content"]}
    if desk.kind == "zammad":
        assert path == "/api/v1/ticket_articles"
        assert body["internal"] is False
        return {"id": desk.add(str(body["ticket_id"]), body["body"])}
    name = re.search(r"/user-chats/([^/]+)/messages\?botName=", path)[1]
    text = "\n".join(part["value"] for part in body["blocks"])
    return {"message": {"id": str(desk.add(name, text)), "chatId": name}}


@contextmanager
def helpdesk(kind) -> Iterator[Helpdesk]:
    """A helpdesk that listens while the block runs."""
    desk = Helpdesk(kind)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(desk))
    server.daemon_threads = True
    server.block_on_close = False
    desk.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield desk
    finally:
        desk.hold.set()
        server.shutdown()
        server.server_close()
        thread.join()


class MailServer:
    """What a mail server was handed, and how it treats the next mails.

    `plan`: "ok", "later" (450 to the recipient), "never" (550), "full" (452 to DATA), "silent"
    (takes the mail, drops the connection without a word), "hangs" (takes it, and says nothing),
    "busy" (421 at once), "deaf" (drops the connection before it was handed anything).
    """

    def __init__(self):
        self.plan = []
        self.mails = []
        self.recipients = []
        self.hold = threading.Event()  # ends the silence
        self.address = ""


class _Smtp(socketserver.StreamRequestHandler):
    def handle(self):
        box = self.server.box
        step = box.plan.pop(0) if box.plan else "ok"
        if step == "deaf":
            return
        if step == "busy":
            self._say("421 4.3.2 come back later")
            return
        self._say("220 mail.example.com")
        while line := self.rfile.readline():
            word = line.split(None, 1)[0].upper() if line.strip() else b""
            if word == b"EHLO":
                self._say("250-mail.example.com")
                self._say("250 8BITMIME")
            elif word == b"RCPT" and step in ("ok", "silent", "hangs"):
                box.recipients.append(line.decode().partition("<")[2].partition(">")[0])
                self._say("250 ok")
            elif word == b"RCPT" and step == "later":
                self._say("450 4.2.1 <mina@customer.example> try again later")
            elif word == b"RCPT" and step == "never":
                self._say("550 5.1.1 <mina@customer.example> user unknown")
            elif word == b"DATA":
                self._say("354 go on")
                lines = []
                while (part := self.rfile.readline()) not in (b".\r\n", b""):
                    lines.append(part)
                if step == "full":
                    self._say("452 4.3.1 no space")
                    continue
                box.mails.append(message_from_bytes(b"".join(lines), policy=default))
                if step == "hangs":
                    box.hold.wait(60)
                if step in ("silent", "hangs"):
                    with suppress(OSError):
                        self.connection.shutdown(socket.SHUT_RDWR)
                    return
                self._say("250 2.0.0 taken")
            elif word == b"QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 ok")

    def _say(self, words):
        self.wfile.write(words.encode() + b"\r\n")


@contextmanager
def mail_server() -> Iterator[MailServer]:
    """A mail server that listens while the block runs."""
    box = MailServer()

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True
        block_on_close = False

    with Server(("127.0.0.1", 0), _Smtp) as server:
        server.box = box
        box.address = f"127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield box
        finally:
            box.hold.set()
            server.shutdown()
            thread.join()
