"""The desk's numbers and reasons as an agent reads them."""

import math
import re

from flask_babel import lazy_gettext
from sqlite_utils import Database

from support import agents
from support.faqs import Faq
from support.inquiries import Inquiry
from support.linear import Contribution
from support.promise import Promise
from support.recommender import ENOUGH, TOO_FEW, Suggestion

from .i18n import gettext as _

WORDS_SHOWN = 4  # words that speak for a suggestion
_HANGUL = re.compile("[가-힣ㄱ-ㅎㅏ-ㅣ]")

REASONS = {
    "below_threshold": lazy_gettext("No FAQ reaches the certainty this desk asks for."),
    "ambiguous": lazy_gettext("Several FAQs fit about equally well, none clearly."),
    "out_of_scope": lazy_gettext("No FAQ seems to be about this."),
    "empty": lazy_gettext("The inquiry holds no text to go by."),
    "gone": lazy_gettext("The FAQ that fits has a page that is gone."),
    "no_model": lazy_gettext("The desk has not learned from its history yet."),
    "holdout": lazy_gettext(
        "Held back on purpose: a few inquiries get no suggestion, so that the desk can "
        "measure itself."
    ),
}

DETAILS = {
    "unproven": lazy_gettext(
        "Tried on past inquiries, what the desk has learned was not right often enough yet."
    ),
    "too_few_labels": lazy_gettext("Too few past answers link the same FAQ yet."),
}

DISMISSALS = {
    "irrelevant": lazy_gettext("Not about this"),
    "outdated": lazy_gettext("Out of date"),
    "wrong_content": lazy_gettext("Says something wrong"),
    "incomplete": lazy_gettext("Leaves too much open"),
    "duplicate": lazy_gettext("Same as another"),
    "other": lazy_gettext("Another reason"),
}

# As what an FAQ goes into an answer.
FORMS = {
    "link": lazy_gettext("Link"),
    "titled": lazy_gettext("Title and link"),
    "text": lazy_gettext("Full text"),
}

# The key, by its place, that gives a reason after x.
DISMISS_KEYS = {
    "irrelevant": "i",
    "outdated": "o",
    "wrong_content": "w",
    "incomplete": "c",
    "duplicate": "d",
    "other": "e",
}

# Who decided, where no words could be marked for it.
DECIDED = {
    "fasttext": lazy_gettext("Words and parts of words decided."),
    "linear": lazy_gettext("Words decided."),
    "dense": lazy_gettext("The sense of the whole decided."),
    "neighbours": lazy_gettext("Similar past inquiries decided, more than any word."),
}

JOB_KINDS = {
    "train": lazy_gettext("Learn from the history"),
    "replay": lazy_gettext("Replay a model on recent inquiries"),
    "index": lazy_gettext("Rebuild the search index"),
    "backup": lazy_gettext("Back up the desk"),
    "forget": lazy_gettext("Forget original words that are due"),
    "train-category": lazy_gettext("Learn listings' categories"),
    "label": lazy_gettext("Label a batch of listings"),
    "review": lazy_gettext("Look for listings to review"),
    "moderate": lazy_gettext("Judge and watch new listings"),
    "train-moderation": lazy_gettext("Learn from decisions on listings"),
    "watch": lazy_gettext("Watch for sellers who come back"),
    "propose-policy": lazy_gettext("Propose a policy"),
    "gaps": lazy_gettext("Look for what no FAQ answers"),
    "map": lazy_gettext("Draw the map"),
    "pairs": lazy_gettext("Look for FAQs that say one thing"),
    "links": lazy_gettext("Check the help centre's links"),
    "replies": lazy_gettext("Learn where saved replies fit"),
    "import": lazy_gettext("Import files"),
    "undo-import": lazy_gettext("Take an import back"),
}

JOB_STATES = {
    "queued": lazy_gettext("Waiting"),
    "running": lazy_gettext("Running"),
    "done": lazy_gettext("Done"),
    "failed": lazy_gettext("Failed"),
    "cancelled": lazy_gettext("Cancelled"),
    "interrupted": lazy_gettext("Interrupted"),
}

