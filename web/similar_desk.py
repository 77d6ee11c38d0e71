"""A desk's similar listings, opened from its workspace: models in force, index, database."""

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from sqlite_utils import Database

from listings.similar.collections import shared_listings
from listings.similar.describe import Describer, Progress
from listings.similar.describe_shards import describe_in_shards
from listings.similar.desk import KIND as INDEX
from listings.similar.desk import SimilarListings
from listings.similar.looks import Match
from listings.similar.picture_space import KIND, PictureSpace
from listings.similar.sanctioned import sanctioned_sellers
from listings.similar.vectors import PICTURE, TEXT, count_versions, drop_versions
from listings.similar.watch import Tell, Watch, WatchReport
from support import vector_collections
from support.errors import IndexServerError, InputError, ModelError
from support.release import current
from support.shard_runs import Spread
from support.shipped import load_shipped, shipped_folder
from support.vector_collections import Kind
from support.workspace import Workspace

SAVED: Final = "newest"


class SimilarDesk:
    """One desk's door to similar listings; each call may come from any thread."""

    def __init__(self, workspace: Workspace) -> None:
        """Open the models in force and the index that was saved last, if it is of these models.

        Raises:
            ModelError: a model is damaged.
        """
        self._workspace = workspace
        release = current(workspace.models, line=KIND)
        self._space = release.folder(workspace.models, KIND) if release else None
        space = PictureSpace.load(self._space) if self._space else None
        self.describer = Describer(load_shipped(), space)
        self.saved = True  # whether there is a saved index of these models
        self.similar = self._open()

    @property
    def images(self) -> Path:
        """The folder of pictures."""
        return self._workspace.home / "images"

    @property
    def versions(self) -> tuple[str, str]:
        """Whose vectors are searched: of words, of pictures."""
        return self.describer.text_version, self.describer.picture_version

    def index(self, db: Database, *, spread: Spread | None = None, progress: Progress) -> int:
        """Describe what is new and save the index; returns how many listings it holds.

        Args:
            db: the desk's database.
            spread: who does what is too much for one process; None: this process all.
            progress: told how many are done, all of them and what is done; may raise.

        Raises:
            IndexServerError: the vector engine lacks some of them; all else is done.
        """
        if spread is not None:
            describe_in_shards(
                db, self.describer, self.images,
                encoder=shipped_folder(), space=self._space, spread=spread, progress=progress,
            )  # fmt: skip
        self.describer.describe_missing(db, self.images, progress=progress)
        away = self._sync(db, progress)
        self.save(db, spread=spread, progress=progress)
        if away is not None:
            raise away
        return len(self.similar)

    def save(
        self,
        db: Database,
        *,
        spread: Spread | None = None,
        progress: Progress = lambda done, total, message: None,
    ) -> None:
        """Save the index, built as `SimilarListings.save` says; processes that search follow."""
        folder = index_folder(self._workspace)
        self.similar.save(db, folder, spread=spread, progress=progress)
        self.saved = True

    def prune(self, db: Database, *, dry_run: bool = False) -> int:
        """Forget vectors of models that are not in force; returns how many listings' they were.

        Going back to an older picture space then means describing the pictures again.
        """
        count = 0
        for kind, version in ((TEXT, self.versions[0]), (PICTURE, self.versions[1])):
            if version:  # nothing is forgotten because a model is missing
                work = count_versions if dry_run else drop_versions
                count += work(db, kind, keep=version)
                if not dry_run:
                    of: Kind = "listing_texts" if kind == TEXT else "listing_pictures"
                    vector_collections.let_go(db, of, keep=[version])
        return count

    def watch(
        self,
        db: Database,
        *,
        progress: Progress,
        tell: Tell = lambda db, alert: None,
    ) -> WatchReport:
        """Describe what is new, and look at it; `tell` hears of each new alert."""
        self.describer.describe_missing(db, self.images, progress=progress)
        watch = Watch(self.similar, tell=tell)
        return watch.run(db, sanctioned=sanctioned_sellers(db), progress=progress)

    def by_listing(self, listing_id: int, **options: Any) -> list[Match]:
        """Like one of the desk's; as `SimilarListings.to_listing`."""
        with closing(self._workspace.database()) as db:
            return self.similar.to_listing(db, listing_id, **options)

    def by_text(self, text: str, **options: Any) -> list[Match]:
        """Worded like a text; as `SimilarListings.to_text`."""
        with closing(self._workspace.database()) as db:
            return self.similar.to_text(db, text, **options)

    def by_picture(self, path: Path, **options: Any) -> list[Match]:
        """Showing what a picture file shows; as `SimilarListings.to_pictures`."""
        return self.by_look(pictures=[path], **options)

    def by_look(self, text: str = "", pictures: Sequence[Path] = (), **options: Any) -> list[Match]:
        """Like what some words and picture files say together.

        Raises:
            InputError: there is neither.
            PictureError: a file cannot be read.
        """
        if not text.strip() and not pictures:
            raise InputError("Nothing to look for: give the words of a listing, or a picture.")
        look = self.describer.look(text, pictures)
        with closing(self._workspace.database()) as db:
            return self.similar.like(db, look, **options)

    def _sync(self, db: Database, progress: Progress) -> IndexServerError | None:
        """Bring the vector engine up to date; what is left is sent by the worker."""
        try:
            self.similar.sync(db, progress=progress)
        except IndexServerError as error:
            return error
        return None

    def _open(self) -> SimilarListings:
        try:
            return SimilarListings.load(self.describer, index_folder(self._workspace))
        except ModelError:
            # Vectors are in the database: all of them are read at the first search.
            self.saved = False
            return SimilarListings(self.describer, shared=shared_listings(self.describer))


def index_folder(workspace: Workspace) -> Path:
    """Where the saved index lies."""
    return workspace.models / INDEX / SAVED
