"""Judges a whole table; killed and called again it goes on where it stopped."""

import os
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from support.batch import Engine as BatchEngine
from support.batch import LocalEngine
from support.errors import InputError

from ..collect_columns import NAMES
from ..columns import existing, find_columns, guess
from ..label_reports import Reports
from ..shard_work import Progress, check_here
from ..shards import ROWS
from ..table_run import check_place, run_table
from ..tables import Layout
from .classes import ACTIONS, CLASSES
from .judge_table import JudgeOptions, TableJudge, added_columns
from .model import ModerationModel
from .moderator import Moderator
from .policy import Policy
from .rules import RuleSet

ROWS_AT_ONCE: Final = 512  # of a shard: a verdict takes some milliseconds, ten times a label
ROWS_WITH_PICTURES: Final = 128
_MORE: Final = ("price", "category")  # roles beside those that labelling knows


@dataclass(frozen=True, slots=True)
class Judges:
    """Who judges: rules, a model where there is one, and a policy where one is live.

    Can be pickled; opened in whatever process does the work.
    """

    rules: RuleSet
    folder: Path | None = None  # of the model; None: the rules judge alone
    version: str = ""  # of the model
    labels: tuple[str, ...] = CLASSES
    sees: bool = False  # whether the model looks at pictures
    policy: Policy | None = None
    policy_version: str = ""

    @classmethod
    def of(
        cls,
        rules: RuleSet,
        folder: Path | None,
        *,
        policy: Policy | None = None,
        policy_version: str = "",
    ) -> "Judges":
        """Those with the model in a folder, its files checked.

        Raises:
            ModelError: the model cannot be used.
        """
        if folder is None:
            return cls(rules, policy=policy, policy_version=policy_version)
        folder = folder.absolute()  # whoever judges may have been started elsewhere
        model = ModerationModel.load(folder)
        sees = model.network is not None
        return cls(rules, folder, model.version, tuple(model.labels), sees, policy, policy_version)


@dataclass(frozen=True, kw_only=True, slots=True)
class JudgeRequest:
    """What somebody asked for."""

    told: Mapping[str, str] = field(default_factory=dict)  # role to column
    images: Path | None = None  # a folder; only pictures inside it are looked at
    image_column: str = ""
    shard_rows: int | None = None

    def __post_init__(self) -> None:
        """Check the ranges.

        Raises:
            InputError: a number is out of its range.
        """
        if self.shard_rows is not None and self.shard_rows < 1:
            raise InputError(f"--shard-rows must be at least 1, got {self.shard_rows}.")

    @property
    def looks(self) -> bool:
        """Whether pictures are asked for."""
        return bool(self.images or self.image_column or self.told.get("image"))


