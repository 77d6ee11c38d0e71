"""Mails that come in one by one: threads, answers from elsewhere, and the way back."""

from email import message_from_bytes
from email.policy import default

import pytest

from support import agents, answering, connections, delivery, inquiries, mail_intake, routes
from support.audit import Actor
from support.connection_access import Access
from support.database import one, scalar
from support.delivery_mail import Mail
from support.errors import EmptyTextError, InputError
from tests.conftest import ACTOR
from tests.helpdesks import mail_server


def mail(number, text, *, sender="민아 <mina@customer.example>", references=(), **headers):
    lines = [
        f"From: {sender}", "To: help@example.com", f"Message-ID: <m{number}@customer.example>",
        "Date: Tue, 03 Nov 2026 17:15:00 +0900", "Subject: 환불 문의",
        "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit",
        *([f"References: {' '.join(references)}"] if references else []),
        *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items()),
        "", text,
    ]  # fmt: skip
    return "\r\n".join(lines).encode()


@pytest.fixture
def made(db, seal):
    access = Access(address="127.0.0.1:25", sender="Help <help@example.com>", tls="none")
    return connections.connect(db, seal, ACTOR, name="mail", kind="smtp", access=access)[0]


@pytest.fixture
def mina(db):
    return agents.add(db, ACTOR, login="mina", name="미나", role="agent", password="long enough 1")


def test_a_mail_becomes_an_inquiry_and_its_answer_goes_back_in_the_thread(db, seal, made, mina):
    taken = mail_intake.take(db, seal, made, mail(1, "환불은 언제 되나요? 010-2345-6789"))
    assert taken.became == "asked"
    row = one(db, "SELECT * FROM inquiries")
    assert (row["channel"], row["subject"], row["status"]) == ("email", "환불 문의", "open")
    assert "[전화번호]" in row["text"]
    assert mail_intake.take(db, seal, made, mail(1, "환불은 언제 되나요?")).became == "known"
    sent = answering.send(
        db, seal, inquiry_id=1, agent_id=mina.id, text="3일입니다.", actor=Actor(mina.actor_name)
    )
    assert sent.delivery == "queued"
    with mail_server() as server:

        def make(kind, access):
            return Mail(Access(address=server.address, sender=access.sender, tls="none"))

        assert delivery.deliver(db, seal, delivery.due(db)[0], make=make) == "delivered"
        out = message_from_bytes(server.mails[0].as_bytes(), policy=default)
    assert out["To"] == "민아 <mina@customer.example>"
    assert out["In-Reply-To"] == "<m1@customer.example>"
    # The customer answers: asked anew, in the same thread, and the way back is that of this mail.
    quoted = "2026년 11월 3일 (화) 오후 5:20, Help <help@example.com>님이 작성:\n> 3일입니다."
    text = f"그래도 안 돼요\n\n{quoted}"
    again = mail(2, text, references=["<m1@customer.example>", out["Message-ID"]])
    taken = mail_intake.take(db, seal, made, again)
    assert taken == mail_intake.Taken("asked", 2)
    assert "3일입니다" not in inquiries.get(db, 2).text
    assert routes.of(db, 2).conversation == routes.of(db, 1).conversation
    assert routes.mail_thread(db, seal, 2).message_id == "<m2@customer.example>"
    assert scalar(db, "SELECT count(*) FROM inquiry_routes WHERE sealed LIKE '%mina%'") == 0


def test_an_answer_written_in_a_mail_programme_answers(db, seal, made):
    mail_intake.take(db, seal, made, mail(1, "환불은 언제 되나요?"))
    own = mail(
        9, "3일입니다.", sender="하나 <help@example.com>", references=["<m1@customer.example>"]
    )
    assert mail_intake.take(db, seal, made, own) == mail_intake.Taken("answered", 1)
    assert inquiries.get(db, 1).status == "answered"


def test_what_a_machine_sends_by_itself_is_left(db, seal, made):
    away = mail(1, "휴가 중입니다", Auto_Submitted="auto-replied")
    assert mail_intake.take(db, seal, made, away).became == "ignored"
    assert scalar(db, "SELECT count(*) FROM inquiries") == 0


@pytest.mark.parametrize(
    ("raw", "error"),
    [(b"", InputError), (b"hello", InputError), (b"From: x\r\n\r\nhello", InputError),
     (b"From: a@b.example\r\n\r\n", EmptyTextError)],
)  # fmt: skip
def test_what_is_no_mail_is_refused(db, seal, made, raw, error):
    with pytest.raises(error):
        mail_intake.take(db, seal, made, raw)
