"""A desk as it stood at a moment: what it could have learned then, each encoder made once.

The one place where a desk's classifier is fitted, whether to be published, judged or simulated.
"""

from collections.abc import Sequence
from pathlib import Path

from sqlite_utils import Database

from support import settings
from support.clock import now
from support.database import scalar
from support.encoder import SentenceEncoder
from support.workspace import Workspace

from .answered import answered
from .desk_encoder import learn_encoder, older_encoder
from .examples import Example, split_by_date, split_by_fraction, usable
from .faq import fit_faq
from .faq_report import FaqReport
from .history import ALWAYS, examples, faq_texts, text_ids, texts
from .progress import Progress, silent
from .recipe import LEARNED, NO_ENCODER, Recipe, stated

HELD_OUT = 0.15  # the newest share of the labelled inquiries, to choose and calibrate on


class AsOf:
    """What was known before a moment.

    `past` are the labelled inquiries of then, oldest first; `split` is what is learned from, and
    the newer part that is held out to choose and calibrate on.
    """

    def __init__(
        self,
        workspace: Workspace,
        db: Database,
        scratch: Path,
        *,
        before: str = ALWAYS,
        held_out_from: str | None = None,
    ) -> None:
        """Look back.

        Args:
            workspace: the desk.
            db: its database.
            scratch: a folder to make models in.
            before: ISO moment; what was written later is not known.
            held_out_from: ISO moment from which inquiries are held out; None: the newest by share.
        """
        self.before = before
        self.past: Sequence[Example] = usable(examples(db, before=before))
        self.split = split_by_fraction(self.past, train=1 - HELD_OUT, validation=HELD_OUT)
        if held_out_from is not None:
            self.split = split_by_date(
                self.past, validation_from=held_out_from, test_from=ALWAYS, test_until=ALWAYS
            )
        held_out = self.split.validation
        self._begin = min(held_out[0].at, before) if held_out else before
        self._workspace, self._db, self._scratch = workspace, db, scratch
        self._folders: dict[str, Path] = {}
        self._older: dict[str, SentenceEncoder] = {}

    @property
    def blind(self) -> bool:
        """Whether an encoder learns enough without reading the held-out part: half of all texts."""
        sql = "SELECT count(*) FROM inquiries WHERE opened_at < ?"
        older, all_of_them = (scalar(self._db, sql, [m]) for m in (self._begin, self.before))
        return bool(2 * older >= all_of_them)

    @property
    def read_before(self) -> str:
        """ISO moment: what was asked or answered later, an encoder of then does not read."""
        return self._begin if self.blind else self.before

    @property
    def texts(self) -> list[str]:
        """What an encoder learns from: where it can, what was known before the held-out part.

        So one and the same encoder serves, and finds the neighbours of the held-out part without
        having read its answers; a classifier can learn from its vectors. Where hardly any answer
        had a link for long, it reads everything, and another one stands in for it there.
        """
        return texts(self._db, before=self.read_before, faqs_before=self.before)

    def learn_encoder(self, folder: Path, *, progress: Progress = silent) -> None:
        """Learn an encoder from the texts of then; it remembers up to when it read.

        Raises:
            TooFewLabelsError: there are hardly any texts to learn from.
        """
        # What comes tomorrow is not read today.
        read_before = min(self.read_before, now())
        found = self.texts
        # After the texts: what came meanwhile was not read, and does no harm among those that were.
        ids = text_ids(self._db, before=self.read_before)
        learn_encoder(
            found, folder=folder, read_before=read_before, inquiry_ids=ids, progress=progress
        )

    def use_encoder(self, recipe: Recipe, folder: Path) -> None:
        """Take an encoder that is there already as the one of a recipe.

        Where it has read the held-out part, another that has not stands in for it there.
        """
        self._folders[recipe.encoder] = folder

    def encoder(self, recipe: Recipe, *, progress: Progress = silent) -> SentenceEncoder | None:
        """The encoder of a recipe, as it would have been; None where it has none.

        Raises:
            ModelError: one taken as it is is missing or damaged.
            TooFewLabelsError: there are hardly any texts to learn from.
        """
        folder = self._folder(recipe, progress)
        return SentenceEncoder.load(folder) if folder else None

    def fit(self, recipe: Recipe, folder: Path, *, progress: Progress = silent) -> FaqReport:
        """Fit the classifier of a recipe.

        The newest part of the past is held out to choose and calibrate on, and read there with an
        encoder that has not read it.

        Args:
            recipe: settings and encoder.
            folder: where the model shall be.
            progress: told done, total and a message; may raise.

        Raises:
            TooFewLabelsError: too few labelled inquiries.
        """
        split = self.split
        encoder = self.encoder(recipe, progress=progress)
        older = encoder
        if encoder is not None and split.validation:
            older = self._older_encoder(recipe, split.validation[0].at, progress)
        return fit_faq(
            split.train,
            split.validation,
            folder=folder,
            config=stated(recipe.config, settings.load(self._db)),
            encoder=older,
            encoder_version=encoder.version if encoder else None,
            faq_texts=faq_texts(self._db, before=self.before),
            answered=answered(self._db, before=self.before),
            progress=progress,
        )

    def _folder(self, recipe: Recipe, progress: Progress) -> Path | None:
        kind = recipe.encoder
        if kind == NO_ENCODER:
            return None
        if kind not in self._folders and kind == LEARNED:
            place = self._scratch / "encoder"
            self.learn_encoder(place, progress=progress)
            self.use_encoder(recipe, place)
        return self._folders.get(kind, self._workspace.models / "encoder" / kind)

    def _older_encoder(self, recipe: Recipe, before: str, progress: Progress) -> SentenceEncoder:
        kind = recipe.encoder
        if kind not in self._older:
            folder = self._folder(recipe, progress)
            assert folder is not None  # noqa: S101 - asked for recipes with an encoder alone
            self._older[kind] = older_encoder(self._db, folder, before=before, progress=progress)
        return self._older[kind]
