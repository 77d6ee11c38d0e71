"""The similar listings of one process: opened when they are first asked for, and never old.

With `FAQDESK_INDEX` an index server is asked; while it is away, the desk's own index answers, which
is read from the database. A picture space or an index that another process published is opened
beside the one in use and takes its place in one step: no search waits for it.
"""

import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import structlog

from listings.similar.looks import Match
from listings.similar.picture_space import KIND
from support.errors import FaqdeskError
from support.release import pointer
from support.workspace import Workspace

from .index_line import IndexLine, named_server
from .similar_desk import SimilarDesk, index_folder

if TYPE_CHECKING:
    from .similar_remote import RemoteListings

Stamp = tuple[tuple[int, int], ...]

log = structlog.get_logger("faqdesk.similar")


@dataclass(frozen=True, slots=True)
class Found:
    """What was found, best first.

    `away` says why the desk's own index answered for the server; `by_words` why that compared words
    and hashes alone.
    """

    matches: tuple[Match, ...]
    away: str = ""
    by_words: str = ""


class SimilarFollower:
    """Finds similar listings; each call may come from any thread."""

    def __init__(self, workspace: Workspace, *, server: str | None = None) -> None:
        """Follow a workspace; nothing is read yet.

        Args:
            workspace: the desk.
            server: an index server, `host:port`; None: as `FAQDESK_INDEX` says; '': none.
        """
        self._workspace = workspace
        named = named_server() if server is None else server
        self._line = IndexLine(named, lambda: _remote(named)) if named else None
        self._desk: SimilarDesk | None = None
        self._stamp: Stamp = ()
        self._lock = threading.Lock()  # held while the first is opened, else for a moment
        self._opening = threading.Lock()  # held by the thread that opens a newer one

    @property
    def server(self) -> str:
        """The index server that is asked; '' where the desk's own index answers."""
        return self._line.server if self._line else ""

    @property
    def away(self) -> str:
        """Why the desk's own index answered the last time; '' where it was not needed."""
        return self._line.away if self._line else ""

    def to_listing(self, listing_id: int, **options: Any) -> Found:
        """Listings like one of the desk's.

        Args:
            listing_id: which.
            **options: top_k, ways, at_least; as `SimilarListings.like`.

        Raises:
            NotFoundError: there is no such listing, or it is not described yet.
            ModelError: a model is damaged.
        """
        return self._find(lambda door: door.by_listing(listing_id, **options))

    def to(self, text: str = "", pictures: Sequence[Path] = (), **options: Any) -> Found:
        """Listings like some words and picture files together; options as for `to_listing`.

        Raises:
            InputError: there is neither.
            PictureError: a file cannot be read.
            ModelError: a model is damaged.
        """
        return self._find(lambda door: door.by_look(text, pictures, **options))

    def desk(self) -> SimilarDesk:
        """The desk's own index: opened now if need be, and again behind a newer one's back."""
        stamp = self._look()
        with self._lock:
            if self._desk is None:
                self._desk, self._stamp = SimilarDesk(self._workspace), stamp
                return self._desk
            known = self._desk
            fresh = stamp == self._stamp
        if not fresh and self._opening.acquire(blocking=False):
            threading.Thread(target=self._follow, args=(stamp,), daemon=True).start()
        return known

    def _find(self, ask: "Callable[[Door], list[Match]]") -> Found:
        if self._line is None:
            return self._own(ask, away="")
        found = self._line.ask(ask)
        if found is not None:
            return Found(tuple(found))
        return self._own(ask, away=self._line.away)

    def _own(self, ask: "Callable[[Door], list[Match]]", *, away: str) -> Found:
        own = self.desk()
        matches = tuple(ask(own))
        return Found(matches, away, own.similar.why_by_words)

    def _follow(self, stamp: Stamp) -> None:
        """Open what was published, bring it up to date, and put it in the old one's place."""
        try:
            newer = SimilarDesk(self._workspace)
            with self._lock:
                known = self._desk
            # Until others have described and saved with the new models, the old ones see more.
            if newer.saved or known is None:
                with closing(self._workspace.database()) as db:
                    newer.similar.refresh(db)
                with self._lock:
                    self._desk = newer
        except (FaqdeskError, OSError):
            log.warning("a newer index was not opened; the one in use stays", exc_info=True)
        finally:
            with self._lock:
                self._stamp = stamp  # looked at: opened again when it changes once more
            self._opening.release()

    def _look(self) -> Stamp:
        """What changes with a published picture space and with a saved index."""
        places = (
            pointer(self._workspace.models, KIND),
            index_folder(self._workspace) / "config.json",
        )
        found = []
        for path in places:
            try:
                stat = path.stat()
            except OSError:
                found.append((0, 0))
            else:
                found.append((stat.st_mtime_ns, stat.st_ino))
        return tuple(found)


class OwnListings:
    """The door that an index server opens: the desk's own index, always the newest."""

    def __init__(self, workspace: Workspace) -> None:
        """Follow a workspace; nothing is read yet."""
        self._follower = SimilarFollower(workspace, server="")

    def desk(self) -> SimilarDesk:
        """The index as it is now."""
        return self._follower.desk()

    def by_listing(self, listing_id: int, **options: Any) -> list[Match]:
        """Like one of the desk's."""
        return self.desk().by_listing(listing_id, **options)

    def by_text(self, text: str, **options: Any) -> list[Match]:
        """Worded like a text."""
        return self.desk().by_text(text, **options)

    def by_picture(self, path: Path, **options: Any) -> list[Match]:
        """Showing what a picture file shows."""
        return self.desk().by_picture(path, **options)


class Door(Protocol):
    """The desk's own index, or a server's."""

    def by_listing(self, listing_id: int, **options: Any) -> list[Match]:
        """Like one of the desk's."""

    def by_look(self, text: str = "", pictures: Sequence[Path] = (), **options: Any) -> list[Match]:
        """Like some words and pictures together."""


def _remote(server: str) -> "RemoteListings":
    from .similar_remote import RemoteListings  # gRPC is read only where it is used

    return RemoteListings(server)
