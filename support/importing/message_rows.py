"""A table of messages, one a row: what its columns mean was guessed, or said by people."""

import hashlib
import re
from collections.abc import Mapping
from datetime import tzinfo

from .conversation import GENERATED, RawConversation, RawMessage, quoted
from .format import ENDED, GOING, Format, Intake, Row, add, moment, settle_status, text
from .guess import role_of
from .spool import Spool

_STATUS = {
    "closed": ENDED, "solved": ENDED, "resolved": ENDED, "answered": ENDED, "완료": ENDED,
    "종료": ENDED, "답변완료": ENDED, "open": GOING, "new": GOING, "pending": GOING,
    "opened": GOING, "대기": GOING, "접수": GOING,
}  # fmt: skip


def message_format(name: str, fields: Mapping[str, str], *, zone: tzinfo) -> Format:
    """A reader of rows.

    Args:
        name: of the source.
        fields: what a column is to faqdesk (`guess.MESSAGE_FIELDS`) to the column's name.
        zone: where the clock of times stands that name no offset.
    """
    nobody_yet: set[str] = set()

    def cell(row: Row, field: str) -> str:
        return text(row, fields[field]) if fields.get(field) else ""

    def take(row: Row, where: str, intake: Intake) -> None:
        conversation = cell(row, "conversation")
        if not conversation:
            raise ValueError(f"no {quoted(fields['conversation'])}")
        role = role_of(cell(row, "role"))
        if not role:
            raise ValueError(f"the role {quoted(cell(row, 'role'))} is unknown")
        at = moment(row, fields["at"], zone=zone) if fields.get("at") else ""
        raw = RawConversation(
            conversation,
            at,
            subject=cell(row, "subject"),
            channel=cell(row, "channel") or "none",
            language=cell(row, "language"),
            category=cell(row, "category"),
            tags=[part.strip() for part in re.split(r"[;,|]", cell(row, "tags")) if part.strip()],
            customer_id=cell(row, "customer") if role == "customer" else "",
            status=_STATUS.get(cell(row, "status").strip().lower(), ""),
        )
        # What the first row says of a conversation counts, but who asks, a customer's row says.
        if not intake.spool.knows(conversation):
            intake.spool.conversation(raw)
            if not raw.customer_id:
                nobody_yet.add(conversation)
        elif raw.customer_id and conversation in nobody_yet:
            nobody_yet.remove(conversation)
            raw.opened_at = ""  # that of its first message
            intake.spool.conversation(raw, again=False)
        words = cell(row, "text")
        said = "\0".join((conversation, role, at, words))
        made = GENERATED + hashlib.sha256(said.encode("utf-8", "replace")).hexdigest()[:24]
        author = cell(row, "agent") if role == "agent" else ""
        add(intake, conversation, RawMessage(cell(row, "id") or made, role, words, at, author))

    def settle(raw: RawConversation, spool: Spool) -> None:
        settle_status(raw)

    return Format(name, "table of messages", lambda row: False, take, settle)