# What a job says of its step; what is not here stays as it was said, in English.
STEPS = {
    "checking": lazy_gettext("checking"),
    "unpacking pictures": lazy_gettext("unpacking pictures"),
    "reading": lazy_gettext("reading"),
    "labelling": lazy_gettext("labelling"),
    "joining": lazy_gettext("joining"),
    "choosing rows to review": lazy_gettext("choosing rows to review"),
    "filling the review queue": lazy_gettext("filling the review queue"),
    "looking": lazy_gettext("looking"),
    "reading listings": lazy_gettext("reading listings"),
    "words of listings": lazy_gettext("words of listings"),
    "pictures of listings": lazy_gettext("pictures of listings"),
    "watching listings": lazy_gettext("watching listings"),
    "judging listings": lazy_gettext("judging listings"),
    "importing": lazy_gettext("importing"),
    "taking back": lazy_gettext("taking back"),
}
COUNTED = (
    *("labelling", "filling the review queue", "looking"),
    *("words of listings", "pictures of listings", "watching listings", "judging listings"),
    *("importing", "taking back"),
)  # one by one, not in thousandths

STATUSES = {
    "open": lazy_gettext("Open"),
    "answered": lazy_gettext("Answered"),
    "closed": lazy_gettext("Closed"),
}

ROLES = {
    "agent": lazy_gettext("agent"),
    "lead": lazy_gettext("lead"),
    "moderator": lazy_gettext("moderator"),
    "labeller": lazy_gettext("labeller"),
    "admin": lazy_gettext("admin"),
}

CHANNELS = {
    "app": lazy_gettext("app"),
    "chat": lazy_gettext("chat"),
    "email": lazy_gettext("e-mail"),
    "form": lazy_gettext("form"),
    "phone": lazy_gettext("phone"),
    "web": lazy_gettext("web"),
}


# How an answer stands on its way out; one that is copied by hand is not on any.
DELIVERIES = {
    "queued": lazy_gettext("on its way"),
    "delivered": lazy_gettext("delivered"),
    "failed": lazy_gettext("not delivered"),
}


def right_in(promise: Promise) -> str:
    """Say how often such a suggestion was right; never rounded up to always or down to never."""
    if not promise.n:
        return _("not measured yet")
    tens = round(10 * promise.share)
    if tens == 10 and promise.right < promise.n:
        words = _("right in more than 9 of 10 like this")
    elif tens == 0 and promise.right:
        words = _("right in fewer than 1 of 10 like this")
    else:
        words = _("right in %(tens)s of 10 like this", tens=tens)
    return f"{words} {_counted(promise)}"


def _counted(promise: Promise) -> str:
    """Of how many, and the interval in percent, rounded outwards; a line never ends within it."""
    low = math.floor(round(100 * promise.low, 6))
    high = math.ceil(round(100 * promise.high, 6))
    return f"(n = {promise.n}, {low}–\N{WORD JOINER}{high} %)".replace(" ", "\N{NO-BREAK SPACE}")


def silence(found: Suggestion) -> str:
    """Why nothing is suggested, in a sentence or two; empty where something is."""
    if found.band != "silent":
        return ""
    if found.detail == TOO_FEW and found.labelled is not None and found.labelled < ENOUGH:
        return _(
            "Too few past answers link an FAQ: %(have)s so far, about %(needed)s are needed.",
            have=found.labelled,
            needed=ENOUGH,
        )
    if found.detail in DETAILS:
        return str(DETAILS[found.detail])
    return str(REASONS.get(found.reason, found.reason))


def speaking(words: tuple[Contribution, ...]) -> list[str]:
    """The words that speak most for a suggestion."""
    return [item.word for item in words if item.weight > 0][:WORDS_SHOWN]


def written_in(inquiry: Inquiry) -> str:
    """The language to answer in: as the inquiry says, else Korean where it holds Hangul."""
    return inquiry.language or language_of(inquiry.text)


def language_of(text: str) -> str:
    """Korean where it holds Hangul, else English."""
    return "ko" if _HANGUL.search(text) else "en"


def forms(faq: Faq, language: str) -> dict[str, str]:
    """An FAQ as it goes into an answer: its link, its title and link, or its whole text.

    The link always comes along: by it the desk learns which FAQ was sent. A text in Korean is for
    whoever writes Korean; others get the title in their language.
    """
    titled = f"{faq.titled(language)}\n{faq.url}".strip()
    body = faq.body.strip()
    readable = body and (language == "ko" or not _HANGUL.search(body))
    whole = f"{body}\n{faq.url}".strip() if readable else titled
    return {"link": faq.url or titled, "titled": titled, "text": whole}


def person(db: Database, actor: str) -> str:
    """Who that is, as the audit trail names people: `agent:3`, `cli:mina`."""
    kind, _colon, agent_id = actor.partition(":")
    return agents.get(db, int(agent_id)).name if kind == "agent" else actor
