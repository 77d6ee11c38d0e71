"""A collection of a Milvus: a server, or a file of the embedded milvus-lite.

Opens and makes one, asks it within a deadline, writes with patience, and tells what goes wrong in
our own errors; `support.milvus_index` searches with it. The only file of this package that imports
pymilvus, and only when a place is opened (it takes a second).
"""

import logging
import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit
from weakref import finalize

from .engine_places import check_place
from .errors import IndexServerError, SettingError

T = TypeVar("T")

# A server's index; FAISS's graph has the same figures (support.faiss_index). milvus-lite scans.
GRAPH: Final = {"M": 32, "efConstruction": 100}
TIMEOUT: Final = 10.0  # seconds a call may take
# Seconds for which a write is tried again while the server is away; one that was started anew takes
# writes after 15 s, and reads when it has loaded its collections, after 40.
PATIENCE: Final = 120.0
# No other program names its fields so: a collection of somebody else's is told by them. (A
# description would say it better; milvus-lite keeps none.)
ID: Final = "faqdesk_id"
VECTOR: Final = "faqdesk_vector"
_NAME: Final = re.compile(r"[a-z_][a-z0-9_]{0,127}")
_NO_SUCH: Final = 100  # the engine's codes for a collection
_NOT_LOADED: Final = 101
_UNREACHED: Final = 2
_SIGNS_AWAY: Final = ("UNAVAILABLE", "DEADLINE_EXCEEDED", "CANCELLED", "Retry timeout")
_SIGNS_SECRET: Final = ("UNAUTHENTICATED", "PERMISSION_DENIED", "auth check failure")
_SIGNS_TLS: Final = ("SSL", "CERTIFICATE", "andshake")
_one_writer = threading.Lock()  # milvus-lite reads in many threads, and writes in one


@dataclass(frozen=True)
class MilvusPlace:
    """Where a Milvus is.

    Args:
        uri: `http(s)://host:19530`, or the path of a milvus-lite, which ends in `.db` and which
            one process alone can open.
        token: `user:password`, or an API key.
        certificate: a PEM file of the authority that signed the server's; without it, of those
            that gRPC knows.

    Raises:
        SettingError: it is neither; or it is a server elsewhere, and anybody can read or ask it.
    """

    uri: str
    token: str = field(default="", repr=False)  # a secret: in no log
    certificate: str = ""

    def __post_init__(self) -> None:
        if self.embedded:
            return
        parts = urlsplit(self.uri)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise SettingError(
                f"{self.uri!r} is no place of vectors: http(s)://host:19530, or a path that ends "
                f"in .db."
            )
        if parts.username or parts.password:
            raise SettingError("A token has a setting of its own: it does not stand in an address.")
        check_place(
            "Milvus", parts.hostname, secret=bool(self.token), encrypted=parts.scheme == "https",
            cure="Give it https://, and a token.",
        )  # fmt: skip
        if self.certificate and not Path(self.certificate).is_file():
            raise SettingError(f"There is no certificate {self.certificate}. Name a PEM file.")

    @property
    def embedded(self) -> bool:
        """Whether it is a milvus-lite."""
        return self.uri.endswith(".db") and "://" not in self.uri


