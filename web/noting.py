"""What agents tell of a suggestion, in the console and the sidebar alike: taken, does not fit."""

from typing import Any, Final

from sqlite_utils import Database

from support import answering, insertions, suggestions
from support.audit import Actor
from support.errors import InputError

_LARGEST: Final = 2**63 - 1


def note_taken(db: Database, suggestion_id: str, body: dict[str, Any], actor: Actor) -> None:
    """Remember what was put into the draft, or taken back: an FAQ, a past answer, a saved reply.

    `found` in the body: the FAQ was not suggested but looked up.

    Raises:
        InputError: the body does not name anything.
        NotFoundError: there is no such suggestion, or it did not hold that.
        ConflictError: the inquiry was answered meanwhile.
    """
    undone, form = bool(body.get("undone")), str(body.get("form", ""))
    if "past" in body:
        past_id = _number(body["past"])
        insertions.note_past(db, suggestion_id, past_id, undone=undone, actor=actor)
    elif "reply" in body:
        reply_id = _number(body["reply"])
        insertions.note_reply(db, suggestion_id, reply_id, undone=undone, actor=actor)
    else:
        slug = str(body.get("slug", ""))
        note = insertions.note_found if body.get("found") else answering.note_inserted
        note(db, suggestion_id, slug, undone=undone, form=form, actor=actor)


def note_dismissal(db: Database, suggestion_id: str, body: dict[str, Any], actor: Actor) -> None:
    """Remember that a suggested FAQ does not fit, and why; or that it does, after all.

    Raises:
        InputError: there is no such reason.
        NotFoundError: it was not suggested there.
        ConflictError: the inquiry was answered meanwhile, or there is nothing to take back.
    """
    slug, reason = str(body.get("slug", "")), str(body.get("reason", ""))
    if body.get("undone"):
        said_in = suggestions.dismissed_in(db, suggestion_id, slug)
        for key in said_in or [suggestion_id]:
            answering.take_back_dismissal(db, key, slug, actor=actor)
    else:
        answering.dismiss(db, suggestion_id, slug, reason=reason, actor=actor)


def _number(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= _LARGEST:
        raise InputError(f"{value!r} is no id.")
    return value
