"""Similar listings as they travel between the index server and its callers."""

from typing import Any, Final

from listings.similar.index import LEAST, WAYS
from listings.similar.looks import Match
from support import index_pb2 as messages
from support.errors import InputError

MOST: Final = 1_000  # matches given at once


def options(given: Any) -> dict[str, Any]:
    """What a caller asks for, by name.

    Raises:
        InputError: more is asked for than is given at once.
    """
    if not 0 <= given.top_k <= MOST:
        raise InputError(f"top_k must lie in [0, {MOST}], got {given.top_k}.")
    return {
        "top_k": given.top_k or 10,
        "ways": tuple(given.ways) or WAYS,
        "at_least": max(given.at_least, LEAST),
    }


def matches(found: list[Match]) -> Any:
    """Matches as they travel."""
    return messages.Matches(
        matches=[
            messages.Match(
                listing_id=match.listing_id,
                probability=match.probability,
                reasons=[
                    messages.Reason(
                        by=reason.by,
                        score=reason.score,
                        probability=reason.probability,
                        picture=reason.picture,
                        other_picture=reason.other_picture,
                        bits=reason.bits,
                        words=reason.words,
                    )
                    for reason in match.reasons
                ],
            )
            for match in found
        ]
    )
