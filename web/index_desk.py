"""What an index server serves of a desk: its vectors by name, and past answers to inquiries.

All of it follows what is published, sent and forgotten; the truth stays in desk.db.
"""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Final

from sqlite_utils import Database

from listings.similar.desk import SimilarListings
from support import index_pb2 as messages
from support import inquiries, settings
from support.errors import InputError, ModelMissingError
from support.grpc_index import to_floats
from support.grpc_inquiries import version
from support.models import Follower, Models, load_past
from support.redact import Redactor
from support.similar import LookBack, SimilarInquiries
from support.text import normalize
from support.vector_index import Ids, VectorIndex, Vectors
from support.workspace import Workspace

from .database import file_of
from .index_services import NamedIndex, named
from .similar_follow import OwnListings

PAST: Final = "inquiries"  # the name of the vectors of past inquiries
MOST: Final = 1_000  # past answers and neighbours given at once
_USUAL: Final = 5  # past answers, where nobody says how many
_KEPT: Final = "Vectors of inquiries come from desk.db, as answers are sent: nobody else adds any."


class Connections:
    """Connections to desk.db that are opened once: to open one takes as long as a search."""

    def __init__(self, workspace: Workspace) -> None:
        """Take a workspace; nothing is opened yet."""
        self._workspace = workspace
        self._idle: SimpleQueue[tuple[int, Database]] = SimpleQueue()

    @contextmanager
    def one(self) -> Iterator[tuple[int, Database]]:
        """A connection for the block, and which file it is of: another one where it was replaced.

        Raises:
            WorkspaceError: there is no desk, or it cannot be opened.
        """
        file = file_of(self._workspace.database_path)
        taken = self._take(file) or (file, self._workspace.database())
        try:
            yield taken
        except BaseException:
            taken[1].close()
            raise
        self._idle.put(taken)

    def close(self) -> None:
        """Close those that nobody uses."""
        while self._take(-1):
            pass

    def _take(self, file: int) -> tuple[int, Database] | None:
        while True:
            try:
                found = self._idle.get_nowait()
            except Empty:
                return None
            if found[0] == file:
                return found
            found[1].close()


class OwnInquiries:
    """The door that an index server opens: past answers, by the release in force."""

    def __init__(self, workspace: Workspace) -> None:
        """Follow a workspace; nothing is read yet."""
        self._workspace = workspace
        self._connections = Connections(workspace)
        self._file = file_of(workspace.database_path)
        self._follower = Follower(workspace.models, load=load_past)
        self._lock = threading.Lock()  # of both

    def close(self) -> None:
        """Let go of the database."""
        self._connections.close()

    def by_text(self, request: Any) -> Any:
        """Answer a `PastByTextRequest`.

        Raises:
            EmptyTextError: the text is blank.
            InputError: more is asked for than is given at once.
            ValueError: the vector is none of the encoder's.
            ModelMissingError: there is no encoder yet.
        """
        without = request.without if request.HasField("without") else None
        vector = to_floats(request.vector)[None] if request.vector else None
        if vector is not None and not request.options.HasField("version"):
            raise InputError("A vector says nothing without the version of its encoder.")
        with self._open() as (db, models, similar):
            text = request.text
            if vector is None:  # of somebody else than the desk: compared as the desk's own are
                text = normalize(Redactor(settings.load(db).allow).redact(text).text)
            return _answer(db, models, similar, request.options, text, without, vector)

    def by_inquiry(self, request: Any) -> Any:
        """Answer a `PastByInquiryRequest`; the inquiry does not find itself.

        Raises:
            NotFoundError: there is no such inquiry.
            Others: as `by_text`.
        """
        with self._open() as (db, models, similar):
            text = normalize(inquiries.get(db, request.inquiry_id).text)
            return _answer(db, models, similar, request.options, text, request.inquiry_id, None)

    def dim(self) -> int | None:
        """The length of a vector; None before there is an encoder."""
        similar = self._follower.models().similar
        return similar.encoder.dim if similar else None

    @contextmanager
    def vectors(self) -> Iterator[VectorIndex]:
        """The vectors as they are now, while nobody else searches them.

        Raises:
            ModelMissingError: there is no encoder yet.
        """
        with self._open() as (db, _, similar), similar.fresh(db) as index:
            yield index

    @contextmanager
    def _open(self) -> Iterator[tuple[Database, Models, SimilarInquiries]]:
        with self._connections.one() as (file, db):
            models = self._following(file).models()
            if not isinstance(models.similar, SimilarInquiries):
                raise ModelMissingError(
                    models.degraded or "No encoder yet. Make one: faqdesk train"
                )
            yield db, models, models.similar

    def _following(self, file: int) -> Follower:
        """What follows releases for one file of the database: another one is read anew."""
        with self._lock:
            if file != self._file:
                self._follower = Follower(self._workspace.models, load=load_past)
                self._file = file
            return self._follower


