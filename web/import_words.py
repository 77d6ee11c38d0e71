"""What imports say of themselves, in the reader's language."""

import re
from typing import Final

from flask_babel import LazyString, lazy_gettext

from support.importing.door import MAIL, TABLE, TITLES

from . import wording
from .i18n import gettext as _

STATES: Final = {
    "running": lazy_gettext("Running"),
    "done": lazy_gettext("Done"),
    "failed": lazy_gettext("Cut short"),
    "interrupted": lazy_gettext("Interrupted"),
    "undone": lazy_gettext("Taken back"),
}

ROLES: Final = {
    "customer": lazy_gettext("customers"),
    "agent": lazy_gettext("agents"),
    "bot": lazy_gettext("bots"),
    "system": lazy_gettext("the system"),
    "note": lazy_gettext("private notes"),
}

MASKED: Final = {
    "resident_number": lazy_gettext("resident numbers"),
    "phone": lazy_gettext("telephone numbers"),
    "email": lazy_gettext("mail addresses"),
    "card": lazy_gettext("cards"),
    "account": lazy_gettext("accounts"),
}

LEFT_OUT: Final = {
    "private note": lazy_gettext("private notes"),
    "system message": lazy_gettext("messages of the system"),
    "without text": lazy_gettext("messages without text"),
    "draft or hidden": lazy_gettext("drafts and hidden messages"),
    "spam or deleted": lazy_gettext("spam and what was deleted"),
    "automatic mail": lazy_gettext("automatic mails"),
    "conversation of somebody whom the desk was told to forget": lazy_gettext(
        "conversations of people whom the desk was told to forget"
    ),
    "conversation that no customer wrote in": lazy_gettext(
        "conversations that no customer wrote in"
    ),
}

FIELDS: Final = {
    "question": lazy_gettext("Question"),
    "answer": lazy_gettext("Answer"),
    "conversation": lazy_gettext("Conversation’s id"),
    "role": lazy_gettext("Who wrote it"),
    "text": lazy_gettext("Text"),
    "id": lazy_gettext("Id"),
    "subject": lazy_gettext("Subject"),
    "at": lazy_gettext("Asked at"),
    "answered_at": lazy_gettext("Answered at"),
    "agent": lazy_gettext("Agent"),
    "customer": lazy_gettext("Customer"),
    "channel": lazy_gettext("Channel"),
    "language": lazy_gettext("Language"),
    "category": lazy_gettext("Category"),
    "tags": lazy_gettext("Tags"),
    "status": lazy_gettext("Status"),
}
FIRST: Final = {
    "pairs": ("question", "answer", "at"),
    "messages": ("conversation", "role", "text", "at"),
}
NEEDED: Final = {"pairs": ("question",), "messages": ("conversation", "role", "text")}

_WAITING: Final = {
    "": lazy_gettext("Can be imported"),
    "password": lazy_gettext("Needs a password"),
    "columns": lazy_gettext("Needs its columns"),
    "other": lazy_gettext("Cannot be read"),
}

# Notes as `support.importing` writes them.
_COLUMN: Final = re.compile(r"(?P<column>'.*'|\".*\") is taken for the (?P<field>\w+)", re.DOTALL)
_OURS: Final = re.compile(r"mail from (?:anybody at )?(?P<who>\S+) is taken for an agent's: .*")
_KNOWN: Final[dict[str, LazyString]] = {
    MAIL: lazy_gettext("Mail"),
    TABLE: lazy_gettext("Table"),
}


def title(name: str) -> str:
    """What a format is called."""
    return str(_KNOWN.get(name) or TITLES.get(name) or name or _("unknown"))


def readable() -> list[str]:
    """The names of everything that is read."""
    return [title(name) for name in TITLES]


def waiting(state: str, needs: str) -> str:
    """What files that were looked at wait for."""
    if state != "done":
        return str(wording.JOB_STATES.get(state, state))
    return str(_WAITING[needs])


def notes(found: list[str]) -> list[tuple[str, str]]:
    """What was guessed, in the reader's language; with `en` what is known in English alone."""
    return [_note(words) for words in found]


def _note(words: str) -> tuple[str, str]:
    if (match := _COLUMN.fullmatch(words)) and match["field"] in FIELDS:
        column, name = match["column"][1:-1], FIELDS[match["field"]]
        return _("The column %(column)s is taken for: %(name)s", column=column, name=name), ""
    if match := _OURS.fullmatch(words):
        return _("Mail from %(who)s is taken for an agent’s.", who=match["who"]), ""
    return words, "en"


def counted(counts: dict[str, int], words: dict[str, LazyString]) -> list[tuple[str, int]]:
    """Counts by what they are called, the most first."""
    found = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [(str(words.get(name, name)), count) for name, count in found]
