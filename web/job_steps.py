"""What a job says of its step, in the reader's language."""

from typing import Final

from flask_babel import lazy_gettext

from . import wording
from .i18n import gettext as _

_JUDGING: Final = "judging: "

# Those of training, replays and of what looks after the desk's knowledge.
_STEPS: Final = {
    "vocabulary": lazy_gettext("reading words"),
    "copying the database": lazy_gettext("copying the database"),
    "checking": lazy_gettext("reading back"),
    "counting": lazy_gettext("counting words"),
    "vectors": lazy_gettext("making vectors"),
    "writing": lazy_gettext("writing"),
    "writing the index": lazy_gettext("writing the index"),
    "features": lazy_gettext("reading inquiries"),
    "fastText": lazy_gettext("learning (fastText)"),
    "linear": lazy_gettext("learning (words)"),
    "neighbours": lazy_gettext("learning from similar inquiries"),
    "calibration": lazy_gettext("choosing thresholds"),
    "linear on everything": lazy_gettext("learning from everything (words)"),
    "fastText on everything": lazy_gettext("learning from everything (fastText)"),
    "encoding past inquiries": lazy_gettext("encoding past inquiries"),
    "asking both models": lazy_gettext("asking both models"),
    "comparing inquiries": lazy_gettext("comparing inquiries"),
    "grouping": lazy_gettext("grouping"),
    "choosing how alike is alike": lazy_gettext("choosing how alike is alike"),
    "naming what was found": lazy_gettext("naming what was found"),
    "laying out the map": lazy_gettext("laying out the map"),
    "comparing FAQs": lazy_gettext("comparing FAQs"),
    "checking links": lazy_gettext("checking links"),
    "looking for saved replies": lazy_gettext("looking for saved replies"),
    "counting how often saved replies were right": lazy_gettext(
        "counting how often saved replies were right"
    ),
    "deleting what was closed long ago": lazy_gettext("deleting what was closed long ago"),
}


def said(message: str) -> str | None:
    """A step in the reader's language; None where it is said in English alone."""
    if message.startswith(_JUDGING):
        inner = said(message.removeprefix(_JUDGING))
        return None if inner is None else _("judging: %(step)s", step=inner)
    found = _STEPS.get(message) or wording.STEPS.get(message)
    return None if found is None else str(found)
