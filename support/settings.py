"""The desk's settings: each has one home here, a sentence, a default and a check.

Stored as JSON rows in the database, so that every process sees a change at its next look.
"""

import json
import re
from dataclasses import dataclass, fields, replace
from typing import Any, Final

from sqlite_utils import Database

from . import parents, thresholds
from .audit import Actor, record
from .clock import now
from .database import write
from .errors import SettingError
from .links import LinkPattern, LinkReader
from .thresholds import Thresholds

RANGES: Final = {  # from and to, both included
    "holdout": (0, 0.5),
    "judged_margin": (0, 1),
    "wrong_costs": (0.01, 1000),
    "top_k": (1, 9),
    "similar_k": (1, 20),
    "answer_half_life_days": (0, 36_500),
    "originals_days": (0, 3650),
    "link_check_days": (0, 365),
    "judged_weeks": (1, 520),
    "inquiries_days": (0, 36_500),
    "join_hours": (0, 720),
    "train_every_days": (0, 365),
    "train_hour": (0, 23),
    "backup_hour": (0, 23),
    "backup_keep": (1, 3650),
}


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
    top_k: int = 3  # suggestions shown at most as Likely; Possible shows its three
    similar_k: int = 5  # past answers shown
    # Of past answers that fit equally well, the better one comes first: after so many days its
    # votes count half. 0: age decides only between equal votes.
    answer_half_life_days: int = 0
    likely_threshold: float = 0.0  # the probability from which one is Likely; 0: as the model chose
    faq_thresholds: tuple[str, ...] = ()  # those of single FAQs: slug=0.85, or slug=never
    wrong_costs: float = 3.0  # misses that one wrong suggestion costs: the tuner picks by it
    # Share of inquiries that get no suggestion, so that labels that were not swayed by what was
    # shown can be told apart when a new model is judged.
    holdout: float = 0.03
    judged_weeks: int = 4  # a new model is judged on what was asked in so many weeks
    judged_margin: float = 0.05  # what it may lose of hit@1, at the lower end of the interval
    originals_days: int = 7  # originals of a closed inquiry are forgotten after so many days
    # The help centre's pages are asked whether they are still there, every so many days; 0: never.
    link_check_days: int = 0
    # What a customer asks within so many hours of their last message is one inquiry; 0: never.
    join_hours: int = 24
    # Closed inquiries are deleted after so many days, with all that was said; 0: they stay.
    inquiries_days: int = 0
    train_every_days: int = 0  # the desk learns by itself every so many days; 0: never
    train_hour: int = 4  # at this hour of the machine's clock, when nobody works
    # A backup a day goes to this folder of the machine, best on another disk; empty: none.
    backup_folder: str = ""
    backup_hour: int = 3  # at this hour of the machine's clock
    backup_keep: int = 14  # how many stay there
    # Helpdesks that may show `/embed/suggest` in their sidebar: https://host, or https://host=name
    # where this desk calls what comes from there by another name than chatwoot or zendesk.
    embed_parents: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a value out of its range, naming it."""
        for name in ("share_right", "share_right_3"):
            if not 0 < getattr(self, name) < 1:
                raise SettingError(f"{name} must lie between 0 and 1, got {getattr(self, name)}.")
        for name, (low, high) in RANGES.items():
            if not low <= getattr(self, name) <= high:
                raise SettingError(
                    f"{name} must lie in [{low}, {high}], got {getattr(self, name)}."
                )
        try:
            _ = self.thresholds
        except ValueError as error:
            raise SettingError(f"{error}.") from error
        if self.backup_folder and not self.backup_folder.startswith("/"):
            raise SettingError(
                f"backup_folder must be a whole path such as /mnt/backups, got "
                f"{self.backup_folder!r}."
            )
        self._check_faq_path()
        parents.read(self.embed_parents)

    @property
    def link_patterns(self) -> tuple[LinkPattern, ...]:
        """How this desk's FAQ links look."""
        if not self.faq_hosts:
            return ()
        return (LinkPattern(hosts=self.faq_hosts, path=self.faq_path, relative=True),)

    @property
    def thresholds(self) -> Thresholds:
        """The thresholds of the Likely band that people set."""
        return thresholds.read(self.likely_threshold, self.faq_thresholds)

    def _check_faq_path(self) -> None:
        """Refuse a path that no answer's links could be read with, even while there is no host."""
        try:
            LinkReader([LinkPattern(hosts=self.faq_hosts, path=self.faq_path)])
        except SettingError as error:
            raise SettingError(f"faq_path cannot be {self.faq_path!r}. {error}") from error
        except re.error as error:  # {locale} twice, say
            raise SettingError(f"faq_path cannot be {self.faq_path!r}: {error}.") from error


_TYPES = {field.name: field.type for field in fields(Settings)}


def load(db: Database) -> Settings:
    """The settings in force: what was stored over the defaults.

    A stored value that is refused by now counts as its default: a desk must not stand still for it.
    """
    stored = {row["key"]: json.loads(row["value"]) for row in db.query("SELECT * FROM settings")}
    known = {name: _coerce(name, value) for name, value in stored.items() if name in _TYPES}
    try:
        return replace(Settings(), **known)
    except SettingError:
        return replace(Settings(), **{name: v for name, v in known.items() if _holds(name, v)})


def change(db: Database, actor: Actor, **values: Any) -> Settings:
    """Check and store some settings; all or none.

    Raises:
        SettingError: a name is unknown or a value is out of its range.
    """
    with write(db):
        before = load(db)
        settings = replace(before, **{name: _coerce(name, v) for name, v in values.items()})
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
            detail = {"value": value, "before": getattr(before, name)}
            record(db, actor, "setting.changed", f"setting:{name}", detail=detail)
    return settings


def check(name: str, value: Any) -> Any:
    """A value as its setting keeps it; the others are as they come.

    Raises:
        SettingError: the name is unknown or the value out of its range.
    """
    coerced = _coerce(name, value)
    replace(Settings(), **{name: coerced})
    return coerced


def changed(db: Database) -> dict[str, tuple[str, str]]:
    """When each setting was last changed, and by whom; what never was is not there."""
    rows = db.query("SELECT key, changed_at, changed_by FROM settings")
    return {row["key"]: (row["changed_at"], row["changed_by"]) for row in rows}


def _holds(name: str, value: Any) -> bool:
    """Whether a value, alone, is within its range."""
    try:
        replace(Settings(), **{name: value})
    except SettingError:
        return False
    return True


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