@dataclass(frozen=True, slots=True)
class JudgeReport:
    """What a run did."""

    out: Path
    rows: int  # written
    resumed: int  # of them done by a run before
    options: JudgeOptions
    model_version: str  # "" where the rules judged alone
    policy_version: str  # "" where none was live
    reports: Reports
    seconds: float

    @property
    def actions(self) -> dict[str, int]:
        """How many rows each action got."""
        return {name: self.reports.counts.get(name, 0) for name in ACTIONS}

    @property
    def labels(self) -> dict[str, int]:
        """How many rows each label got, the most frequent first."""
        found = {
            name.removeprefix("label "): count
            for name, count in self.reports.counts.items()
            if name.startswith("label ")
        }
        return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))

    def as_dict(self) -> dict[str, Any]:
        """As plain JSON."""
        file = self.reports.problems_file
        return {
            "out": str(self.out),
            "rows": self.rows,
            "resumed": self.resumed,
            "labels": self.labels,
            "actions": self.actions,
            "problems": self.reports.problems,
            "files": {"problems": str(file)} if file else {},
            "columns": {**asdict(self.options.columns), "price": self.options.price,
                        "category": self.options.category},
            "model_version": self.model_version,
            "policy_version": self.policy_version,
            "seconds": round(self.seconds, 3),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class JudgeWork:
    """Opens the work of judging; can be pickled."""

    judges: Judges
    options: JudgeOptions

    def open(self, layout: Layout) -> TableJudge:
        """Open the model for the work.

        Raises:
            ModelError: it is not there, or not the one that the run was begun with.
            InputError: the folder of pictures is not there.
        """
        judges = self.judges
        moderator = Moderator.load(judges.folder, rules=judges.rules)
        check_here("moderation model", moderator.version, judges.version, self.options.images)
        return TableJudge(
            moderator,
            judges.policy,
            policy_version=judges.policy_version,
            options=self.options,
            header=layout.columns,
            names=[name for name, _ in layout.added],
        )


@dataclass(frozen=True, slots=True)
class _Judging:
    """What is asked for, as a job for a table; see `table_run.Job`."""

    request: JudgeRequest
    judges: Judges
    path: Path
    message: str = "judging"
    compares: bool = False

    @property
    def about(self) -> dict[str, Any]:
        """All of what is asked for that decides what the output is."""
        request, judges = self.request, self.judges
        asked = {
            "told": dict(request.told),
            "images": _folder(request, self.path),
            "image_column": request.image_column,
            "shard_rows": request.shard_rows,
        }
        return {
            "options": asked,
            "model": judges.version,
            "policy": judges.policy_version,
            "rule file": judges.rules.version,
        }

    @property
    def added(self) -> list[tuple[str, str]]:
        return added_columns(self.judges.labels)

    @property
    def size(self) -> int:
        few = ROWS_WITH_PICTURES if self.request.looks else min(ROWS, ROWS_AT_ONCE)
        return self.request.shard_rows or few

    def work(self, columns: list[str]) -> JudgeWork:
        """Find the columns to read."""
        request = self.request
        told = {role: column for role, column in request.told.items() if role not in _MORE}
        if request.image_column:
            told["image"] = request.image_column
        found = find_columns(columns, told=told, pictures=request.looks)
        more = {}
        for role in _MORE:
            named = request.told.get(role)
            more[role] = guess(columns, NAMES[role]) if named is None else named
            more[role] = existing(columns, more[role]) if more[role] else ""
        options = JudgeOptions(
            columns=found, images=_folder(request, self.path),
            confined=request.images is not None, **more,
        )  # fmt: skip
        return JudgeWork(self.judges, options)


def judge_file(
    path: Path,
    out: Path,
    judges: Judges,
    request: JudgeRequest,
    *,
    workers: int | None = None,
    on: BatchEngine | None = None,
    restart: bool = False,
    progress: Progress = lambda done, total, message: None,
) -> JudgeReport:
    """Judge a table's rows into another table.

    Nothing is hidden by this: what a live policy would do with each row is written beside it.

    Args:
        path: the table: CSV, JSON Lines, Parquet or XLSX.
        out: the output, of any of these kinds.
        judges: who judges.
        request: what is asked for.
        workers: processes on this machine; None: one a core.
        on: what has the shards done; None: those processes.
        restart: whether to forget a run that was cut short, and replace an output.
        progress: told of rows done.

    Raises:
        InputError: the table cannot be read, or what is asked for is not in it.
        ConflictError: the input, the options, the model, the policy or the rules are not those of
            the run that was cut short, another process writes this output, or it is there already.
        ModelError: the model cannot be used.
    """
    started = time.monotonic()
    check_place(path, out)
    if request.looks and not judges.sees:
        raise InputError(
            "This moderation model does not look at pictures. Leave --images and --image-column "
            "out, or train one with the network: faqdesk train moderation"
        )
    job = _Judging(request, judges, path)
    found = run_table(
        path, out, job, engine=on or LocalEngine(workers), restart=restart, progress=progress
    )
    return JudgeReport(
        out, found.rows, found.resumed, found.work.options, judges.version,
        judges.policy_version, found.reports, time.monotonic() - started,
    )  # fmt: skip


def _folder(request: JudgeRequest, path: Path) -> str:
    """The folder that pictures lie in; "" where none are looked at."""
    folder = (request.images or path.parent).absolute()
    return os.path.normpath(folder) if request.looks else ""
