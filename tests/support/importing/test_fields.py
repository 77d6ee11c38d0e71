"""What each helpdesk's fields mean, one by one, beyond what every sample shows."""

import gzip
import json

import pytest

from support.database import one, scalar
from support.importing.door import Options, import_export
from tests.conftest import ACTOR
from tests.support.importing import exports
from tests.support.importing.exports import mail


@pytest.fixture
def run(space, db, tmp_path):
    """Import objects, one a line."""

    def run(*rows, **options):
        path = exports.lines(tmp_path / "export.ndjson", rows)
        return import_export(db, space.seal(), [path], actor=ACTOR, options=Options(**options))

    return run


def said(db):
    sql = "SELECT role, author, text, helpful FROM messages ORDER BY inquiry_id, at, id"
    return [tuple(row.values()) for row in db.query(sql)]


TICKET = exports.ZENDESK_TICKETS["tickets"][0]
COMMENTS = [row for row in exports.ZENDESK_COMMENTS if row["ticket_id"] == 5158]


def test_zendesks_agents_have_names_and_its_ratings_count_for_answers(run, db):
    rated = TICKET | {"satisfaction_rating": {"score": "good"}, "type": "problem"}
    run(rated, *COMMENTS, *exports.ZENDESK_USERS)
    assert [row[:2] for row in said(db)] == [("customer", ""), ("agent", "김미나")]
    assert [row[3] for row in said(db)] == [0, 1]
    assert one(db, "SELECT channel, category FROM inquiries") == {
        "channel": "email", "category": "problem",
    }  # fmt: skip


def test_zendesks_description_is_of_who_submitted_it(run, db):
    called = TICKET | {"submitter_id": 700, "id": 1}
    private = TICKET | {"is_public": False, "id": 2}
    for_another = TICKET | {"submitter_id": 905, "id": 3}
    users = [{"id": 905, "name": "가족", "role": "end-user"}]
    report = run(called, private, for_another, *users)
    assert (report.inquiries, report.roles) == (2, {"customer": 1})
    assert report.left_out == {"conversation that no customer wrote in": 1}


def test_what_zendesk_writes_by_itself_is_no_answer(run):
    merged = COMMENTS[2] | {"id": 50, "via": {"channel": "web", "source": {"rel": "merge"}}}
    called = COMMENTS[2] | {"id": 51, "type": "VoiceComment"}
    report = run(TICKET, COMMENTS[0], merged, called)
    assert report.roles == {"customer": 1}
    assert report.left_out == {"system message": 1, "telephone or video call": 1}


def test_a_deleted_ticket_is_left_out_with_its_comments(run):
    report = run(TICKET | {"status": "deleted"}, TICKET | {"id": 9}, *COMMENTS)
    assert (report.inquiries, report.rejected) == (1, 0)
    assert report.left_out["spam or deleted"] == 1


def test_a_mail_that_freshdesks_agent_began_asks_nothing(run, db):
    begun = exports.FRESHDESK[1] | {"source": 10, "status": "Closed"}
    assert run(begun).left_out == {"conversation that no customer wrote in": 1}
    reply = exports.FRESHDESK[1]["conversations"][0] | {"incoming": True, "id": 88}
    run(begun | {"id": 6, "conversations": [reply]})
    assert [row[:2] for row in said(db)] == [("agent", "700"), ("customer", "")]
    assert scalar(db, "SELECT channel FROM inquiries") == "email"


def test_freshdesks_old_wrapping_and_fields_as_lists(run, db):
    note = {"note": {"id": 5, "body": "곧요", "incoming": False, "private": False, "user_id": 7,
                     "created_at": "2026-01-07T02:00:00Z"}}  # fmt: skip
    old = exports.FRESHDESK[2] | {"notes": [note], "custom_fields": [{"name": "cf", "value": 1}]}
    run({"helpdesk_ticket": old})
    assert [row[0] for row in said(db)] == ["customer", "agent"]


TALK = exports._chatwoot_conversation
SAYS = exports._chatwoot_message


