"""Changes of FAQs and saved replies, states, findings and refusals as people read them."""

from collections.abc import Iterable

from flask_babel import lazy_gettext

from support.errors import UndoRefusedError
from support.faq_changes import FaqChange
from support.own_texts import PERSONAL
from support.saved_reply_changes import ReplyChange

from .i18n import gettext as _

STATES = {
    "used": lazy_gettext("in use"),
    "renamed": lazy_gettext("with other names"),
    "merged": lazy_gettext("part of another"),
    "retired": lazy_gettext("retired"),
}
SORTS = {
    "title": lazy_gettext("by category and title"),
    "sent": lazy_gettext("most often sent"),
    "rare": lazy_gettext("least often sent"),
    "suggested": lazy_gettext("most often suggested"),
    "missed": lazy_gettext("most often missed"),
    "new": lazy_gettext("newest first"),
}
ROWS = {
    "new": lazy_gettext("new"),
    "changed": lazy_gettext("changed"),
    "same": lazy_gettext("the same"),
    "duplicate": lazy_gettext("twice in the file"),
    "old_name": lazy_gettext("an old name"),
    "invalid": lazy_gettext("not usable"),
}
FIELDS = {
    "slug": lazy_gettext("name in links"),
    "title": lazy_gettext("title"),
    "title_en": lazy_gettext("title in English"),
    "body": lazy_gettext("text"),
    "category": lazy_gettext("category"),
    "url": lazy_gettext("link"),
    "language": lazy_gettext("language"),
    "active": lazy_gettext("in use or retired"),
    "discovered": lazy_gettext("described"),
}
FINDINGS = {
    "interchangeable": lazy_gettext("Used for the same"),
    "link_gone": lazy_gettext("Link is dead"),
    "link_moved": lazy_gettext("Link leads elsewhere"),
    "text_changed": lazy_gettext("Text changed since"),
    "complained": lazy_gettext("Complained about"),
    "undescribed": lazy_gettext("Not described"),
    "never_sent": lazy_gettext("Never sent"),
    "never_suggested": lazy_gettext("Never suggested"),
}
MEANING = {
    "interchangeable": lazy_gettext(
        "Agents answer the same inquiries with the one or the other. Perhaps they are one."
    ),
    "link_gone": lazy_gettext("The help centre says that there is no such page any more."),
    "link_moved": lazy_gettext("The page sends its readers to another address."),
    "text_changed": lazy_gettext(
        "Many answers were written while the FAQ said something else, and may quote what is gone."
    ),
    "complained": lazy_gettext("Agents dismissed it for what it says, not for where it was shown."),
    "undescribed": lazy_gettext(
        "Known from links alone: without a text of its own, only past answers speak for it."
    ),
    "never_sent": lazy_gettext("It has been there for a while, and no answer linked it."),
    "never_suggested": lazy_gettext("No suggestion of the last while showed it."),
}


# By a part of what the reader of files says.
_REASONS = {
    "FAQ needs a title": lazy_gettext("An FAQ needs a title."),
    "reply needs a": lazy_gettext("A saved reply needs a title and a text."),
    "slug stands in an address": lazy_gettext(
        "A name in links begins with a letter or a digit, has at most 200 characters, and none of "
        "them is a blank or one of / ? # % &. A few names are pages of the desk."
    ),
    "link of an FAQ": lazy_gettext(
        "A link begins with https:// or http:// and names a host, as a browser shows it."
    ),
    PERSONAL: lazy_gettext(
        "It holds what looks like a customer’s number or address. Leave it out; the desk’s own "
        "belong into the settings, under Never masked."
    ),
    "is an old name of": lazy_gettext(
        "It is an old name of an FAQ that is there. Write its name of today."
    ),
}


def undo_refused(error: UndoRefusedError) -> str:
    """Why a change stays as it is, and what helps."""
    if error.why == "undone":
        return _("It was taken back already.")
    if error.why == "used":
        return _(
            "Not taken back: %(n)s answers have linked it since. Retire it instead.",
            n=f"{error.n:,}",
        )
    if error.why == "later":
        return _(
            "Not taken back: change no. %(later)s stands upon this one. Take that back first.",
            later=error.later,
        )
    return _("Not taken back: what it wrote was changed since. Write it as it shall be.")


def fields(names: Iterable[str]) -> str:
    """Names of fields in a row."""
    return ", ".join(str(FIELDS[name]) for name in names if name in FIELDS)


def row_reason(state: str, reason: str) -> tuple[str, str]:
    """Why a row of a file cannot be taken in, and the language that this is said in."""
    if state == "duplicate":
        return "", ""
    for part, words in _REASONS.items():
        if part in reason:
            return str(words), ""
    return reason, "en"


def faq_change(change: FaqChange) -> str:
    """What a change did, in a few words."""
    names = {"slug": change.slug, "into": change.into_slug, "n": f"{change.labels:,}"}
    if change.kind == "created":
        return _("made, with %(n)s inquiries", **names) if change.labels else _("first written")
    if change.kind == "edited":
        what = fields(change.fields)
        return _("edited: %(fields)s", fields=what) if what else _("edited")
    if change.kind == "renamed":
        return _("renamed: %(slug)s → %(into)s; %(n)s labels followed", **names)
    if change.kind == "merged":
        return _("%(slug)s became part of %(into)s; %(n)s labels followed", **names)
    if change.kind == "labelled":
        return _("%(n)s inquiries labelled by hand", **names)
    if change.kind == "imported":
        return _("imported from %(file)s", file=change.slug)
    return _("restored") if change.kind == "restored" else _("retired")


def reply_change(change: ReplyChange) -> str:
    """What a change did, in a few words."""
    if change.kind == "created":
        return _("first written")
    if change.kind == "edited":
        what = fields(change.fields)
        return _("edited: %(fields)s", fields=what) if what else _("edited")
    if change.kind == "imported":
        return _("imported from %(file)s", file=change.name)
    return _("restored") if change.kind == "restored" else _("retired")
