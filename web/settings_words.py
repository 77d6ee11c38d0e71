"""The desk's settings in words: a name and a sentence for each, and by which field it is typed."""

from dataclasses import dataclass
from typing import Any, Final, Literal

from flask_babel import LazyString, lazy_gettext

Kind = Literal["text", "lines", "switch", "whole", "number", "percent"]


@dataclass(frozen=True, slots=True)
class Field:
    """How one setting is shown: `unit` stands behind the field."""

    name: str
    kind: Kind
    title: LazyString
    sentence: LazyString
    unit: LazyString | str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Settings that belong together."""

    name: str
    title: LazyString
    fields: tuple[Field, ...]


_DAYS: Final = lazy_gettext("days")

GROUPS: Final = (
    Group(
        "desk",
        lazy_gettext("The desk"),
        (
            Field(
                "desk_name", "text", lazy_gettext("Name of the desk"),
                lazy_gettext("Stands in the head of every page, and in authenticator apps."),
            ),
            Field(
                "allow", "lines", lazy_gettext("Never masked"),
                lazy_gettext(
                    "The desk's own public numbers and addresses, one a line; they stay readable "
                    "in the history."
                ),
            ),
            Field(
                "embed_parents", "lines", lazy_gettext("Helpdesks with our sidebar"),
                lazy_gettext(
                    "Addresses that may show the sidebar page, one a line, such as "
                    "https://acme.zendesk.com; every other is refused."
                ),
            ),
        ),
    ),
    Group(
        "help",
        lazy_gettext("The help centre"),
        (
            Field(
                "faq_hosts", "lines", lazy_gettext("Hosts"),
                lazy_gettext("Under which hosts its pages are, mobile ones too, one a line."),
            ),
            Field(
                "faq_path", "text", lazy_gettext("Where the FAQ's name stands"),
                lazy_gettext(
                    "The path of its pages, with {slug} where an FAQ's name is, and {locale} "
                    "where the language may be."
                ),
            ),
            Field(
                "discover_faqs", "switch", lazy_gettext("Learn FAQs from links"),
                lazy_gettext("A link in an answer to an unknown page there makes an FAQ of it."),
            ),
            Field(
                "link_check_days", "whole", lazy_gettext("Check links every"),
                lazy_gettext(
                    "The help centre's pages are asked whether they are still there, every so "
                    "many days; 0: never."
                ),
                _DAYS,
            ),
        ),
    ),
    Group(
        "suggestions",
        lazy_gettext("Suggestions"),
        (
            Field(
                "share_right", "percent", lazy_gettext("Right when shown as likely"),
                lazy_gettext(
                    "Of suggestions that are shown as likely, this share shall be right. More: "
                    "fewer suggestions, and fewer wrong ones. Counts at the next training."
                ),
                "%",
            ),
            Field(
                "share_right_3", "percent", lazy_gettext("Right when three are shown"),
                lazy_gettext(
                    "Of sets of three that are shown as possible, this share shall hold the "
                    "right one. Counts at the next training."
                ),
                "%",
            ),
            Field(
                "top_k", "whole", lazy_gettext("Suggestions at most"),
                lazy_gettext("Shown at most as likely; possible ones are three."),
            ),
            Field(
                "similar_k", "whole", lazy_gettext("Past answers shown"),
                lazy_gettext("Answers to similar inquiries, beside the suggestions."),
            ),
            Field(
                "answer_half_life_days", "whole", lazy_gettext("Votes for answers fade in"),
                lazy_gettext(
                    "Of past answers that fit equally well, the better one comes first: after so "
                    "many days its votes count half. 0: age decides only between equal votes."
                ),
                _DAYS,
            ),
            Field(
                "likely_threshold", "number", lazy_gettext("Threshold for likely"),
                lazy_gettext(
                    "The probability from which a suggestion is likely; 0: as the model chose. "
                    "Better tried on the desk's own history first."
                ),
            ),
            Field(
                "faq_thresholds", "lines", lazy_gettext("Thresholds of single FAQs"),
                lazy_gettext("One a line: refund=0.85, or refund=never."),
            ),
            Field(
                "wrong_costs", "number", lazy_gettext("One wrong costs as much as"),
                lazy_gettext(
                    "So many misses are as bad as one wrong suggestion; picks thresholds."
                ),
                lazy_gettext("misses"),
            ),
            Field(
                "holdout", "percent", lazy_gettext("Inquiries without a suggestion"),
                lazy_gettext(
                    "This share gets none on purpose, so that labels nobody was swayed in can "
                    "be told apart when a new model is judged."
                ),
                "%",
            ),
        ),
    ),
    Group(
        "learning",
        lazy_gettext("Learning"),
        (
            Field(
                "train_every_days", "whole", lazy_gettext("Learn every"),
                lazy_gettext(
                    "The desk learns from its history by itself every so many days, where there "
                    "is anything new; 0: never."
                ),
                _DAYS,
            ),
            Field(
                "train_hour", "whole", lazy_gettext("At this hour"),
                lazy_gettext("Of the machine's clock, when nobody works."),
                lazy_gettext("o'clock"),
            ),
            Field(
                "judged_weeks", "whole", lazy_gettext("Judge on the last"),
                lazy_gettext("A new model is judged on what was asked in so many weeks."),
                lazy_gettext("weeks"),
            ),
            Field(
                "judged_margin", "percent", lazy_gettext("May be worse by"),
                lazy_gettext(
                    "What a new model may lose of its first suggestions being right, at the "
                    "lower end of the interval, before it counts as worse."
                ),
                lazy_gettext("points"),
            ),
        ),
    ),
    Group(
        "inquiries",
        lazy_gettext("Inquiries"),
        (
            Field(
                "join_hours", "whole", lazy_gettext("Join messages within"),
                lazy_gettext(
                    "What a customer asks within so many hours of their last message is one "
                    "inquiry; 0: never."
                ),
                lazy_gettext("hours"),
            ),
        ),
    ),
    Group(
        "memory",
        lazy_gettext("Memory"),
        (
            Field(
                "originals_days", "whole", lazy_gettext("Forget original words after"),
                lazy_gettext(
                    "Unmasked words of a closed inquiry are forgotten after so many days; the "
                    "masked ones stay."
                ),
                _DAYS,
            ),
            Field(
                "inquiries_days", "whole", lazy_gettext("Delete closed inquiries after"),
                lazy_gettext(
                    "Closed inquiries are deleted for good after so many days, with all that was "
                    "said, suggested and learned on them; 0: they stay."
                ),
                _DAYS,
            ),
        ),
    ),
    Group(
        "backups",
        lazy_gettext("Backups"),
        (
            Field(
                "backup_folder", "text", lazy_gettext("Back up daily to"),
                lazy_gettext(
                    "A folder of the machine, best on another disk, such as /mnt/backups; empty: "
                    "no backup is made by itself. The key is not in it: keep a copy elsewhere."
                ),
            ),
            Field(
                "backup_hour", "whole", lazy_gettext("At this hour"),
                lazy_gettext("Of the machine's clock, when nobody works."),
                lazy_gettext("o'clock"),
            ),
            Field(
                "backup_keep", "whole", lazy_gettext("Keep the last"),
                lazy_gettext("So many backups stay in the folder; older ones are deleted."),
                lazy_gettext("backups"),
            ),
        ),
    ),
)  # fmt: skip

FIELDS: Final = {field.name: field for group in GROUPS for field in group.fields}


def title(name: str) -> str:
    """What a setting is called."""
    field = FIELDS.get(name)
    return str(field.title) if field else name


def written(field: Field, value: Any) -> str:
    """A value as the field holds it."""
    if field.kind == "lines":
        return "\n".join(value)
    if field.kind == "switch":
        return "1" if value else ""
    if field.kind == "percent":
        return f"{round(100 * value, 6):g}"
    return f"{value:g}" if isinstance(value, float) else str(value)


def read(field: Field, text: str) -> Any:
    """What was typed, as the setting wants it.

    Raises:
        ValueError: it is no number.
    """
    text = text.strip()
    if field.kind == "lines":
        parts = (part.strip() for line in text.splitlines() for part in line.split(","))
        return tuple(part for part in parts if part)
    if field.kind == "switch":
        return bool(text)
    if field.kind == "percent":
        return round(float(text.removesuffix("%").replace(",", ".")) / 100, 8)
    if field.kind == "number":
        return float(text.replace(",", "."))
    return int(text) if field.kind == "whole" else text
