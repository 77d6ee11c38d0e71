"""Similar listings that an index server finds, asked over gRPC: a process without an index."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from listings.similar.likeness import together
from listings.similar.looks import Match, Reason
from support import index_pb2 as messages
from support.errors import IndexServerError, InputError, NotFoundError
from support.grpc_index import LISTINGS, IndexChannel

from .index_messages import read_matches, wanted

DEADLINE: Final = 5.0  # seconds: somebody waits before a page


class RemoteListings:
    """Finds similar listings through an index server; each call may come from any thread."""

    def __init__(self, target: str, *, deadline: float = DEADLINE) -> None:
        """Name the server, such as `localhost:8050`; it is not asked yet."""
        self.target = target
        self._channel = IndexChannel(target, deadline=deadline)

    def by_listing(self, listing_id: int, **options: Any) -> list[Match]:
        """Like one of the desk's.

        Raises:
            NotFoundError: the server does not know the listing.
            IndexServerError: the server is away.
        """
        request = messages.ByListingRequest(listing_id=listing_id, options=wanted(**options))
        try:
            return self._ask("ByListing", request)
        except IndexServerError as error:
            if error.missing:
                raise NotFoundError(f"No listing {listing_id}, or cleaning left it out.") from error
            raise

    def by_look(self, text: str = "", pictures: Sequence[Path] = (), **options: Any) -> list[Match]:
        """Like what some words and picture files say together.

        The server is asked about each, and what it finds is put together here.

        Raises:
            InputError: there is neither, or the server cannot read a picture.
            IndexServerError: the server is away.
        """
        found: list[list[Match]] = []
        if text.strip():
            request = messages.ByTextRequest(text=text, options=wanted(**options))
            found.append(self._ask("ByText", request))
        for position, path in enumerate(pictures):
            shown = messages.ByPictureRequest(picture=path.read_bytes(), options=wanted(**options))
            found.append([_at(match, position) for match in self._ask("ByPicture", shown)])
        if not found:
            raise InputError("Nothing to look for: give the words of a listing, or a picture.")
        return found[0] if len(found) == 1 else fused(found)[: options.get("top_k", 10)]

    def _ask(self, method: str, request: Any) -> list[Match]:
        try:
            answer = self._channel.call(f"{LISTINGS}/{method}", request, messages.Matches)
        except ValueError as error:
            raise InputError(str(error)) from error
        return read_matches(answer)


def fused(found: Sequence[Sequence[Match]]) -> list[Match]:
    """Matches of several questions about one thing as one list, best first.

    Of each way of looking the surest reason counts; words and pictures speak for themselves.
    """
    reasons: dict[int, dict[str, Reason]] = {}
    for match in (match for some in found for match in some):
        best = reasons.setdefault(match.listing_id, {})
        for reason in match.reasons:
            if reason.by not in best or reason.probability > best[reason.by].probability:
                best[reason.by] = reason
    matches = []
    for listing_id, best in reasons.items():
        seen = max((r.probability for by, r in best.items() if by != "text"), default=0.0)
        read = best["text"].probability if "text" in best else 0.0
        ordered = tuple(sorted(best.values(), key=lambda reason: -reason.probability))
        matches.append(Match(listing_id, together((seen, read)), ordered))
    return sorted(matches, key=lambda match: (-match.probability, match.listing_id))


def _at(match: Match, position: int) -> Match:
    """The match of a picture asked about alone, as of its place among those asked about."""
    moved = [
        reason if reason.picture is None else replace(reason, picture=position)
        for reason in match.reasons
    ]
    return Match(match.listing_id, match.probability, tuple(moved))
