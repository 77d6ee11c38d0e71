# ruff: noqa: E501 - rows as files hold them
"""One small export of each helpdesk in its real shape, written by hand.

Each holds the same three conversations in that helpdesk's own words: one answered with an FAQ link
and closed, one answered and still going, one that nobody answered yet; beside them what is left
out: a private note, a line of the system's own, a draft.
"""

import json
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

from openpyxl import Workbook

LINK = "https://help.example.com/ko/faq/refund"

ZENDESK_TICKETS = {
    "tickets": [
        {
            "id": 5158,
            "url": "https://shop.zendesk.com/api/v2/tickets/5158.json",
            "subject": "환불은 언제 되나요",
            "raw_subject": "환불은 언제 되나요",
            "description": "환불은 언제 되나요? 제 번호는 010-2938-4471 입니다",
            "status": "closed",
            "tags": ["refund", "vip"],
            "requester_id": 901,
            "submitter_id": 901,
            "assignee_id": 700,
            "via": {"channel": "email", "source": {"from": {"address": "a@b.example"}}},
            "created_at": "2026-01-05T01:00:00Z",
            "updated_at": "2026-01-05T03:00:00Z",
        },
        {
            "id": 5159,
            "url": "https://shop.zendesk.com/api/v2/tickets/5159.json",
            "subject": "배송지 변경",
            "raw_subject": "배송지 변경",
            "description": "배송지를 바꾸고 싶어요",
            "status": "pending",
            "tags": [],
            "requester_id": 902,
            "submitter_id": 902,
            "assignee_id": 700,
            "via": {"channel": "web"},
            "created_at": "2026-01-06T01:00:00Z",
            "updated_at": "2026-01-06T02:00:00Z",
        },
        {
            "id": 5160,
            "url": "https://shop.zendesk.com/api/v2/tickets/5160.json",
            "subject": "로그인이 안 돼요",
            "raw_subject": "로그인이 안 돼요",
            "description": "로그인이 안 돼요",
            "status": "new",
            "tags": [],
            "requester_id": 903,
            "submitter_id": 903,
            "assignee_id": None,
            "via": {"channel": "web"},
            "created_at": "2026-01-07T01:00:00Z",
            "updated_at": "2026-01-07T01:00:00Z",
        },
    ],
    "after_url": None,
    "after_cursor": "MTU3Nn0=",
    "before_url": None,
    "before_cursor": None,
    "end_of_stream": True,
}


def _zendesk_comment(number, ticket, author, body, at, *, public=True):
    return {
        "id": number,
        "type": "Comment",
        "author_id": author,
        "body": body,
        "html_body": f"<div class='zd-comment'><p>{body}</p></div>",
        "plain_body": body,
        "public": public,
        "audit_id": number + 1,
        "attachments": [],
        "via": {"channel": "web"},
        "metadata": {"system": {}, "custom": {}},
        "created_at": at,
        "ticket_id": ticket,
    }


ZENDESK_COMMENTS = [
    _zendesk_comment(
        1, 5158, 901, "환불은 언제 되나요? 제 번호는 010-2938-4471 입니다", "2026-01-05T01:00:00Z"
    ),
    _zendesk_comment(2, 5158, 700, "이 고객은 VIP", "2026-01-05T01:30:00Z", public=False),
    _zendesk_comment(3, 5158, 700, f"사흘 안에 됩니다. {LINK}", "2026-01-05T02:00:00Z"),
    _zendesk_comment(4, 5159, 902, "배송지를 바꾸고 싶어요", "2026-01-06T01:00:00Z"),
    _zendesk_comment(5, 5159, 700, "새 주소를 알려 주세요", "2026-01-06T02:00:00Z"),
    _zendesk_comment(6, 5160, 903, "로그인이 안 돼요", "2026-01-07T01:00:00Z"),
]
ZENDESK_USERS = [
    {"id": 901, "name": "손님", "email": "c1@example.com", "role": "end-user"},
    {"id": 700, "name": "김미나", "email": "mina@shop.example", "role": "agent"},
]


