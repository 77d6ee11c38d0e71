"""Large exports: memory stays flat, progress is told, a killed import goes on."""

import json
import subprocess
import sys

import pytest

from support.database import scalar
from support.importing.door import import_export
from tests.conftest import ACTOR
from tests.support.importing import exports

MEASURE = """
import json, resource, sys
from pathlib import Path
from support.importing.gathering import spooled
from support.importing.helpdesks import FORMATS
from support.importing.report import Reading

peaks = []
for path in map(Path, sys.argv[1:]):
    items = spooled([path], FORMATS["freshdesk"], "", Reading(), lambda done, total, message: None)
    n = sum(1 for _ in items)
    peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10)
print(json.dumps([n, *peaks]))
"""


def big(path, megabytes):
    """A page of tickets, as one JSON object."""
    ticket = exports.FRESHDESK[0] | {"conversations": []}
    words = json.dumps(ticket | {"description": "환불은 언제 되나요? " * 100}, ensure_ascii=False)
    with path.open("w", encoding="utf-8") as file:
        file.write('{"tickets": [')
        for n in range(megabytes << 20 >> 12):
            file.write(("," if n else "") + words.replace('"id": 1', f'"id": {n}', 1))
        file.write("]}")
    return path


def test_memory_does_not_grow_with_the_file(tmp_path):
    # 16 MiB is what SQLite keeps of the pieces; the small file fills that already.
    small, large = big(tmp_path / "s.json", 24), big(tmp_path / "l.json", 72)
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(small), str(large)],
        capture_output=True,
        text=True,
        check=True,
    )
    n, before, after = json.loads(done.stdout)
    assert n == 72 << 20 >> 12
    assert after - before < 8  # MiB, of 48 more


def test_bytes_are_told_and_then_conversations(space, db, tmp_path):
    path = exports.dumped(tmp_path / "zammad.json", exports.ZAMMAD)
    told = []
    import_export(db, space.seal(), [path], actor=ACTOR, progress=lambda *what: told.append(what))
    size = path.stat().st_size
    assert told == [(size, size, "reading"), (3, 3, "importing")]


def test_what_progress_raises_ends_it_and_the_next_one_goes_on(space, db, tmp_path):
    path = exports.dumped(tmp_path / "zammad.json", exports.ZAMMAD)

    def stop(done, total, message):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_export(db, space.seal(), [path], actor=ACTOR, progress=stop)
    assert scalar(db, "SELECT state FROM imports") == "failed"
    assert import_export(db, space.seal(), [path], actor=ACTOR).inquiries == 3
