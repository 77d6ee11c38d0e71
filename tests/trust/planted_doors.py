"""Every door beside the console's forms, with personal data planted in what comes through it."""

import csv
import json
from contextlib import suppress
from email.message import EmailMessage
from io import BytesIO
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlite_utils import Database

from listings.collect_files import collect_files
from support import connections, mail_intake, webhook_intake
from support.clock import ago
from support.connection_access import Access
from support.errors import InputError
from support.importing.door import Options, import_export
from support.importing.faqs import import_faqs
from support.importing.load import run_import
from support.importing.mapping import LinkRules, Mapping
from support.seal import Seal
from support.webhook_signatures import signed
from support.workspace import Workspace
from tests.conftest import ACTOR
from tests.support.test_webhooks import chatwoot, zammad, zendesk
from tests.trust.planting import Planted
from tests.web.api_asker import Asker
from tests.web.conftest import HELP


def tables(db: Database, seal: Seal, folder: Path, planted: Planted) -> None:
    """Import history, a help centre's pages and listings from tables."""
    columns = ("id", "subject", "question", "answer", "customer", "agent", "channel", "category",
               "tags", "language")  # fmt: skip
    rows = [{name: planted.words(f"table > {name}") for name in columns} for _ in range(2)]
    rows[1] |= {"answer": "", "id": "t2"}  # one waits for its answer
    rows[0]["answer"] += f" {HELP}refund?tel={planted.phone('table > link')}"
    for row in rows:
        row["created_at"] = ago(hours=1)
    path = folder / f"{planted.phone('table > file name')}.csv"
    write(path, rows)
    mapping = Mapping(source="planted", links=LinkRules(hosts=("help.example.com",)))
    assert run_import(db, seal, [path], mapping, actor=ACTOR).inquiries == 2
    fields = ("title", "title_en", "body", "category")
    pages = {name: planted.words(f"help centre > {name}") for name in fields}
    write(folder / "faqs.csv", [pages | {"slug": "planted", "url": HELP + "planted"}])
    assert import_faqs(db, folder / "faqs.csv", mapping, actor=ACTOR)[:2] == (1, 0)
    fields = ("id", "title", "description", "price", "seller", "category", "brand", "url", "images")
    goods = {name: planted.words(f"listing > {name}") for name in fields}
    write(folder / "goods.csv", [goods])
    images = folder / "desk" / "images"
    assert collect_files(db, seal, images, [folder / "goods.csv"], actor=ACTOR)[0].added == 1