def _freshdesk_reply(number, ticket, body, at, *, incoming, private=False):
    return {
        "id": number,
        "body": f"<div>{body}</div>",
        "body_text": body,
        "incoming": incoming,
        "private": private,
        "user_id": 902 if incoming else 700,
        "support_email": "help@shop.example",
        "from_email": None,
        "to_emails": [],
        "cc_emails": [],
        "bcc_emails": [],
        "source": 2,
        "category": 2,
        "ticket_id": ticket,
        "attachments": [],
        "created_at": at,
        "updated_at": at,
    }


def _freshdesk_ticket(number, subject, words, status, at, **more):
    return {
        "id": number,
        "subject": subject,
        "description": f"<div>{words}</div>",
        "description_text": words,
        "status": status,
        "priority": 1,
        "source": 1,
        "type": "문의",
        "tags": ["refund"],
        "requester_id": 900 + number,
        "responder_id": 700,
        "group_id": None,
        "email_config_id": 3,
        "to_emails": ["help@shop.example"],
        "cc_emails": [],
        "custom_fields": {"cf_order": "A-17"},
        "spam": False,
        "is_escalated": False,
        "fr_escalated": False,
        "created_at": at,
        "updated_at": at,
        **more,
    }


FRESHDESK = [
    _freshdesk_ticket(
        1,
        "환불은 언제 되나요",
        "환불은 언제 되나요? 010-2938-4471",
        5,
        "2026-01-05T01:00:00Z",
        conversations=[
            _freshdesk_reply(
                11, 1, "VIP 손님", "2026-01-05T01:10:00Z", incoming=False, private=True
            ),
            _freshdesk_reply(
                12, 1, f"사흘 안에 됩니다. {LINK}", "2026-01-05T02:00:00Z", incoming=False
            ),
        ],
    ),
    _freshdesk_ticket(
        2,
        "배송지 변경",
        "배송지를 바꾸고 싶어요",
        3,
        "2026-01-06T01:00:00Z",
        conversations=[
            _freshdesk_reply(13, 2, "새 주소를 알려 주세요", "2026-01-06T02:00:00Z", incoming=False)
        ],
    ),
    _freshdesk_ticket(3, "로그인이 안 돼요", "로그인이 안 돼요", 2, "2026-01-07T01:00:00Z"),
    _freshdesk_ticket(4, "광고", "광고입니다", 2, "2026-01-07T01:00:00Z", spam=True),
]


def _chatwoot_message(number, conversation, kind, content, at, **more):
    sender = {"id": 901, "name": "손님", "type": "contact"}
    if kind == 1:
        sender = {"id": 7, "name": "김미나", "type": "user"}
    return {
        "id": number,
        "content": content,
        "inbox_id": 1,
        "conversation_id": conversation,
        "message_type": kind,
        "content_type": "text",
        "content_attributes": {},
        "status": "sent",
        "created_at": at,
        "private": False,
        "source_id": None,
        "sender": sender,
        **more,
    }


def _chatwoot_conversation(number, status, at, messages):
    return {
        "meta": {
            "sender": {"id": 900 + number, "name": "손님", "type": "contact"},
            "channel": "Channel::WebWidget",
            "hmac_verified": False,
        },
        "id": number,
        "uuid": f"0000-{number}",
        "account_id": 1,
        "inbox_id": 1,
        "status": status,
        "labels": ["refund"],
        "additional_attributes": {},
        "custom_attributes": {},
        "created_at": at,
        "timestamp": at,
        "unread_count": 0,
        "muted": False,
        "can_reply": True,
        "messages": messages,
    }


CHATWOOT = {
    "data": {
        "meta": {"mine_count": 0, "all_count": 3},
        "payload": [
            _chatwoot_conversation(
                1,
                "resolved",
                1767574800,
                [
                    _chatwoot_message(1, 1, 0, "환불은 언제 되나요? 010-2938-4471", 1767574800),
                    _chatwoot_message(2, 1, 2, "김미나 님에게 배정되었습니다", 1767574810),
                    _chatwoot_message(3, 1, 1, "VIP", 1767574820, private=True),
                    _chatwoot_message(
                        4,
                        1,
                        1,
                        "상담원을 연결해 드릴게요",
                        1767574830,
                        sender={"id": 2, "name": "봇", "type": "agent_bot"},
                    ),
                    _chatwoot_message(5, 1, 1, f"사흘 안에 됩니다. {LINK}", 1767578400),
                ],
            ),
            _chatwoot_conversation(
                2,
                "pending",
                1767661200,
                [
                    _chatwoot_message(6, 2, 0, "배송지를 바꾸고 싶어요", 1767661200),
                    _chatwoot_message(7, 2, 1, "새 주소를 알려 주세요", 1767664800),
                ],
            ),
            _chatwoot_conversation(
                3, "open", 1767747600, [_chatwoot_message(8, 3, 0, "로그인이 안 돼요", 1767747600)]
            ),
        ],
    }
}


