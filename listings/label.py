"""Labels a shard's rows: category, path, probability, runners-up, and whether to look again."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol, Self

from .categories import SEPARATOR
from .categorise import CategorySuggestion
from .columns import Columns
from .label_carry import carry
from .label_compare import disagrees, rank, relation
from .listing import Listing
from .shards import Done
from .table_listings import TableListings
from .table_values import as_text
from .tables import SHARE, TEXT, Added, Problem, Rows

UNSURE, DISAGREE, SILENT = "unsure", "disagree", "unreadable"  # why a row is to be reviewed
TITLE_SHOWN = 200  # characters of a title in the report of disagreements


class Classifier(Protocol):
    """What labelling asks of a `CategoryClassifier`."""

    version: str  # of the model folder

    @property
    def image(self) -> object:
        """The picture model; None where there is none."""
        ...

    def predict(
        self, listings: Sequence[Listing], *, top_k: int = 3, words: bool = False
    ) -> list[CategorySuggestion]:
        """Suggest categories, best first."""
        ...


@dataclass(frozen=True, kw_only=True)
class LabelOptions:
    """What is read of a table, and what is written."""

    columns: Columns
    top: int = 3  # guesses a row, the first included
    images: str = ""  # the folder that pictures lie in
    confined: bool = False  # whether only pictures inside that folder are looked at
    compare: str = ""  # the column of the seller's category; "" for none
    carried: Mapping[str, str] = field(default_factory=dict)  # see `label_carry.carried_to`

    def as_dict(self) -> dict[str, Any]:
        """As plain JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """From what `as_dict` gave."""
        return cls(**{**data, "columns": Columns(**data["columns"])})


def added_columns(top: int) -> list[tuple[str, str]]:
    """Name and type of the columns that labelling adds, before any clash of names."""
    runners = [
        (f"{name}_{place}", kind)
        for place in range(2, top + 1)
        for name, kind in (("path", TEXT), ("probability", SHARE))
    ]
    first = [("category", TEXT), ("path", TEXT), ("probability", SHARE)]
    return [*first, *runners, ("branch", TEXT), ("review", TEXT), ("model_version", TEXT)]


class Labeller:
    """Labels rows with one model by one set of options; the same rows always get the same."""

    def __init__(
        self,
        classifier: Classifier,
        *,
        version: str,
        options: LabelOptions,
        header: Sequence[str],
        names: Sequence[str],
    ) -> None:
        """Keep what a shard needs.

        Args:
            classifier: the model.
            version: its version, written beside every label.
            options: what to read and write.
            header: the table's columns.
            names: of the columns to add, in the order of `added_columns`.
        """
        self._classifier = classifier
        self._version = version
        self._options = options
        self._read = TableListings(
            header, options.columns, images=options.images, confined=options.confined
        )
        self._seller = list(header).index(options.compare) if options.compare else -1
        self._names = list(names)

    def __call__(self, rows: Rows, lines: Sequence[int]) -> Done:
        """Label rows; what of them cannot be read is told with their lines."""
        problems: list[Problem] = []
        listings = self._read(rows, lines, problems)
        found = self._classifier.predict(listings, top_k=self._options.top)
        broken = self._broken() if any(listing.pictures for listing in listings) else {}
        for line, listing, suggestion in zip(lines, listings, found, strict=True):
            if listing.pictures:
                problems += _unseen(line, listing, broken)
            if not suggestion.guesses:
                problems.append(Problem(line, "text", "no words and no picture to judge by"))
        sellers: list[str] = []
        if self._seller >= 0:
            sellers = [as_text(cell) for cell in rows.cells(self._seller)]
        # In the report of disagreements a row without a title shows what else it says.
        shown = [listing.title or listing.description for listing in listings]
        review, remarks, counts = _judge(found, lines, shown, sellers, self._options.carried)
        return Done(self._columns(found, review), problems, counts, remarks)

    def _broken(self) -> dict[Path, str]:
        """The pictures that could not be read just now, and why."""
        image = self._classifier.image
        return {item.path: item.why for item in getattr(image, "broken", ())}

    def _columns(
        self, found: Sequence[CategorySuggestion], review: list[str | None]
    ) -> list[Added]:
        top = self._options.top
        paths: list[list[str | None]] = [[] for _ in range(top)]
        shares: list[list[float | None]] = [[] for _ in range(top)]
        for suggestion in found:
            guesses = suggestion.guesses
            for place in range(top):
                if place < len(guesses):
                    paths[place].append(guesses[place].path)
                    shares[place].append(round(guesses[place].probability, 4))
                else:
                    paths[place].append(None)
                    shares[place].append(None)
        leaves = [None if path is None else path.rpartition(SEPARATOR)[2] for path in paths[0]]
        values: list[list[Any]] = [leaves]
        for place in range(top):
            values += [paths[place], shares[place]]
        values.append([suggestion.branch or None for suggestion in found])
        values += [review, [self._version] * len(found)]
        kinds = [kind for _, kind in added_columns(top)]
        return [
            Added(name, kind, column)
            for name, kind, column in zip(self._names, kinds, values, strict=True)
        ]


def _judge(
    found: Sequence[CategorySuggestion],
    lines: Sequence[int],
    titles: Sequence[str],
    sellers: Sequence[str],
    carried: Mapping[str, str],
) -> tuple[list[str | None], list[list[Any]], dict[str, int]]:
    """Which rows somebody should look at, and where the sellers disagree."""
    review: list[str | None] = [
        None if not row.review else UNSURE if row.guesses else SILENT for row in found
    ]
    counts = dict.fromkeys(("labelled", "review", "compared", "agree", "disagree"), 0)
    remarks: list[list[Any]] = []
    for row, seller in enumerate(sellers):
        guesses = [guess.path for guess in found[row].guesses]
        if not seller.strip() or not guesses:
            continue
        theirs = carry(seller, guesses[0], carried)
        if not theirs:
            continue  # it belongs nowhere in the model's tree
        counts["compared"] += 1
        kind = relation(theirs, guesses[0])
        if not disagrees(kind):
            counts["agree"] += 1
            continue
        counts["disagree"] += 1
        review[row] = review[row] or DISAGREE
        share = round(found[row].guesses[0].probability, 4)
        remarks.append(
            [
                lines[row], titles[row][:TITLE_SHOWN], seller, guesses[0], share,
                rank(theirs, guesses), kind,
            ]
        )  # fmt: skip
    counts["labelled"] = sum(bool(row.guesses) for row in found)
    counts["review"] = sum(reason is not None for reason in review)
    return review, remarks, counts


def _unseen(line: int, listing: Listing, broken: Mapping[Path, str]) -> list[Problem]:
    """Which of a listing's pictures could not be looked at, and why."""
    return [
        Problem(line, "picture", broken[path].replace(str(path), path.name), path.name)
        for path in listing.pictures
        if path in broken
    ]
