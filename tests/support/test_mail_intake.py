"""Mails that come in one by one: threads, answers from elsewhere, and the way back."""

from email import message_from_bytes
from email.policy import default

import pytest

from support import (
    agents,
    answering,
    connections,
    delivery,
    delivery_hand,
    inquiries,
    mail_intake,
    routes,
    settings,
)
from support.audit import Actor
from support.connection_access import Access
from support.database import one, scalar
from support.delivery_mail import Mail
from support.errors import EmptyTextError, InputError
from support.importing.door import Options, import_export
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
    access = Access(address="mail.example.com:25", sender="Help <help@example.com>", tls="none")
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
            given = Access(address=server.address, sender=access.sender, tls="none", private=True)
            return Mail(given)

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


# Who else reads along


def answered(db, seal, mina, inquiry_id=1, text="3일입니다."):
    answering.send(
        db, seal, inquiry_id=inquiry_id, agent_id=mina.id, text=text, actor=Actor(mina.actor_name)
    )
    return scalar(db, "SELECT id FROM outbox WHERE inquiry_id = ?", [inquiry_id])


def sent(db, seal, outbox_id):
    """Deliver an answer: the mail as it arrives, and for whom the server was asked to take it."""
    with mail_server() as server:

        def make(kind, access):
            given = Access(address=server.address, sender=access.sender, tls="none", private=True)
            return Mail(given)

        assert delivery.deliver(db, seal, outbox_id, make=make) == "delivered"
        (out,) = server.mails
        return message_from_bytes(out.as_bytes(), policy=default), server.recipients


def test_an_answer_goes_to_all_but_ourselves(db, seal, made, mina):
    settings.change(db, ACTOR, allow=("Support@example.com",))
    cc = '"Kim, Jun" <jun@customer.example>, SUPPORT@example.com'
    raw = mail(1, "환불은 언제 되나요?", Cc=cc,
               Delivered_To="team-inbox@example.com").replace(
        b"To: help@example.com",
        b"To: Help@example.com, hana@customer.example, Mina@customer.example, "
        b"team-inbox@example.com",
    )  # fmt: skip
    mail_intake.take(db, seal, made, raw)
    out, recipients = sent(db, seal, answered(db, seal, mina))
    assert out["To"] == "민아 <mina@customer.example>"
    assert out["Cc"] == 'hana@customer.example, "Kim, Jun" <jun@customer.example>'
    assert recipients == ["mina@customer.example", "hana@customer.example", "jun@customer.example"]
    assert scalar(db, "SELECT count(*) FROM inquiry_routes WHERE sealed LIKE '%customer%'") == 0


def test_a_name_with_a_comma_is_one_person(db, seal, made, mina):
    mail_intake.take(
        db, seal, made, mail(1, "환불?", sender='"Park, Mina" <mina@customer.example>')
    )
    out, recipients = sent(db, seal, answered(db, seal, mina))
    assert recipients == ["mina@customer.example"]
    assert out["To"] == '"Park, Mina" <mina@customer.example>'


def test_a_customer_is_never_taken_for_us_by_what_their_mail_says(db, seal, made):
    forged = mail(1, "환불?", Delivered_To="mina@customer.example")
    assert mail_intake.take(db, seal, made, forged).became == "asked"


@pytest.mark.parametrize(
    "headers",
    [{"Auto_Submitted": "auto-generated"}, {"Auto_Submitted": "auto-replied (vacation)"},
     {"Precedence": "bulk"}, {"X_Autoreply": "yes"}, {"Return_Path": "<>"}],
)  # fmt: skip
def test_machines_are_not_answered(db, seal, made, headers):
    assert mail_intake.take(db, seal, made, mail(1, "휴가 중입니다", **headers)).became == "ignored"


@pytest.mark.parametrize(
    "headers", [{"Auto_Submitted": "no"}, {"Precedence": "list"}, {"List_Id": "<help.example.com>"}]
)
def test_people_are_even_where_a_group_passes_their_mail_on(db, seal, made, headers):
    assert mail_intake.take(db, seal, made, mail(1, "환불?", **headers)).became == "asked"


