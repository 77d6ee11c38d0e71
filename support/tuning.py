"""The threshold tuner of a desk: its release's held-out inquiries, tried, compared, and set.

What is set stands in the settings and in the audit trail; the recommender follows at once.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from sqlite_utils import Database

from . import faqs, inquiries, settings, thresholds, tuner
from .artifact import read_artifact
from .audit import Actor
from .calibration import Band, Calibration
from .database import write
from .errors import InputError, ModelMissingError, NotFoundError
from .held_out import HeldOutRows
from .releases import in_force
from .renamed import Renamed
from .thresholds import Thresholds
from .tuner import Flags, Picked, Point
from .workspace import Workspace


@dataclass(frozen=True, slots=True)
class Ground:
    """What the tuner stands on: the release in force and what it said of held-out inquiries.

    `own` and `own_of` are the thresholds that the model chose for itself; `set_by` those that
    people set.
    """

    release: str
    labels: tuple[str, ...]
    rows: HeldOutRows
    own: float
    own_of: dict[int, float]
    set_by: Thresholds

    @property
    def common(self) -> float:
        """The threshold in force for FAQs without one of their own."""
        return self.own if self.set_by.common is None else self.set_by.common

    @property
    def of_label(self) -> dict[int, float]:
        """The thresholds in force of single FAQs, by label number."""
        own = {} if self.set_by.common is not None else self.own_of
        number = {label: place for place, label in enumerate(self.labels)}
        mine = {number[s]: t for s, t in self.set_by.of_faq.items() if s in number}
        return own | mine

    def number(self, slug: str) -> int:
        """The number of an FAQ among the labels.

        Raises:
            NotFoundError: the model does not know it.
        """
        try:
            return self.labels.index(slug)
        except ValueError as error:
            raise NotFoundError(f"The model in force never suggests {slug!r}.") from error

    def now(self, slug: str = "") -> Point:
        """What the thresholds in force did, on all inquiries or where one FAQ came first."""
        if not slug:
            return tuner.point(self.rows, self.common, of_label=self.of_label)
        label = self.number(slug)
        mine = tuner.of_faq(self.rows, label)
        return tuner.point(mine, self.of_label.get(label, self.common))

    def trial(self, threshold: float, slug: str = "") -> Point:
        """What another threshold would have done: the common one, or one FAQ's."""
        if not slug:
            return tuner.point(self.rows, threshold, of_label=self._kept())
        return tuner.point(tuner.of_faq(self.rows, self.number(slug)), threshold)

    def curve(self, slug: str = "") -> list[Point]:
        """What each threshold would have done."""
        if not slug:
            return tuner.curve(self.rows, of_label=self._kept())
        return tuner.curve(tuner.of_faq(self.rows, self.number(slug)))

    def pick(self, wrong_costs: float, slug: str = "") -> Picked:
        """The threshold that costs least.

        Raises:
            InputError: the cost is not above 0.
        """
        try:
            if not slug:
                return tuner.pick(self.rows, wrong_costs, of_label=self._kept())
            return tuner.pick(tuner.of_faq(self.rows, self.number(slug)), wrong_costs)
        except ValueError as error:
            raise InputError(str(error)) from error

    def flags(self, threshold: float | None = None, slug: str = "") -> Flags:
        """(n,) what is shown as Likely; None: by the thresholds in force."""
        if threshold is None:
            return tuner.shown(self.rows, self.common, self.of_label)
        if not slug:
            return tuner.shown(self.rows, threshold, self._kept())
        of_label = self.of_label | {self.number(slug): threshold}
        return tuner.shown(self.rows, self.common, of_label)

    def _kept(self) -> dict[int, float]:
        """What single FAQs keep when the common threshold is set: what people set for them."""
        number = {label: place for place, label in enumerate(self.labels)}
        return {number[s]: t for s, t in self.set_by.of_faq.items() if s in number}


@dataclass(frozen=True, slots=True)
class FaqThreshold:
    """One FAQ in the tuner's list: what holds for it now and what the given cost would pick.

    `set_here`: people gave it a threshold of its own.
    """

    slug: str
    title: str
    set_here: bool
    now: Point
    picked: Picked


