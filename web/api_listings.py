"""`/api/v1/categories`: the categories of a listing for programs, of words, pictures or both.

Nothing that is asked about is stored; pictures lie in a temporary folder until they are looked at.
"""

from dataclasses import replace
from typing import Any

from flask import request
from flask.typing import ResponseReturnValue
from marshmallow import Schema, fields, validate

from listings.categorise import CategorySuggestion
from support.errors import InputError

from .api import bp, needs, problems
from .api_forms import json_or_form, posted, posted_pictures
from .database import desk
from .listing_uploads import MAX_PICTURES
from .listings_page import MAX_DESCRIPTION, MAX_TITLE, read_listing

__all__ = ["bp"]


class ListingSchema(Schema):
    """A listing to categorise."""

    title = fields.String(load_default="", validate=validate.Length(max=MAX_TITLE))
    description = fields.String(load_default="", validate=validate.Length(max=MAX_DESCRIPTION))
    price = fields.String(
        load_default="",
        validate=validate.Length(max=40),
        metadata={"description": "As it is written, such as 35,000 or 35만원."},
    )
    top_k = fields.Integer(load_default=3, validate=validate.Range(1, 20))


class ListingWithPicturesSchema(ListingSchema):
    """A listing to categorise, with its pictures."""

    pictures = fields.List(
        fields.Raw(metadata={"type": "string", "format": "binary"}),
        metadata={"description": f"At most {MAX_PICTURES} files."},
    )


class CategoryWordSchema(Schema):
    """A word that speaks for a category."""

    text = fields.String(required=True)
    weight = fields.Float(required=True)


class CategoryGuessSchema(Schema):
    """One category that fits."""

    rank = fields.Integer(required=True)
    path = fields.String(required=True, metadata={"description": "Levels joined by ' > '."})
    probability = fields.Float(required=True)
    words = fields.List(fields.Nested(CategoryWordSchema), required=True)


class CategoriesSchema(Schema):
    """Where a listing belongs, best first."""

    model = fields.String(required=True)
    guesses = fields.List(fields.Nested(CategoryGuessSchema), required=True)
    review = fields.Boolean(
        required=True, metadata={"description": "The first is not sure enough: somebody look."}
    )
    branch = fields.String(
        required=True, metadata={"description": "The deepest branch that is sure enough, or empty."}
    )
    voices = fields.List(
        fields.String(validate=validate.OneOf(("text", "image"))),
        required=True,
        metadata={"description": "What was judged by."},
    )
    problems = fields.List(
        fields.String(), required=True, metadata={"description": "Pictures that were not read."}
    )


@bp.post("/categories")
@problems(413, 415)
@needs("listings")
@bp.doc(requestBody=json_or_form(ListingSchema, ListingWithPicturesSchema))
@bp.response(200, CategoriesSchema)
def categorise_listing() -> ResponseReturnValue:
    """Suggest categories for a listing."""
    asked = posted(ListingSchema())
    if not any((asked["title"].strip(), asked["description"].strip(), request.files)):
        raise InputError("Give a title, a description or a picture.")
    listing = read_listing(asked)
    classifier = desk().categories.classifier()  # one answer is of one model
    with posted_pictures() as (paths, wrong):
        shown = replace(listing, pictures=paths)
        found = classifier.predict([shown], top_k=asked["top_k"], words=True)[0]
    return _told(found, classifier.version, wrong)  # the schema writes it


def _told(found: CategorySuggestion, model: str, wrong: list[str]) -> dict[str, Any]:
    return {
        "model": model,
        "guesses": [
            {
                "rank": rank,
                "path": guess.path,
                "probability": guess.probability,
                "words": [{"text": part.word, "weight": part.weight} for part in guess.words],
            }
            for rank, guess in enumerate(found.guesses, 1)
        ],
        "review": found.review,
        "branch": found.branch,
        "voices": list(found.voices),
        "problems": wrong,
    }