def write(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def export(db: Database, seal: Seal, folder: Path, planted: Planted) -> None:
    """Import a helpdesk's own export, with files of customers and a subject."""

    def comment(number: int, author: int) -> dict[str, Any]:
        return {
            "id": number, "author_id": author, "public": True, "created_at": ago(minutes=number),
            "body": planted.words("export > body"),
            "html_body": f"<p>{planted.words('export > html')}</p>",
            "attachments": [{
                "file_name": planted.phone("export > file") + ".png",
                "content_url": f"https://a.example/{planted.phone('export > file address')}.png",
            }],
        }  # fmt: skip

    ticket = {
        "id": 5158, "subject": planted.words("export > subject"), "requester_id": 7,
        "status": "open", "raw_subject": planted.words("export > raw subject"),
        "via": {"channel": "web"}, "tags": [planted.phone("export > tag")],
        "url": f"https://a.example/{planted.phone('export > url')}",
        "created_at": ago(hours=2), "updated_at": ago(hours=1),
        "comments": [comment(30, 7), comment(20, 9), comment(10, 7)],
    }  # fmt: skip
    path = folder / "export.json"
    path.write_text(json.dumps({"tickets": [ticket], "end_of_stream": True}))
    report = import_export(db, seal, [path], actor=ACTOR, options=Options(source="exported"))
    assert report.inquiries == 1


def webhooks(db: Database, seal: Seal, planted: Planted) -> None:
    """Hear from helpdesks, each with files and odd fields; one cannot be worked through."""
    for kind, body in (("zendesk", zendesk), ("chatwoot", chatwoot), ("zammad", zammad)):
        access = Access(address="https://help.desk.example", secret="s", account="3",
                        user="u@example.com", token="t")  # fmt: skip
        made = connections.connect(db, seal, ACTOR, name=kind, kind=kind, access=access)[0]
        told = body(77, planted.words(f"{kind} > text"))
        told = _deep(told, f"{kind} > ", planted)
        if kind == "chatwoot":
            told["attachments"] = [{
                "file_type": "image",
                "data_url": f"https://a.example/{planted.phone('chatwoot > file')}.png",
            }]  # fmt: skip
        came = signed(kind, "s", json.dumps(told, ensure_ascii=False).encode())
        accepted = webhook_intake.accept(db, seal, made, came)
        assert webhook_intake.work(db, seal, accepted.id) == "done"
        odd = _deep(body(78, planted.words(f"{kind} > odd")), f"{kind} > odd ", planted)
        for name in ("detail", "conversation", "ticket"):
            odd[name] = {"id": planted.words(f"{kind} > odd id")}
        came = signed(kind, "s", json.dumps(odd, ensure_ascii=False).encode())
        with suppress(InputError):  # told to the sender, who said it
            webhook_intake.work(db, seal, webhook_intake.accept(db, seal, made, came).id)


# Words that people write, in what helpdesks send.
_WRITTEN = {"subject", "name", "title", "description"}


def _deep(value: Any, place: str, planted: Planted) -> Any:
    if isinstance(value, list):
        return [_deep(item, place, planted) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: planted.words(place + name)
        if name in _WRITTEN and isinstance(item, str)
        else _deep(item, f"{place}{name} > ", planted)
        for name, item in value.items()
    }


def mails(db: Database, seal: Seal, planted: Planted) -> None:
    """Take mails in: what is asked, and an answer that was written elsewhere."""
    access = Access(address="mail.example.com:25", sender="Help <help@example.com>", tls="none")
    made = connections.connect(db, seal, ACTOR, name="mail", kind="smtp", access=access)[0]
    for sender in ("customer@shop.example", "help@example.com"):
        mail = EmailMessage()
        name = planted.phone(f"mail > name of {sender}")
        mail["From"] = f'"{name}" <{sender}>'
        mail["To"] = f"help@example.com, {planted.phone('mail > to')}@shop.example"
        mail["Cc"] = f'"{planted.phone("mail > cc")}" <other@shop.example>'
        mail["Subject"] = planted.words("mail > subject")
        mail["Message-ID"] = f"<{planted.phone('mail > id')}.{sender}>"
        mail["In-Reply-To"] = f"<{planted.phone('mail > in reply to')}@shop.example>"
        mail.set_content(planted.words("mail > text"))
        mail.add_attachment(
            planted.words("mail > attached").encode(), maintype="text", subtype="plain",
            filename=planted.phone("mail > file name") + ".txt",
        )  # fmt: skip
        mail_intake.take(db, seal, made, mail.as_bytes())


def programs(db: Database, app: Flask, planted: Planted) -> list[bytes]:
    """Call the API with something planted in every field; what it answered later."""
    ask = Asker(app, db)

    def words(name: str) -> str:
        return planted.words(f"API > {name}")

    said = {"subject": words("subject"), "category": words("category"),
            "channel": planted.phone("API > channel"), "language": "ko",
            "customer_id": words("customer"),
            "url": f"https://a.example/{planted.phone('API > url')}"}  # fmt: skip
    message = {"id": planted.phone("API > message id"), "role": "customer", "text": words("text")}
    answers = [ask.client.post(
        "/api/v1/inquiries", headers=ask.headers | {"Idempotency-Key": planted.phone("API > key")},
        json={"source": "planted-app", "id": planted.phone("API > conversation"),
              "messages": [message], **said},
    )]  # fmt: skip
    number = answers[0].json["inquiry"]["inquiry_id"]
    answers.append(ask.post("/suggestions", {"text": words("suggestions") + " 환불"}))
    about = answers[1].json["suggestion_id"]
    answers += [
        ask.post(f"/suggestions/{about}/events", {"events": [
            {"id": "1", "type": "dismissed", "faq_id": "refund", "reason": "other",
             "comment": words("comment"), "agent": words("agent of an event")},
            {"id": "2", "type": "sent", "text": words("sent") + f" {HELP}refund"},
        ]}),
        ask.get("/search", q=words("search")),
        ask.get("/faqs", q=words("faqs")),
        ask.post(f"/inquiries/{number}/answers", {
            "id": planted.phone("API > answer id"), "text": words("answer") + f" {HELP}refund",
            "agent": words("agent")}),
        ask.post("/listings:judge", {
            "source": "market", "id": planted.phone("API > listing"), "title": words("title"),
            "description": words("listing text"), "seller": words("seller"), "price": "1000",
            "category": words("listing category"),
            "url": f"https://a.example/{planted.phone('API > listing url')}"}),
    ]  # fmt: skip
    listing = {"source": "market", "id": "1"}
    ask.post("/listings:judge", listing | {"title": "가방", "seller": "s"})
    answers += [
        ask.post("/reports", listing | {"reporter": words("reporter"), "words": words("report"),
                                        "label": "counterfeit"}),
        ask.post("/decisions", listing | {"label": "counterfeit", "reason": words("reason")}),
        ask.post("/appeals", listing | {"by": "seller", "words": words("appeal")}),
    ]  # fmt: skip
    told = [answer.status_code for answer in answers]
    assert set(told) <= {200, 201, 202}, told
    return [ask.get(f"/inquiries/{number}").data, ask.get("/feedback").data]


def strangers(app: Flask, planted: Planted) -> None:
    """What anybody may send who is not signed in."""
    client = app.test_client()
    client.post("/sign-in", data={"login": planted.phone("sign-in > login"), "password": "x" * 9})
    client.get("/nothing/" + planted.phone("address"), headers={
        "User-Agent": planted.phone("browser"), "Referer": planted.phone("referrer"),
        "X-Request-Id": planted.phone("request id").replace("-", "_"),
    }).close()  # fmt: skip
    client.post("/api/v1/webhooks/zendesk", data=planted.words("unsigned webhook"))


def uploads(client: FlaskClient, planted: Planted) -> None:
    """Files that are sent to the console: what is said of them is masked as their rows are."""
    table = f"title,body,slug\n{planted.words('upload > title')},x,planted-too\n"
    name = planted.phone("upload > file name") + ".csv"
    for page in ("/faqs/-/import", "/replies/import"):
        with client.post(page, data={"file": (BytesIO(table.encode()), name)}) as answer:
            assert answer.status_code in (302, 303, 400), answer.status_code


def agents_write(
    app: Flask, client: FlaskClient, space: Workspace, inquiry_id: int, planted: Planted
) -> None:
    """A draft is saved, and an answer sent."""
    words = planted.words("answer")
    client.post(f"/inquiries/{inquiry_id}/claim").close()
    draft = {"text": planted.words("draft"), "revision": 1}
    assert client.post(f"/inquiries/{inquiry_id}/draft", json=draft).status_code == 200
    answer = client.post(f"/inquiries/{inquiry_id}/send", data={"text": words})
    assert answer.status_code in (302, 303), answer.text[:300]
