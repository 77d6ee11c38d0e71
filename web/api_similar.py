"""`/api/v1/listings/<id>/similar` and `/api/v1/listings:similar`: what is like a listing, and why.

Nothing that is asked about is stored; pictures lie in a temporary folder until they are looked at.
"""

from typing import Any, Final

from flask.typing import ResponseReturnValue
from marshmallow import Schema, fields, validate

from listings.moderation.take_in import listing_id_of
from listings.similar.index import LEAST, WAYS
from listings.similar.looks import Match
from listings.stored import places
from support import settings
from support.errors import InputError, NotFoundError
from support.redact import Redactor

from .api import bp, needs, problems
from .api_forms import json_or_form, posted, posted_pictures
from .database import db, desk
from .listing_uploads import MAX_PICTURES
from .similar_follow import Found

__all__ = ["bp"]

MAX_TEXT: Final = 20_000  # characters
_NAMES: Final = ("source", "external_id", "title")
_SECONDHAND: Final = "The desk's own index answered: its index server is away."
_BY_WORDS: Final = "Words and picture hashes alone were compared: the vector engine is away."


class SimilarOptionsSchema(Schema):
    """How to look."""

    top_k = fields.Integer(load_default=10, validate=validate.Range(1, 100))
    ways = fields.String(
        load_default="",
        metadata={
            "description": f"How to look, by commas: {', '.join(WAYS)}. Without it, every way."
        },
    )
    at_least = fields.Float(
        load_default=0.15,
        validate=validate.Range(LEAST, 1),
        metadata={"description": "The likeliness from which a listing is given."},
    )


class SimilarToSchema(SimilarOptionsSchema):
    """How to look, and whose number the listing goes by."""

    source = fields.String(
        load_default="",
        validate=validate.Length(max=200),
        metadata={
            "description": "A marketplace: the listing goes by its id there. Without it, by the "
            "desk's own number."
        },
    )


class SimilarAskSchema(SimilarOptionsSchema):
    """Words of a listing to compare with the desk's."""

    text = fields.String(load_default="", validate=validate.Length(max=MAX_TEXT))


class SimilarAskWithPicturesSchema(SimilarAskSchema):
    """Words, pictures or both."""

    pictures = fields.List(
        fields.Raw(metadata={"type": "string", "format": "binary"}),
        metadata={"description": f"At most {MAX_PICTURES} files."},
    )


class SimilarReasonSchema(Schema):
    """Why a listing is like the one asked about."""

    by = fields.String(required=True, validate=validate.OneOf(WAYS))
    score = fields.Float(
        required=True,
        metadata={
            "description": "Of words the weighted mean of words, codes and meaning; of a picture "
            "the cosine; of a hash the share of its 64 bits that agree."
        },
    )
    probability = fields.Float(required=True, metadata={"description": "What it says alone."})
    picture = fields.Integer(
        required=True, allow_none=True, metadata={"description": "Of those asked about, from 1."}
    )
    other_picture = fields.Integer(
        required=True, allow_none=True, metadata={"description": "Of the listing found, from 1."}
    )
    bits = fields.Integer(
        required=True, allow_none=True, metadata={"description": "That differ, of a hash."}
    )
    words = fields.List(fields.String(), required=True, metadata={"description": "That both hold."})


class SimilarListingSchema(Schema):
    """One listing that may be the same thing."""

    rank = fields.Integer(required=True)
    listing_id = fields.Integer(required=True, metadata={"description": "The desk's number."})
    source = fields.String(required=True, metadata={"description": "The marketplace."})
    external_id = fields.String(required=True, metadata={"description": "Its id there."})
    title = fields.String(required=True)
    probability = fields.Float(required=True, metadata={"description": "Of all reasons together."})
    reasons = fields.List(fields.Nested(SimilarReasonSchema), required=True)


class SimilarListingsSchema(Schema):
    """Listings that may be the same thing, best first."""

    listings = fields.List(fields.Nested(SimilarListingSchema), required=True)
    degraded = fields.String(
        required=True, metadata={"description": "What could not be used; mostly empty."}
    )
    problems = fields.List(
        fields.String(), required=True, metadata={"description": "Pictures that were not read."}
    )


@bp.get("/listings/<listing_id>/similar")
@problems(404)
@needs("listings")
@bp.arguments(SimilarToSchema, location="query")
@bp.response(200, SimilarListingsSchema)
def similar_to_listing(asked: dict[str, Any], listing_id: str) -> dict[str, Any]:
    """Find listings like one of the desk's."""
    if asked["source"]:
        number = listing_id_of(db(), desk().seal, asked["source"], listing_id)
    elif listing_id.isascii() and listing_id.isdigit() and len(listing_id) < 19:
        number = int(listing_id)
    else:
        raise NotFoundError(f"No listing {listing_id[:40]!r}. Name its marketplace as source.")
    return _told(desk().similar.to_listing(number, **_options(asked)), [])


@bp.post("/listings:similar")
@problems(413, 415)
@needs("listings")
@bp.doc(requestBody=json_or_form(SimilarAskSchema, SimilarAskWithPicturesSchema))
@bp.response(200, SimilarListingsSchema)
def similar_listings() -> ResponseReturnValue:
    """Find listings like some words, some pictures, or both."""
    asked = posted(SimilarAskSchema())
    text = Redactor(settings.load(db()).allow).redact(asked["text"]).text
    with posted_pictures() as (paths, wrong):
        if not text.strip() and not paths:
            raise InputError(" ".join(["Give the words of a listing, or a picture.", *wrong]))
        found = desk().similar.to(text, paths, **_options(asked))
    return _told(found, wrong)  # the schema writes it


def _options(asked: dict[str, Any]) -> dict[str, Any]:
    ways = tuple(way.strip() for way in asked["ways"].split(",") if way.strip()) or WAYS
    if unknown := [way for way in ways if way not in WAYS]:
        raise InputError(f"No way {unknown[0][:40]!r} to look. There are: {', '.join(WAYS)}.")
    return {"top_k": asked["top_k"], "ways": ways, "at_least": asked["at_least"]}


def _told(found: Found, wrong: list[str]) -> dict[str, Any]:
    known = _known([match.listing_id for match in found.matches])
    return {
        "listings": [
            {"rank": rank, **known[match.listing_id], **_match(match)}
            for rank, match in enumerate(
                (match for match in found.matches if match.listing_id in known), 1
            )
        ],
        "degraded": " ".join(
            words for words, why in ((_SECONDHAND, found.away), (_BY_WORDS, found.by_words)) if why
        ),
        "problems": wrong,
    }


def _known(ids: list[int]) -> dict[int, dict[str, Any]]:
    sql = f"SELECT id, source, external_id, title FROM listings WHERE id IN ({places(ids)})"  # noqa: S608
    return {
        row["id"]: {"listing_id": row["id"]} | {name: row[name] for name in _NAMES}
        for row in db().query(sql, ids)
    }


def _match(match: Match) -> dict[str, Any]:
    return {
        "probability": match.probability,
        "reasons": [
            {
                "by": reason.by,
                "score": reason.score,
                "probability": reason.probability,
                "picture": None if reason.picture is None else reason.picture + 1,
                "other_picture": None if reason.other_picture is None else reason.other_picture + 1,
                "bits": reason.bits,
                "words": list(reason.words),
            }
            for reason in match.reasons
        ],
    }
