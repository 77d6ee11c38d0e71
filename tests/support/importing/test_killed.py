"""An export whose import is killed again and again is, in the end, imported as if nothing was."""

import json
import os
import signal
import subprocess
import sys
import time

from support import settings
from support.database import scalar
from support.importing import undo
from support.workspace import Workspace
from tests.conftest import ACTOR
from tests.support.importing import exports
from tests.support.importing.test_exports import SINCE, desk

TICKETS = 3_500  # more than are prepared in the process itself
LINK = "https://help.example.com/ko/faq/refund"


def export(path):
    """Tickets with comments, every third of a customer who asks twice, the newest ones open."""
    with path.open("w", encoding="utf-8") as file:
        file.write('{"tickets": [\n')
        for number in range(1, TICKETS + 1):
            minute = f"2026-01-{1 + number // 200:02}T{number // 10 % 24:02}:{number % 60:02}"
            says = exports._zendesk_comment
            said = [says(2 * number, number, 9000 + number // 3, f"질문 {number}", f"{minute}:00Z")]
            if number % 7:
                words = f"답 {number} {LINK}-{number % 9} 010-2938-{number:04}"
                said.append(says(2 * number + 1, number, 7, words, f"{minute}:30Z"))
            ticket = exports.ZENDESK_TICKETS["tickets"][2] | {
                "id": number, "requester_id": 9000 + number // 3, "comments": said,
                "subject": f"제목 {number}", "raw_subject": f"제목 {number}",
                "description": f"질문 {number}", "created_at": f"{minute}:00Z",
                "updated_at": f"{minute}:30Z", "status": "solved" if number % 7 else "open",
            }  # fmt: skip
            file.write((",\n" if number > 1 else "") + json.dumps(ticket, ensure_ascii=False))
        file.write("]}\n")
    return path


def run(home, key, path, *, after=None):
    """`faqdesk import`; killed once the desk has `after` inquiries, if that is given."""
    environment = os.environ | {"FAQDESK_HOME": str(home), "FAQDESK_KEY_FILE": str(key)}
    process = subprocess.Popen(
        [sys.executable, "-m", "web.cli", "import", str(path)],
        env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    if after is None:
        assert process.wait(timeout=300) == 0
        return
    db = Workspace(home).database()
    begun = "SELECT max(id) FROM imports WHERE state = 'running'"
    last = scalar(db, begun) or 0
    while process.poll() is None:
        there = scalar(db, "SELECT count(*) FROM inquiries") >= after
        if there and (scalar(db, begun) or 0) > last:
            process.send_signal(signal.SIGKILL)
            break
        time.sleep(0.01)
    db.close()
    assert process.wait() == -signal.SIGKILL


def test_killed_at_several_points_an_export_comes_in_once(tmp_path, monkeypatch):
    path, key = export(tmp_path / "export.json"), tmp_path / "key"
    whole, torn = (Workspace(tmp_path / name) for name in ("whole", "torn"))
    monkeypatch.setenv("FAQDESK_KEY_FILE", str(key))
    for space in (whole, torn):
        db = space.create().database()
        settings.change(db, ACTOR, faq_hosts=("help.example.com",))
        db.close()
    run(whole.home, key, path)
    for after in (0, 1_000, 3_250):  # while it reads, and in each way of preparing
        run(torn.home, key, path, after=after)
    run(torn.home, key, path)
    db, other = whole.database(), torn.database()
    there = desk(db, but=SINCE)
    assert len(there["inquiries"]) == TICKETS
    assert len(there["labels"]) == sum(1 for number in range(1, TICKETS + 1) if number % 7)
    assert desk(other, but=SINCE) == there
    assert scalar(other, "PRAGMA integrity_check") == "ok"
    states = [row["state"] for row in other.query("SELECT state FROM imports ORDER BY id")]
    assert states[-1] == "done"
    assert set(states[:-1]) == {"interrupted"}
    # Taken back, the newest first, nothing is left of any of them.
    for item in undo.listed(other):
        undo.undo(other, ACTOR, item.id)
    left = desk(other)
    assert not any(left[name] for name in ("inquiries", "messages", "labels", "originals", "faqs"))
    db.close()
    other.close()
