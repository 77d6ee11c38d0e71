"""Which column means what: the TOML file of `faqdesk import --mapping`.

Every key is shown with its meaning in `docs/importing.md`; a test holds the two together.
"""

import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from ..errors import MappingError


@dataclass(frozen=True, kw_only=True)
class QuestionColumns:
    """Columns of the table of pairs, or of questions; empty: no such column."""

    file: str = ""
    id: str = ""
    text: str = "question"
    answer: str = ""
    answered_at: str = ""
    agent: str = ""
    subject: str = ""
    at: str = ""
    customer: str = ""
    channel: str = ""
    language: str = ""
    category: str = ""
    tags: str = ""
    status: str = ""
    solution: str = ""
    url: str = ""


@dataclass(frozen=True, kw_only=True)
class AnswerColumns:
    """Columns of the table of answers."""

    file: str = ""
    id: str = ""
    question: str = "question_id"
    text: str = "answer"
    at: str = ""
    author: str = ""
    role: str = ""
    public: str = ""
    helpful: str = ""  # how many found it helpful
    unhelpful: str = ""


@dataclass(frozen=True, kw_only=True)
class LinkRules:
    """How FAQ links look; no hosts: as the desk's settings say."""

    hosts: tuple[str, ...] = ()
    path: str = "/{locale}/faq/{slug}"
    discover: bool = False


@dataclass(frozen=True, kw_only=True)
class FaqColumns:
    """Columns of a file of FAQs."""

    slug: str = "slug"
    title: str = "title"
    title_en: str = "title_en"
    body: str = "body"
    category: str = "category"
    url: str = "url"


@dataclass(frozen=True, kw_only=True)
class AliasColumns:
    """Columns of a file of aliases."""

    alias: str = "alias"
    slug: str = "slug"


# What a file without a mapping may call its columns.
DEFAULT_PAIRS = QuestionColumns(
    id="id",
    answer="answer",
    answered_at="answered_at",
    agent="agent",
    subject="subject",
    at="created_at",
    customer="customer",
    channel="channel",
    language="language",
    category="category",
    tags="tags",
    status="status",
)


@dataclass(frozen=True, kw_only=True)
class Mapping:
    """A whole mapping file."""

    source: str = "csv"
    timezone: str = "Asia/Seoul"  # of times that name no offset
    questions: QuestionColumns = DEFAULT_PAIRS
    answers: AnswerColumns | None = None
    links: LinkRules = field(default_factory=LinkRules)
    faqs: FaqColumns = field(default_factory=FaqColumns)
    aliases: AliasColumns = field(default_factory=AliasColumns)

    @property
    def zone(self) -> ZoneInfo:
        """The time zone.

        Raises:
            MappingError: there is none of that name.
        """
        try:
            return ZoneInfo(self.timezone)
        except (ValueError, LookupError, OSError) as error:
            raise MappingError(
                f"timezone must be an IANA name such as Asia/Seoul, got {self.timezone!r}."
            ) from error


_TEXTS = ("source", "timezone")
_TABLES = {
    "questions": QuestionColumns,
    "answers": AnswerColumns,
    "links": LinkRules,
    "faqs": FaqColumns,
    "aliases": AliasColumns,
}


def read_mapping(path: Path) -> Mapping:
    """Read a mapping file.

    Raises:
        MappingError: it is missing, not TOML, or holds a key that is none of the above.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise MappingError(f"Cannot read the mapping {path}: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise MappingError(f"{path} is not TOML: {error}.") from error
    known = [*_TEXTS, *_TABLES]
    unknown = set(data) - set(known)
    if unknown:
        raise MappingError(f"{path} holds {sorted(unknown)}. Known: {', '.join(known)}.")
    parts: dict[str, Any] = {
        name: _table(path, name, data[name]) for name in _TABLES if name in data
    }
    for key in _TEXTS:
        if not isinstance(data.get(key, ""), str):
            raise MappingError(f"{path}: {key} must be a str, got {data[key]!r}.")
    mapping = Mapping(**{key: data[key] for key in _TEXTS if key in data}, **parts)
    try:
        _ = mapping.zone
    except MappingError as error:
        raise MappingError(f"{path}: {error}") from error
    return mapping


def _table(path: Path, name: str, values: Any) -> Any:
    kind = _TABLES[name]
    known = [field.name for field in fields(kind)]
    if not isinstance(values, dict):
        raise MappingError(f"{path}: [{name}] must be a table, got {values!r}.")
    unknown = set(values) - set(known)
    if unknown:
        raise MappingError(f"{path}: [{name}] holds {sorted(unknown)}. Known: {', '.join(known)}.")
    for key, value in values.items():
        expected: type = {"hosts": list, "discover": bool}.get(key, str)
        if not isinstance(value, expected):
            raise MappingError(
                f"{path}: [{name}] {key} must be a {expected.__name__}, got {value!r}."
            )
    return kind(**{k: tuple(v) if isinstance(v, list) else v for k, v in values.items()})
