"""A vector index on another machine, through gRPC; `faqdesk serve-index` serves it.

Implements `support.vector_index.VectorIndex`. Every call has a deadline. The only file of this
package that imports grpc.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import grpc
import numpy as np
from grpc_health.v1 import health_pb2

from . import index_pb2 as messages
from .engine_places import check_place, host_of
from .errors import IndexServerError, SettingError
from .vector_index import Ids, Vectors, checked_queries, checked_rows

SERVICE: Final = "faqdesk.index.v1.Vectors"
LISTINGS: Final = "faqdesk.index.v1.Listings"
INQUIRIES: Final = "faqdesk.index.v1.Inquiries"
HEALTH: Final = "grpc.health.v1.Health"
TOKEN: Final = "FAQDESK_INDEX_TOKEN"  # noqa: S105 - the name of a variable
AUTHORITY: Final = "FAQDESK_INDEX_CA"  # a PEM file: whose certificate the server shows
DEADLINE: Final = 10.0  # seconds a call may take
MOST_BYTES: Final = 64 << 20  # of one message; pictures are below it
_PART: Final = 8 << 20  # bytes of vectors sent at once
_OPTIONS: Final = [
    ("grpc.max_receive_message_length", MOST_BYTES),
    ("grpc.max_send_message_length", MOST_BYTES),
    # gRPC waits ever longer, up to two minutes: a server that is back would be taken for away.
    ("grpc.initial_reconnect_backoff_ms", 500),
    ("grpc.max_reconnect_backoff_ms", 5_000),
    # A proxy that the environment names would be told the token.
    ("grpc.enable_http_proxy", 0),
]


class IndexChannel:
    """A connection to an index server, for any number of its indexes.

    Args:
        target: such as `localhost:8050`.
        token: what the server asks for; without it, `FAQDESK_INDEX_TOKEN`.
        deadline: seconds a call may take.
        certificate: of the server's authority, PEM; without it, that of the file which
            `FAQDESK_INDEX_CA` names; without that nothing is encrypted.

    Raises:
        SettingError: the authority's file cannot be read; or the server is on another machine, and
            lets in whoever reaches it or is talked to in the clear.
    """

    def __init__(
        self,
        target: str,
        *,
        token: str | None = None,
        deadline: float = DEADLINE,
        certificate: bytes | None = None,
    ) -> None:
        if deadline <= 0:
            raise ValueError(f"A deadline must lie above 0 seconds, got {deadline}.")
        self.target = target
        self.deadline = deadline
        token = os.environ.get(TOKEN, "") if token is None else token
        self._metadata = [("authorization", f"Bearer {token}")] if token else []
        certificate = _authority() if certificate is None else certificate
        self._encrypted = certificate is not None
        check_place(
            "The index server", host_of(target), secret=bool(token), encrypted=self._encrypted,
            cure=f"Name its token in {TOKEN} and its certificate's authority in {AUTHORITY}.",
        )  # fmt: skip
        if certificate is None:
            self._channel = grpc.insecure_channel(target, options=_OPTIONS)
        else:
            credentials = grpc.ssl_channel_credentials(certificate)
            self._channel = grpc.secure_channel(target, credentials, options=_OPTIONS)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connection."""
        self._channel.close()

    def call(self, method: str, request: Any, answer: Any) -> Any:
        """Call a method by its full name and wait for its answer, a message of the type `answer`.

        Raises:
            ValueError: the server says that the request is wrong.
            IndexServerError: the server cannot be reached, is too slow, or refuses.
        """
        stub = self._channel.unary_unary(
            f"/{method}",
            request_serializer=type(request).SerializeToString,
            response_deserializer=answer.FromString,
        )
        return self._run(lambda: stub(request, timeout=self.deadline, metadata=self._metadata))

    def stream(self, method: str, request: Any, answer: Any, *, deadline: float) -> Iterator[Any]:
        """As `call`, for a method that answers in parts."""
        stub = self._channel.unary_stream(
            f"/{method}",
            request_serializer=type(request).SerializeToString,
            response_deserializer=answer.FromString,
        )
        parts = stub(request, timeout=deadline, metadata=self._metadata)
        while (part := self._run(lambda: next(parts, None))) is not None:
            yield part

    def healthy(self, service: str = "") -> bool:
        """Whether the server answers, and says that it serves; or one of its services."""
        request = health_pb2.HealthCheckRequest(service=service)
        try:
            found = self.call(f"{HEALTH}/Check", request, health_pb2.HealthCheckResponse)
        except IndexServerError:
            return False
        return bool(found.status == health_pb2.HealthCheckResponse.SERVING)

    def _run(self, work: Callable[[], Any]) -> Any:
        try:
            return work()
        except grpc.RpcError as error:
            code, words = error.code(), error.details()
            if code is grpc.StatusCode.INVALID_ARGUMENT:
                raise ValueError(words) from None
            cure = {
                grpc.StatusCode.UNAUTHENTICATED: f"Name its token in {TOKEN}.",
                grpc.StatusCode.DEADLINE_EXCEEDED: f"It took more than {self.deadline:g} s.",
                grpc.StatusCode.UNAVAILABLE: self._unreached(words or ""),
            }.get(code, words or "")
            raise IndexServerError(
                f"The index server {self.target} failed ({code.name}). {cure}",
                missing=code is grpc.StatusCode.NOT_FOUND,
            ) from error

    def _unreached(self, words: str) -> str:
        """What to do about a server that was not reached."""
        if any(sign in words for sign in ("SSL", "CERTIFICATE", "andshake", "ssl_")):
            return (
                f"Its certificate is not of the authority that {AUTHORITY} names, or is of another "
                f"host than {self.target}."
            )
        if self._encrypted:
            return "Start it: faqdesk serve-index --cert CHAIN --key KEY"
        return (
            f"Start it: faqdesk serve-index (of one with a certificate, name the authority's in "
            f"{AUTHORITY})"
        )


