"""The page of a single listing: its category as one would show it to a seller who types."""

from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, render_template, request, send_file
from flask.typing import ResponseReturnValue

from listings.categorise import CategorySuggestion
from listings.clean_price import parse_price
from listings.listing import Listing
from support import settings
from support.errors import InputError
from support.redact import Redactor

from . import listing_words
from .auth import LABELLING, me, requires
from .database import db, desk
from .listing_uploads import MAX_PICTURES, Uploads

bp = Blueprint("listings_page", __name__, url_prefix="/listings")

_TYPED = ("title", "description", "price")
MAX_TITLE, MAX_DESCRIPTION = 500, 20_000  # characters
PICTURE = {"Content-Security-Policy": "default-src 'none'; sandbox"}


@bp.get("/new")
@requires(*LABELLING)
def new() -> ResponseReturnValue:
    """Show the empty form."""
    return render_template(
        "listing_new.html",
        missing=desk().categories.followed().missing,
        max_pictures=MAX_PICTURES,
        max_title=MAX_TITLE,
        max_description=MAX_DESCRIPTION,
    )


@bp.post("/suggest")
@requires(*LABELLING)
def suggest() -> ResponseReturnValue:
    """What fits what is typed so far, as a piece of the page."""
    asked = request.get_json()
    if not isinstance(asked, dict):
        raise InputError("Send an object with title, description, price and pictures.")
    names = asked.get("pictures")
    names = [str(name) for name in names] if isinstance(names, list) else []
    pictures = Uploads(desk().workspace, me().id).some(names)
    found = categorise(replace(read_listing(asked), pictures=pictures))
    return {"html": render_template("_guesses.html", found=found, words=listing_words)}


@bp.post("/pictures")
@requires(*LABELLING)
def add_picture() -> ResponseReturnValue:
    """Keep a picture while the page is open."""
    file = request.files.get("picture")
    if file is None:
        raise InputError("Send one picture, in the field `picture`.")
    return {"name": Uploads(desk().workspace, me().id).add(file)}, 201


@bp.get("/pictures/<name>")
@requires(*LABELLING)
def picture(name: str) -> ResponseReturnValue:
    """Show a picture to the one who dropped it."""
    return shown(send_file(Uploads(desk().workspace, me().id).find(name), mimetype="image/jpeg"))


@bp.post("/pictures/<name>/remove")
@requires(*LABELLING)
def remove_picture(name: str) -> ResponseReturnValue:
    """Take a picture away."""
    Uploads(desk().workspace, me().id).remove(name)
    return "", 204


def shown(answer: Response) -> Response:
    """A picture that a page may show, and that can do nothing else."""
    for name, value in PICTURE.items():
        answer.headers[name] = value
    return answer


def read_listing(asked: dict[str, Any]) -> Listing:
    """What was typed, cut to a listing's length and masked as what models learn from is."""
    redactor = Redactor(settings.load(db()).allow)
    title, description, price = (str(asked.get(name) or "") for name in _TYPED)
    return Listing(
        title=redactor.redact(title[:MAX_TITLE]).text.strip(),
        description=redactor.redact(description[:MAX_DESCRIPTION]).text.strip(),
        price=parse_price(price[:40]).amount,
    )


def categorise(listing: Listing, *, top_k: int = 3) -> CategorySuggestion:
    """What a listing looks like.

    Raises:
        ModelMissingError: there is no category model.
    """
    classifier = desk().categories.classifier()
    return classifier.predict([listing], top_k=top_k, words=True)[0]
