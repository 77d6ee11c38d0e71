"""How a delivery went, in the reader's words; what a server itself said stays as it is."""

import re
from typing import Final

from flask_babel import LazyString, lazy_gettext

from support.delivery import UNSURE
from support.delivery_hand import GIVEN_UP

# What `support.delivery` writes down, and its ways out; `(.*)` stands for %(what)s.
_SAID: Final[tuple[tuple[str, LazyString], ...]] = (
    (r"It cannot be reached: (.*)\.", lazy_gettext("It cannot be reached: %(what)s.")),
    (r"No answer: (.*)\.", lazy_gettext("No answer came: %(what)s.")),
    (
        r"It asks to be left alone for a while \((\d+)\)\.",
        lazy_gettext("It asks to be left alone for a while (%(what)s)."),
    ),
    (r"It is in trouble \((\d+)\)\.", lazy_gettext("It is in trouble (%(what)s).")),
    (
        r"The key or token is not taken any more: connect again\. \((\d+)\)",
        lazy_gettext("The key or token is not taken any more (%(what)s). Ask an admin."),
    ),
    (
        r"The key or token does not allow it\. \((\d+)\)",
        lazy_gettext("The key or token does not allow it (%(what)s). Ask an admin."),
    ),
    (
        r"It knows no such conversation\. \((\d+)\)",
        lazy_gettext("It knows no such conversation (%(what)s)."),
    ),
    (r"It refuses\. \((\d+)\)", lazy_gettext("It refuses (%(what)s).")),
    (
        r"The connection '(.*)' is switched off\.",
        lazy_gettext("The connection %(what)s is switched off."),
    ),
    (r"The mail server says (.*)\.", lazy_gettext("The mail server says: %(what)s.")),
    (
        r"The mail server cannot be reached: (.*)\.",
        lazy_gettext("The mail server cannot be reached: %(what)s."),
    ),
    (
        r"The mail server does not take the login\.",
        lazy_gettext("The mail server does not take the login. Ask an admin."),
    ),
    (
        r"The mail server fell silent after it had the mail\.",
        lazy_gettext("The mail server fell silent after it had the mail."),
    ),
    (
        r"Nobody knows any more to whom it goes\.",
        lazy_gettext("Nobody knows any more to whom it goes."),
    ),
    (r"The mail came back: (.*)\.", lazy_gettext("The mail came back: %(what)s.")),
    (
        r"A webhook signed with its secret comes through\.",
        lazy_gettext("A webhook signed with its secret comes through."),
    ),
    (r"The way out is open, as (.*)\.", lazy_gettext("The way out is open, as %(what)s.")),
    (r"No answers go out through it\.", lazy_gettext("No answers go out through it.")),
    (
        r"The token is of nobody who may answer\.",
        lazy_gettext("The token is of nobody who may answer."),
    ),
    (re.escape(GIVEN_UP), lazy_gettext("Given up by hand.")),
)
_UNSURE: Final = lazy_gettext(
    "It may have arrived all the same: look there before sending it again."
)


def why(words: str) -> str:
    """What was written down, in the reader's language; what is not known stays as it is."""
    said, unsure = words.removesuffix(UNSURE).rstrip(), words.endswith(UNSURE)
    for pattern, sentence in _SAID:
        if found := re.fullmatch(pattern, said):
            told = str(sentence)
            said = told % {"what": found[1]} if found.groups() else told
            break
    return f"{said} {_UNSURE}" if unsure else said