class InquiryVectors:
    """The vectors of past inquiries; implements `support.vector_index.VectorIndex`, read only."""

    def __init__(self, door: OwnInquiries) -> None:
        """Take the door to past answers."""
        self._door = door

    def __len__(self) -> int:
        with self._door.vectors() as index:
            return len(index)

    def add(self, ids: Ids, vectors: Vectors) -> None:
        """Refused: `InputError`."""
        raise InputError(_KEPT)

    def remove(self, ids: Ids) -> None:
        """Refused: `InputError`."""
        raise InputError(_KEPT)

    def search(
        self, vectors: Vectors, *, top_k: int, allow: Ids | None = None
    ) -> tuple[Ids, Vectors]:
        """Find the nearest, as `VectorIndex.search`."""
        with self._door.vectors() as index:
            return index.search(vectors, top_k=top_k, allow=allow)

    def vectors(self, ids: Ids) -> Vectors:
        """The vectors of some ids, as `VectorIndex.vectors`."""
        with self._door.vectors() as index:
            return index.vectors(ids)

    def snapshot(self, folder: Path) -> None:
        """Write everything into an existing folder."""
        with self._door.vectors() as index:
            index.snapshot(folder)


class DeskIndexes(Mapping[str, NamedIndex]):
    """A desk's vector indexes by name, of what is in force at each look."""

    def __init__(self, listings: OwnListings, past: OwnInquiries) -> None:
        """Take what follows the desk's listings and its inquiries."""
        self._listings = listings
        self._past = past
        self._of: SimilarListings | None = None
        self._named: dict[str, NamedIndex] = {}

    def __getitem__(self, name: str) -> NamedIndex:
        return self._look()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._look())

    def __len__(self) -> int:
        return len(self._look())

    def _look(self) -> dict[str, NamedIndex]:
        similar, dim = self._listings.desk().similar, self._past.dim()
        known = self._named
        old = known[PAST].dim if PAST in known else None
        if similar is self._of and dim == old:
            return known
        found = {name: named(index, size) for name, index, size in similar.vector_indexes()}
        if dim is not None:
            found[PAST] = named(InquiryVectors(self._past), dim)
        self._of, self._named = similar, found
        return found


def _answer(
    db: Database,
    models: Models,
    similar: SimilarInquiries,
    options: Any,
    text: str,
    without: int | None,
    vector: Vectors | None,
) -> Any:
    """What the past says, as it travels; the version alone where another one was asked for."""
    mine = version(db, similar.encoder.version, models.mix)
    if options.HasField("version") and options.version != mine:
        return messages.PastMatches(version=mine)
    neighbours_k = options.neighbours_k if options.HasField("neighbours_k") else None
    heard = 1 if neighbours_k is None else neighbours_k
    if not 0 <= options.top_k <= MOST or not 0 < heard <= MOST:
        raise InputError(
            f"top_k must lie in [0, {MOST}] and neighbours_k in [1, {MOST}], got {options.top_k} "
            f"and {neighbours_k}."
        )
    found = similar.look_back(
        db,
        text,
        top_k=options.top_k or _USUAL,
        neighbours_k=neighbours_k,
        without=without,
        vector=vector,
    )
    return _travelling(mine, found)


def _travelling(mine: Any, found: LookBack) -> Any:
    near = zip(found.near, found.neighbours or (), strict=True)
    return messages.PastMatches(
        version=mine,
        by_words=found.by_words,
        similar=[
            messages.PastMatch(inquiry_id=past.inquiry_id, score=past.score, alike=past.alike)
            for past in found.similar
        ],
        neighbours=[
            messages.Neighbour(inquiry_id=inquiry_id, score=score, labels=labels)
            for inquiry_id, (labels, score) in near
        ],
    )
