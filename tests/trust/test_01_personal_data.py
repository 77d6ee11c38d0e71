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
from dataclasses import replace
from typing import Any

import pytest
from werkzeug.datastructures import FileStorage

from support.database import scalar
from tests.conftest import ACTOR
from tests.trust import planted_doors
from tests.trust.planting import Planted, files_of, fill
from tests.web.api_asker import Asker
from tests.web.conftest import signed_in
from tests.web.console_pages import pages
from tests.web.furnished import furnish
from web import import_work, job_run, jobs, logs


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


def test_errors_with_a_number_in_reach(space, db, app, recommender, planted, log):
    """One that nobody foresaw, one of the database's, and a job that fails over a file."""
    furnish(space, db)
    waiting = scalar(db, "SELECT max(id) FROM inquiries WHERE status = 'open'")
    client = signed_in(app, "ada")

    def breaks(*_: Any, **__: Any) -> None:
        raise ValueError(planted.words("error"))

    recommender.suggest = breaks  # type: ignore[method-assign]
    app.extensions["faqdesk"] = replace(app.extensions["faqdesk"], recommender=recommender)
    said = [seen(client, f"/inquiries/{waiting}")]
    ask = Asker(app, db)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("support.incoming.receive", breaks)
        answer = ask.post("/inquiries", {"source": "app", "id": "1", "text": planted.words("API")})
        assert answer.status_code == 500
    said.append(answer.data)
    with db.conn:
        db.conn.execute("ALTER TABLE drafts RENAME TO elsewhere")
    draft = {"text": planted.words("draft"), "revision": 1}
    assert client.post(f"/inquiries/{waiting}/draft", json=draft).status_code == 500
    with db.conn:
        db.conn.execute("ALTER TABLE elsewhere RENAME TO drafts")
    name = planted.phone("import > file name") + ".json"
    files = [FileStorage(io.BytesIO(planted.words("import > rubbish").encode()), name)]
    token = import_work.keep(space, db, files)
    arguments = import_work.arguments(token, {"format": ""}, dry_run=False, seal=space.seal())
    job_run.run(space, jobs.enqueue(space, db, ACTOR, "import", arguments))
    assert [row["state"] for row in db.query("SELECT state FROM jobs WHERE kind = 'import'")] == [
        "failed"
    ]
    said.append(seen(client, "/jobs"))
    assert "ValueError" in log().decode()
    assert "OperationalError" in log().decode()
    assert leaks(space, planted, log(), *said) == {}