def _zammad_article(number, ticket, sender, body, at, **more):
    return {
        "id": number,
        "ticket_id": ticket,
        "type": "email",
        "type_id": 1,
        "sender": sender,
        "sender_id": 2,
        "from": "a@b.example",
        "to": "help@shop.example",
        "cc": None,
        "subject": "환불",
        "message_id": f"<{number}@b.example>",
        "in_reply_to": None,
        "content_type": "text/html",
        "body": body,
        "internal": False,
        "attachments": [],
        "created_by": "mina@shop.example",
        "created_at": at,
        "updated_at": at,
        **more,
    }


def _zammad_ticket(number, title, state, at, articles):
    return {
        "id": number,
        "number": f"2026{number:04}",
        "title": title,
        "group_id": 1,
        "group": "Users",
        "state_id": 2,
        "state": state,
        "priority_id": 2,
        "owner_id": 3,
        "customer_id": 900 + number,
        "article_count": len(articles),
        "article_ids": [article["id"] for article in articles],
        "close_at": None,
        "created_at": at,
        "updated_at": at,
        "articles": articles,
    }


ZAMMAD = [
    _zammad_ticket(
        1,
        "환불은 언제 되나요",
        "closed",
        "2026-01-05T01:00:00.000Z",
        [
            _zammad_article(
                1, 1, "Customer", "환불은 언제 되나요? 010-2938-4471", "2026-01-05T01:00:00.000Z"
            ),
            _zammad_article(2, 1, "Agent", "VIP", "2026-01-05T01:10:00.000Z", internal=True),
            _zammad_article(3, 1, "System", "자동 답장", "2026-01-05T01:11:00.000Z"),
            _zammad_article(
                4,
                1,
                "Agent",
                f"<div>사흘 안에 됩니다. <a href='{LINK}'>보기</a></div>"
                '<span class="js-signatureMarker"></span>김미나 드림',
                "2026-01-05T02:00:00.000Z",
            ),
        ],
    ),
    _zammad_ticket(
        2,
        "배송지 변경",
        "pending reminder",
        "2026-01-06T01:00:00.000Z",
        [
            _zammad_article(5, 2, "Customer", "배송지를 바꾸고 싶어요", "2026-01-06T01:00:00.000Z"),
            _zammad_article(6, 2, "Agent", "새 주소를 알려 주세요", "2026-01-06T02:00:00.000Z"),
        ],
    ),
    _zammad_ticket(
        3,
        "로그인이 안 돼요",
        "new",
        "2026-01-07T01:00:00.000Z",
        [_zammad_article(7, 3, "Customer", "로그인이 안 돼요", "2026-01-07T01:00:00.000Z")],
    ),
]


def _scout_thread(number, kind, body, at, **more):
    by = "customer" if kind == "customer" else "user"
    return {
        "id": number,
        "type": kind,
        "status": "active",
        "state": "published",
        "action": {"type": "default", "associatedEntities": {}},
        "body": body,
        "source": {"type": "email", "via": by},
        "customer": {"id": 901},
        "createdBy": {"id": 901 if by == "customer" else 7, "type": by},
        "assignedTo": {"id": 7},
        "savedReplyId": 0,
        "to": [],
        "cc": [],
        "bcc": [],
        "createdAt": at,
        "openedAt": None,
        **more,
    }


def _scout_conversation(number, subject, status, at, threads):
    return {
        "id": number,
        "number": number,
        "threads": len(threads),
        "type": "email",
        "folderId": 3,
        "status": status,
        "state": "published",
        "subject": subject,
        "preview": subject,
        "mailboxId": 1,
        "createdBy": {"id": 901, "type": "customer"},
        "createdAt": at,
        "closedAt": None,
        "userUpdatedAt": at,
        "customerWaitingSince": {"time": at, "friendly": "2 days ago"},
        "source": {"type": "email", "via": "customer"},
        "tags": [{"id": 1, "color": "#929499", "tag": "refund"}],
        "cc": [],
        "bcc": [],
        "primaryCustomer": {"id": 900 + number, "type": "customer"},
        "customFields": [],
        "_embedded": {"threads": threads},
    }


