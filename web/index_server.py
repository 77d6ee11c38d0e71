"""The gRPC index server: vector indexes by name, and similar listings.

Every call is judged before it works: a token where one is asked for, and time left until its
deadline. The only file of this package that imports grpc.
"""

import hmac
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import grpc

from listings.similar.looks import Match
from support import index_pb2 as messages
from support.engine_places import check_place
from support.errors import FaqdeskError, InputError, NotFoundError, SettingError
from support.grpc_index import (
    HEALTH,
    LISTINGS,
    MOST_BYTES,
    SERVICE,
    TOKEN,
    to_bytes,
    to_floats,
    to_ids,
)
from support.scratch import scratch
from support.vector_index import VectorIndex

from .index_messages import matches, options

THREADS: Final = 4
GRACE: Final = 5.0  # seconds that calls under way have when the server stops
_PART: Final = 1 << 20  # bytes of a file sent at once


class ListingDoor(Protocol):
    """What finds similar listings; each call may come from any thread."""

    def by_listing(self, listing_id: int, **options: Any) -> list[Match]:
        """Like one of the desk's."""

    def by_text(self, text: str, **options: Any) -> list[Match]:
        """Worded like a text."""

    def by_picture(self, path: Path, **options: Any) -> list[Match]:
        """Showing what a picture file shows."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate and its key, PEM; callers know whom they talk to, and nobody listens in."""

    chain: bytes
    key: bytes

    @classmethod
    def read(cls, chain: Path, key: Path) -> "Certificate":
        """Read both files.

        Raises:
            SettingError: a file is missing, or they do not belong together.
        """
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(chain, key)
            return cls(chain.read_bytes(), key.read_bytes())
        except (OSError, ValueError) as error:  # an SSLError is an OSError
            raise SettingError(
                f"The certificate {chain} and the key {key} cannot be used ({error}). "
                f"Name two PEM files that belong together: --cert CHAIN --key KEY"
            ) from error


@dataclass(slots=True)
class NamedIndex:
    """An index of the server, and what keeps its callers one after the other."""

    index: VectorIndex
    dim: int
    lock: Any  # threading.Lock


def named(index: VectorIndex, dim: int) -> NamedIndex:
    """An index for a server, with a lock of its own."""
    return NamedIndex(index, dim, threading.Lock())


