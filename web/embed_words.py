"""What the sidebar's own script says, in each language.

Whoever holds the page says which languages the browser likes; the agent, whose choice counts, is
known only once the sidebar is connected. So the page brings both along.
"""

from typing import Final

from flask_babel import force_locale, lazy_gettext

from support.agents import LANGUAGES

WORDS: Final = {
    "title": lazy_gettext("What fits"),
    # how it stands
    "alone": lazy_gettext("This page stands in the sidebar of a helpdesk; alone it shows nothing."),
    "waiting": lazy_gettext("Waiting for the helpdesk to say which conversation is open …"),
    "unheard": lazy_gettext(
        "The helpdesk does not say which conversation is open. Open one, or load its page anew."
    ),
    "none": lazy_gettext("No conversation is open. Open one, and what fits it stands here."),
    "looking": lazy_gettext("Looking for what fits …"),
    "connect_first": lazy_gettext("Connect this sidebar with the desk: sign in there once a day."),
    "ended": lazy_gettext(
        "The connection with the desk has ended: an hour without the sidebar, a sign-out, or a new "
        "password. Connect it again."
    ),
    # what went wrong
    "offline": lazy_gettext(
        "The desk cannot be reached. Look at the network; it is tried again by itself."
    ),
    "trouble": lazy_gettext("The desk does not answer. Try again."),
    "blocked": lazy_gettext(
        "The browser kept the window shut. Allow windows of this page, then press Connect again."
    ),
    "settled": lazy_gettext("This was answered meanwhile; nothing more is noted."),
    # what was done
    "copied": lazy_gettext("Copied."),
    "inserted": lazy_gettext("Inserted."),
    "not_copied": lazy_gettext("The browser did not allow copying."),
    "masked": lazy_gettext(
        "It holds masked personal data such as [전화번호]: put in the right words before you "
        "send it."
    ),
    "undone": lazy_gettext("Taken back. Take the text itself out of your answer."),
    # buttons and fields
    "connect": lazy_gettext("Connect"),
    "again": lazy_gettext("Try again"),
    "undo": lazy_gettext("Undo"),
    "find": lazy_gettext("Find any FAQ or saved reply"),
    "desk": lazy_gettext("To the desk"),
}


def spoken() -> dict[str, dict[str, str]]:
    """The words of each language."""
    said = {}
    for language in LANGUAGES:
        with force_locale(language):
            said[language] = {name: str(words) for name, words in WORDS.items()}
    return said
