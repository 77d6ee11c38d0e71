"""Guesses what the columns of a table mean, by their names and by what stands in them.

Two kinds of tables: a question and its answer in one row (`pairs`), or one message a row with its
conversation's id (`messages`; research 5.1). A guess is shown to people before anything is stored.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from .. import clock

SAMPLE: Final = 200  # rows that are looked at


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


# Written as `_plain` writes names: lower case, letters and digits alone.
NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "conversation": _words(
        "conversationid chatid ticketid threadid dialogid dialogueid roomid "
        "sessionid caseid 상담id 대화id 상담번호 대화번호 채팅id 티켓번호 "
        "티켓id"
    ),
    "role": _words(
        "sendertype role persontype authortype senderrole direction speaker "
        "sender 발신자유형 발신자구분 작성자구분 보낸사람구분 화자 발신자 구분"
    ),
    "question": _words(
        "question inquiry q 질문 문의 문의내용 질문내용 고객문의 고객질문 "
        "문의글 상담내용 description body content message text 내용 본문 "
        "plaintext"
    ),
    "answer": _words(
        "answer reply response a 답변 답변내용 답 회신 회신내용 처리내용 "
        "상담답변 답글 agentreply solution resolution"
    ),
    "subject": _words("subject title 제목 문의제목 summary"),
    "id": _words(
        "id no number ticketid ticketno ticketnumber inquiryid caseid 번호 "
        "문의번호 접수번호 글번호 티켓번호 문의id messageid"
    ),
    "at": _words(
        "createdat created askedat date datetime time timestamp sendtime sentat "
        "작성일 작성일시 등록일 등록일시 문의일 문의일시 접수일 접수일시 일시 "
        "날짜 생성일 생성일시 발신시각 시간"
    ),
    "answered_at": _words(
        "answeredat repliedat 답변일 답변일시 처리일 처리일시 회신일 완료일시 respondedat"
    ),
    "agent": _words(
        "agent agentname agentid assignee 담당자 상담원 상담사 답변자 처리자 "
        "담당 author senderid personid sendername"
    ),
    "customer": _words(
        "customer customerid user userid requester requesterid visitorid 고객 "
        "고객id 고객번호 회원 회원id 회원번호 작성자 아이디 문의자"
    ),
    "channel": _words("channel 채널 접수채널 문의채널 via source medium"),
    "language": _words("language lang locale 언어"),
    "category": _words("category topic type 분류 카테고리 문의유형 유형 문의분류 상담유형"),
    "tags": _words("tags tag labels 태그 라벨"),
    "status": _words("status state 상태 처리상태 답변상태 진행상태"),
}
# What a table calls the roles.
_ROLE_WORDS: Final = {
    "customer": _words(
        "customer user visitor client end-user enduser incoming in 고객 사용자 회원 문의자 구매자"
    ),
    "agent": _words(
        "agent manager operator admin staff outgoing out support 상담원 상담사 "
        "담당자 매니저 관리자 직원 판매자"
    ),
    "bot": _words("bot chatbot 봇 챗봇 자동응답"),
    "system": _words("system 시스템"),
}
ROLES: Final = {word: role for role, words in _ROLE_WORDS.items() for word in words}
PAIR_FIELDS: Final = (
    "id", "question", "answer", "subject", "at", "answered_at", "agent", "customer", "channel",
    "language", "category", "tags", "status",
)  # fmt: skip
MESSAGE_FIELDS: Final = (
    "conversation", "role", "text", "at", "id", "agent", "customer", "subject", "channel",
    "language", "category", "tags", "status",
)  # fmt: skip
_LONG: Final = 12.0  # mean characters from which on a column holds what people wrote
_LINK: Final = re.compile(r"https?://", re.IGNORECASE)
_ASKS: Final = re.compile(
    r"[?？]|나요|까요|어떻게|안\s?돼|안\s?되|how |why |cannot|can't", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Guess:
    """What columns mean. `kind`: pairs, messages, or '' where nothing can be told.

    `fields`: what a column is to faqdesk to the column's name. `by_content`: the fields that were
    told by what stands in the column, not by its name.
    """

    kind: str
    fields: dict[str, str]
    columns: tuple[str, ...]
    by_content: tuple[str, ...] = ()

    @property
    def missing(self) -> tuple[str, ...]:
        """The fields without which the table cannot be read."""
        needed = ("conversation", "role", "text") if self.kind == "messages" else ("question",)
        return tuple(name for name in needed if name not in self.fields)


def guess(rows: Sequence[Mapping[str, Any]], given: Mapping[str, str] | None = None) -> Guess:
    """Guess what the columns of a table mean.

    Args:
        rows: the first ones; `SAMPLE` of them are looked at.
        given: fields that somebody has named a column for; an empty column is none.
    """
    rows = rows[:SAMPLE]
    columns = tuple(dict.fromkeys(name for row in rows for name in row))
    given = dict(given or {})
    cells = {
        name: [str(row[name]) for row in rows if str(row.get(name, "")).strip()] for name in columns
    }
    kind = _kind(columns, cells, given)
    fields = dict(given)
    wanted = MESSAGE_FIELDS if kind == "messages" else PAIR_FIELDS
    for field in wanted:
        if field not in fields:
            known = NAMES["question" if field == "text" else field]
            if field == "id" and kind == "messages":
                known = ("messageid", "id", "번호")
            taken = set(fields.values())
            found = _by_name(columns, known, taken)
            if found:
                fields[field] = found
    sure = set(fields)
    _by_content(kind, cells, fields)
    fields = {field: column for field, column in fields.items() if column}
    by_content = tuple(field for field in fields if field not in sure)
    return Guess(kind, fields, columns, by_content)


def role_of(word: str) -> str:
    """The role that a table's word stands for; '' of an unknown one."""
    return ROLES.get(word.strip().lower(), "")