def test_our_mail_asks_machines_not_to_answer(db, seal, made, mina):
    mail_intake.take(db, seal, made, mail(1, "환불?"))
    out, _ = sent(db, seal, answered(db, seal, mina))
    assert out["X-Auto-Response-Suppress"] == "OOF, AutoReply"
    assert out["Auto-Submitted"] is None  # a person wrote it


# Mails that come back


def bounce(message_id, *, action="failed", recipient="mina@customer.example", whole=True):
    quoted = (
        ["Content-Type: message/rfc822", "", f"Message-ID: {message_id}", "Subject: Re", "", "hi"]
        if whole
        else ["Content-Type: text/rfc822-headers", "", "Subject: Re", f"Message-Id: {message_id}"]
    )
    lines = [
        "From: Mail Delivery System <MAILER-DAEMON@mx.example>", "To: help@example.com",
        "Message-ID: <b1@mx.example>", "Auto-Submitted: auto-replied", "Return-Path: <>",
        "Subject: Undelivered Mail Returned to Sender", "MIME-Version: 1.0",
        'Content-Type: multipart/report; report-type=delivery-status; boundary="x"', "",
        "--x", "Content-Type: text/plain", "", "I'm sorry.",
        "--x", "Content-Type: message/delivery-status", "",
        "Reporting-MTA: dns; mx.example", "",
        f"Final-Recipient: rfc822; {recipient}", f"Action: {action}", "Status: 5.1.1",
        f"Diagnostic-Code: smtp; 550 5.1.1 <{recipient}>: user unknown", "",
        "--x", *quoted, "--x--", "",
    ]  # fmt: skip
    return "\r\n".join(lines).encode()


@pytest.fixture
def delivered(db, seal, made, mina):
    """Inquiry 1, whose answer was handed over: its Message-ID."""
    mail_intake.take(db, seal, made, mail(1, "환불은 언제 되나요?", Cc="jun@customer.example"))
    out, _ = sent(db, seal, answered(db, seal, mina))
    return out["Message-ID"]


@pytest.mark.parametrize("whole", [True, False])
def test_a_mail_that_comes_back_reopens_its_inquiry(db, seal, made, mina, delivered, whole):
    taken = mail_intake.take(db, seal, made, bounce(delivered, whole=whole))
    assert taken == mail_intake.Taken("bounced", 1)
    found = delivery.standing(db, 1)
    assert found.state == "failed"
    assert "The mail came back: 5.1.1 550 5.1.1" in found.error
    assert "customer.example" not in found.error
    assert inquiries.get(db, 1).status == "open"
    assert answering.draft(db, seal, 1, mina.id).text == "3일입니다."
    assert scalar(db, "SELECT count(*) FROM inquiries") == 1
    # The same report again, or one about what nobody knows, changes nothing.
    assert mail_intake.take(db, seal, made, bounce(delivered)).became == "ignored"
    other = f"<faqdesk.{'0' * 32}@example.com>"
    assert mail_intake.take(db, seal, made, bounce(other)).became == "ignored"
    # Sent again by hand it has the same Message-ID: whoever got it after all can tell.
    outbox_id = scalar(db, "SELECT id FROM outbox")
    delivery_hand.retry(db, seal, ACTOR, outbox_id)
    assert sent(db, seal, outbox_id)[0]["Message-ID"] == delivered


@pytest.mark.parametrize("change", [{"action": "delayed"}, {"recipient": "jun@customer.example"}])
def test_what_is_late_or_only_a_copy_fails_nothing(db, seal, made, delivered, change):
    assert mail_intake.take(db, seal, made, bounce(delivered, **change)).became == "ignored"
    assert delivery.standing(db, 1).state == "delivered"


def test_a_mail_without_a_name_is_one_by_an_export_and_by_the_pipe(db, seal, made, tmp_path):
    raw = b"\r\n".join(
        line
        for line in mail(1, "값이 3 < 5 인가요?").split(b"\r\n")
        if not line.startswith(b"Message-ID")
    )
    path = tmp_path / "one.eml"
    path.write_bytes(raw)
    import_export(
        db,
        seal,
        [path],
        actor=ACTOR,
        options=Options(source=made.source, ours=("help@example.com",)),
    )
    assert mail_intake.take(db, seal, made, raw).became == "known"
    assert scalar(db, "SELECT count(*) FROM messages") == 1
    assert scalar(db, "SELECT text FROM messages") == "값이 3 < 5 인가요?"
