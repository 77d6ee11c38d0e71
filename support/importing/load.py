"""Runs an import: prepares on every core, stores in small transactions, reports.

Each batch of inquiries is one transaction with its messages, labels and search rows; killed at any
point, the next run of the same files adds the rest. Rows are known by (source, source id).
"""

import json
import os
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from .. import faqs, settings
from ..audit import Actor, record
from ..clock import ago, now
from ..database import insert, scalar, write
from ..errors import ImportFileError
from ..seal import Seal
from .conversation import RawConversation, Rejected
from .mapping import Mapping
from .pairs import Item, conversations
from .prepare import Prepared, PreparedMessage, Preparer

BATCH = 250  # inquiries a transaction
POOL_FROM = 3000  # below so many inquiries, starting processes costs more than it saves
OPEN_DAYS = 14  # an unanswered inquiry that is older was never going to be: it is closed
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
    rules = settings.load(db)
    if mapping.links.hosts and not dry_run:
        rules = settings.change(
            db,
            actor,
            faq_hosts=mapping.links.hosts,
            faq_path=mapping.links.path,
            discover_faqs=mapping.links.discover,
        )
    elif mapping.links.hosts:
        rules = settings.Settings(
            faq_hosts=mapping.links.hosts, faq_path=mapping.links.path, allow=rules.allow
        )
    preparer = Preparer(rules.link_patterns, faqs.aliases(db), rules.allow)
    batches = _prepared(preparer, _raw_batches(conversations(files, mapping), report, preparer))
    with closing(batches):
        if dry_run:
            for batch in batches:
                _count(db, mapping.source, batch, report)
                progress(report.rows, 0, "reading")
            return report
        import_id = _begin(db, mapping.source, files)
        try:
            for batch in batches:
                with write(db):
                    _store(db, seal, import_id, batch, report, discover=rules.discover_faqs)
                progress(report.rows, 0, "importing")
        except BaseException:
            _finish(db, import_id, "failed", report)
            raise
        with write(db):
            _finish(db, import_id, "done", report)
            detail = {"source": report.source, "inquiries": report.inquiries}
            record(db, actor, "import.done", f"import:{import_id}", detail=detail)
    return report


