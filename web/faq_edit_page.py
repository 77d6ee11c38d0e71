"""Making, editing, renaming, merging and retiring an FAQ; each is one change, with its undo."""

from collections.abc import Mapping
from typing import Final

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from support import faq_changes, faq_edit, faq_labels, faq_usage, faqs, inquiries
from support.errors import ConflictError, InputError
from support.faq_slugs import free_slug, row_of
from support.inquiries import Inquiry
from support.redact import MASKS

from . import knowledge_words
from .auth import LEADS, actor, requires
from .database import db
from .errors import status_of
from .faqs_page import bp, close, like, said
from .i18n import gettext as _
from .paging import is_number

FOUND: Final = 8
TITLE: Final = 120  # characters of a draft title


@bp.get("/-/new")
@requires(*LEADS)
def new() -> ResponseReturnValue:
    """Show the form of a new FAQ, filled from an answered inquiry where one is named."""
    inquiry = asked()
    draft = drafted(inquiry) | {
        name: request.args[name] for name in faq_edit.FIELDS if name in request.args
    }
    return _form(draft, inquiry=inquiry)


@bp.post("/-/new")
@requires(*LEADS)
def create() -> ResponseReturnValue:
    """Make an FAQ; one that is very like another is made at the second asking."""
    fields, slug, inquiry = _typed(), request.form.get("slug", "").strip(), asked()
    if not request.form.get("sure") and fields["title"] and close(fields["title"]):
        return _form({**fields, "slug": slug}, inquiry=inquiry, sure=True), 409
    chosen = [inquiry.id] if inquiry and request.form.get("label") else []
    try:
        faq, change_id = faq_labels.create_from(
            db(), actor(), fields, slug=slug, inquiry_ids=chosen
        )
    except (InputError, ConflictError) as error:
        page = _form({**fields, "slug": slug}, inquiry=inquiry, trouble=trouble_of(error, slug))
        return page, status_of(error)
    flash(_("“%(title)s” is an FAQ now.", title=faq.title), "info")
    return redirect(url_for(".one", slug=faq.slug, done=change_id))


@bp.get("/<slug>/edit")
@requires(*LEADS)
def edit(slug: str) -> ResponseReturnValue:
    """Show the form of an FAQ that is there."""
    faq = faqs.get(db(), slug)
    draft = {name: getattr(faq, name) for name in faq_edit.FIELDS}
    if request.args.get("url"):  # where the old address leads
        draft["url"] = request.args["url"][:1000]
    return _form(draft, faq=faq)


@bp.post("/<slug>/edit")
@requires(*LEADS)
def save(slug: str) -> ResponseReturnValue:
    """Change what an FAQ says, or where it is."""
    faq, fields = faqs.get(db(), slug), _typed()
    if request.form.get("seen", "") not in ("", _seen(slug)):
        words = _("The FAQ has changed meanwhile. Look again, then save once more.")
        return _form(fields, faq=faq, trouble=words), 409
    try:
        faq_edit.edit(db(), actor(), slug, **fields)
    except InputError as error:
        return _form(fields, faq=faq, trouble=trouble_of(error)), status_of(error)
    changed = any(getattr(faq, name) != fields[name].strip() for name in faq_edit.FIELDS)
    return _back(slug, _("Saved.") if changed else "")


@bp.post("/<slug>/rename")
@requires(*LEADS)
def rename(slug: str) -> ResponseReturnValue:
    """Give an FAQ another name in links; the old one goes on to stand for it."""
    faqs.get(db(), slug)
    to, url = request.form.get("to", "").strip(), request.form.get("url", "").strip()
    try:
        moved = faq_edit.rename(db(), actor(), slug, to, url=url)
    except (InputError, ConflictError) as error:
        flash(trouble_of(error, to), "danger")
        return redirect(url_for(".one", slug=slug))
    flash(
        _("It is called “%(to)s” now; %(n)s labels followed.", to=to, n=f"{moved.labels:,}"), "info"
    )
    return redirect(url_for(".one", slug=to, done=moved.change_id))


@bp.get("/<slug>/merge")
@requires(*LEADS)
def merge(slug: str) -> ResponseReturnValue:
    """Choose the FAQ that another shall be a part of, and see what that would move."""
    faq, typed = faqs.get(db(), slug), request.args.get("q", "")[:200].strip()
    into = request.args.get("into", "").strip()
    other = faqs.get(db(), into) if into else None
    if typed:
        found = [item for item in faqs.search(db(), typed, limit=FOUND) if item.slug != slug]
    else:
        found = [item.faq for item in like(faq.title, without=slug)]
    moved, both = faq_usage.followers(db(), slug, into) if other else (0, 0)
    return render_template(
        "faq_merge.html",
        faq=faq,
        other=other,
        found=found,
        q=typed,
        moved=moved,
        both=both,
        **said(),
    )


