"""Labels given by hand: these inquiries are answered by that FAQ. Undone like any other change."""

from collections.abc import Mapping

from sqlite_utils import Database

from . import faqs
from .audit import Actor
from .clock import now
from .database import one, scalar
from .faq_changes import Change, changing
from .faq_edit import Moved, insert_faq
from .faq_slugs import active_row, free_slug


def give_label(db: Database, change: Change, slug: str, inquiry_ids: list[int]) -> int:
    """Label inquiries with an FAQ by hand; those that have it are passed over.

    Returns:
        How many labels were given.
    """
    given = 0
    moment = now()
    for inquiry_id in dict.fromkeys(inquiry_ids):
        sql = "SELECT id, answer_id FROM inquiries WHERE id = ?"
        inquiry = one(db, sql, [inquiry_id])
        held = "SELECT 1 FROM labels WHERE inquiry_id = ? AND slug = ?"
        if inquiry is None or scalar(db, held, [inquiry_id, slug]):
            continue
        change.insert(
            "labels",
            {
                "inquiry_id": inquiry_id,
                "message_id": inquiry["answer_id"],
                "slug": slug,
                "origin": "hand",
                "at": moment,
            },
        )
        given += 1
    return given


def label(db: Database, actor: Actor, slug: str, inquiry_ids: list[int]) -> Moved:
    """Say that some inquiries are answered by an FAQ: models learn from that.

    Raises:
        NotFoundError: there is no such FAQ.
        ConflictError: it is retired.
    """
    active_row(db, slug)
    with changing(db, actor, "labelled", slug) as change:
        given = give_label(db, change, slug, inquiry_ids)
    return Moved(change.id, given)


def create_from(
    db: Database,
    actor: Actor,
    fields: Mapping[str, str],
    *,
    slug: str = "",
    inquiry_ids: list[int],
) -> tuple[faqs.Faq, int]:
    """Make an FAQ of what was answered already: those inquiries are its first rows to learn from.

    Args:
        db: the desk's database.
        actor: who makes it.
        fields: title, title_en, body, category, url.
        slug: its name in links; without it, made of the title.
        inquiry_ids: what it answers; may be none.

    Returns:
        The FAQ, and the change under which all of it can be taken back.

    Raises:
        InputError: there is no title, or the slug cannot stand in an address.
        ConflictError: the slug is an FAQ's or an alias already.
    """
    slug = slug.strip() or free_slug(db, fields.get("title", ""))
    with changing(db, actor, "created", slug) as change:
        insert_faq(db, change, slug, fields)
        give_label(db, change, slug, inquiry_ids)
    return faqs.get(db, slug), change.id
