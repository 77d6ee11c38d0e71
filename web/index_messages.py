"""Similar listings as they travel between the index server and its callers."""

from collections.abc import Sequence
from typing import Any, Final

from listings.similar.index import LEAST, WAYS
from listings.similar.looks import Match, Reason
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


def wanted(
    *, top_k: int = 10, ways: Sequence[str] = WAYS, at_least: float = LEAST
) -> messages.Options:
    """What is asked for, as it travels; the other way round as `options`."""
    return messages.Options(top_k=top_k, ways=list(ways), at_least=at_least)


def read_matches(answer: messages.Matches) -> list[Match]:
    """Matches that travelled; the other way round as `matches`."""
    return [
        Match(
            found.listing_id,
            found.probability,
            tuple(
                Reason(
                    by=reason.by,
                    score=reason.score,
                    probability=reason.probability,
                    picture=reason.picture if reason.HasField("picture") else None,
                    other_picture=(
                        reason.other_picture if reason.HasField("other_picture") else None
                    ),
                    bits=reason.bits if reason.HasField("bits") else None,
                    words=tuple(reason.words),
                )
                for reason in found.reasons
            ),
        )
        for found in answer.matches
    ]
