"""What a run of labelling tells beside its output: rows it could not read, sellers who disagree.

Both are CSV files beside the output. Disagreements are sorted, the model's surest first, on disk.
"""

import csv
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from support.table_rows import no_formula
from support.whole_files import whole_file

from .label_compare import REPORT
from .shards import Receipt

PROBLEM: Final = ("line", "kind", "reason", "what")
TOP_PAIRS: Final = 20


@dataclass(frozen=True, slots=True)
class Pair:
    """A category of sellers and the one that the model gives for it."""

    seller: str
    model: str
    rows: int
    probability: float  # the model's, on average


@dataclass(frozen=True, slots=True)
class Reports:
    """What was told."""

    counts: dict[str, int]  # sums over all shards
    problems: dict[str, int]  # by kind
    problems_file: Path | None
    disagreements_file: Path | None
    pairs: list[Pair]  # the most frequent disagreements


def write_reports(
    receipts: Iterable[Receipt], out: Path, scratch: Path, *, compare: bool
) -> Reports:
    """Write the reports of a run.

    Args:
        receipts: of every shard, in order.
        out: the output that they stand beside.
        scratch: a folder to sort in.
        compare: whether a seller's category was compared.
    """
    counts: dict[str, int] = {}
    kinds: dict[str, int] = {}
    problems_file, disagreements_file = report_files(out)
    database = scratch / "disagree.db"
    database.unlink(missing_ok=True)
    with closing(sqlite3.connect(database)) as db, whole_file(problems_file) as beside_it:
        db.execute(f"CREATE TABLE remarks ({', '.join(REPORT)})")
        with beside_it.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(PROBLEM)
            for receipt in receipts:
                for name, count in receipt.counts.items():
                    counts[name] = counts.get(name, 0) + count
                for found in receipt.problems:
                    kinds[found.kind] = kinds.get(found.kind, 0) + 1
                    row = (found.line, found.kind, found.reason, found.what)
                    writer.writerow([no_formula(cell) for cell in row])
                marks = ", ".join("?" * len(REPORT))
                sql = f"INSERT INTO remarks VALUES ({marks})"  # noqa: S608
                db.executemany(sql, receipt.remarks)
        db.commit()
        pairs = _pairs(db) if compare else []
        if compare:
            _write_disagreements(db, disagreements_file)
    if not kinds:
        problems_file.unlink()
    return Reports(
        counts,
        kinds,
        problems_file if kinds else None,
        disagreements_file if compare else None,
        pairs,
    )


def report_files(out: Path) -> tuple[Path, Path]:
    """Where an output's problems and disagreements are written."""
    # After the whole name: labelled.csv and labelled.xlsx beside each other have their own.
    return out.with_name(f"{out.name}.problems.csv"), out.with_name(f"{out.name}.disagree.csv")


def _pairs(db: sqlite3.Connection) -> list[Pair]:
    sql = """
        SELECT seller, model, COUNT(*), AVG(probability) FROM remarks
        GROUP BY seller, model ORDER BY 3 DESC, 4 DESC, 1, 2 LIMIT ?
    """
    return [
        Pair(seller, model, rows, round(share, 4))
        for seller, model, rows, share in db.execute(sql, [TOP_PAIRS])
    ]


def _write_disagreements(db: sqlite3.Connection, path: Path) -> None:
    with whole_file(path) as half, half.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(REPORT)
        for row in db.execute("SELECT * FROM remarks ORDER BY probability DESC, line"):
            writer.writerow([no_formula(cell) for cell in row])
