"""Check 1: personal data is masked before it is stored, logged, encoded or learned from.

One desk, with a number planted in every field that takes words and at every other door; then every
byte of its folder, its logs and its answers is searched for them. How masks find what is spelled
oddly is `tests/support/test_redact.py`'s; what both have to do with each other is tried here.
"""

import io
import logging
import os
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from support.database import scalar
from tests.trust import planted_doors
from tests.trust.planting import Planted, files_of, fill
from tests.web.conftest import signed_in
from tests.web.console_pages import pages
from tests.web.furnished import furnish
from web import import_work, logs


@pytest.fixture
def planted() -> Planted:
    return Planted()


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """What was logged so far, as `faqdesk serve` logs."""
    import structlog

    written = io.StringIO()
    before, root = structlog.get_config(), logging.getLogger()
    handlers, level = root.handlers[:], root.level
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", written)
        logs.configure()
        yield lambda: written.getvalue().encode()
    structlog.configure(**before)
    logging.captureWarnings(False)
    root.handlers[:] = handlers
    root.setLevel(level)


def leaks(space, planted: Planted, *more: bytes) -> dict[str, set[str]]:
    """Where something planted stands, and by which places it came there."""
    found = {path.name: planted.found(content) for path, content in files_of(space.home)}
    found |= {f"said {number}": planted.found(content) for number, content in enumerate(more)}
    return {name: places for name, places in found.items() if places}


def seen(client, page) -> bytes:
    answer = client.get(page)
    answer.close()
    return answer.data


def test_every_form_of_the_console(space, db, app, planted, log):
    furnish(space, db)
    client = signed_in(app, "ada")
    walked = [page.path for page in pages(app, db, client)]
    known: set[str] = set()
    for page in walked:
        fill(client, page, planted, known)
    assert len(planted.places) > 60
    # Afterwards every page is looked at once more; an open inquiry alone shows its own words.
    shown = b"".join(seen(client, page) for page in walked if not page.startswith("/inquiries/"))
    assert leaks(space, planted, log(), shown) == {}


def test_every_other_door(space, db, app, planted, log):
    furnish(space, db)
    seal, folder = space.seal(), space.home.parent
    client = signed_in(app, "ada")
    planted_doors.tables(db, seal, folder, planted)
    planted_doors.export(db, seal, folder, planted)
    planted_doors.webhooks(db, seal, planted)
    planted_doors.mails(db, seal, planted)
    answers = planted_doors.programs(db, app, planted)
    planted_doors.strangers(app, planted)
    planted_doors.uploads(client, planted)
    waiting = scalar(
        db, "SELECT max(id) FROM inquiries WHERE status = 'open' AND joined_to IS NULL"
    )
    planted_doors.agents_write(app, client, space, waiting, planted)
    # What somebody sent waits for an hour, for them alone, to be looked at and taken in.
    for path in (space.home / "uploads").rglob("*"):
        os.utime(path, (0, 0))
    import_work.sweep(space, db)
    assert leaks(space, planted, log(), *answers) == {}
