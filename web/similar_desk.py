"""A desk's similar listings, opened from its workspace: models in force, index, database."""

from contextlib import closing
from pathlib import Path
from typing import Any, Final

from sqlite_utils import Database

from listings.similar.describe import Describer, Progress
from listings.similar.desk import KIND as INDEX
from listings.similar.desk import SimilarListings
from listings.similar.looks import Match
from listings.similar.picture_space import KIND, PictureSpace
from listings.similar.sanctioned import sanctioned_sellers
from listings.similar.watch import Watch, WatchReport
from support.errors import ModelError
from support.release import current
from support.shipped import load_shipped
from support.workspace import Workspace

_SAVED: Final = "newest"


class SimilarDesk:
    """One desk's door to similar listings; each call may come from any thread."""

    def __init__(self, workspace: Workspace) -> None:
        """Open the models in force and the index that was saved last, if it is of these models.

        Raises:
            ModelError: a model is damaged.
        """
        self._workspace = workspace
        release = current(workspace.models, line=KIND)
        folder = release.folder(workspace.models, KIND) if release else None
        self.describer = Describer(load_shipped(), PictureSpace.load(folder) if folder else None)
        self.similar = self._open()

    @property
    def images(self) -> Path:
        """The folder of pictures."""
        return self._workspace.home / "images"

    def index(self, db: Database, *, progress: Progress) -> int:
        """Describe what is new and save the index; returns how many listings it holds."""
        self.describer.describe_missing(db, self.images, progress=progress)
        self.similar.save(db, self._folder())
        return len(self.similar)

    def watch(self, db: Database, *, progress: Progress) -> WatchReport:
        """Describe what is new, and look at it."""
        self.describer.describe_missing(db, self.images, progress=progress)
        return Watch(self.similar).run(db, sanctioned=sanctioned_sellers(db), progress=progress)

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
        with closing(self._workspace.database()) as db:
            return self.similar.to_pictures(db, [path], **options)

    def _folder(self) -> Path:
        return self._workspace.models / INDEX / _SAVED

    def _open(self) -> SimilarListings:
        try:
            return SimilarListings.load(self.describer, self._folder())
        except ModelError:
            # Vectors are in the database: all of them are read at the first search.
            return SimilarListings(self.describer)