HELP_SCOUT = {
    "_embedded": {
        "conversations": [
            _scout_conversation(
                1,
                "환불은 언제 되나요",
                "closed",
                "2026-01-05T01:00:00Z",
                [  # newest first
                    _scout_thread(
                        4,
                        "message",
                        f"<p>사흘 안에 됩니다. <a href='{LINK}'>보기</a></p>",
                        "2026-01-05T02:00:00Z",
                        savedReplyId=77,
                    ),
                    _scout_thread(3, "message", "고치는 중", "2026-01-05T01:50:00Z", state="draft"),
                    _scout_thread(2, "note", "VIP", "2026-01-05T01:10:00Z"),
                    _scout_thread(
                        1, "customer", "환불은 언제 되나요? 010-2938-4471", "2026-01-05T01:00:00Z"
                    ),
                ],
            ),
            _scout_conversation(
                2,
                "배송지 변경",
                "pending",
                "2026-01-06T01:00:00Z",
                [
                    _scout_thread(6, "message", "새 주소를 알려 주세요", "2026-01-06T02:00:00Z"),
                    _scout_thread(5, "customer", "배송지를 바꾸고 싶어요", "2026-01-06T01:00:00Z"),
                ],
            ),
            _scout_conversation(
                3,
                "로그인이 안 돼요",
                "active",
                "2026-01-07T01:00:00Z",
                [
                    _scout_thread(8, "lineitem", "", "2026-01-07T01:10:00Z"),
                    _scout_thread(7, "customer", "로그인이 안 돼요", "2026-01-07T01:00:00Z"),
                ],
            ),
        ]
    },
    "_links": {"self": {"href": "https://api.helpscout.net/v2/conversations?page=1"}},
    "page": {"size": 25, "totalElements": 3, "totalPages": 1, "number": 1},
}

FREESCOUT_CONVERSATIONS = """id,number,threads_count,type,folder_id,status,state,subject,customer_id,mailbox_id,source_via,created_at,updated_at
1,1,3,1,4,3,2,환불은 언제 되나요,901,1,1,2026-01-05 01:00:00,2026-01-05 02:00:00
2,2,2,1,4,2,2,배송지 변경,902,1,1,2026-01-06 01:00:00,2026-01-06 02:00:00
3,3,1,1,1,1,2,로그인이 안 돼요,903,1,1,2026-01-07 01:00:00,2026-01-07 01:00:00
"""
FREESCOUT_THREADS = f"""id,conversation_id,user_id,type,status,state,body,from,to,source_via,source_type,customer_id,created_by_user_id,created_by_customer_id,saved_reply_id,created_at
1,1,,1,1,2,환불은 언제 되나요? 010-2938-4471,a@b.example,,1,1,901,,901,,2026-01-05 01:00:00
2,1,,3,1,2,VIP,,,2,2,901,7,,,2026-01-05 01:10:00
3,1,,2,3,2,"<div>사흘 안에 됩니다. {LINK}</div><div class=""gmail_quote"">옛 글</div>",,,2,2,901,7,,77,2026-01-05 02:00:00
4,2,,1,1,2,배송지를 바꾸고 싶어요,,,1,1,902,,902,,2026-01-06 01:00:00
5,2,,2,2,2,새 주소를 알려 주세요,,,2,2,902,7,,,2026-01-06 02:00:00
6,3,,1,1,2,로그인이 안 돼요,,,1,1,903,,903,,2026-01-07 01:00:00
7,3,,2,1,1,아직 쓰는 중,,,2,2,903,7,,,2026-01-07 02:00:00
"""

