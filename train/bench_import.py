"""How long a helpdesk's whole export takes to import, and what memory that needs on its way.

The export is written here, in the shape of Zendesk's API, from texts that are given; `faqdesk
import` reads it as a process of its own with a terminal before it, so that its progress bar is
drawn. Memory is what the system says of that process and of those that it starts.
"""

import json
import os
import pty
import random
import re
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from support.errors import FaqdeskError

from .bench_growth import perturb
from .progress import Progress, silent

MB: Final = 1_000_000
EVERY: Final = 0.5  # seconds between two looks at memory
TENTHS: Final = 10
_PERCENT: Final = re.compile(rb"(\d{1,3})%")

Pair = tuple[str, str]  # a question, and its answer


@dataclass(frozen=True, slots=True)
class ImportFigures:
    """One import. Megabytes are millions of bytes, of memory resident ones.

    `tenths`: the most memory that the process held in each tenth of its time, its workers not
    counted. `bar`: the percentages that the progress bar has shown, each once.
    """

    megabytes: int
    conversations: int
    messages: int
    seconds: float
    peak_mb: int
    tenths: tuple[int, ...]
    workers: int
    workers_peak_mb: int  # all of them together
    desk_mb: int
    bar: int
    rejected: int

    def as_dict(self) -> dict[str, Any]:
        """One JSON object."""
        return asdict(self)


def bench_import(
    megabytes: int, pairs: Sequence[Pair], *, seed: int = 0, progress: Progress = silent
) -> ImportFigures:
    """Import an export of so many megabytes into an empty desk.

    Args:
        megabytes: of the file.
        pairs: questions and answers; the export holds them with a few letters changed.
        seed: of the changes.
        progress: told done, total and a message; may raise.

    Raises:
        FaqdeskError: the import failed.
    """
    with TemporaryDirectory(prefix="faqdesk-bench-") as folder:
        path = Path(folder) / "tickets.json"
        write_export(path, megabytes * MB, pairs, seed=seed, progress=progress)
        progress(0, 0, f"{megabytes} MB are imported")
        home = Path(folder) / "desk"
        took, report, memory, bar = _run(path, home)
        own = [mine for mine, _, _ in memory] or [0]
        return ImportFigures(
            megabytes=megabytes,
            conversations=report["inquiries"],
            messages=report["messages"],
            seconds=round(took, 1),
            peak_mb=max(own) // MB,
            tenths=_tenths(own),
            workers=max((number for _, _, number in memory), default=0),
            workers_peak_mb=max((theirs for _, theirs, _ in memory), default=0) // MB,
            desk_mb=sum(path.stat().st_size for path in home.glob("desk.db*")) // MB,
            bar=len(set(bar)),
            rejected=report["rejected"],
        )


def write_export(
    path: Path, size: int, pairs: Sequence[Pair], *, seed: int = 0, progress: Progress = silent
) -> int:
    """Write tickets with their comments, as pages of Zendesk's API hold them.

    Args:
        path: of the file.
        size: bytes that it shall have, about.
        pairs: questions and answers.
        seed: of the changes.
        progress: told bytes, their total and a message; may raise.

    Returns:
        How many tickets it holds.
    """
    draw = random.Random(seed)
    count = written = 0
    with path.open("w", encoding="utf-8") as file:
        file.write('{"count": 0, "tickets": [')
        while written < size:
            question, answer = draw.choice(pairs)
            ticket = _ticket(count, perturb(question, draw), perturb(answer, draw), draw)
            words = (",\n" if count else "") + json.dumps(ticket, ensure_ascii=False)
            file.write(words)
            written += len(words.encode())
            count += 1
            if count % 1000 == 0:
                progress(written, size, "writing an export")
        file.write('], "end_of_stream": true}\n')
    return count


