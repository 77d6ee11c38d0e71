"""What an index server does for each of its methods. Knows messages, and nothing of calls.

A method takes its request and whether its caller still waits.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from listings.similar.looks import Match
from support import index_pb2 as messages
from support.errors import IndexServerError, NotFoundError
from support.grpc_index import MOST_BYTES, to_bytes, to_floats, to_ids
from support.scratch import scratch
from support.vector_index import VectorIndex

from .index_messages import matches, options

Waits = Callable[[], bool]  # whether somebody still waits for the answer
Method = tuple[Callable[[Any, Waits], Any], Any]  # what is done, and the type of its request

_PART: Final = 1 << 20  # bytes of a file sent at once
_LOOK: Final = 0.2  # seconds after which a call that waits for another looks whether it may go
_ALONE: Final = "This server holds vectors alone. Start it in a desk's workspace."


class ListingDoor(Protocol):
    """What finds similar listings; each call may come from any thread."""

    def by_listing(self, listing_id: int, **options: Any) -> list[Match]:
        """Like one of the desk's."""

    def by_text(self, text: str, **options: Any) -> list[Match]:
        """Worded like a text."""

    def by_picture(self, path: Path, **options: Any) -> list[Match]:
        """Showing what a picture file shows."""


class InquiryDoor(Protocol):
    """What finds past answers; each call may come from any thread."""

    def by_text(self, request: Any) -> Any:
        """Answer a `PastByTextRequest` with `PastMatches`."""

    def by_inquiry(self, request: Any) -> Any:
        """Answer a `PastByInquiryRequest` with `PastMatches`."""


@dataclass(slots=True)
class NamedIndex:
    """An index of the server, and what keeps its callers one after the other."""

    index: VectorIndex
    dim: int
    lock: Any  # threading.Lock


def named(index: VectorIndex, dim: int) -> NamedIndex:
    """An index for a server, with a lock of its own."""
    return NamedIndex(index, dim, threading.Lock())


class VectorMethods:
    """Vector indexes by name."""

    def __init__(self, indexes: Mapping[str, NamedIndex]) -> None:
        """Take the indexes, looked up at each call."""
        self._indexes = indexes

    def methods(self) -> dict[str, Method]:
        """By name, but for the one that answers in parts."""
        return {
            "Describe": (self._describe, messages.IndexName),
            "Add": (self._add, messages.AddRequest),
            "Remove": (self._remove, messages.RemoveRequest),
            "Search": (self._search, messages.SearchRequest),
            "Fetch": (self._fetch, messages.FetchRequest),
        }

    def snapshot(self, request: Any, waits: Waits) -> Iterator[Any]:
        """The files of an index, part by part."""
        found = self._named(request.index)
        with scratch("index") as folder:
            with _alone(found, waits):
                found.index.snapshot(folder)
            for path in sorted(folder.iterdir()):
                with path.open("rb") as file:
                    while data := file.read(_PART):
                        yield messages.FilePart(name=path.name, data=data)

    def _named(self, name: str) -> NamedIndex:
        if name not in self._indexes:
            there = ", ".join(sorted(self._indexes)) or "none"
            raise NotFoundError(f"No index {name!r} here. There are: {there}.")
        return self._indexes[name]

    def _describe(self, request: Any, waits: Waits) -> Any:
        found = self._named(request.index)
        with _alone(found, waits):
            return messages.IndexDescription(dim=found.dim, count=len(found.index))

    def _add(self, request: Any, waits: Waits) -> Any:
        found = self._named(request.index)
        ids, numbers = to_ids(request.ids), to_floats(request.vectors)
        if len(numbers) != len(ids) * found.dim:
            raise ValueError(
                f"{len(ids)} ids need {len(ids) * found.dim} numbers, got {len(numbers)}."
            )
        with _alone(found, waits):
            found.index.add(ids, numbers.reshape(len(ids), found.dim))
        return messages.Done()

    def _remove(self, request: Any, waits: Waits) -> Any:
        found = self._named(request.index)
        with _alone(found, waits):
            found.index.remove(to_ids(request.ids))
        return messages.Done()

    def _search(self, request: Any, waits: Waits) -> Any:
        found = self._named(request.index)
        numbers = to_floats(request.vectors)
        if len(numbers) % found.dim:
            raise ValueError(f"Queries must be (n, {found.dim}), got {len(numbers)} numbers.")
        if request.top_k > MOST_BYTES // 64:
            raise ValueError(f"top_k is too large: {request.top_k}.")
        allow = to_ids(request.allow) if request.limited else None
        with _alone(found, waits):
            ids, scores = found.index.search(
                numbers.reshape(-1, found.dim), top_k=request.top_k, allow=allow
            )
        return messages.SearchResponse(ids=to_bytes(ids), scores=to_bytes(scores))

    def _fetch(self, request: Any, waits: Waits) -> Any:
        found = self._named(request.index)
        with _alone(found, waits):
            vectors = found.index.vectors(to_ids(request.ids))
        return messages.FetchResponse(vectors=to_bytes(vectors))


def listing_methods(door: ListingDoor | None) -> dict[str, Method]:
    """Similar listings; without a door each says that it is not there."""

    def there() -> ListingDoor:
        if door is None:
            raise NotFoundError(_ALONE)
        return door

    def by_listing(request: Any, _: Waits) -> Any:
        return matches(there().by_listing(request.listing_id, **options(request.options)))

    def by_text(request: Any, _: Waits) -> Any:
        return matches(there().by_text(request.text, **options(request.options)))

    def by_picture(request: Any, _: Waits) -> Any:
        with scratch("picture") as folder:
            (folder / "picture").write_bytes(request.picture)
            found = there().by_picture(folder / "picture", **options(request.options))
        return matches(found)

    return {
        "ByListing": (by_listing, messages.ByListingRequest),
        "ByText": (by_text, messages.ByTextRequest),
        "ByPicture": (by_picture, messages.ByPictureRequest),
    }


def inquiry_methods(door: InquiryDoor | None) -> dict[str, Method]:
    """Past answers to similar inquiries; without a door each says that it is not there."""

    def there() -> InquiryDoor:
        if door is None:
            raise NotFoundError(_ALONE)
        return door

    return {
        "ByText": (lambda request, _: there().by_text(request), messages.PastByTextRequest),
        "ByInquiry": (
            lambda request, _: there().by_inquiry(request),
            messages.PastByInquiryRequest,
        ),
    }


@contextmanager
def _alone(found: NamedIndex, waits: Waits) -> Iterator[None]:
    """Nobody else uses the index in the block.

    Raises:
        IndexServerError: whoever asked has gone meanwhile.
    """
    while not found.lock.acquire(timeout=_LOOK):
        if not waits():
            raise IndexServerError("Whoever asked has gone.")
    try:
        yield
    finally:
        found.lock.release()
