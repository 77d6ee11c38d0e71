"""The sample marketplace: 142 FAQs, a history of answered inquiries, an open inbox.

Shipped as package data. Times are stored as minutes before the moment the sample is laid out, so
that a demo made today has a history that ends today.
"""

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path

SOURCE = "doran-market"
HOSTS = ("help.example.com", "m.help.example.com")
LINK_PATH = "/{locale}/faq/{slug}"
OWN_NUMBERS = ("1588-0000", "help@example.com")  # of the sample desk itself, never masked

Row = dict[str, str]


def rows(name: str) -> Iterator[Row]:
    """Read one of faqs, aliases, history, inbox and listings, row by row."""
    text = (files(__package__) / f"{name}.csv").read_text(encoding="utf-8")
    yield from csv.DictReader(io.StringIO(text, newline=""))


def lay_out(
    folder: Path, *, now: datetime | None = None, older: timedelta | None = None
) -> dict[str, Path]:
    """Write the sample as the export files of a desk whose newest inquiry came just now.

    Args:
        folder: where to; it must exist.
        now: the moment that offsets count back from; default the present.
        older: write only inquiries that came longer ago.

    Returns:
        The files: faqs, aliases and history (answered and open inquiries together).
    """
    now = now or datetime.now(UTC)
    paths = {name: folder / f"{name}.csv" for name in ("faqs", "aliases", "history")}
    for name in ("faqs", "aliases"):
        text = (files(__package__) / f"{name}.csv").read_text(encoding="utf-8")
        paths[name].write_text(text, encoding="utf-8")
    with paths["history"].open("w", encoding="utf-8", newline="") as file:
        columns = ["id", "created_at", "answered_at", "channel", "language", "customer", "agent"]
        writer = csv.writer(file)
        writer.writerow([*columns, "status", "question", "answer"])
        for row in rows("history"):
            if older and timedelta(minutes=int(row["minutes_ago"])) <= older:
                continue
            asked = now - timedelta(minutes=int(row["minutes_ago"]))
            answered = asked + timedelta(minutes=int(row["answer_minutes"]))
            people = (row["channel"], row["language"], row["customer"], row["agent"])
            words = ("answered", row["question"], row["answer"])
            writer.writerow([row["id"], _time(asked), _time(answered), *people, *words])
        for row in rows("inbox"):
            if older and timedelta(minutes=int(row["minutes_ago"])) <= older:
                continue
            asked = now - timedelta(minutes=int(row["minutes_ago"]))
            people = (row["channel"], row["language"], row["customer"], "")
            writer.writerow([row["id"], _time(asked), "", *people, "open", row["question"], ""])
    return paths


def _time(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
