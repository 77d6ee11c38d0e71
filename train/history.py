"""A desk's history as its models read it, now or as it stood at a moment."""

import re

from sqlite_utils import Database

from support import faqs

from .examples import Example

ALWAYS = "9999"  # later than every moment: everything the desk knows
_ADDRESS = re.compile(r"https?://\S+")


def examples(db: Database, *, before: str = ALWAYS) -> list[Example]:
    """Every inquiry with an FAQ link in an answer that was given by then, oldest first."""
    sql = """
        SELECT inquiries.id, inquiries.text, inquiries.opened_at,
            group_concat(labels.slug, char(10)) AS slugs
        FROM inquiries JOIN labels ON labels.inquiry_id = inquiries.id
        WHERE inquiries.text <> '' AND labels.at < :before
        GROUP BY inquiries.id ORDER BY inquiries.opened_at, inquiries.id
    """
    return [
        Example(row["text"], tuple(row["slugs"].split("\n")), row["opened_at"], row["id"])
        for row in db.query(sql, {"before": before})
    ]


def faq_texts(db: Database, *, before: str = ALWAYS) -> dict[str, str]:
    """What each FAQ that was there by then says of itself, by slug.

    One was there when it was taken into the desk, or linked in an answer: a desk's FAQs are often
    taken in together, long after the history that links them. What they said then is not kept;
    they are read as they stand.
    """
    sql = """
        SELECT slug FROM faqs WHERE created_at < :before
        UNION SELECT slug FROM labels WHERE at < :before
    """
    there = {row["slug"] for row in db.query(sql, {"before": before})}
    return {
        faq.slug: faq.learning_text
        for faq in faqs.listed(db)
        if faq.slug in there and not faq.discovered
    }


def texts(db: Database, *, before: str = ALWAYS, faqs_before: str | None = None) -> list[str]:
    """What an encoder learns from, as it stood at a moment; then the FAQ texts.

    `faqs_before` is another moment for those alone: no answer stands in them.

    One text an inquiry: what was asked, what was answered by then, and the titles of the FAQs
    linked. Read together, the words of customers meet the words of agents: on the sample's
    validation split the share of nearest neighbours with the same FAQ rose from .06 (read apart)
    to .15, on the forum's from .216 to .230.
    """
    titles = {faq.slug: faq.title for faq in faqs.listed(db)}
    sql = """
        SELECT inquiries.text,
            (SELECT group_concat(messages.text, char(10)) FROM messages
             WHERE messages.inquiry_id = inquiries.id AND role = 'agent' AND public = 1
             AND messages.at < :before) AS said,
            (SELECT group_concat(slug, char(10)) FROM labels
             WHERE labels.inquiry_id = inquiries.id AND labels.at < :before) AS slugs
        FROM inquiries WHERE opened_at < :before ORDER BY inquiries.id
    """
    found = []
    for row in db.query(sql, {"before": before}):
        linked = [titles.get(slug, "") for slug in (row["slugs"] or "").split("\n")]
        # An address says nothing: its words would be the same in every answer.
        said = _ADDRESS.sub(" ", row["said"] or "")
        found.append("\n".join(part for part in (row["text"], said, *linked) if part))
    return found + list(
        faq_texts(db, before=before if faqs_before is None else faqs_before).values()
    )


def text_ids(db: Database, *, before: str = ALWAYS) -> list[int]:
    """The inquiries that `texts` reads."""
    sql = "SELECT id FROM inquiries WHERE opened_at < ? ORDER BY id"
    return [row[0] for row in db.conn.execute(sql, (before,))]
