"""Moderation in the reader's language: classes, what speaks for them, reasons, decisions."""

from typing import Final

from flask_babel import format_decimal, lazy_gettext
from sqlite_utils import Database

from listings.moderation.classes import CLASSES, Reason
from listings.moderation.history import PastDecision
from listings.moderation.reading import NAMES

from . import similar_words, wording
from .i18n import gettext as _
from .listing_words import chance, price
from .similar_words import KINDS as ALERTS
from .similar_words import told

__all__ = ["ALERTS", "CLASSES", "chance", "price", "told"]

LABELS = {
    "normal": lazy_gettext("Normal"),
    "pro_ads": lazy_gettext("Business, ads"),
    "counterfeit": lazy_gettext("Counterfeit"),
    "alcohol_tobacco": lazy_gettext("Alcohol, tobacco"),
    "animals": lazy_gettext("Animals"),
    "legal": lazy_gettext("Legal"),
}

KINDS = {
    "report": lazy_gettext("Reported"),
    "appeal": lazy_gettext("Appealed against"),
    "verdict": lazy_gettext("Noticed by the machine"),
    "watch": lazy_gettext("Like another listing"),
    "sample": lazy_gettext("Drawn by chance"),
    "person": lazy_gettext("Asked for by a person"),
}

ACTIONS = {
    "hide": lazy_gettext("hidden"),
    "review": lazy_gettext("asked people"),
    "pass": lazy_gettext("stays visible"),
    "show": lazy_gettext("shown again"),
}

# Why a policy did what it did, by `Choice.reason`.
WHY = {
    "hide": lazy_gettext("sure enough to hide it"),
    "settled": lazy_gettext("sure enough, and reported by enough people"),
    "review": lazy_gettext("not sure enough to hide it"),
    "legal": lazy_gettext("nothing is ever hidden automatically for this class"),
    "no_model": lazy_gettext("no model judged: people look at everything"),
    "other_model": lazy_gettext("the policy was made for another model"),
    "category": lazy_gettext("nothing is hidden automatically in this category"),
    "below": lazy_gettext("below every threshold"),
    "brake": lazy_gettext("the machine has hidden as many in this hour as it may"),
    "undone": lazy_gettext("the machine was corrected on this listing before"),
    "decided": lazy_gettext("a person decided on this listing before"),
    "appeal": lazy_gettext("an appeal waits"),
    "legal_report": lazy_gettext("somebody reported it for lawyers or the police"),
    "hidden": lazy_gettext("it is hidden already"),
}

# What moderators write most, by class; as codes, so that a form can name them.
USUAL: Final = {
    "normal": {
        "fine": lazy_gettext("Nothing against the rules was found."),
        "private": lazy_gettext("A private seller’s own things."),
        "genuine": lazy_gettext("Proof that it is genuine is shown."),
        "bad-report": lazy_gettext("The report does not fit the listing."),
    },
    "pro_ads": {
        "business": lazy_gettext("Sells as a business."),
        "services": lazy_gettext("Advertises services."),
        "buying-up": lazy_gettext("Buys up goods for resale."),
        "elsewhere": lazy_gettext("Leads buyers to another place."),
        "repeats": lazy_gettext("Posts the same thing again and again."),
    },
    "counterfeit": {
        "said": lazy_gettext("Says itself that it is an imitation."),
        "price": lazy_gettext("Price and brand do not go together."),
        "picture": lazy_gettext("The picture shows an imitation."),
        "no-proof": lazy_gettext("No proof that it is genuine after we asked."),
    },
    "alcohol_tobacco": {
        "alcohol": lazy_gettext("Alcohol may not be sold here."),
        "tobacco": lazy_gettext("Tobacco may not be sold here."),
        "vaping": lazy_gettext("Vaping goods may not be sold here."),
    },
    "animals": {
        "sale": lazy_gettext("Animals may not be sold here."),
        "adoption": lazy_gettext("Animals may not be given away here."),
        "parts": lazy_gettext("Parts of protected animals may not be sold here."),
    },
    "legal": {
        "identity": lazy_gettext("Accounts or papers in somebody’s name."),
        "substances": lazy_gettext("Medicine or other controlled substances."),
        "weapons": lazy_gettext("Weapons."),
        "stolen": lazy_gettext("Probably stolen."),
        "images": lazy_gettext("Images that must be handed on."),
    },
}