CHANNEL_CHATS = [
    ["id", "userId", "name", "state", "mediumType", "tags", "firstOpenedAt"],
    ["c1", "u1", "손님", "closed", "native", "refund", "2026-01-05 10:00:00"],
    ["c2", "u2", "손님", "snoozed", "native", "", "2026-01-06 10:00:00"],
    ["c3", "u3", "손님", "opened", "native", "", "2026-01-07 10:00:00"],
    ["c4", "u4", "손님", "closed", "phone", "", "2026-01-07 10:00:00"],
]
CHANNEL_MESSAGES = [
    ["chatId", "personType", "personId", "plainText", "createdAt"],
    ["c1", "user", "u1", "환불은 언제 되나요? 010-2938-4471", "2026-01-05 10:00:00"],
    ["c1", "bot", "b1", "상담원을 연결해 드릴게요", "2026-01-05 10:00:10"],
    ["c1", "manager", "m1", f"사흘 안에 됩니다. {LINK}", "2026-01-05 11:00:00"],
    ["c1", "user", "u1", "", "2026-01-05 11:00:00"],
    ["c2", "user", "u2", "배송지를 바꾸고 싶어요", "2026-01-06 10:00:00"],
    ["c2", "manager", "m1", "새 주소를 알려 주세요", "2026-01-06 11:00:00"],
    ["c3", "user", "u3", "로그인이 안 돼요", "2026-01-07 10:00:00"],
    ["c4", "user", "u4", "전화", "2026-01-07 10:00:00"],
]
CHANNEL_JSON = {
    "UserChat data": [dict(zip(CHANNEL_CHATS[0], row, strict=True)) for row in CHANNEL_CHATS[1:]],
    "Message data": [
        dict(zip(CHANNEL_MESSAGES[0], row, strict=True)) for row in CHANNEL_MESSAGES[1:]
    ],
}


def channel_workbook(path, messages=CHANNEL_MESSAGES):
    """The workbook as it is downloaded, without its password."""
    book = Workbook(write_only=True)
    for name, rows in (("UserChat data", CHANNEL_CHATS), ("Message data", messages)):
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    people = book.create_sheet("Manager data")
    people.append(["id", "name"])
    people.append(["m1", "김미나"])
    book.save(path)
    book.close()
    return path


def mail(own, sender, to, subject, body, day, *, answers="", charset="utf-8", **headers):
    """One mail as bytes."""
    item = EmailMessage()
    item["From"], item["To"], item["Subject"] = sender, to, subject
    item["Date"] = f"{['Mon', 'Tue', 'Wed', 'Thu'][day - 5]}, {day:02} Jan 2026 10:00:00 +0900"
    item["Message-ID"] = f"<{own}@mail.example>"
    if answers:
        item["References"] = item["In-Reply-To"] = f"<{answers}@mail.example>"
    for name, value in headers.items():
        item[name.replace("_", "-")] = value
    item.set_content(body, charset=charset)
    return bytes(item)


MAILS = [
    mail(
        "q1",
        "손님 <c1@example.com>",
        "help@shop.example",
        "환불은 언제 되나요",
        "환불은 언제 되나요? 010-2938-4471\n\n-- \n홍길동 드림\n",
        5,
        charset="euc-kr",
    ),
    mail(
        "a1",
        "김미나 <mina@shop.example>",
        "c1@example.com",
        "Re: 환불은 언제 되나요",
        f"사흘 안에 됩니다. {LINK}\n\n2026년 1월 5일 (월) 오전 10:00, 손님 <c1@example.com>님이 작성:\n"
        "> 환불은 언제 되나요?\n",
        6,
        answers="q1",
    ),
    mail(
        "q2",
        "c2@example.com",
        "help@shop.example",
        "배송지 변경",
        "배송지를 바꾸고 싶어요\n\n나의 iPhone에서 보냄\n",
        6,
    ),
    mail(
        "a2",
        "help@shop.example",
        "c2@example.com",
        "RE: 배송지 변경",
        "새 주소를 알려 주세요\n\n-----원본 메시지-----\n보낸 사람: c2@example.com\n배송지를 바꾸고 싶어요\n",
        7,
    ),
    mail("q3", "c3@example.com", "help@shop.example", "로그인이 안 돼요", "로그인이 안 돼요\n", 8),
    mail(
        "auto",
        "help@shop.example",
        "c3@example.com",
        "Re: 로그인이 안 돼요",
        "접수되었습니다\n",
        8,
        answers="q3",
        Auto_Submitted="auto-replied",
    ),
]


