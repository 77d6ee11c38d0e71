"""Threads of mail, and whose the addresses are."""

import pytest

from support.database import scalar
from support.importing.door import Options, import_export
from tests.conftest import ACTOR
from tests.support.importing.exports import mail


@pytest.fixture
def read(space, db, tmp_path):
    def run(*mails, **options):
        path = tmp_path / "box.mbox"
        head = b"From x@y.example Thu Jan  1 00:00:00 2026\n"
        path.write_bytes(b"".join(head + item + b"\n" for item in mails))
        return import_export(db, space.seal(), [path], actor=ACTOR, options=Options(**options))

    return run


ASKED = ("q", "c@gmail.com", "help@shop.example", "환불", "환불은 언제 되나요", 5)
ANSWERED = ("a", "mina@shop.example", "c@gmail.com", "Re: 환불", "사흘 안에 됩니다", 6)


def test_an_answer_that_stands_before_its_question_is_one_thread_with_it(read, db):
    report = read(mail(*ANSWERED, answers="q"), mail(*ASKED), ours=("shop.example",))
    assert (report.inquiries, report.pairs) == (1, 1)
    assert scalar(db, "SELECT subject FROM inquiries") == "환불"
    assert scalar(db, "SELECT opened_at FROM inquiries") == "2026-01-05T01:00:00Z"


def test_two_threads_that_a_later_mail_joins_are_one(read):
    third = mail("c", "c@gmail.com", "help@shop.example", "Re: 환불", "감사합니다", 7, answers="a")
    third = third.replace(b"References: <a@", b"References: <q@mail.example> <a@")
    other = mail(*ANSWERED, answers="unknown")
    assert read(mail(*ASKED), other, third).inquiries == 1


def test_gmails_own_number_of_a_thread_counts_first(read):
    one = mail(*ASKED, X_GM_THRID="17")
    two = mail("b", "c@gmail.com", "help@shop.example", "다른 말", "그런데요", 6, X_GM_THRID="17")
    assert read(one, two).inquiries == 1


def test_the_same_subject_of_others_is_another_thread(read):
    other = mail("q2", "d@gmail.com", "help@shop.example", "환불", "저도 환불이요", 5)
    report = read(mail(*ASKED), other, mail(*ANSWERED))
    assert (report.inquiries, report.pairs) == (2, 1)


def test_whose_addresses_are_the_teams_is_guessed_and_told(read, db):
    report = read(mail(*ASKED), mail(*ANSWERED, answers="q"))
    assert report.roles == {"customer": 1, "agent": 1}
    assert any("shop.example" in note for note in report.notes)
    assert scalar(db, "SELECT count(*) FROM messages WHERE text LIKE '%gmail%'") == 0


def test_a_team_at_a_public_provider_is_its_address_alone(read):
    asked = mail("q", "c@gmail.com", "myshop@gmail.com", "환불", "언제요", 5)
    answered = mail("a", "myshop@gmail.com", "c@gmail.com", "Re: 환불", "곧요", 6, answers="q")
    assert read(asked, answered).roles == {"customer": 1, "agent": 1}


def test_a_mail_in_html_keeps_its_link(read, db):
    page = mail(*ANSWERED, answers="q").replace(b"text/plain", b"text/html")
    assert read(mail(*ASKED), page).pairs == 1


def test_odd_mails_cost_no_other(read):
    report = read(
        b"From: \nSubject: =?utf-8?b?###?=\nDate: yesterday\n\nx\n",
        b"From: a@b.example\nDate: Mon, 05 Jan 2026 10:00:00 +0900\nSubject: x\n"
        b"Content-Type: text/plain; charset=nonsense\n\n"
        b"\xc8\xaf\xba\xd2 \xbe\xf0\xc1\xa6\xbf\xe4\n",
        mail(*ASKED),
    )
    assert (report.inquiries, report.rejected) == (2, 1)