def _raw_batches(
    items: Iterator[Item], report: ImportReport, preparer: Preparer
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
        batch.append(item)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
    if not report.rows and not report.rejected:
        raise ImportFileError("The file names columns but holds no row. Nothing was imported.")


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
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
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


def _existing(db: Database, source: str, batch: list[Prepared]) -> dict[str, int]:
    ids = json.dumps([item.raw.source_id for item in batch])
    sql = """
        SELECT source_id, id FROM inquiries
        WHERE source = ? AND source_id IN (SELECT value FROM json_each(?))
    """
    return {row["source_id"]: row["id"] for row in db.query(sql, [source, ids])}


def _known_messages(db: Database, inquiry_ids: list[int]) -> dict[int, set[str]]:
    sql = """
        SELECT inquiry_id, source_id FROM messages
        WHERE inquiry_id IN (SELECT value FROM json_each(?))
    """
    known: dict[int, set[str]] = defaultdict(set)
    for row in db.query(sql, [json.dumps(inquiry_ids)]):
        known[row["inquiry_id"]].add(row["source_id"])
    return known


def _count(db: Database, source: str, batch: list[Prepared], report: ImportReport) -> None:
    """Add to the report what storing a batch would change."""
    existing = _existing(db, source, batch)
    messages = _known_messages(db, list(existing.values()))
    slugs = {row["slug"] for row in db.query("SELECT slug FROM faqs")}
    masked: Counter[str] = Counter(report.masked)
    for item in batch:
        masked.update(item.masked)
        report.pairs += item.answer is not None
        report.labelled += bool(item.slugs)
        report.links += len(item.slugs)
        for slug in item.slugs:
            if slug not in slugs:
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


def _store(
    db: Database,
    seal: Seal,
    import_id: int,
    batch: list[Prepared],
    report: ImportReport,
    *,
    discover: bool,
) -> None:
    """Write a batch, inside the caller's transaction."""
    _count(db, report.source, batch, report)
    if discover:
        _discover(db, batch)
    existing = _existing(db, report.source, batch)
    known = _known_messages(db, list(existing.values()))
    # Only one writer at a time (BEGIN IMMEDIATE), so ids can be dealt out here.
    next_inquiry = (scalar(db, "SELECT max(id) FROM inquiries") or 0) + 1
    next_message = (scalar(db, "SELECT max(id) FROM messages") or 0) + 1
    for item in batch:
        inquiry_id = existing.get(item.raw.source_id)
        fresh = item.messages
        if inquiry_id is None:
            inquiry_id, next_inquiry = next_inquiry, next_inquiry + 1
            existing[item.raw.source_id] = inquiry_id
            _insert_inquiry(db, seal, import_id, inquiry_id, report.source, item)
        else:
            fresh = [m for m in fresh if m.raw.source_id not in known[inquiry_id]]
            if not fresh:
                continue
        ids: dict[str, int] = {}
        for message in fresh:
            ids[message.raw.source_id], next_message = next_message, next_message + 1
            _insert_message(db, import_id, inquiry_id, ids[message.raw.source_id], message)
        _settle(db, seal, import_id, inquiry_id, item, ids)


def _insert_inquiry(
    db: Database, seal: Seal, import_id: int, inquiry_id: int, source: str, item: Prepared
) -> None:
    raw = item.raw
    db.conn.execute(
        """
        INSERT INTO inquiries (id, import_id, source, source_id, source_url, channel, language,
            category, tags, customer, subject, text, status, opened_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'open', ?)
        """,
        (
            inquiry_id, import_id, source, raw.source_id, raw.url, raw.channel, raw.language,
            raw.category, json.dumps(raw.tags, ensure_ascii=False),
            seal.customer(source, raw.customer_id), item.subject, item.text, raw.opened_at,
        ),
    )  # fmt: skip


def _insert_message(
    db: Database, import_id: int, inquiry_id: int, message_id: int, message: PreparedMessage
) -> None:
    raw = message.raw
    db.conn.execute(
        """
        INSERT INTO messages (id, inquiry_id, import_id, source_id, role, public, author, text, at,
            saved_reply_id)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        (
            message_id, inquiry_id, import_id, raw.source_id, raw.role, int(raw.public), raw.author,
            message.text, raw.at, raw.saved_reply_id,
        ),
    )  # fmt: skip
    for name, url in raw.attachments:
        db.table("attachments").insert({"message_id": message_id, "name": name, "url": url})


def _settle(
    db: Database, seal: Seal, import_id: int, inquiry_id: int, item: Prepared, ids: dict[str, int]
) -> None:
    """Bring status, labels, sealed originals and search in line with an inquiry's messages."""
    answer = item.answer
    status = item.status
    if status == "open" and item.raw.opened_at < ago(days=OPEN_DAYS) and not item.raw.status:
        status = "closed"
    sql = "SELECT id FROM messages WHERE inquiry_id = ? AND source_id = ?"
    answer_id = scalar(db, sql, [inquiry_id, answer.raw.source_id]) if answer else None
    db.conn.execute(
        """
        UPDATE inquiries SET text = ?, answer_id = ?, answered_at = ?, closed_at = ?,
            -- An inquiry that was answered here stays so, whatever an older export says.
            status = CASE WHEN status = 'open' THEN ? ELSE status END
        WHERE id = ?
        """,
        (
            item.text,
            answer_id,
            answer.raw.at if answer else None,
            (answer.raw.at if answer else item.raw.opened_at) if status != "open" else None,
            status,
            inquiry_id,
        ),
    )
    for message in item.messages:
        for slug in message.slugs:
            db.conn.execute(
                """
                INSERT OR IGNORE INTO labels (inquiry_id, message_id, import_id, slug, origin, at)
                VALUES (?, ?, ?, ?, 'import', ?)
                """,
                (inquiry_id, ids.get(message.raw.source_id), import_id, slug, message.raw.at),
            )
        message_id = ids.get(message.raw.source_id)
        if status == "open" and message_id and message.original != message.text:
            db.conn.execute(
                "INSERT OR REPLACE INTO originals (message_id, sealed) VALUES (?, ?)",
                (message_id, seal.close_up(message.original)),
            )
    db.conn.execute("DELETE FROM inquiry_search WHERE rowid = ?", (inquiry_id,))
    db.conn.execute(
        "INSERT INTO inquiry_search (rowid, question, answer) VALUES (?, ?, ?)",
        (inquiry_id, item.question_bigrams, item.answer_bigrams),
    )


def _discover(db: Database, batch: list[Prepared]) -> None:
    """Make an FAQ of every page that an answer links and nobody has described yet."""
    fresh: dict[str, faqs.Faq] = {}
    for item in batch:
        for message in item.messages:
            for slug, url in zip(message.slugs, message.slug_urls, strict=True):
                title = slug.replace("-", " ").strip().capitalize() or slug
                fresh.setdefault(slug, faqs.Faq(slug=slug, title=title, url=url, discovered=True))
    known = {row["slug"] for row in db.query("SELECT slug FROM faqs")}
    faqs.save(db, [faq for slug, faq in fresh.items() if slug not in known])


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
