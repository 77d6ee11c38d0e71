"""Listings like another: asked by number, by words, by pictures, with what speaks for each."""

from dataclasses import dataclass
from typing import Any, Final

from flask import Blueprint, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from listings.similar.apart import keep_apart, kept_apart, undo_apart
from listings.similar.holding import holding, typed_words
from listings.similar.index import WAYS
from support import settings
from support.errors import ConflictError, InputError, ModelError, NotFoundError
from support.redact import Redactor

from .auth import MODERATING, actor, me, requires
from .database import db, desk
from .i18n import gettext as _
from .listing_uploads import MAX_PICTURES, Uploads
from .listings_page import shown
from .similar_follow import Found
from .similar_view import (
    Account,
    Side,
    Why,
    accounts,
    described,
    listing_address,
    marked,
    sides,
    why,
)

bp = Blueprint("similar_page", __name__, url_prefix="/moderation/similar")

MAX_TEXT: Final = 2_000  # characters looked at
FOUND: Final = 24  # listings shown
LEAST: Final = 0.15  # the likeness from which one is shown
# How to look, by the name in an address.
LOOKS: Final = {"": WAYS, "words": ("text",), "pictures": ("picture", "hash")}

bp.app_template_filter("marked")(marked)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is looked for."""

    listing: int | None
    text: str
    pictures: tuple[str, ...]  # names of uploads
    look: str  # a name in LOOKS

    @property
    def anything(self) -> bool:
        """Whether there is something to look for."""
        return self.listing is not None or bool(self.text or self.pictures)

    def address(self, **changed: Any) -> str:
        """The page that answers it, or something like it."""
        values = {
            "listing": self.listing, "q": self.text or None, "picture": list(self.pictures),
            "look": self.look or None,
        }  # fmt: skip
        return url_for(".show", **(values | changed))


@dataclass(frozen=True, slots=True)
class Result:
    """One listing that was found, and why."""

    side: Side
    why: Why
    account: Account | None


@bp.get("")
@requires(*MODERATING)
def show() -> ResponseReturnValue:
    """Show what is like a listing, some words or some pictures."""
    asked = _asked()
    problem, found = "", Found(())
    own = sides(db(), [asked.listing]).get(asked.listing) if asked.listing is not None else None
    try:
        if asked.listing is not None and own is None:
            raise NotFoundError(_("There is no listing %(id)s.", id=asked.listing))
        if asked.anything:
            found = _find(asked)
    except NotFoundError as error:
        problem = str(error) if own is None else _("This listing cannot be compared: it is not "
            "described yet, or cleaning left it out. The desk describes new listings when it "
            "watches.")  # fmt: skip
    except ModelError as error:
        problem = str(error)
    apart = kept_apart(db(), own.id) if own else set()
    return render_template(
        "similar.html",
        asked=asked,
        own=own,
        own_account=accounts(db(), [own.seller]).get(own.seller) if own else None,
        results=_results(found),
        away=found.away,
        by_words=found.by_words,
        problem=problem,
        apart=list(sides(db(), apart).values()),
        max_pictures=MAX_PICTURES,
        address=listing_address,
        looks=LOOKS,
        described=bool(found.matches) or described(db()),
        holds=_holding(asked, {match.listing_id for match in found.matches}),
        typed=typed_words(asked.text),
        undo=request.args.get("undo", type=int),
    )


@bp.post("")
@requires(*MODERATING)
def ask() -> ResponseReturnValue:
    """Take what is looked for from the form, its pictures too, and show the answer."""
    typed = request.form.get("q", "").strip()
    look = request.form.get("look", "")
    uploads = Uploads(desk().workspace, me().id)
    names = [name for name in request.form.getlist("kept") if uploads.some([name])]
    for file in request.files.getlist("picture"):
        if not file.filename:
            continue
        if len(names) >= MAX_PICTURES:
            flash(_("At most %(n)s pictures.", n=MAX_PICTURES), "danger")
            break
        try:
            names.append(uploads.add(file))
        except InputError as error:
            flash(str(error), "danger")
    # A number alone names a listing; a year or a model stands among other words.
    listing = int(typed) if _is_id(typed) and not names else None
    text = "" if listing is not None else typed[:MAX_TEXT]
    return redirect(Asked(listing, text, tuple(names), look).address())


@bp.get("/uploads/<name>.jpg")
@requires(*MODERATING)
def upload(name: str) -> ResponseReturnValue:
    """Show a picture to the one who asked about it."""
    return shown(send_file(Uploads(desk().workspace, me().id).find(name), mimetype="image/jpeg"))


@bp.post("/apart")
@requires(*MODERATING)
def part() -> ResponseReturnValue:
    """Say that two listings are not the same: they are not shown together again."""
    pair = _pair()
    if not keep_apart(db(), actor(), [pair]):
        raise ConflictError(_("Somebody said so already."))
    flash(_("Listings %(one)s and %(other)s are kept apart from now on.",
            one=pair[0], other=pair[1]), "info")  # fmt: skip
    return redirect(url_for(".show", listing=pair[0], undo=pair[1], look=_look() or None))


@bp.post("/together")
@requires(*MODERATING)
def join() -> ResponseReturnValue:
    """Take back that two listings are not the same."""
    pair = _pair()
    if not undo_apart(db(), actor(), [pair]):
        raise ConflictError(_("They are not kept apart any more."))
    flash(_("Listings %(one)s and %(other)s may be shown together again.",
            one=pair[0], other=pair[1]), "info")  # fmt: skip
    return redirect(url_for(".show", listing=pair[0], look=_look() or None))


def _find(asked: Asked) -> Found:
    similar = desk().similar
    options: dict[str, Any] = {"top_k": FOUND, "ways": LOOKS[asked.look], "at_least": LEAST}
    if asked.listing is not None:
        return similar.to_listing(asked.listing, **options)
    paths = Uploads(desk().workspace, me().id).some(list(asked.pictures))
    if not paths and not asked.text:
        raise NotFoundError(_("The pictures are gone: they are kept for an hour. Choose them "
                              "once more."))  # fmt: skip
    text = Redactor(settings.load(db()).allow).redact(asked.text).text
    return similar.to(text, paths, **options)


def _holding(asked: Asked, known: set[int]) -> list[tuple[Side, Account | None]]:
    """Listings that hold the words that were typed, where words alone are asked about."""
    if not asked.text or asked.pictures or asked.look == "pictures":
        return []
    ids = [key for key in holding(db(), asked.text, limit=FOUND) if key not in known]
    shown = sides(db(), ids)
    who = accounts(db(), [side.seller for side in shown.values()])
    return [(shown[key], who.get(shown[key].seller)) for key in ids if key in shown]


def _results(found: Found) -> list[Result]:
    known = sides(db(), [match.listing_id for match in found.matches])
    who = accounts(db(), [side.seller for side in known.values()])
    return [
        Result(
            known[match.listing_id],
            why(match.probability, match.reasons),
            who.get(known[match.listing_id].seller),
        )
        for match in found.matches
        if match.listing_id in known
    ]


def _asked() -> Asked:
    wanted = request.args
    number = wanted.get("listing", "")
    if number and not _is_id(number):
        raise InputError(f"A listing goes by its number, got {number[:20]!r}.")
    return Asked(
        listing=int(number) if number else None,
        text=wanted.get("q", "").strip()[:MAX_TEXT],
        pictures=tuple(wanted.getlist("picture")[:MAX_PICTURES]),
        look=_look(),
    )


def _look() -> str:
    look = request.values.get("look", "")
    return look if look in LOOKS else ""


def _pair() -> tuple[int, int]:
    numbers = [request.form.get(name, "") for name in ("listing", "other")]
    for number in numbers:
        if not _is_id(number):
            raise InputError(f"A listing goes by its number, got {number[:20]!r}.")
    return int(numbers[0]), int(numbers[1])


def _is_id(text: str) -> bool:
    """Whether it is a number from 0 that SQLite can hold."""
    return text.isascii() and text.isdigit() and len(text) < 19