class IndexServer:
    """Serves indexes until it is stopped.

    Args:
        indexes: by name.
        listings: finds similar listings; None: that service says it is not there.
        host: where to listen; elsewhere than on this machine a token and a certificate are needed.
        port: 0 takes a free one; `port` tells which.
        token: what callers must show; '' lets in whoever reaches the port.
        certificate: encrypts what travels; None: nothing is encrypted.

    Raises:
        SettingError: others could read along or write; the port is taken.
    """

    def __init__(
        self,
        indexes: Mapping[str, NamedIndex],
        *,
        listings: ListingDoor | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        token: str = "",
        certificate: Certificate | None = None,
    ) -> None:
        check_place(
            "An index server", host or "every address", secret=bool(token),
            encrypted=certificate is not None,
            cure=f"Set {TOKEN} and name --cert and --key, or listen on 127.0.0.1.",
        )  # fmt: skip
        self._indexes = dict(indexes)
        self._listings = listings
        self._token = token
        self._serving = True
        self._server = grpc.server(
            ThreadPoolExecutor(THREADS, thread_name_prefix="index"),
            options=[
                ("grpc.max_receive_message_length", MOST_BYTES),
                ("grpc.max_send_message_length", MOST_BYTES),
                # Two servers on one port would share its callers, each with half of the vectors.
                ("grpc.so_reuseport", 0),
            ],
        )
        self._server.add_generic_rpc_handlers(self._handlers())
        place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        try:
            if certificate is None:
                self.port = int(self._server.add_insecure_port(place))
            else:
                pair = grpc.ssl_server_credentials([(certificate.key, certificate.chain)])
                self.port = int(self._server.add_secure_port(place, pair))
        except RuntimeError as error:
            raise SettingError(f"Cannot listen on {host}:{port}; name another --port.") from error

    def start(self) -> None:
        """Begin to answer."""
        self._server.start()

    def wait(self) -> None:
        """Wait until it is stopped."""
        self._server.wait_for_termination()

    def stop(self) -> None:
        """Take no more calls, and wait for those under way."""
        self._serving = False
        self._server.stop(GRACE).wait()

    def _handlers(self) -> tuple[Any, ...]:
        one = {
            "Describe": (self._describe, messages.IndexName),
            "Add": (self._add, messages.AddRequest),
            "Remove": (self._remove, messages.RemoveRequest),
            "Search": (self._search, messages.SearchRequest),
            "Fetch": (self._fetch, messages.FetchRequest),
        }
        vectors = {name: self._unary(work, kind) for name, (work, kind) in one.items()}
        vectors["Snapshot"] = grpc.unary_stream_rpc_method_handler(
            self._guard_stream(self._snapshot),
            request_deserializer=messages.IndexName.FromString,
            response_serializer=messages.FilePart.SerializeToString,
        )
        listings = {
            "ByListing": self._unary(self._by_listing, messages.ByListingRequest),
            "ByText": self._unary(self._by_text, messages.ByTextRequest),
            "ByPicture": self._unary(self._by_picture, messages.ByPictureRequest),
        }
        health = {"Check": self._unary(self._check, messages.HealthCheckRequest, free=True)}
        return (
            grpc.method_handlers_generic_handler(SERVICE, vectors),
            grpc.method_handlers_generic_handler(LISTINGS, listings),
            grpc.method_handlers_generic_handler(HEALTH, health),
        )

    def _unary(self, work: Callable[[Any], Any], kind: Any, *, free: bool = False) -> Any:
        def answer(request: Any, context: Any) -> Any:
            if not free:
                self._admit(context)
            try:
                return work(request)
            except Exception as error:
                raise _abort(context, error) from error

        return grpc.unary_unary_rpc_method_handler(
            answer,
            request_deserializer=kind.FromString,
            response_serializer=lambda message: message.SerializeToString(),
        )

    def _guard_stream(
        self, work: Callable[[Any], Iterator[Any]]
    ) -> Callable[[Any, Any], Iterator[Any]]:
        def answer(request: Any, context: Any) -> Iterator[Any]:
            self._admit(context)
            try:
                yield from work(request)
            except Exception as error:
                raise _abort(context, error) from error

        return answer

    def _admit(self, context: Any) -> None:
        """Refuse a call without the token, or one whose caller waits no longer."""
        if self._token:
            shown = dict(context.invocation_metadata()).get("authorization", "")
            if not hmac.compare_digest(shown.encode(), f"Bearer {self._token}".encode()):
                context.abort(grpc.StatusCode.UNAUTHENTICATED, "This server asks for a token.")
        left = context.time_remaining()
        if left is not None and left <= 0:
            context.abort(grpc.StatusCode.DEADLINE_EXCEEDED, "The deadline has passed.")

    def _named(self, name: str) -> NamedIndex:
        if name not in self._indexes:
            there = ", ".join(sorted(self._indexes)) or "none"
            raise NotFoundError(f"No index {name!r} here. There are: {there}.")
        return self._indexes[name]

    def _describe(self, request: Any) -> Any:
        found = self._named(request.index)
        with found.lock:
            return messages.IndexDescription(dim=found.dim, count=len(found.index))

    def _add(self, request: Any) -> Any:
        found = self._named(request.index)
        ids, numbers = to_ids(request.ids), to_floats(request.vectors)
        if len(numbers) != len(ids) * found.dim:
            raise ValueError(
                f"{len(ids)} ids need {len(ids) * found.dim} numbers, got {len(numbers)}."
            )
        with found.lock:
            found.index.add(ids, numbers.reshape(len(ids), found.dim))
        return messages.Done()

    def _remove(self, request: Any) -> Any:
        found = self._named(request.index)
        with found.lock:
            found.index.remove(to_ids(request.ids))
        return messages.Done()

    def _search(self, request: Any) -> Any:
        found = self._named(request.index)
        numbers = to_floats(request.vectors)
        if len(numbers) % found.dim:
            raise ValueError(f"Queries must be (n, {found.dim}), got {len(numbers)} numbers.")
        if request.top_k > MOST_BYTES // 64:
            raise ValueError(f"top_k is too large: {request.top_k}.")
        allow = to_ids(request.allow) if request.limited else None
        with found.lock:
            ids, scores = found.index.search(
                numbers.reshape(-1, found.dim), top_k=request.top_k, allow=allow
            )
        return messages.SearchResponse(ids=to_bytes(ids), scores=to_bytes(scores))

    def _fetch(self, request: Any) -> Any:
        found = self._named(request.index)
        with found.lock:
            vectors = found.index.vectors(to_ids(request.ids))
        return messages.FetchResponse(vectors=to_bytes(vectors))

    def _snapshot(self, request: Any) -> Iterator[Any]:
        found = self._named(request.index)
        with scratch("index") as folder:
            with found.lock:
                found.index.snapshot(folder)
            for path in sorted(folder.iterdir()):
                with path.open("rb") as file:
                    while data := file.read(_PART):
                        yield messages.FilePart(name=path.name, data=data)

    def _by_listing(self, request: Any) -> Any:
        return matches(self._door().by_listing(request.listing_id, **options(request.options)))

    def _by_text(self, request: Any) -> Any:
        return matches(self._door().by_text(request.text, **options(request.options)))

    def _by_picture(self, request: Any) -> Any:
        with scratch("picture") as folder:
            (folder / "picture").write_bytes(request.picture)
            found = self._door().by_picture(folder / "picture", **options(request.options))
        return matches(found)

    def _door(self) -> ListingDoor:
        if self._listings is None:
            raise NotFoundError("This server holds vectors alone. Start it in a desk's workspace.")
        return self._listings

    def _check(self, request: Any) -> Any:
        return messages.HealthCheckResponse(status=1 if self._serving else 2)


def _abort(context: Any, error: Exception) -> Exception:
    """End a call as its error says; what nobody foresaw says nothing of the machine."""
    if isinstance(error, NotFoundError):
        context.abort(grpc.StatusCode.NOT_FOUND, str(error))
    if isinstance(error, ValueError | InputError):
        context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
    if isinstance(error, FaqdeskError):
        context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))
    return error