def test_chatwoots_machines_surveys_and_what_was_taken_back(run, db):
    gone = SAYS(3, 1, 0, "This message was deleted", 1767574830, content_attributes={"deleted": 1})
    rule = SAYS(4, 1, 1, "자동 안내", 1767574840, sender=None)
    robot = {"id": 1, "type": "captain_assistant", "name": "Captain"}
    captain = SAYS(5, 1, 1, "기다려 주세요", 1767574850, sender=robot)
    answer = SAYS(6, 1, 1, "사흘이요", 1767574860)
    stars = {"submitted_values": {"csat_survey_response": {"rating": 1}}}
    survey = SAYS(7, 1, 3, "어땠나요?", 1767574870, content_attributes=stars)
    talk = TALK(
        1, "resolved", 1767574800,
        [SAYS(2, 1, 0, "환불은요", 1767574800), gone, rule, captain, answer, survey],
    ) | {"additional_attributes": {"browser_language": "ko"}}  # fmt: skip
    report = run(talk)
    assert [(row[0], row[3]) for row in said(db)] == [
        ("customer", 0), ("bot", 0), ("bot", 0), ("agent", -1),
    ]  # fmt: skip
    assert report.left_out == {"spam or deleted": 1}
    assert one(db, "SELECT channel, language FROM inquiries") == {
        "channel": "web",
        "language": "ko",
    }


def test_chatwoots_webhooks_say_in_words_what_its_api_says_in_numbers(run, db):
    talk = TALK(4, "open", 1767574800, [])
    pushed = SAYS(9, 4, "incoming", "환불은요", "2026-01-05T01:00:00.000Z") | {"conversation": talk}
    note = SAYS(10, 4, "outgoing", "메모", "2026-01-05T01:01:00.000Z", private=True)
    run(pushed, note | {"conversation": talk})
    assert [row[0] for row in said(db)] == ["customer"]


ARTICLE = exports._zammad_article
ZAMMAD = exports._zammad_ticket
AT = "2026-01-05T01:00:00.000Z"


def test_zammads_agents_are_named_and_merged_tickets_are_one(run, db):
    by = {"id": 3, "login": "mina@shop.example", "firstname": "미나", "lastname": "김"}
    articles = [
        ARTICLE(1, 1, "Customer", "환불은요", AT),
        ARTICLE(2, 1, "Agent", "곧요", "2026-01-05T02:00:00.000Z", created_by=by),
        ARTICLE(3, 1, "Agent", "네", "2026-01-05T03:00:00.000Z",
                **{"from": "김미나 via 도란장터 <help@shop.example>"}),
    ]  # fmt: skip
    report = run(
        ZAMMAD(1, "환불", "closed", AT, articles),
        ZAMMAD(2, "환불 또", "merged", AT, []),
        ZAMMAD(3, "지움", "removed", AT, []),
    )
    assert report.inquiries == 1
    assert [row[1] for row in said(db)] == ["", "미나 김", "김미나 via 도란장터"]
    assert scalar(db, "SELECT channel FROM inquiries") == "email"
    assert report.left_out == {
        "conversation that no customer wrote in": 1, "spam or deleted": 1,
    }  # fmt: skip


def test_zammad_in_numbers(run, db):
    bare = {"id": 4, "number": "4", "title": "환불", "group_id": 1, "state_id": 4,
            "customer_id": 9, "close_at": AT, "created_at": AT}  # fmt: skip
    asked = ARTICLE(1, 4, None, "환불은요", AT, sender_id=2)
    answered = ARTICLE(2, 4, None, "곧요", "2026-01-05T02:00:00.000Z", sender_id=1)
    run(bare, asked, answered, ARTICLE(3, 4, None, "자동", AT, sender_id=3))
    assert [row[0] for row in said(db)] == ["customer", "agent"]
    assert scalar(db, "SELECT status FROM inquiries") == "answered"


