"""Runs an import: prepares on every core, stores in small transactions, reports.

Each batch of inquiries is one transaction with its messages, labels and search rows; killed at any
point, the next run of the same files adds the rest. Rows are known by (source, source id).
"""

import json
import os
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from .. import faqs, joining, settings
from ..audit import Actor, record
from ..clock import now
from ..database import insert, write
from ..errors import ImportFileError
from ..seal import Seal
from .conversation import GENERATED, RawConversation, Rejected
from .mapping import LinkRules, Mapping
from .pairs import Item, conversations
from .prepare import Prepared, Preparer
from .store import existing_inquiries, known_messages, store

BATCH = 250  # inquiries a transaction
POOL_FROM = 3000  # below so many inquiries, starting processes costs more than it saves
KEPT_REJECTIONS = 100  # in the report; all are counted

Progress = Callable[[int, int, str], None]


@dataclass(slots=True)
class ImportReport:
    """What an import did, or would do."""

    source: str
    dry_run: bool
    rows: int = 0
    inquiries: int = 0  # new
    messages: int = 0  # new
    pairs: int = 0  # inquiries with a public answer
    already_there: int = 0
    labelled: int = 0  # inquiries with at least one FAQ link in an answer
    links: int = 0  # distinct FAQs an inquiry, summed
    unknown_links: dict[str, int] = field(default_factory=dict)  # slug: inquiries; no such FAQ yet
    masked: dict[str, int] = field(default_factory=dict)
    rejected: int = 0
    rejections: list[Rejected] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """For `--json` and the stored report."""
        return asdict(self)


def run_import(
    db: Database,
    seal: Seal,
    files: list[Path],
    mapping: Mapping,
    *,
    actor: Actor,
    dry_run: bool = False,
    progress: Progress = lambda done, total, message: None,
) -> ImportReport:
    """Import files of conversations.

    Args:
        db: the desk's database.
        seal: its key.
        files: one or more files; two with a mapping of two tables.
        mapping: what their columns mean.
        actor: who imports.
        dry_run: report, but store nothing.
        progress: called with inquiries done, 0, and a word; what it raises ends the import.

    Raises:
        ImportFileError: a file cannot be read at all.
        MappingError: the mapping does not fit a file.
    """
    report = ImportReport(mapping.source, dry_run)
    kept = settings.load(db)
    change = link_settings(kept, mapping.links)
    rules = replace(kept, **change)
    known = {row["slug"] for row in db.query("SELECT slug FROM faqs")}
    preparer = Preparer(rules.link_patterns, faqs.aliases(db), rules.allow)
    raws = _raw_batches(conversations(files, mapping), report, preparer, seal)
    with closing(_prepared(preparer, raws)) as batches:
        if dry_run:
            for batch in batches:
                _count(db, batch, report, known)
                progress(report.rows, 0, "reading")
            return report
        import_id = _begin(db, mapping.source, files)
        try:
            for batch in batches:
                with write(db):
                    # With the first rows, not before: a file that cannot be read changes nothing.
                    if change:
                        settings.change(db, actor, **change)
                        change = {}
                    _count(db, batch, report, known)
                    store(db, seal, import_id, report.source, batch, discover=rules.discover_faqs)
                progress(report.rows, 0, "importing")
        except BaseException:
            _finish(db, import_id, "failed", report)
            raise
        with write(db):
            joining.join_open(db, hours=rules.join_hours)
            _finish(db, import_id, "done", report)
            detail = {"source": report.source, "inquiries": report.inquiries}
            record(db, actor, "import.done", f"import:{import_id}", detail=detail)
    return report


def link_settings(kept: settings.Settings, links: LinkRules) -> dict[str, Any]:
    """The settings that a mapping's links ask for; hosts are added to those of the same path."""
    if not links.hosts:
        return {}
    known = kept.faq_hosts if kept.faq_path == links.path else ()
    wanted = {
        "faq_hosts": tuple(dict.fromkeys((*known, *links.hosts))),
        "faq_path": links.path,
        "discover_faqs": links.discover or kept.discover_faqs,
    }
    return {name: value for name, value in wanted.items() if getattr(kept, name) != value}


