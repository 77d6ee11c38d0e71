"""Whether all that a desk acknowledged under load is in its database, and nothing twice."""

import time
from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from dataclasses import asdict, dataclass
from typing import Any, Final

from support.database import scalar
from support.workspace import Workspace

from .bench_load_clicks import MARK, Ledger

SETTLE_SECONDS: Final = 120.0  # until the worker has worked through what came over webhooks


@dataclass(frozen=True, slots=True)
class Books:
    """What was acknowledged, what of it is not there, and what is there more than once.

    `unheard`: answers that are there though no word of it came back.
    """

    sends: int
    lost: int
    doubled: int
    unheard: int
    handed_in: int
    handed_in_lost: int
    webhooks: int
    webhooks_lost: int
    database: str  # what its own check says

    @property
    def balanced(self) -> bool:
        """Whether nothing is lost or doubled, and the database is sound."""
        missing = self.lost + self.doubled + self.handed_in_lost + self.webhooks_lost
        return missing == 0 and self.database == "ok"

    def as_dict(self) -> dict[str, Any]:
        """One JSON object."""
        return asdict(self)


def books(space: Workspace, ledger: Ledger, *, settle: float = SETTLE_SECONDS) -> Books:
    """Look for all that was acknowledged, once the worker has caught up or `settle` seconds passed.

    An answer is known by its mark in the text of the message that was kept, for its inquiry; it
    must also be on its way out.
    """
    with closing(space.database()) as db:
        end = time.monotonic() + settle
        waiting = "SELECT count(*) FROM webhook_deliveries WHERE state = 'queued'"
        while scalar(db, waiting) and time.monotonic() < end:
            time.sleep(0.5)
        sql = """
            SELECT m.text, m.inquiry_id FROM messages m JOIN outbox o ON o.message_id = m.id
            WHERE m.role = 'agent' AND m.text LIKE ?
        """
        kept = [
            (_mark(text), number)
            for text, number in db.conn.execute(sql, [f"%{MARK}{ledger.run}-%"])
        ]
        there, times = dict(kept), Counter(mark for mark, _ in kept)
        lost = [mark for mark, inquiry in ledger.sends.items() if there.get(mark) != inquiry]
        unheard = [mark for mark in there if mark in ledger.tried and mark not in ledger.sends]
        sources = {"form": ledger.handed_in, "zammad": ledger.knocks}
        missing = {
            source: _missing(
                (
                    row[0]
                    for row in db.conn.execute(
                        "SELECT source_id FROM inquiries WHERE source = ?", [source]
                    )
                ),
                wanted,
            )
            for source, wanted in sources.items()
        }
        return Books(
            sends=len(ledger.sends),
            lost=len(lost),
            doubled=sum(n - 1 for n in times.values()),
            unheard=len(unheard),
            handed_in=len(ledger.handed_in),
            handed_in_lost=missing["form"],
            webhooks=len(ledger.knocks),
            webhooks_lost=missing["zammad"],
            database=str(scalar(db, "PRAGMA integrity_check")),
        )


def _missing(there: Iterable[str], wanted: list[str]) -> int:
    """How many are not there exactly once."""
    counts = Counter(there)
    return sum(counts[one] != 1 for one in wanted)


def _mark(text: str) -> str:
    begin = text.index(MARK)
    return text[begin : text.index(".", begin) + 1]
