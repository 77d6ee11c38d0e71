"""Past answers in a process that asks an index server for them, and holds no index of its own.

While the server is away the desk's own index answers, opened then, and let go when the server is
back: a console needs its memory for that time alone.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from sqlite_utils import Database

from support.encoder import SentenceEncoder
from support.inquiries import PastAnswer
from support.models import Through
from support.similar import LookBack, PastInquiries, SimilarInquiries, remember

from .index_line import IndexLine, named_server

if TYPE_CHECKING:
    from support.grpc_index import IndexChannel

DEADLINE: Final = 5.0  # seconds: somebody waits before a page


class InquiryServer:
    """The index server that one process asks about inquiries; from any thread."""

    def __init__(self, server: str | None = None) -> None:
        """Name the server, which is not asked yet.

        Args:
            server: `host:port`; None: as `FAQDESK_INDEX` says; '': none.
        """
        named = named_server() if server is None else server
        self._line = IndexLine(named, lambda: _channel(named)) if named else None

    @property
    def away(self) -> str:
        """Why the desk's own index answered the last time; '' where it was not needed."""
        return self._line.away if self._line else ""

    @property
    def through(self) -> Through | None:
        """What stands in for the desk's own index; None where no server is named."""
        line = self._line
        if line is None:
            return None
        return lambda encoder, mix, own: AskedInquiries(line, encoder, mix, own)


class AskedInquiries(PastInquiries):
    """Finds past answers by one release, through a server or by itself."""

    def __init__(
        self,
        line: "IndexLine[IndexChannel]",
        encoder: SentenceEncoder,
        mix: float | None,
        own: Callable[[], SimilarInquiries],
    ) -> None:
        """Take the line, the encoder and the mix in force, and what opens the desk's index."""
        self.encoder = encoder
        self._line = line
        self._mix = mix
        self._open = own
        self._own: SimilarInquiries | None = None
        self._lock = threading.Lock()  # held while the desk's own index is opened

    def similar(
        self, db: Database, text: str, *, top_k: int = 5, without: int | None = None
    ) -> list[PastAnswer]:
        """As `SimilarInquiries.similar`."""
        return self.look_back(db, text, top_k=top_k, without=without).similar

    def look_back(
        self,
        db: Database,
        text: str,
        *,
        top_k: int = 5,
        neighbours_k: int | None = None,
        without: int | None = None,
    ) -> LookBack:
        """As `SimilarInquiries.look_back`; where the server is away, `away` says why."""

        def ask(channel: "IndexChannel") -> LookBack:
            from support.grpc_inquiries import RemoteInquiries

            return RemoteInquiries(channel, self.encoder, self._mix).look_back(
                db, text, top_k=top_k, neighbours_k=neighbours_k, without=without
            )

        found = self._line.ask(ask)
        if found is not None:
            self._own = None
            return found
        # Read before the search: it may be back when that is done.
        why = self._line.away
        own = self._opened().look_back(
            db, text, top_k=top_k, neighbours_k=neighbours_k, without=without
        )
        return replace(own, away=why)

    def remember(self, db: Database, inquiry_ids: Sequence[int]) -> None:
        """As `SimilarInquiries.remember`; the server finds them at its next search."""
        remember(db, self.encoder, inquiry_ids)

    def _opened(self) -> SimilarInquiries:
        with self._lock:
            known = self._own
            if known is None:
                known = self._own = self._open()
            return known


def _channel(server: str) -> "IndexChannel":
    from support.grpc_index import IndexChannel  # gRPC is read only where it is used

    return IndexChannel(server, deadline=DEADLINE)