def test_what_help_scout_sent_on_to_others_is_no_answer(run, db):
    threads = [
        exports._scout_thread(3, "message", "사흘이요", "2026-01-05T03:00:00Z",
                              createdBy={"id": 7, "type": "user", "first": "미나", "last": "김"}),
        exports._scout_thread(2, "forwardparent", "봐 주세요", "2026-01-05T02:00:00Z"),
        exports._scout_thread(1, "customer", "환불은요", "2026-01-05T01:00:00Z"),
        exports._scout_thread(4, "message", "AI", "2026-01-05T01:30:00Z",
                              createdBy={"id": 1, "type": "system_user"}),
    ]  # fmt: skip
    talk = exports._scout_conversation(1, "환불", "closed", "2026-01-05T01:00:00Z", threads)
    report = run(talk, talk | {"id": 2, "state": "deleted"})
    assert [row[:2] for row in said(db)] == [("customer", ""), ("bot", ""), ("agent", "미나 김")]
    assert report.left_out == {"private note": 1, "spam or deleted": 1}


def test_help_scouts_dumps_in_snake_case(run, db):
    talk = {"id": 1, "mailbox_id": 1, "preview": "x", "folder_id": 2, "status": "closed",
            "subject": "환불", "created_at": AT, "primary_customer": {"id": 5}}  # fmt: skip
    thread = {"id": 2, "conversation_id": 1, "type": "customer", "body": "환불은요",
              "created_by": {"id": 5, "type": "customer"}, "action": {}, "saved_reply_id": None,
              "created_at": AT, "state": "published"}  # fmt: skip
    run(talk, thread)
    assert [row[0] for row in said(db)] == ["customer"]


def test_freescouts_nulls_are_nothing(space, db, tmp_path):
    conversations = exports.FREESCOUT_CONVERSATIONS.replace(",3,3,1,", ",NULL,3,1,")
    threads = exports.FREESCOUT_THREADS.replace(",,77,", r",\\N,77,".replace("\\\\", "\\"))
    threads = threads.replace("902,7,,,", "902,7,NULL,NULL,")
    paths = [tmp_path / "c.csv", tmp_path / "t.csv"]
    for path, text in zip(paths, (conversations, threads), strict=True):
        path.write_text(text, encoding="utf-8")
    report = import_export(db, space.seal(), paths, actor=ACTOR)
    assert report.saved_replies == {"77": 1}


def test_channel_talks_notes_groups_names_and_files(run, db):
    chat = {"id": "c1", "userId": "u1", "state": "closed", "mediumType": "native",
            "firstOpenedAt": 1767574800000}  # fmt: skip

    def line(number, kind, words, **more):
        return {"id": f"m{number}", "chatId": "c1", "personType": kind, "personId": "m7",
                "plainText": words, "createdAt": 1767574800000 + number * 1000, **more}  # fmt: skip

    report = run(
        chat,
        line(1, "user", "환불은요"),
        line(2, "manager", "VIP", options=["private"]),
        line(3, "manager", "우리끼리", chatType="group"),
        line(4, "manager", "지움", state="removed"),
        line(5, "manager", "곧요"),
        line(6, "user", "", files=[{"name": "a.png", "url": "https://c.example/a.png"}]),
    )
    assert [row[0] for row in said(db)] == ["customer", "agent", "customer"]
    assert report.left_out == {"private note": 2, "spam or deleted": 1}
    assert scalar(db, "SELECT name FROM attachments") == "a.png"
    assert scalar(db, "SELECT channel FROM inquiries") == "app"


def test_channel_talks_managers_have_the_names_of_their_sheet(space, db, tmp_path):
    path = exports.channel_workbook(tmp_path / "c.xlsx")
    import_export(db, space.seal(), [path], actor=ACTOR)
    assert {row[1] for row in said(db)} == {"", "김미나"}


ASKED = ("q", "민아 <c@gmail.com>", "help@shop.example", "환불", "환불은 언제 되나요", 5)


@pytest.fixture
def read(space, db, tmp_path):
    """Import a mailbox of some mails."""

    def read(*mails, name="box.mbox"):
        begin = b"From 17@xxx Mon Jan 05 10:00:00 +0000 2026\n"
        whole = b"".join(begin + item + b"\n" for item in mails)
        path = tmp_path / name
        path.write_bytes(gzip.compress(whole) if name.endswith(".gz") else whole)
        options = Options(ours=("shop.example",))
        return import_export(db, space.seal(), [path], actor=ACTOR, options=options)

    return read