def _ticket(number: int, question: str, answer: str, draw: random.Random) -> dict[str, Any]:
    minute = 60 * number
    at = [_moment(minute + later) for later in (0, 1_500, 3_000)]
    asker, agent = 10_000_000 + number // 2, 700 + draw.randrange(12)
    head = question.strip().split("\n")[0][:60]
    said = [
        _comment(3 * number, asker, question, at[0]),
        _comment(3 * number + 1, agent, answer, at[1]),
        _comment(3 * number + 2, asker, "감사합니다. 잘 해결됐어요.", at[2]),
    ]
    return {
        "id": number + 1,
        "url": f"https://shop.zendesk.com/api/v2/tickets/{number + 1}.json",
        "subject": head,
        "raw_subject": head,
        "description": question,
        "status": "closed",
        "priority": "normal",
        "tags": draw.sample(["refund", "vip", "app", "delivery", "login"], 2),
        "requester_id": asker,
        "submitter_id": asker,
        "assignee_id": agent,
        "via": {"channel": "web", "source": {"from": {}, "to": {}, "rel": None}},
        "custom_fields": [{"id": 360_000_000_000 + place, "value": None} for place in range(8)],
        "satisfaction_rating": {"score": "unoffered"},
        "created_at": at[0],
        "updated_at": at[2],
        "comments": said,
    }


def _comment(number: int, author: int, words: str, at: str) -> dict[str, Any]:
    return {
        "id": 14_000_000_000_000 + number,
        "type": "Comment",
        "author_id": author,
        "body": words,
        "html_body": f'<div class="zd-comment" dir="auto"><p dir="auto">{words}</p></div>',
        "plain_body": words,
        "public": True,
        "attachments": [],
        "audit_id": 15_000_000_000_000 + number,
        "via": {"channel": "web", "source": {"from": {}, "to": {}, "rel": None}},
        "created_at": at,
    }


def _moment(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(1_735_689_600 + seconds))


def _run(path: Path, home: Path) -> tuple[float, dict[str, Any], list[tuple[int, int, int]], bytes]:
    """Import a file: seconds, report, memory (own, of workers, their number), what a bar showed."""
    code = "from web.cli import main; main()"
    ours, theirs = pty.openpty()
    begun = time.monotonic()
    child = subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "-c", code, "import", str(path), "--json"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=theirs,
        env=os.environ | {"FAQDESK_HOME": str(home), "TERM": "xterm-256color", "COLUMNS": "100"},
    )
    os.close(theirs)
    shown: set[int] = set()
    said = bytearray()
    reader = threading.Thread(target=_watch, args=(ours, shown, said), daemon=True)
    reader.start()
    memory: list[tuple[int, int, int]] = []
    looking = threading.Thread(target=_look, args=(child, memory), daemon=True)
    looking.start()
    try:
        out, _ = child.communicate()
    finally:
        child.kill()
        child.wait()
        looking.join()
        reader.join(timeout=5)
        os.close(ours)
    took = time.monotonic() - begun
    if child.returncode:
        raise FaqdeskError(f"The import failed: {said[-2000:].decode(errors='replace')}")
    return took, json.loads(out), memory, bytes(sorted(shown))


def _watch(terminal: int, shown: set[int], said: bytearray) -> None:
    """Read what is drawn on a terminal until nobody draws any more."""
    with suppress(OSError):  # how a terminal ends
        while drawn := os.read(terminal, 65536):
            shown.update(min(int(percent), 100) for percent in _PERCENT.findall(drawn))
            said += drawn
            del said[:-4000]


def _look(child: "subprocess.Popen[bytes]", memory: list[tuple[int, int, int]]) -> None:
    while child.poll() is None:
        workers = [_resident(pid) for pid in _children(child.pid)]
        memory.append((_resident(child.pid), sum(workers), sum(size > 0 for size in workers)))
        time.sleep(EVERY)


def _children(pid: int) -> list[int]:
    found: list[int] = []
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            found += map(int, (task / "children").read_text().split())
    return found


def _resident(pid: int) -> int:
    """Resident bytes of a process; 0 of one that is gone."""
    with suppress(OSError, IndexError, ValueError):
        pages = Path(f"/proc/{pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")
    return 0


def _tenths(own: Sequence[int]) -> tuple[int, ...]:
    edges = [place * len(own) // TENTHS for place in range(TENTHS + 1)]
    return tuple(max(own[begin:end], default=0) // MB for begin, end in pairwise(edges))
