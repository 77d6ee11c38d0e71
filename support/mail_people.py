"""Whom a mail is from and to: who is answered, who gets a copy, and which addresses are our own."""

import re
from collections.abc import Collection
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import getaddresses
from typing import Final

from sqlite_utils import Database

from . import connections, settings
from .seal import Seal

MOST_COPIES: Final = 20  # people beside who asked
# Where a mail server writes down for which of our addresses a mail came.
_FOR_US: Final = ("Delivered-To", "X-Original-To", "Envelope-To")


def ours(db: Database, seal: Seal, mail: EmailMessage) -> frozenset[str]:
    """The desk's own addresses, small: of its mail connections, its settings, and of this mail.

    Args:
        db: the desk's database.
        seal: its key.
        mail: one that came in; what it says of this proves nothing, and only saves a copy.
    """
    senders = [
        connections.access(db, seal, found.id).sender
        for found in connections.listed(db)
        if found.kind == "smtp"
    ]
    named = [*senders, *(word for word in settings.load(db).allow if "@" in word)]
    named += [header(mail, name) for name in _FOR_US]
    return frozenset(address.lower() for _, address in getaddresses(named) if "@" in address)


def copied(mail: EmailMessage, *, without: Collection[str]) -> list[str]:
    """Who else reads an answer to a mail: those it went to and those who got a copy.

    Args:
        mail: one that came in.
        without: addresses, small, that get none: our own, and who is answered.
    """
    found: dict[str, str] = {}
    for name, address in getaddresses([header(mail, "To"), header(mail, "Cc")]):
        small = address.lower()
        if "@" in address and address.isascii() and small not in without:
            found.setdefault(small, written(name, address))
    return list(found.values())[:MOST_COPIES]


def vouched(mail: EmailMessage, address: str) -> bool:
    """Whether the mail server that took a mail in lets its sender's address pass (RFC 8601).

    Anybody can write any address into From. Where no server wrote down that it looked, it is
    believed: then nothing but what stands before this desk keeps a forged one out.

    Args:
        mail: one that came in.
        address: its sender's.
    """
    told = [str(value) for value in mail.get_all("Authentication-Results") or ()]
    if not told:
        return True
    server = told[0].partition(";")[0].split()[:1]  # the newest stands first: our own server's
    said = " ".join(
        " ".join(value.partition(";")[2].split()).lower()
        for value in told
        if value.partition(";")[0].split()[:1] == server
    )
    if said in ("", "none"):
        return True
    domain = re.escape(address.rpartition("@")[2].lower())
    passed = (
        r"\bdmarc=pass\b",
        r"\bauth=pass\b",
        rf"\bdkim=pass\b[^;]*\bheader\.(?:d=|i=\S*@){domain}(?=[\s;]|$)",
        rf"\bspf=pass\b[^;]*\bsmtp\.mailfrom=(?:\S*@)?{domain}(?=[\s;]|$)",
    )
    return "dmarc=fail" not in said and any(re.search(pattern, said) for pattern in passed)


def written(name: str, address: str) -> str:
    """A name and an address as a header has them; a name that cannot stand there is left out."""
    try:
        return str(Address(" ".join(name.split()), addr_spec=address)) if name else address
    except (MessageError, ValueError, IndexError):
        return address


def header(mail: EmailMessage, name: str) -> str:
    """A header's words; one that cannot be read is empty."""
    try:
        return " ".join(", ".join(str(value) for value in mail.get_all(name) or ()).split())
    except (IndexError, ValueError, AttributeError):  # the parser trips over a few odd ones
        return ""
