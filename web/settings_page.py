"""The desk's settings, each with its sentence; what changed is saved, and written down."""

import json
from dataclasses import dataclass
from typing import Any, Final

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from support import backups, retention, settings
from support.database import write
from support.errors import InputError, SettingError
from support.settings import RANGES, Settings

from . import settings_words
from .actors import who
from .auth import ADMINS, actor, requires
from .database import db
from .i18n import gettext as _
from .i18n import moment
from .settings_words import FIELDS, GROUPS, Field

bp = Blueprint("settings_page", __name__, url_prefix="/settings")

MAX_DESK_NAME: Final = 40
_DEFAULTS: Final = Settings()


@dataclass(frozen=True, slots=True)
class Typed:
    """What a form holds of one setting: as it was shown, as it was typed, what is wrong with it."""

    was: Any
    text: str
    value: Any = None
    trouble: str = ""
    conflict: bool = False


@bp.get("")
@requires(*ADMINS)
def show() -> ResponseReturnValue:
    """Show every setting."""
    return _page(settings.load(db()), {})


@bp.get("/due")
@requires(*ADMINS)
def due() -> ResponseReturnValue:
    """How many closed inquiries would be deleted now, for the page's script."""
    days = request.args.get("days", "")
    if not (days.isascii() and days.isdigit() and int(days) <= RANGES["inquiries_days"][1]):
        raise InputError(f"Days are a whole number, got {days[:20]!r}.")
    n = retention.due(db(), days=int(days))
    return {"n": n, "words": _deleted(n, int(days)) if int(days) else ""}


@bp.post("")
@requires(*ADMINS)
def save() -> ResponseReturnValue:
    """Save what was changed on the form, all of it or nothing."""
    reset = request.form.get("reset", "")
    with write(db()):
        now = settings.load(db())
        typed = {name: _typed(field, now) for name, field in FIELDS.items() if f"was-{name}" in
                 request.form}  # fmt: skip
        if reset in typed:
            typed[reset] = Typed(typed[reset].was, _written(reset, getattr(_DEFAULTS, reset)))
            return _page(now, typed)
        changed = {name: item for name, item in typed.items() if item.value != item.was}
        ask = _asks_to_delete(changed, now)
        wrong = [item for item in changed.values() if item.trouble]
        if wrong or ask:
            status = 409 if any(item.conflict for item in wrong) else 400 if wrong else 200
            return _page(now, typed, ask=ask), status
        settings.change(db(), actor(), **{name: item.value for name, item in changed.items()})
    flash(_("Saved: %(n)s.", n=len(changed)) if changed else _("Nothing was changed."), "info")
    return redirect(url_for(".show"))


def _typed(field: Field, now: Settings) -> Typed:
    """Read one setting off the form, and say what is wrong with it."""
    name = field.name
    text = request.form.get(name, "").replace("\r\n", "\n")
    was, stands = _was(name), getattr(now, name)
    try:
        value = settings_words.read(field, text)
    except ValueError:
        return Typed(was, text, object(), _range(field))
    if value == was or text == _written(name, was):
        # Whoever left it alone sees what others made of it.
        return Typed(stands, _written(name, stands), stands)
    if name == "desk_name" and not 1 <= len(value) <= MAX_DESK_NAME:
        return Typed(was, text, value, _("A name has 1 to %(n)s characters.", n=MAX_DESK_NAME))
    try:
        value = settings.check(name, value)
    except SettingError:
        return Typed(was, text, value, _range(field))
    if stands not in (was, value):
        _at, by = settings.changed(db()).get(name, ("", ""))
        words = _(
            "%(name)s made this %(value)s meanwhile. Yours is kept here: save again to put it in "
            "its place.",
            name=who(db(), by),
            value=_written(name, stands).replace("\n", ", ") or _("nothing"),
        )
        return Typed(stands, text, value, words, conflict=True)
    return Typed(was, text, value)