def by_faq(db: Database, found: Ground, wrong_costs: float) -> list[FaqThreshold]:
    """Every FAQ that came first for a held-out inquiry, the one that would gain most first.

    Args:
        db: the desk's database.
        found: the tuner's ground.
        wrong_costs: how many misses one wrong suggestion costs.

    Raises:
        InputError: the cost is not above 0.
    """
    numbers = sorted({int(label) for label in found.rows.first})
    titles = faqs.named(db, [found.labels[number] for number in numbers])
    lines = []
    for number in numbers:
        slug = found.labels[number]
        title = titles[slug].title if slug in titles else slug
        own = slug in found.set_by.of_faq
        lines.append(FaqThreshold(slug, title, own, found.now(slug), found.pick(wrong_costs, slug)))
    # Only what was counted promises a gain; a probability's own advice comes after.
    gain = {
        line.slug: line.now.cost(wrong_costs) - line.picked.point.cost(wrong_costs)
        for line in lines
    }
    lines.sort(key=lambda line: (not line.picked.by_counts, -gain[line.slug], line.slug))
    return lines


def ground(workspace: Workspace, db: Database) -> Ground:
    """What the release in force said of its held-out inquiries.

    Raises:
        ModelMissingError: no classifier is in force, or it keeps no held-out predictions.
        ModelError: its folder is damaged.
    """
    release = in_force(workspace.models)
    folder = release.folder(workspace.models, "faq") if release else None
    if release is None or folder is None:
        raise ModelMissingError("No FAQ classifier is in force. Train one: faqdesk train")
    config = read_artifact(folder, "faq", verify=False).config
    calibration = Calibration.from_dict(config["calibrations"][0])  # with every voice heard
    labels, rows = tuple(config["labels"]), HeldOutRows.load(folder)
    own_of = {label: _at(band) for label, band in calibration.label_bands.items()}
    renamed = Renamed(labels, faqs.aliases(db))
    if renamed:
        today = tuple(renamed.now(label) for label in labels)
        # Labels that are one FAQ by now go by the first one's number.
        first = np.array([today.index(slug) for slug in today], np.int64)
        rows = replace(rows, first=first[rows.first])
        moved_to = {now for label, now in zip(labels, today, strict=True) if label != now}
        rows = replace(rows, right=_right(db, rows, today, moved_to))
        own_of = {int(first[label]): threshold for label, threshold in own_of.items()}
        labels = today
    return Ground(
        release=release.name,
        labels=labels,
        rows=rows,
        own=_at(calibration.likely),
        own_of=own_of,
        set_by=faqs.thresholds_of(db, settings.load(db).thresholds),
    )


def _at(band: Band) -> float:
    return math.inf if band.threshold is None else band.threshold


def _right(db: Database, rows: HeldOutRows, slugs: Sequence[str], moved_to: set[str]) -> Flags:
    """(n,) whether the first FAQ is the right one by what the labels are called today.

    Only those whose first FAQ is one that others were renamed or merged into can differ.
    """
    numbers = [number for number, slug in enumerate(slugs) if slug in moved_to]
    places = np.flatnonzero(np.isin(rows.first, numbers))
    sent = inquiries.labels(db, rows.inquiry_ids[places].tolist())
    found = rows.right.copy()
    for place in places.tolist():
        known = sent.get(int(rows.inquiry_ids[place]))
        if known is not None:  # its labels are still there
            found[place] = slugs[int(rows.first[place])] in known
    return found


def put(db: Database, actor: Actor, threshold: float | None, slug: str = "") -> None:
    """Set a threshold, for all FAQs or for one; None goes back to the model's own.

    Args:
        db: the desk's database.
        actor: who sets it.
        threshold: a calibrated probability; `math.inf`: that FAQ is never shown as Likely.
        slug: the FAQ; empty: all that have none of their own.

    Raises:
        SettingError: it is out of its range.
        InputError: nothing at all would be Likely any more.
    """
    if not slug:
        if threshold is not None and math.isinf(threshold):
            raise InputError("Without any Likely suggestion the desk is silent. Set 1 for that.")
        settings.change(db, actor, likely_threshold=threshold or 0.0)
        return
    with write(db):  # read and written in one: somebody else may set another FAQ's just now
        of_faq = dict(faqs.thresholds_of(db, settings.load(db).thresholds).of_faq)
        of_faq.pop(slug, None)
        if threshold is not None:
            of_faq[slug] = threshold
        settings.change(db, actor, faq_thresholds=thresholds.write(of_faq))