def test_a_gzipped_mailbox(read):
    assert read(mail(*ASKED), name="box.mbox.gz").inquiries == 1


def test_lines_that_look_like_the_beginning_of_a_mail(read, db):
    words = "From now on\nFrom 2024-01-01 on\n>From here\n한 줄 더"
    report = read(mail(*ASKED[:4], words, 5), mail("q2", *ASKED[1:]))
    assert (report.inquiries, report.rejected) == (2, 0)
    assert scalar(db, "SELECT text FROM messages WHERE id = 1").splitlines() == [
        "From now on", "From 2024-01-01 on", "From here", "한 줄 더",
    ]  # fmt: skip


def test_gmails_labels_are_tags_and_tell_spam_and_drafts(read, db):
    tagged = mail(*ASKED, X_Gmail_Labels="받은편지함,중요,환불 문의,Category Updates")
    spam = mail("s", *ASKED[1:], X_Gmail_Labels="Spam,Unread")
    draft = mail("d", *ASKED[1:], X_Gmail_Labels="임시보관함")
    report = read(tagged, spam, draft)
    assert json.loads(scalar(db, "SELECT tags FROM inquiries")) == ["환불 문의"]
    assert report.left_out == {"spam or deleted": 1, "draft or hidden": 1}


def test_outlooks_index_alone_makes_a_thread(read):
    index = "AdLk1r0T8kq3XnJxRkWq5m9N0c5k1g=="
    longer = "AdLk1r0T8kq3XnJxRkWq5m9N0c5k1gAAAAAB"
    one_mail = mail(*ASKED, Thread_Index=index)
    other = mail("b", "help@shop.example", "c@gmail.com", "환불 건", "곧요", 6, Thread_Index=longer)
    assert read(one_mail, other).inquiries == 1


def test_a_forms_mail_is_its_customers(read, db):
    form = mail("f", "폼 <noreply@shop.example>", "help@shop.example", "문의", "환불은요", 5,
                Reply_To="민아 <c@gmail.com>")  # fmt: skip
    answer = mail("a", "미나 <mina@shop.example>", "c@gmail.com", "Re: 문의", "곧요", 6,
                  answers="f", Reply_To="help@shop.example")  # fmt: skip
    assert read(form, answer).roles == {"customer": 1, "agent": 1}


def test_bounces_and_receipts_are_no_words(read):
    bounce = mail("x", "MAILER-DAEMON@mx.example", "help@shop.example", "Undelivered", "550", 6)
    absent = mail("y", "c@gmail.com", "help@shop.example", "Re: 환불", "휴가", 6,
                  Precedence="auto_reply")  # fmt: skip
    assert read(mail(*ASKED), bounce, absent).left_out == {"automatic mail": 2}


def test_a_mail_within_a_mail_is_a_file(read, db):
    boundary = b"Content-Type: multipart/mixed; boundary=XX\n\n--XX\nContent-Type: text/plain\n\n"
    inner = b"--XX\nContent-Type: message/rfc822\n\nSubject: old\n\nan old secret\n--XX--\n"
    head = b"From: c@gmail.com\nTo: help@shop.example\nSubject: S\nMessage-ID: <z@z.example>\n"
    when = b"Date: Mon, 05 Jan 2026 10:00:00 +0900\nMIME-Version: 1.0\n"
    read(head + when + boundary + b"see below\n" + inner)
    assert scalar(db, "SELECT text FROM messages") == "see below"
    assert scalar(db, "SELECT count(*) FROM attachments") == 1


def test_the_line_over_a_mail_dates_one_that_has_no_date(read, db):
    item = (
        b"From: c@gmail.com\nTo: help@shop.example\nSubject: S\nMessage-ID: <z@z.example>\n\nhi\n"
    )
    read(item)
    assert scalar(db, "SELECT opened_at FROM inquiries") == "2026-01-05T10:00:00Z"
