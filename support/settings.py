"""The desk's settings: each has one home here, a sentence, a default and a check.

Stored as JSON rows in the database, so that every process sees a change at its next look.
"""

import json
from dataclasses import dataclass, fields, replace
from typing import Any

from sqlite_utils import Database

from .audit import Actor, record
from .clock import now
from .database import write
from .errors import SettingError
from .links import LinkPattern


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Every knob of the desk."""

    desk_name: str = "faqdesk"  # shown in the console's head
    faq_hosts: tuple[str, ...] = ()  # hosts of the help centre, mobile ones too
    faq_path: str = "/{locale}/faq/{slug}"  # where in an address the FAQ's slug stands
    discover_faqs: bool = False  # a link to an unknown page of the help centre makes an FAQ
    allow: tuple[str, ...] = ()  # the desk's own public numbers and addresses, never masked
    share_right: float = 0.8  # of suggestions shown as Likely, this share shall be right
    share_right_3: float = 0.5  # of sets of three shown as Possible, this share holds the right one
    top_k: int = 3  # suggestions shown at most
    similar_k: int = 5  # past answers shown
    holdout: float = (
        0.03  # share of inquiries that get no suggestion, to learn from unswayed labels
    )
    originals_days: int = 7  # originals of a closed inquiry are forgotten after so many days
    channels: tuple[str, ...] = ()  # channels through which answers are delivered; else copied

    def __post_init__(self) -> None:
        """Refuse a value out of its range, naming it."""
        for name in ("share_right", "share_right_3"):
            if not 0 < getattr(self, name) < 1:
                raise SettingError(f"{name} must lie between 0 and 1, got {getattr(self, name)}.")
        if not 0 <= self.holdout <= 0.5:
            raise SettingError(f"holdout must lie in [0, 0.5], got {self.holdout}.")
        for name, low, high in (("top_k", 1, 9), ("similar_k", 1, 20), ("originals_days", 0, 3650)):
            if not low <= getattr(self, name) <= high:
                raise SettingError(
                    f"{name} must lie in [{low}, {high}], got {getattr(self, name)}."
                )
        if "{slug}" not in self.faq_path:
            raise SettingError(f"faq_path must hold {{slug}}, got {self.faq_path!r}.")

    @property
    def link_patterns(self) -> tuple[LinkPattern, ...]:
        """How this desk's FAQ links look."""
        if not self.faq_hosts:
            return ()
        return (LinkPattern(hosts=self.faq_hosts, path=self.faq_path, relative=True),)


_TYPES = {field.name: field.type for field in fields(Settings)}


def load(db: Database) -> Settings:
    """The settings in force: what was stored over the defaults."""
    stored = {row["key"]: json.loads(row["value"]) for row in db.query("SELECT * FROM settings")}
    known = {name: _coerce(name, value) for name, value in stored.items() if name in _TYPES}
    return replace(Settings(), **known)


def change(db: Database, actor: Actor, **values: Any) -> Settings:
    """Check and store some settings; all or none.

    Raises:
        SettingError: a name is unknown or a value is out of its range.
    """
    with write(db):
        settings = replace(load(db), **{name: _coerce(name, v) for name, v in values.items()})
        for name in values:
            value = getattr(settings, name)
            db.table("settings").upsert(
                {
                    "key": name,
                    "value": json.dumps(value, ensure_ascii=False),
                    "changed_at": now(),
                    "changed_by": actor.name,
                },
                pk="key",
            )
            record(db, actor, "setting.changed", f"setting:{name}", detail={"value": value})
    return settings


def _coerce(name: str, value: Any) -> Any:
    """Read a value as its setting's type, from JSON or from a command line's word."""
    kind = _TYPES.get(name)
    if kind is None:
        raise SettingError(f"No setting {name!r}. There are: {', '.join(_TYPES)}.")
    try:
        if kind == tuple[str, ...]:
            parts = value.split(",") if isinstance(value, str) else value
            return tuple(str(part).strip() for part in parts if str(part).strip())
        if kind is bool:
            if isinstance(value, str):
                return {
                    "true": True,
                    "yes": True,
                    "1": True,
                    "false": False,
                    "no": False,
                    "0": False,
                }[value.lower()]
            return bool(value)
        return kind(value)  # type: ignore[operator]
    except (KeyError, TypeError, ValueError) as error:
        raise SettingError(f"{name} cannot be {value!r}.") from error