class MilvusCollection:
    """Vectors by their ids, in one collection."""

    def __init__(
        self, place: MilvusPlace, name: str, *, dim: int, create: bool, timeout: float
    ) -> None:
        """Open it.

        Args:
            place: where it is.
            name: small letters, digits and underscores.
            dim: numbers of a vector.
            create: make it where it is missing.
            timeout: seconds a call may take.

        Raises:
            SettingError: the name is none.
            IndexServerError: the engine is away, too slow, or refuses; there is no such collection
                (`missing`); or it is another program's, or holds vectors of another length.
        """
        if not _NAME.fullmatch(name):
            raise SettingError(
                f"{name[:80]!r} is no name of a collection: small letters, digits and "
                f"underscores, 128 at most, the first no digit."
            )
        self.embedded = place.embedded
        self._place, self._name, self._dim, self._timeout = place, name, dim, timeout
        self._until = threading.local()
        self._client: Any = self._run(lambda: _connect(place, timeout))
        # The client's own list of connections would hold one that nobody uses any more.
        self._close = finalize(self, _let_go, self._client, os.getpid())
        self._close.atexit = False
        try:
            # Who makes none may have a page that waits: all of it in the time of a call.
            with nullcontext() if create else self.within(timeout):
                if not self.ask("has_collection"):
                    if not create:
                        raise IndexServerError(f"There is no {self._what}. Build it.", missing=True)
                    self._create()
                self._check()
                # A milvus-lite has nothing loaded when it is opened; a server is asked once more.
                self.ask("load_collection")
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let go of the connection; whoever forgets the collection does so too."""
        self._close()

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """All calls of this thread in the block together take no longer."""
        self._until.at = time.monotonic() + seconds
        try:
            yield
        finally:
            self._until.at = None

    def ask(self, method: str, **given: Any) -> Any:
        """Call a method of the client for this collection.

        Raises:
            IndexServerError: the engine is away, too slow, or refuses.
        """
        given = {"timeout": self._timeout, **given}
        given["timeout"] = min(given["timeout"], self._left())
        return self._run(lambda: getattr(self._client, method)(self._name, **given))

    def write(self, method: str, **given: Any) -> None:
        """As `ask`, and again while the engine is away: for what may be done twice."""
        if self.embedded:
            with _one_writer:
                self._patiently(method, **given)
        else:
            self._patiently(method, **given)

    def settle(self, item: int) -> None:
        """Wait until what was written is read by whoever asks next, in any process.

        A server shows a deletion, and what another process wrote, some tenths of a second later. A
        strong read waits for that; it is made once a write, so that searches need not wait.

        Args:
            item: any id.
        """
        if not self.embedded:
            self._patiently(
                "query", filter=f"{ID} == {item}", output_fields=[ID], consistency_level="Strong"
            )

    def pages(self, rows: int) -> Any:
        """Everything, in lists of at most `rows` rows."""
        pages = self.ask(
            "query_iterator", batch_size=rows, filter="", output_fields=[ID, VECTOR],
            consistency_level="Strong",
        )  # fmt: skip
        try:
            while page := self._run(pages.next):
                yield page
                self._left()
        finally:
            pages.close()

    def _patiently(self, method: str, **given: Any) -> None:
        until, pause = time.monotonic() + PATIENCE, 0.2
        while True:
            try:
                self.ask(method, **given)
                return
            except IndexServerError as error:
                if not error.away or time.monotonic() + pause > min(until, self._end()):
                    raise
            time.sleep(pause)
            pause = min(2 * pause, 5.0)

    @property
    def _what(self) -> str:
        return f"collection {self._name} in {self._place.uri}"

    def _create(self) -> None:
        from pymilvus import DataType, MilvusClient

        schema = MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
        schema.add_field(ID, DataType.INT64, is_primary=True)
        schema.add_field(VECTOR, DataType.FLOAT_VECTOR, dim=self._dim)
        kind: dict[str, Any] = {"index_type": "FLAT"}
        if not self.embedded:
            kind = {"index_type": "HNSW", "params": GRAPH}
        index = MilvusClient.prepare_index_params()
        index.add_index(VECTOR, metric_type="IP", index_name=VECTOR, **kind)
        try:
            self.ask("create_collection", schema=schema, index_params=index)
        except IndexServerError as error:
            if error.away or not self.ask("has_collection"):
                raise
            # Another process made it at the same moment.

    def _check(self) -> None:
        fields = {field["name"]: field for field in self.ask("describe_collection")["fields"]}
        if set(fields) != {ID, VECTOR}:
            raise IndexServerError(
                f"The {self._what} is another program's: it holds {', '.join(sorted(fields))}. "
                f"Take another Milvus, or move that collection out of the way."
            )
        dim = int(fields[VECTOR]["params"]["dim"])
        if dim != self._dim:
            raise IndexServerError(
                f"The {self._what} holds vectors of {dim} numbers, and {self._dim} are wanted. "
                f"Drop it, and build it again."
            )

    def _run(self, work: Callable[[], T]) -> T:
        try:
            return work()
        except Exception as error:
            # Of the client, or of the gRPC below it; whatever else is ours.
            if not type(error).__module__.startswith(("pymilvus", "grpc")):
                raise
            raise self._told(error) from error

    def _told(self, error: Exception) -> IndexServerError:
        """What went wrong, and the cure."""
        code: Any = getattr(error, "code", None)
        code = code() if callable(code) else code  # gRPC's own is a method
        words = f"{getattr(error, 'message', '') or error} {error.__cause__ or ''}"
        where = self._place.uri
        if code == _NO_SUCH:
            return IndexServerError(f"There is no {self._what}. Build it.", missing=True)
        if any(sign in words for sign in _SIGNS_SECRET):
            return IndexServerError(f"Milvus at {where} does not take this token. Name another.")
        if self.embedded and "Open local milvus failed" in words:
            return IndexServerError(
                f"{where} cannot be opened: another process has it open, or its folder is missing. "
                f"One process alone opens such a file; for several, start a Milvus server."
            )
        if any(sign in words for sign in _SIGNS_TLS):
            return IndexServerError(
                f"Milvus at {where} shows a certificate of another authority or host, or none. "
                f"Name the authority's, and the host as it stands in the certificate.",
                away=True,
            )
        if code == _UNREACHED or any(sign in words for sign in _SIGNS_AWAY):
            return self._slow()
        if code == _NOT_LOADED:
            return IndexServerError(
                f"The {self._what} is not loaded. A server that was started just now loads it by "
                f"itself; wait.",
                away=True,
            )
        message = " ".join(str(getattr(error, "message", "") or error).split())[:300]
        return IndexServerError(
            f"Milvus at {where} refuses ({code}): {message}",
            away=bool(getattr(error, "retriable", False)),
        )

    def _left(self) -> float:
        """Seconds that this thread may still wait, by `within`."""
        if (left := self._end() - time.monotonic()) <= 0:
            raise self._slow()
        return left

    def _end(self) -> float:
        at: float | None = getattr(self._until, "at", None)
        return float("inf") if at is None else at

    def _slow(self) -> IndexServerError:
        return IndexServerError(
            f"Milvus at {self._place.uri} did not answer within {self._timeout:g} s. Start it, or "
            f"wait until it is ready.",
            away=True,
        )


def _let_go(client: Any, process: int) -> None:
    if os.getpid() == process:  # one that was forked has no part in the connection
        client.close()


def _connect(place: MilvusPlace, timeout: float) -> Any:
    from pymilvus import MilvusClient

    # Whatever it writes to the log with its stack, it raises too.
    for name in ("pymilvus", "pymilvus.milvus_client", "milvus_lite"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    # A proxy that the environment names would be told the token.
    options = {"grpc.enable_http_proxy": 0}
    given: dict[str, Any] = {"grpc_options": options}
    if place.certificate:
        given["server_pem_path"] = place.certificate
    if place.embedded:
        # It ends the connection of who asks every ten seconds whether it is there.
        options["grpc.keepalive_time_ms"] = 3_600_000
    # Shared connections are told apart by host and token alone: one with TLS would serve who asks
    # for one without, or with another authority.
    return MilvusClient(place.uri, token=place.token, timeout=timeout, dedicated=True, **given)
