"""The box that finds any FAQ or saved reply: what it lists before a letter is typed, and after."""

from itertools import groupby
from typing import Any

from flask import request
from flask.typing import ResponseReturnValue
from flask_babel import get_locale

from support import faqs, inquiries, saved_replies, suggestions
from support.faqs import Faq
from support.saved_replies import SavedReply

from . import wording
from .auth import ANSWERING, requires
from .database import db
from .i18n import gettext as _
from .inquiry import ONE
from .inquiry_live import bp

__all__ = ["bp"]

MOST_USED = 8  # listed before anything is typed
PICKED = 20  # FAQs that a search lists
REPLIES = 6  # saved replies in a list


@bp.get(ONE + "/faqs")
@requires(*ANSWERING)
def find_faqs(inquiry_id: int) -> ResponseReturnValue:
    """Find FAQs and saved replies as they are typed, in groups.

    Nothing typed: those suggested, those that the team uses most, then all by category.
    """
    typed = request.args.get("q", "")[:200]
    if typed.strip():
        replies = saved_replies.search(db(), typed, limit=REPLIES)
        found = [
            _group(_("FAQs"), map(_faq, faqs.search(db(), typed, limit=PICKED))),
            _group(_("Saved replies"), map(_reply, replies)),
        ]
    else:
        found = _before_typing(inquiry_id)
    return {"groups": [group for group in found if group["items"]]}


@bp.get(ONE + "/faqs/<slug>")
@requires(*ANSWERING)
def one_faq(inquiry_id: int, slug: str) -> ResponseReturnValue:
    """An FAQ as it may go into this answer."""
    spoken = wording.written_in(inquiries.get(db(), inquiry_id))
    faq = faqs.get(db(), slug)
    return {"slug": faq.slug, "url": faq.url, "forms": wording.forms(faq, spoken)}


def _before_typing(inquiry_id: int) -> list[dict[str, Any]]:
    every = faqs.listed(db())  # by category already
    by_slug = {faq.slug: faq for faq in every}
    fit = [by_slug[slug] for slug in suggestions.standing(db(), inquiry_id) if slug in by_slug]
    used = sorted((faq for faq in every if faq.sent), key=lambda faq: -faq.sent)
    replies = saved_replies.listed(db())[:REPLIES]
    return [
        _group(_("Suggested"), map(_faq, fit)),
        _group(_("Most used by the team"), map(_faq, used[:MOST_USED])),
        _group(_("Saved replies"), map(_reply, replies)),
        *(
            _group(category or _("Without a category"), map(_faq, group))
            for category, group in groupby(every, key=lambda faq: faq.category)
        ),
    ]


def _group(words: str, items: Any) -> dict[str, Any]:
    return {"words": words, "items": list(items)}


def _faq(faq: Faq) -> dict[str, Any]:
    return {"slug": faq.slug, "title": faq.titled(str(get_locale())), "category": faq.category}


def _reply(reply: SavedReply) -> dict[str, Any]:
    return {"reply": reply.id, "title": reply.title, "category": reply.category, "text": reply.body}
