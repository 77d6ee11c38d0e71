"""Who takes part in a thread of mails: whom an answer goes to, and what is none of theirs."""

import pytest

from support import delivery, delivery_hand, inquiries, joining, mail_intake, routes
from support.database import one, scalar
from tests.conftest import ACTOR
from tests.support.test_mail_intake import (
    answered,
    bounce,
    delivered,
    made,
    mail,
    mina,
    sent,
)

__all__ = ["delivered", "made", "mina"]  # fixtures

FIRST = "<m1@customer.example>"
MALLORY = "Mallory <mallory@elsewhere.example>"


def people(db, seal, inquiry_id=1):
    thread = routes.mail_thread(db, seal, inquiry_id)
    return thread.to, thread.copies


def test_a_stranger_who_writes_into_a_thread_asks_by_themselves(db, seal, made, mina, delivered):
    mail_intake.take(db, seal, made, mail(2, "아직이요", references=[FIRST, delivered]))
    before = people(db, seal, 2)
    for number, references in ((8, [FIRST]), (9, [FIRST, delivered])):
        strange = mail(
            number, "저도 보내 주세요", sender=MALLORY, references=references, Cc="x@rival.example"
        )
        taken = mail_intake.take(db, seal, made, strange)
        assert taken.became == "asked"
        assert taken.inquiry_id not in (1, 2)
    assert people(db, seal, 2) == before
    assert before[0] == "민아 <mina@customer.example>"
    assert people(db, seal, 3)[0] == MALLORY
    # What they write next follows their own.
    own = mail(10, "그리고요", sender=MALLORY, references=[FIRST, "<m8@customer.example>"])
    assert mail_intake.take(db, seal, made, own).inquiry_id == 3


def test_who_reads_along_may_write_in_and_the_answer_still_goes_to_who_asked(db, seal, made, mina):
    mail_intake.take(db, seal, made, mail(1, "환불은 언제 되나요?", Cc="jun@customer.example"))
    jun = mail(
        2, "저도 궁금해요", sender="Jun <JUN@customer.example>", references=[FIRST],
        Cc="press@paper.example",
    )  # fmt: skip
    assert mail_intake.take(db, seal, made, jun) == mail_intake.Taken("asked", 1)
    assert people(db, seal) == ("민아 <mina@customer.example>", ["jun@customer.example"])
    # So a mail that comes back is of who asked.
    out, recipients = sent(db, seal, answered(db, seal, mina))
    assert recipients == ["mina@customer.example", "jun@customer.example"]
    assert mail_intake.take(db, seal, made, bounce(out["Message-ID"])).became == "bounced"


def test_whoever_asked_first_gets_a_copy_of_what_a_reader_asked_later(db, seal, made, mina):
    mail_intake.take(db, seal, made, mail(1, "환불은 언제 되나요?", Cc="jun@customer.example"))
    sent(db, seal, answered(db, seal, mina))
    jun = mail(2, "저는요?", sender="jun@customer.example", references=[FIRST])
    assert mail_intake.take(db, seal, made, jun) == mail_intake.Taken("asked", 2)
    assert people(db, seal, 2) == ("jun@customer.example", [])
    mail_intake.take(db, seal, made, mail(3, "저도요", references=[FIRST]))
    assert people(db, seal, 2) == ("jun@customer.example", ["민아 <mina@customer.example>"])
    mail_intake.take(db, seal, made, mail(4, "빨리요", references=[FIRST]))
    assert len(people(db, seal, 2)[1]) == 1


def test_our_own_mail_that_comes_back_closes_nothing(db, seal, made, mina):
    """Over an alias of the team, or as a copy, after the customer asked again."""
    mail_intake.take(db, seal, made, mail(1, "환불은 언제 되나요?"))
    out, _ = sent(db, seal, answered(db, seal, mina))
    again = mail(2, "아직 안 왔어요", references=[FIRST, out["Message-ID"]])
    assert mail_intake.take(db, seal, made, again) == mail_intake.Taken("asked", 2)
    assert mail_intake.take(db, seal, made, out.as_bytes()) == mail_intake.Taken("known", 1)
    assert inquiries.get(db, 2).status == "open"
    assert scalar(db, "SELECT count(*) FROM messages WHERE role = 'agent'") == 1
    # One that nobody remembers is none of a colleague's either.
    db.execute("DELETE FROM outbox")
    db.conn.commit()
    assert mail_intake.take(db, seal, made, out.as_bytes()).became == "ignored"