@bp.post("/<slug>/merge")
@requires(*LEADS)
def do_merge(slug: str) -> ResponseReturnValue:
    """Make one FAQ a part of another."""
    into = request.form.get("into", "").strip()
    try:
        moved = faq_edit.merge(db(), actor(), slug, into)
    except (InputError, ConflictError) as error:
        flash(trouble_of(error, into), "danger")
        return redirect(url_for(".merge", slug=slug))
    flash(
        _("“%(slug)s” is part of this FAQ now; %(n)s labels followed.",
          slug=slug, n=f"{moved.labels:,}"),
        "info",
    )  # fmt: skip
    return redirect(url_for(".one", slug=into, done=moved.change_id))


@bp.post("/<slug>/retire")
@requires(*LEADS)
def retire(slug: str) -> ResponseReturnValue:
    """Suggest an FAQ no more."""
    try:
        faq_edit.retire(db(), actor(), slug)
    except ConflictError:
        return _back(slug, "")
    return _back(slug, _("Retired: it is suggested no more."))


@bp.post("/<slug>/restore")
@requires(*LEADS)
def restore(slug: str) -> ResponseReturnValue:
    """Let an FAQ be suggested again."""
    try:
        faq_edit.restore(db(), actor(), slug)
    except ConflictError:
        return _back(slug, "")
    return _back(slug, _("It can be suggested again."))


def asked() -> Inquiry | None:
    """The inquiry that ?inquiry= names, its words masked.

    Raises:
        NotFoundError: there is none.
    """
    number = request.values.get("inquiry", "")
    if not number:
        return None
    if not is_number(number):
        raise InputError(f"No inquiry {number[:20]!r}.")
    return inquiries.get(db(), int(number))  # without a seal: what was masked stays masked


def drafted(inquiry: Inquiry | None) -> dict[str, str]:
    """A draft title and text from an answered inquiry: what was asked, and the last answer."""
    if inquiry is None:
        return {}
    said_last = [item.text for item in inquiry.messages if item.role == "agent" and item.public]
    first = next((line.strip() for line in inquiry.text.splitlines() if line.strip()), "")
    return {
        "title": (inquiry.subject or first)[:TITLE],
        "body": said_last[-1] if said_last else "",
        "category": inquiry.category,
        "language": inquiry.language,
    }


def masked(fields: Mapping[str, str]) -> list[str]:
    """The masks that stand in a draft, each once."""
    text = "\n".join(fields.values())
    return [mask for mask in MASKS.values() if mask in text]


def _seen(slug: str) -> str:
    """When an FAQ was last changed: what a form shows that was opened before is not today's."""
    return str(row_of(db(), slug)["updated_at"])


def _typed() -> dict[str, str]:
    return {
        name: request.form.get(name, "").replace("\r\n", "\n").strip() for name in faq_edit.FIELDS
    }


def _form(
    draft: Mapping[str, str],
    *,
    faq: faqs.Faq | None = None,
    inquiry: Inquiry | None = None,
    sure: bool = False,
    trouble: str = "",
) -> str:
    title = draft.get("title", "")
    return render_template(
        "faq_form.html",
        draft=draft,
        faq=faq,
        seen=_seen(faq.slug) if faq else "",
        inquiry=inquiry,
        label="label" in request.form or request.method == "GET",
        masks=masked(draft),
        near=like(title, without=faq.slug if faq else ""),
        sure=sure,
        trouble=trouble,
        slug=free_slug(db(), title) if title else "",
        categories=sorted({item.category for item in faqs.every(db()) if item.category}),
        **said(),
    )


def _back(slug: str, words: str) -> ResponseReturnValue:
    """To the FAQ's page, with the undo of what was done just now."""
    if not words:
        return redirect(url_for(".one", slug=slug))
    flash(words, "info")
    newest = faq_changes.of_faq(db(), row_of(db(), slug)["id"], [slug], limit=1)
    return redirect(url_for(".one", slug=slug, done=newest[0].id if newest else None))


def trouble_of(error: Exception, slug: str = "") -> str:
    """What is wrong with what was typed, as the reader understands it."""
    if isinstance(error, ConflictError):
        if slug and (slug in faqs.aliases(db()) or _there(slug)):
            return _(
                "“%(slug)s” is the name of an FAQ already. Choose another, or merge.", slug=slug
            )
        return _("The FAQ has changed meanwhile. Look again, then decide.")
    return knowledge_words.row_reason("invalid", str(error))[0]


def _there(slug: str) -> bool:
    return bool(db().conn.execute("SELECT 1 FROM faqs WHERE slug = ?", [slug]).fetchone())
