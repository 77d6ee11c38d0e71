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
from dataclasses import replace
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from .. import connections, faqs, joining, settings
from ..audit import Actor, record
from ..clock import now
from ..database import insert, write
from ..errors import ImportFileError
from ..forgotten import Memory, entries
from ..saved_reply_uses import note_named
from ..seal import Seal
from .changes import noting, noting_settings
from .conversation import RawConversation, Rejected
from .helpdesks import FORMATS
from .ids import safe_id
from .known import Part, parts
from .mapping import LinkRules, Mapping
from .pairs import Item, conversations
from .prepare import Prepared, Preparer
from .report import KEPT_REJECTIONS, ImportReport, Reading
from .standing import begun_by
from .store import store

BATCH = 250  # inquiries a transaction
FORGOTTEN = "conversation of somebody whom the desk was told to forget"
POOL_FROM = 3000  # below so many inquiries, starting processes costs more than it saves

Progress = Callable[[int, int, str], None]
See = Callable[[Prepared], None]


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
    return run_items(
        db,
        seal,
        conversations(files, mapping),
        actor=actor,
        source=mapping.source,
        files=[path.name for path in files],
        links=mapping.links,
        dry_run=dry_run,
        progress=progress,
    )


def run_items(
    db: Database,
    seal: Seal,
    items: Iterator[Item],
    *,
    actor: Actor,
    source: str,
    files: list[str],
    links: LinkRules | None = None,
    reading: Reading | None = None,
    dry_run: bool = False,
    progress: Progress = lambda done, total, message: None,
    see: See = lambda item: None,
) -> ImportReport:
    """Import conversations, wherever they come from.

    Args:
        db: the desk's database.
        seal: its key.
        items: conversations, each source id once, and rows that could not be used.
        actor: who imports.
        source: the name of where they come from; with an inquiry's id, its name for ever.
        files: the names of the files, to be told people.
        links: how FAQ links look; None: as the desk's settings say.
        reading: what the reader of the items learns on its way.
        dry_run: report, but store nothing.
        progress: called with inquiries done, how many there are (0: not known), and a word; what
            it raises ends the import.
        see: given what a dry run would store, masked, one inquiry after the other.

    Raises:
        ImportFileError: there is no item.
    """
    reading = reading or Reading()
    report = ImportReport(source, dry_run)
    kept = settings.load(db)
    change = link_settings(kept, links) if links else {}
    rules = replace(kept, **change)
    known = {row["slug"] for row in db.query("SELECT slug FROM faqs")}
    preparer = Preparer(rules.link_patterns, faqs.aliases(db), rules.allow)
    way = connections.of_source(db, source)

    def named(source_id: str) -> str:
        return safe_id(source_id, preparer.masked, seal, dealt=reading.format in FORMATS)

    memory = Memory.of(seal, entries(db))

    def forgotten(raw: RawConversation) -> bool:
        """Whether an old export would bring somebody back who was forgotten."""
        hashed = seal.customer(source, raw.customer_id)
        return memory.holds(source, raw.source_id, hashed, raw.opened_at)

    raws = _raw_batches(items, report, preparer, named, reading, forgotten)
    with closing(_prepared(preparer, raws)) as batches:
        if dry_run:
            for batch in batches:
                _count(parts(db, seal, source, batch), batch, report, known)
                for item in batch:
                    see(item)
                progress(report.rows, reading.total, "checking")
            report.learn(reading)
            _count_replies(db, report)
            return report
        names = [preparer.masked(name) for name in files]
        report.import_id = import_id = _begin(db, actor, source, names, reading)
        try:
            for batch in batches:
                with write(db):
                    # With the first rows, not before: a file that cannot be read changes nothing.
                    if change:
                        with noting_settings(db, import_id, change):
                            settings.change(db, actor, **change)
                        change = {}
                    among = parts(db, seal, source, batch)
                    _count(among, batch, report, known)
                    there = [part.inquiry_id for part in among if part.inquiry_id is not None]
                    with noting(db, import_id, there):
                        store(
                            db,
                            seal,
                            import_id,
                            source,
                            batch,
                            discover=rules.discover_faqs,
                            connection_id=way.id if way else None,
                            among=among,
                        )
                progress(report.rows, reading.total, "importing")
        except BaseException:
            report.learn(reading)
            _finish(db, import_id, "failed", report)
            raise
        report.learn(reading)
        _count_replies(db, report)
        with write(db):
            still_open = "SELECT id FROM inquiries WHERE status = 'open' AND joined_to IS NULL"
            with noting(db, import_id, [row["id"] for row in db.query(still_open)]):
                joining.join_open(db, hours=rules.join_hours)
            note_named(db, import_id)
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
    items: Iterator[Item],
    report: ImportReport,
    preparer: Preparer,
    named: Callable[[str], str],
    reading: Reading,
    forgotten: Callable[[RawConversation], bool],
) -> Iterator[list[RawConversation]]:
    """Group conversations, and count what was rejected or left out on the way."""
    batch: list[RawConversation] = []
    for item in items:
        if isinstance(item, Rejected):
            report.rejected += 1
            if len(report.rejections) < KEPT_REJECTIONS:
                # A reason quotes the cell that was wrong.
                report.rejections.append(replace(item, reason=preparer.masked(item.reason)))
            continue
        report.rows += 1
        item.source_id = named(item.source_id)
        if forgotten(item):
            reading.left_out[FORGOTTEN] += 1
            continue
        item.answer_source_id = named(item.answer_source_id)
        for message in item.messages:
            message.source_id = named(message.source_id)
        batch.append(item)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
    if not report.rows and not report.rejected and not reading.left_out:
        raise ImportFileError("The file names columns but holds no row. Nothing was imported.")


def _count(among: list[Part], batch: list[Prepared], report: ImportReport, known: set[str]) -> None:
    """Add to the report what storing a batch would change.

    Args:
        among: what `parts` says of the batch, before it is stored.
        batch: what is about to be stored.
        report: of this import.
        known: slugs of the FAQs that there were before the import.
    """
    masked: Counter[str] = Counter(report.masked)
    for item in batch:
        masked.update(item.masked)
        for message in item.messages:
            role = message.raw.role if message.raw.public else "note"
            report.roles[role] = report.roles.get(role, 0) + 1
            named = message.raw.saved_reply_id
            if named:
                report.saved_replies[named] = report.saved_replies.get(named, 0) + 1
        report.pairs += item.answer is not None
        report.labelled += bool(item.slugs)
        report.links += len(item.slugs)
        for slug in item.slugs:
            if slug not in known:
                report.unknown_links[slug] = report.unknown_links.get(slug, 0) + 1
    report.masked = dict(masked)
    more = {part.item.raw.source_id for part in among if part.fresh or part.inquiry_id is None}
    report.inquiries += sum(part.inquiry_id is None for part in among)
    report.messages += sum(len(part.fresh) for part in among)
    report.already_there += len(batch) - len(more)


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


def _count_replies(db: Database, report: ImportReport) -> None:
    names = {row["name"] for row in db.query("SELECT name FROM saved_replies")}
    report.unknown_replies = sum(name not in names for name in report.saved_replies)


def _begin(db: Database, actor: Actor, source: str, files: list[str], reading: Reading) -> int:
    row = {
        "source": source,
        "files": json.dumps(files, ensure_ascii=False),
        "state": "running",
        "format": reading.format,
        "process": begun_by(),
        "started_by": actor.name,
        "started_at": now(),
    }
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
                "format": report.format,
                "report": json.dumps(report.as_dict(), ensure_ascii=False),
                "finished_at": now(),
            },
        )