SANCTIONS = {
    "warning": lazy_gettext("Warning"),
    "suspension": lazy_gettext("Suspension"),
}

# What a form offers: a kind and days, 0 for good.
SENTENCES = {
    "": lazy_gettext("No sanction"),
    "warning": lazy_gettext("Warning"),
    "suspension-7": lazy_gettext("Suspension, 7 days"),
    "suspension-30": lazy_gettext("Suspension, 30 days"),
    "suspension-0": lazy_gettext("Suspension for good"),
}

SIDES = {
    "seller": lazy_gettext("the seller"),
    "reporter": lazy_gettext("the reporter"),
}

APPEAL_STATES = {
    "open": lazy_gettext("Waits to be looked at"),
    "upheld": lazy_gettext("Upheld: the decision stands"),
    "overturned": lazy_gettext("Overturned: another decision took its place"),
}

MODES = {"live": lazy_gettext("in force"), "shadow": lazy_gettext("in the shadow")}

STREAMS = {
    "all": lazy_gettext("of all listings"),
    "hidden": lazy_gettext("of those the machine hid"),
}

SIGNALS = {
    "price": lazy_gettext("price"),
    "account_days": lazy_gettext("days since the account was opened"),
    "earlier_posts": lazy_gettext("earlier listings of the account"),
    "earlier_sanctions": lazy_gettext("earlier sanctions of the account"),
    "repeats": lazy_gettext("times the same text was posted before"),
    "links": lazy_gettext("links in the text"),
    "contacts": lazy_gettext("contacts in the text"),
    "tricks": lazy_gettext("characters put in to mislead"),
    "length": lazy_gettext("characters of text"),
}


def label(name: str) -> str:
    """A class's name; of one that is not known, as it is."""
    return str(LABELS.get(name, name))


def spoken(reason: Reason) -> str:
    """What speaks for a class, in a few words."""
    if reason.kind == "signal":
        name, _sign, value = reason.what.partition("=")
        if name in NAMES:
            return f"{SIGNALS[name]}: {value}"
    if reason.kind == "rule":
        name, _sign, word = reason.what.partition(": ")
        return _("rule %(name)s: %(word)s", name=name, word=word) if word else _(
            "rule %(name)s", name=name
        )  # fmt: skip
    return reason.what


def note(db: Database, kind: str, text: str) -> str:
    """What a sign says beside its kind."""
    if kind == "watch":
        return similar_words.sign(db, text)
    if kind == "verdict":
        return str(WHY.get(text, text))
    if kind == "sample":
        return ", ".join(str(STREAMS.get(part, part)) for part in text.split())
    return text


def maker(db: Database, decision: PastDecision) -> str:
    """Who decided."""
    if decision.made_by == "policy":
        return _("the machine (%(policy)s)", policy=decision.policy)
    if decision.made_by == "import":
        return _("taken over from before")
    return wording.person(db, decision.actor)


def sentence(kind: str, days: int | None) -> str:
    """The name in SENTENCES of a kind of sanction and its days, None for good."""
    return kind if kind == "warning" else f"suspension-{days or 0}"


def strikes(amount: float) -> str:
    """How many strikes that amounts to, to a tenth."""
    return str(format_decimal(round(amount, 1), "0.#"))


def short(hashed: str) -> str:
    """A seller or reporter as people tell them apart; "" where unknown."""
    return hashed[:8]


def reason(label_name: str, usual: str, typed: str) -> str:
    """A reason as it is kept: one of the usual ones, own words, or both."""
    said = str(USUAL.get(label_name, {}).get(usual, ""))
    return " ".join(part for part in (said, typed.strip()) if part)
