"""Mails that come back: reports on delivery (RFC 3464), read for what they say of ours.

A report names what it is about by the Message-ID of the mail that it quotes. Pure: a mail in.
"""

import re
from dataclasses import dataclass
from email.message import EmailMessage, Message
from typing import Final

OURS: Final = re.compile(r"<faqdesk\.([0-9a-f]{32})@[^<>\s]+>")  # as delivery_mail writes them


@dataclass(frozen=True, slots=True)
class Bounce:
    """What a report says of one of our mails.

    Attributes:
        key: of our answer, as the outbox has it.
        recipient: who did not get it, small; empty where it does not say.
        failed: for good; else it only is late.
        why: the status and what the other server said.
    """

    key: str
    recipient: str
    failed: bool
    why: str


def read(mail: EmailMessage) -> Bounce | None:
    """What a report says of a mail of ours; None where this is no report, or of another mail."""
    if mail.get_content_type() != "multipart/report":
        return None
    key, fields = "", list[Message]()
    for part in mail.walk():
        kind = part.get_content_type()
        if kind == "message/delivery-status":
            # One block for the mail, then one for each recipient.
            fields += [block for block in part.get_payload() if isinstance(block, Message)]
        elif kind in ("message/rfc822", "text/rfc822-headers", "message/global-headers"):
            ours = OURS.fullmatch(_message_id(part))
            key = key or (ours[1] if ours else "")
    if not key:  # some quote nothing, and answer our mail as a reply does
        before = OURS.findall(f"{mail['References'] or ''} {mail['In-Reply-To'] or ''}")
        key = before[-1] if before else ""
    about = [block for block in fields if block["Action"]]
    if not key or not about:
        return None
    worst = next((block for block in about if _action(block) == "failed"), about[0])
    status = " ".join(str(worst["Status"] or "").split())
    said = str(worst["Diagnostic-Code"] or "").partition(";")[2]
    return Bounce(
        key=key,
        recipient=_recipient(worst),
        failed=_action(worst) == "failed",
        why=" ".join(f"{status} {said}".split())[:200] or "no reason was given",
    )


def _message_id(part: Message) -> str:
    """Of the mail that a part quotes, whole or by its headers alone."""
    quoted = part.get_payload()
    if isinstance(quoted, list):
        first = quoted[0] if quoted else None
        return str(first["Message-ID"] or "").strip() if isinstance(first, Message) else ""
    headers = re.split(r"\r?\n\r?\n", str(quoted), maxsplit=1)[0]
    named = re.search(r"^message-id:\s*(\S+)", headers, re.IGNORECASE | re.MULTILINE)
    return named[1] if named else ""


def _action(block: Message) -> str:
    return str(block["Action"] or "").strip().lower()


def _recipient(block: Message) -> str:
    named = str(block["Original-Recipient"] or block["Final-Recipient"] or "")
    return named.partition(";")[2].strip().strip("<>").lower()