def mbox(path, mails=MAILS):
    """The mails as one mailbox."""
    parts = [b"From MAILER-DAEMON Thu Jan  1 00:00:00 2026\n" + item + b"\n" for item in mails]
    path.write_bytes(b"".join(parts))
    return path


def dumped(path, value):
    """Write JSON."""
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1), encoding="utf-8")
    return path


def lines(path, values):
    """Write JSON Lines."""
    text = "".join(json.dumps(value, ensure_ascii=False) + "\n" for value in values)
    path.write_text(text, encoding="utf-8")
    return path


ANSWERS = ("사흘 안에", "새 주소를")  # what agents say


def unanswered(paths: list[Path], folder: Path) -> list[Path]:
    """The same files as they were before any agent answered."""
    out = []
    for path in paths:
        to = folder / path.name
        if path.suffix == ".xlsx":
            rows = [row for row in CHANNEL_MESSAGES if not row[3].startswith(ANSWERS)]
            channel_workbook(to, messages=rows)
        elif path.suffix == ".mbox":
            mbox(to, [item for item in MAILS if "Re:" not in _subject(item)])
        elif path.suffix == ".eml":
            if "Re:" in _subject(path.read_bytes()):
                continue
            to.write_bytes(path.read_bytes())
        elif path.suffix == ".json":
            dumped(to, _pruned(json.loads(path.read_text(encoding="utf-8"))))
        else:
            kept = path.read_text(encoding="utf-8").splitlines()
            if path.suffix == ".ndjson":
                rows = _pruned([json.loads(line) for line in kept])
                kept = [json.dumps(row, ensure_ascii=False) for row in rows]
            kept = [line for line in kept if not any(words in line for words in ANSWERS)]
            to.write_text("\n".join(kept) + "\n", encoding="utf-8")
        out.append(to)
    return out


def _subject(raw):
    return str(message_from_bytes(raw, policy=default)["Subject"]).replace("RE:", "Re:")


def _pruned(value):
    """A JSON value without the objects in lists that hold an answer's words themselves."""
    if isinstance(value, dict):
        return {name: _pruned(item) for name, item in value.items()}
    if not isinstance(value, list):
        return value
    return [
        _pruned(item)
        for item in value
        if not isinstance(item, dict)
        or not any(words in str(cell) for cell in item.values() if isinstance(cell, str)
                   for words in ANSWERS)
    ]  # fmt: skip


def every(folder: Path) -> dict[str, list[Path]]:
    """Every format's files, by its name."""
    for name in ("eml",):
        (folder / name).mkdir()
    single = []
    for number, item in enumerate(MAILS):
        path = folder / "eml" / f"{number}.eml"
        path.write_bytes(item)
        single.append(path)
    embedded = [
        ticket | {"comments": [c for c in ZENDESK_COMMENTS if c["ticket_id"] == ticket["id"]]}
        for ticket in ZENDESK_TICKETS["tickets"]
    ]
    conversations, threads = folder / "conversations.csv", folder / "threads.csv"
    conversations.write_text(FREESCOUT_CONVERSATIONS, encoding="utf-8")
    threads.write_text(FREESCOUT_THREADS, encoding="utf-8")
    return {
        "zendesk": [
            dumped(folder / "comments.json", {"comments": ZENDESK_COMMENTS, "count": 6}),
            dumped(folder / "tickets.json", ZENDESK_TICKETS),
            dumped(folder / "users.json", {"users": ZENDESK_USERS}),
        ],
        "zendesk lines": [lines(folder / "export.ndjson", embedded)],
        "zendesk lines apart": [
            lines(folder / "all.ndjson", [*ZENDESK_TICKETS["tickets"], *ZENDESK_COMMENTS])
        ],
        "freshdesk": [dumped(folder / "freshdesk.json", FRESHDESK)],
        "chatwoot": [dumped(folder / "chatwoot.json", CHATWOOT)],
        "zammad": [dumped(folder / "zammad.json", ZAMMAD)],
        "help_scout": [dumped(folder / "scout.json", HELP_SCOUT)],
        "freescout": [threads, conversations],
        "channel_talk": [channel_workbook(folder / "channel.xlsx")],
        "channel_talk json": [dumped(folder / "channel.json", CHANNEL_JSON)],
        "mail": [mbox(folder / "box.mbox")],
        "mail single": single,
    }