def _raw_batches(
    items: Iterator[Item], report: ImportReport, preparer: Preparer, seal: Seal
) -> Iterator[list[RawConversation]]:
    """Group conversations, and count what was rejected on the way."""
    batch: list[RawConversation] = []
    for item in items:
        if isinstance(item, Rejected):
            report.rejected += 1
            if len(report.rejections) < KEPT_REJECTIONS:
                # A reason quotes the cell that was wrong.
                report.rejections.append(replace(item, reason=preparer.masked(item.reason)))
            continue
        report.rows += 1
        item.source_id = _safe_id(item.source_id, preparer, seal)
        item.answer_source_id = _safe_id(item.answer_source_id, preparer, seal)
        for message in item.messages:
            message.source_id = _safe_id(message.source_id, preparer, seal)
        batch.append(item)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
    if not report.rows and not report.rejected:
        raise ImportFileError("The file names columns but holds no row. Nothing was imported.")


def _safe_id(source_id: str, preparer: Preparer, seal: Seal) -> str:
    """An id that tells nothing.

    One made up from a row's words, or that holds a telephone number, could be guessed back into
    them, and is kept as a keyed hash.
    """
    if source_id.startswith(GENERATED) or preparer.masked(source_id) != source_id:
        return seal.fingerprint(source_id)
    return source_id


def _count(db: Database, batch: list[Prepared], report: ImportReport, known: set[str]) -> None:
    """Add to the report what storing a batch would change.

    Args:
        db: the desk's database, as it is before the batch.
        batch: what is about to be stored.
        report: of this import.
        known: slugs of the FAQs that there were before the import.
    """
    existing = existing_inquiries(db, report.source, batch)
    messages = known_messages(db, list(existing.values()))
    masked: Counter[str] = Counter(report.masked)
    for item in batch:
        masked.update(item.masked)
        report.pairs += item.answer is not None
        report.labelled += bool(item.slugs)
        report.links += len(item.slugs)
        for slug in item.slugs:
            if slug not in known:
                report.unknown_links[slug] = report.unknown_links.get(slug, 0) + 1
        inquiry_id = existing.get(item.raw.source_id)
        if inquiry_id is None:
            report.inquiries += 1
            report.messages += len(item.messages)
            continue
        fresh = sum(m.raw.source_id not in messages[inquiry_id] for m in item.messages)
        report.messages += fresh
        report.already_there += not fresh
    report.masked = dict(masked)


def _prepared(
    preparer: Preparer, batches: Iterator[list[RawConversation]]
) -> Generator[list[Prepared]]:
    """Prepare batches in order: the first few here, the rest in other processes."""
    for batch in islice(batches, POOL_FROM // BATCH):
        yield preparer.prepare_all(batch)
    first = next(batches, None)
    if first is None:
        return
    workers = max(1, os.cpu_count() or 1)
    # spawn: a fork would copy the locks of whatever threads the caller has started.
    context = get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_end_with_parent) as pool:
        ahead = deque([pool.submit(preparer.prepare_all, first)])
        try:
            for batch in batches:
                ahead.append(pool.submit(preparer.prepare_all, batch))
                if len(ahead) > 2 * workers:
                    yield ahead.popleft().result()
            while ahead:
                yield ahead.popleft().result()
        finally:
            for future in ahead:
                future.cancel()


def _end_with_parent() -> None:
    """In a worker: end when the import is killed, for nobody else would stop it."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1.0)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _begin(db: Database, source: str, files: list[Path]) -> int:
    names = json.dumps([path.name for path in files], ensure_ascii=False)
    row = {"source": source, "files": names, "state": "running", "started_at": now()}
    with write(db):
        # One that still runs writes its own end over this.
        db.execute(
            "UPDATE imports SET state = 'interrupted' WHERE source = ? AND state = 'running'",
            [source],
        )
        return insert(db, "imports", row)


def _finish(db: Database, import_id: int, state: str, report: ImportReport) -> None:
    with write(db):
        db.table("imports").update(
            import_id,
            {
                "state": state,
                "report": json.dumps(report.as_dict(), ensure_ascii=False),
                "finished_at": now(),
            },
        )