class GrpcIndex:
    """One index of a server; implements `support.vector_index.VectorIndex`."""

    def __init__(self, channel: IndexChannel, name: str) -> None:
        """Take a connection, and which of the server's indexes.

        Raises:
            IndexServerError: the server cannot be reached, or has no such index.
        """
        self._channel = channel
        self._name = name
        self.dim = int(self._describe().dim)

    def __len__(self) -> int:
        return int(self._describe().count)

    def add(self, ids: Ids, vectors: Vectors) -> None:
        """Add vectors, as `VectorIndex.add`; many go in parts."""
        # Looked at before the first part leaves: all are added, or none for being wrong.
        ids, vectors = checked_rows(ids, vectors, dim=self.dim)
        rows = max(_PART // (4 * self.dim), 1)
        for start in range(0, len(ids), rows):
            request = messages.AddRequest(
                index=self._name,
                ids=to_bytes(ids[start : start + rows]),
                vectors=to_bytes(vectors[start : start + rows]),
            )
            self._channel.call(f"{SERVICE}/Add", request, messages.Done)

    def remove(self, ids: Ids) -> None:
        """Forget ids, as `VectorIndex.remove`."""
        request = messages.RemoveRequest(index=self._name, ids=to_bytes(np.asarray(ids, np.int64)))
        self._channel.call(f"{SERVICE}/Remove", request, messages.Done)

    def search(
        self, vectors: Vectors, *, top_k: int, allow: Ids | None = None
    ) -> tuple[Ids, Vectors]:
        """Find the nearest, as `VectorIndex.search`."""
        vectors = checked_queries(vectors, top_k=top_k, dim=self.dim)
        request = messages.SearchRequest(
            index=self._name,
            vectors=to_bytes(vectors),
            top_k=top_k,
            limited=allow is not None,
            allow=b"" if allow is None else to_bytes(np.asarray(allow, np.int64)),
        )
        found = self._channel.call(f"{SERVICE}/Search", request, messages.SearchResponse)
        shape = (len(vectors), top_k)
        return to_ids(found.ids).reshape(shape), to_floats(found.scores).reshape(shape)

    def vectors(self, ids: Ids) -> Vectors:
        """The vectors of some ids, as `VectorIndex.vectors`."""
        request = messages.FetchRequest(index=self._name, ids=to_bytes(np.asarray(ids, np.int64)))
        found = self._channel.call(f"{SERVICE}/Fetch", request, messages.FetchResponse)
        return to_floats(found.vectors).reshape(len(ids), self.dim)

    def snapshot(self, folder: Path) -> None:
        """Write everything into an existing folder of this machine, as the server's index would."""
        request = messages.IndexName(index=self._name)
        parts = self._channel.stream(
            f"{SERVICE}/Snapshot", request, messages.FilePart, deadline=60 * self._channel.deadline
        )
        for part in parts:
            # A name with a path in it would write elsewhere.
            with (folder / Path(part.name).name).open("ab") as file:
                file.write(part.data)

    def _describe(self) -> Any:
        request = messages.IndexName(index=self._name)
        return self._channel.call(f"{SERVICE}/Describe", request, messages.IndexDescription)


def _authority() -> bytes | None:
    path = os.environ.get(AUTHORITY, "")
    if not path:
        return None
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise SettingError(
            f"The authority's certificate {path} cannot be read ({error.strerror}). "
            f"Name a PEM file in {AUTHORITY}."
        ) from error


def to_bytes(values: Ids | Vectors) -> bytes:
    """An array as it travels: little-endian, row after row."""
    return values.astype(values.dtype.newbyteorder("<"), copy=False).tobytes()


def to_ids(data: bytes) -> Ids:
    """(n,) ids of what travelled."""
    return np.frombuffer(data, "<i8").astype(np.int64)


def to_floats(data: bytes) -> Vectors:
    """(n,) numbers of what travelled."""
    return np.frombuffer(data, "<f4").astype(np.float32)