def _kind(
    columns: tuple[str, ...], cells: Mapping[str, list[str]], given: Mapping[str, str]
) -> str:
    if given.keys() & {"conversation", "role", "text"}:
        return "messages"
    if given.keys() & {"question", "answer"}:
        return "pairs"
    roles = [name for name in columns if _holds_roles(cells[name])]
    threads = [name for name in columns if _plain(name) in NAMES["conversation"]]
    if roles and (threads or any(_repeats(cells[name]) for name in columns if name not in roles)):
        return "messages"
    return "pairs"


def _by_name(columns: tuple[str, ...], known: Sequence[str], taken: set[str]) -> str:
    by_plain = {_plain(name): name for name in reversed(columns) if name not in taken}
    return next((by_plain[name] for name in known if name in by_plain), "")


def _by_content(kind: str, cells: Mapping[str, list[str]], fields: dict[str, str]) -> None:
    """Fill in what the names did not tell."""

    def free() -> list[str]:
        return [name for name in cells if name not in fields.values()]

    if kind == "messages":
        if "role" not in fields or not _holds_roles(cells.get(fields["role"], [])):
            _put(fields, "role", [name for name in free() if _holds_roles(cells[name])])
        if "conversation" not in fields:
            _put(fields, "conversation", [name for name in free() if _repeats(cells[name])])
    if "at" not in fields:
        _put(fields, "at", [name for name in free() if _holds_times(cells[name])])
    long = [
        name
        for name in free()
        if _length(cells[name]) >= _LONG and _holds_words(cells[name]) and not _same(cells[name])
    ]
    if kind == "messages":
        if "text" not in fields:
            _put(fields, "text", sorted(long, key=lambda name: -_length(cells[name])))
        return
    if "question" not in fields and long:
        # Of two, that which asks; of equals, the first.
        fields["question"] = max(long, key=lambda name: _share(cells[name], _ASKS))
        long.remove(fields["question"])
    if "answer" not in fields and long:
        fields["answer"] = max(
            long, key=lambda name: (_share(cells[name], _LINK), _length(cells[name]))
        )


def _put(fields: dict[str, str], field: str, columns: list[str]) -> None:
    """Have the first of some columns stand for a field, if there is one."""
    if columns:
        fields[field] = columns[0]


def _plain(name: str) -> str:
    folded = unicodedata.normalize("NFKC", name).lower()
    return "".join(sign for sign in folded if sign.isalnum())


def _holds_roles(cells: Sequence[str]) -> bool:
    known = [role for cell in cells if (role := role_of(cell))]
    # A word that nobody knows here and there is told when its row is read.
    return len(known) * 5 >= len(cells) * 4 and len(set(known)) > 1


def _holds_times(cells: Sequence[str]) -> bool:
    if not cells:
        return False
    for cell in cells[:20]:
        try:
            clock.parse(cell)
        except ValueError:
            return False
    return True


def _holds_words(cells: Sequence[str]) -> bool:
    """Whether people wrote there: numbers and codes hardly hold a letter."""
    return sum(sum(map(str.isalpha, cell)) > len(cell) / 3 for cell in cells) * 2 > len(cells)


def _repeats(cells: Sequence[str]) -> bool:
    """Whether the same short words stand in rows beside each other, as a conversation's id does."""
    if len(cells) < 4 or _length(cells) > 40 or len(set(cells)) < 2:
        return False
    blocks = 1 + sum(a != b for a, b in pairwise(cells))
    return blocks == len(set(cells)) < len(cells)


def _length(cells: Sequence[str]) -> float:
    return sum(map(len, cells)) / len(cells) if cells else 0.0


def _same(cells: Sequence[str]) -> bool:
    return len(set(cells)) * 3 < len(cells)


def _share(cells: Sequence[str], pattern: re.Pattern[str]) -> float:
    return sum(pattern.search(cell) is not None for cell in cells) / len(cells) if cells else 0.0