def _was(name: str) -> Any:
    """What the setting was as the form was shown.

    Raises:
        InputError: the form does not say.
    """
    try:
        was = json.loads(request.form[f"was-{name}"])
    except ValueError as error:
        raise InputError("This form is damaged. Load the page anew.") from error
    return tuple(was) if isinstance(was, list) else was


def _asks_to_delete(changed: dict[str, Typed], now: Settings) -> str:
    """The question before inquiries are deleted; empty where none will be, or it was answered."""
    item = changed.get("inquiries_days")
    if item is None or item.trouble or not item.value:
        return ""
    less = now.inquiries_days and item.value >= now.inquiries_days
    n = retention.due(db(), days=item.value)
    if less or not n or request.form.get("delete") == str(item.value):
        return ""
    return _deleted(n, item.value)


def _deleted(n: int, days: int) -> str:
    if not n:
        return _("No inquiry was closed more than %(days)s days ago: nothing is deleted now.",
                 days=days)  # fmt: skip
    return _(
        "%(n)s inquiries were closed more than %(days)s days ago. They will be deleted within the "
        "hour, and cannot be brought back.",
        n=f"{n:,}",
        days=days,
    )


def _range(field: Field) -> str:
    """What would do, in a sentence."""
    if field.name in RANGES:
        low, high = (settings_words.written(field, value) for value in RANGES[field.name])
        return _("Give a number from %(low)s to %(high)s.", low=low, high=high)
    return {
        "share_right": _("Give a number above 0 and below 100."),
        "share_right_3": _("Give a number above 0 and below 100."),
        "faq_path": _("It begins with / and holds {slug} once, such as /{locale}/faq/{slug}."),
        "likely_threshold": _("Give a number from 0.0001 to 1, or 0 for the model's own."),
        "faq_thresholds": _("One a line: refund=0.85, with a number from 0.0001 to 1 or never."),
        "backup_folder": _("A whole path, such as /mnt/backups."),
        "embed_parents": _("One a line: https://, the host, and nothing behind it."),
    }.get(field.name, _("This cannot be read."))


def _page(now: Settings, typed: dict[str, Typed], *, ask: str = "") -> str:
    names = [name for name in FIELDS if name not in typed]
    shown = typed | {
        name: Typed(getattr(now, name), _written(name, getattr(now, name))) for name in names
    }
    return render_template(
        "settings.html",
        groups=GROUPS,
        typed=shown,
        was={name: json.dumps(item.was, ensure_ascii=False) for name, item in shown.items()},
        usual={name: _written(name, getattr(_DEFAULTS, name)) for name in FIELDS},
        limits={name: _limits(field) for name, field in FIELDS.items()},
        said={name: _range(field) for name, field in FIELDS.items() if name in RANGES},
        changed=settings.changed(db()),
        person=lambda name: who(db(), name),
        ask=ask,
        backed_up=_backed_up(),
        wrong=[FIELDS[name] for name, item in shown.items() if item.trouble],
        now_due=_deleted(retention.due(db(), days=now.inquiries_days), now.inquiries_days)
        if now.inquiries_days
        else "",
    )


def _backed_up() -> str:
    """When the last good backup was made, and what is wrong since."""
    good, failed = backups.last(db()), backups.failed_since(db())
    words = (
        _("The last backup: %(name)s, %(when)s.", name=good.path.name, when=moment(good.at))
        if good
        else _("There is no backup yet.")
    )
    if failed:
        words += " " + _("One failed since; the log and the Jobs page say why.")
    elif backups.late(db()):
        words += " " + _("It is late: none was made for more than a day.")
    return words


def _limits(field: Field) -> tuple[str, str]:
    """The least and the most of a number's field; empty where there is none."""
    if field.name not in RANGES:
        return {"likely_threshold": ("0", "1")}.get(field.name, ("", ""))
    low, high = RANGES[field.name]
    return settings_words.written(field, low), settings_words.written(field, high)


def _written(name: str, value: Any) -> str:
    return settings_words.written(FIELDS[name], value)