def test_parting_gives_each_thread_its_own_way_back(db, seal, made):
    mail_intake.take(db, seal, made, mail(1, "환불은 언제 되나요?"))
    mail_intake.take(db, seal, made, mail(2, "배송도 궁금해요"))
    assert one(db, "SELECT joined_to FROM inquiries WHERE id = 2") == {"joined_to": 1}
    joining.part(db, ACTOR, 2)
    for number in (1, 2):
        thread = routes.mail_thread(db, seal, number)
        assert thread.message_id == f"<m{number}@customer.example>"
        own = scalar(db, "SELECT source_id FROM inquiries WHERE id = ?", [number])
        assert routes.of(db, number).conversation == own


def test_two_mails_of_the_same_words_in_the_same_second_are_two(db, seal, made):
    mail_intake.take(db, seal, made, mail(1, "환불?", Cc="jun@customer.example"))
    same = mail(2, "환불?", sender="jun@customer.example", references=[FIRST])
    assert mail_intake.take(db, seal, made, same).became == "asked"
    odd = same.replace(b"<m2@customer.example>", b"<m3@box>")
    assert mail_intake.take(db, seal, made, odd).became == "asked"
    assert scalar(db, "SELECT count(*) FROM messages") == 3


# Who says that it is ours


@pytest.mark.parametrize(
    ("results", "became"),
    [
        ("mx.example.com; spf=fail smtp.mailfrom=evil.example; dmarc=fail", "ignored"),
        ("mx.example.com; spf=pass smtp.mailfrom=a@evil.example", "ignored"),
        ("mx.example.com; dkim=pass header.d=notexample.com", "ignored"),
        ("mx.example.com; dkim=pass header.d=example.com.evil.example", "ignored"),
        ("mx.example.com; dmarc=pass header.from=example.com", "answered"),
        ("mx.example.com; dkim=pass header.i=@example.com header.s=a", "answered"),
        ("mx.example.com; spf=pass smtp.mailfrom=help@example.com", "answered"),
        ("mx.example.com; auth=pass smtp.auth=hana", "answered"),
        ("mx.example.com; none", "answered"),
    ],
)
def test_a_forged_sender_answers_nothing_where_a_server_looked(db, seal, made, results, became):
    mail_intake.take(db, seal, made, mail(1, "환불은 언제 되나요?"))
    own = mail(
        9, "3일입니다.", sender="help@example.com", references=[FIRST],
        Authentication_Results=results,
    )  # fmt: skip
    assert mail_intake.take(db, seal, made, own).became == became
    assert inquiries.get(db, 1).status == ("answered" if became == "answered" else "open")


def test_what_a_stranger_says_of_themselves_below_our_server_counts_nothing(db, seal, made):
    mail_intake.take(db, seal, made, mail(1, "환불은 언제 되나요?"))
    own = mail(
        9, "3일입니다.", sender="help@example.com", references=[FIRST],
        Authentication_Results="mx.example.com; dmarc=fail\r\n"
        "Authentication-Results: evil.example; dmarc=pass",
    )  # fmt: skip
    assert mail_intake.take(db, seal, made, own).became == "ignored"


# Reports


def test_a_report_without_its_usual_headers_is_one_all_the_same(db, seal, made, delivered):
    bare = bounce("<other@mx.example>").decode()
    for name in ("Auto-Submitted: auto-replied", "Return-Path: <>"):
        bare = bare.replace(name + "\r\n", "")
    assert mail_intake.take(db, seal, made, bare.encode()).became == "ignored"
    told = bare.replace("Subject: Und", f"In-Reply-To: {delivered}\r\nSubject: Und").encode()
    assert mail_intake.take(db, seal, made, told) == mail_intake.Taken("bounced", 1)
    assert delivery.standing(db, 1).state == "failed"
    assert scalar(db, "SELECT count(*) FROM inquiries") == 1
    delivery_hand.give_up(db, seal, ACTOR, scalar(db, "SELECT id FROM outbox"))


@pytest.mark.parametrize("who", ["MAILER-DAEMON@mx.example", "Postmaster <postmaster@mx.example>"])
def test_a_mail_server_is_no_customer(db, seal, made, who):
    assert mail_intake.take(db, seal, made, mail(1, "못 보냈어요", sender=who)).became == "ignored"
