"""What asking an index server costs: the same questions in process, over gRPC, and with TLS.

The server runs as a process of its own, as at a desk. Vectors are made up in clusters; past answers
and similar listings are a desk's own, where one is named. So is what a console process holds, with
an index of its own and without.
"""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np

from support import index_pb2 as messages
from support import models
from support.artifact import write_artifact
from support.faiss_index import FaissIndex
from support.grpc_index import AUTHORITY, LISTINGS, TOKEN, GrpcIndex, IndexChannel
from support.grpc_inquiries import RemoteInquiries
from support.workspace import Workspace

from .bench_certificate import self_signed
from .bench_probe import quantiles
from .bench_similar_speed import DIM, clustered
from .bench_spread import Figures
from .progress import Progress, silent

TOP_K: Final = 10
QUERIES: Final = 500
AT_ONCE: Final = (1, 4, 16)
_SECONDS: Final = 2.0  # for which so many ask at once

Ask = Callable[[int], object]  # asks the question of a number


def bench_index_server(
    rows: Sequence[int],
    *,
    home: Path | None = None,
    seed: int = 0,
    progress: Progress = silent,
) -> Figures:
    """Ask.

    Args:
        rows: how many vectors are made up, one measurement each.
        home: a desk whose past answers and listings are asked for, too.
        seed: of what is made up.
        progress: told done, total and a message; may raise.
    """
    found: Figures = {}
    with TemporaryDirectory(prefix="faqdesk-bench-") as name:
        folder = Path(name)
        secure = self_signed(folder)
        for done, count in enumerate(rows):
            progress(done, len(rows) + 1, f"{count:,} vectors")
            found[f"vectors_{count}"] = _vectors(count, folder / str(count), secure, seed)
        if home is not None:
            progress(len(rows), len(rows) + 1, "a desk's past answers")
            found["desk"] = _desk(home, secure)
    return found


def _vectors(rows: int, folder: Path, secure: tuple[Path, Path], seed: int) -> Figures:
    vectors, queries = clustered(rows, QUERIES, DIM, seed=seed)
    made = FaissIndex(DIM)
    made.add(np.arange(rows, dtype=np.int64), vectors)
    write_artifact(folder, kind="index", config={}, files=made.snapshot, metrics={})
    del vectors, made

    def ask(index: Any, number: int) -> object:
        at = number % QUERIES
        return index.search(queries[at : at + 1], top_k=TOP_K)[0].tolist()

    own = FaissIndex.load(folder)
    with _both(["--vectors", str(folder)], secure, {}) as (plain, tls):
        ways = {
            "in_process": partial(ask, own),
            "grpc": partial(ask, GrpcIndex(plain, "vectors")),
            "tls": partial(ask, GrpcIndex(tls, "vectors")),
        }
        return _compare(ways)


def _desk(home: Path, secure: tuple[Path, Path]) -> Figures:
    space = Workspace(home)
    db = space.database()
    loaded = models.load(space.models)
    if loaded.similar is None:
        return {"missing": loaded.degraded or "no encoder yet"}
    sql = "SELECT text FROM inquiries WHERE text <> '' ORDER BY id DESC LIMIT ?"
    asked = [row["text"] for row in db.query(sql, [QUERIES])]
    k = loaded.classifier.neighbours_k if loaded.classifier and loaded.hears_neighbours else None

    def past(door: Any, number: int) -> object:
        # As a web process does: a connection a request.
        with_db = space.database()
        try:
            text = asked[number % len(asked)]
            found = door.look_back(with_db, text, top_k=5, neighbours_k=k)
            return [item.inquiry_id for item in found.similar], found.near
        finally:
            with_db.close()

    def listings(channel: IndexChannel, number: int) -> object:
        request = messages.ByTextRequest(text=titles[number % len(titles)])
        return channel.call(f"{LISTINGS}/ByText", request, messages.Matches).SerializeToString()

    sql = "SELECT title FROM listings WHERE title <> '' ORDER BY id DESC LIMIT ?"
    titles = [row["title"] for row in db.query(sql, [QUERIES])]
    environment = {"FAQDESK_HOME": str(home)}
    with _both([], secure, environment) as (plain, tls):
        far = [RemoteInquiries(way, loaded.similar.encoder, loaded.mix) for way in (plain, tls)]
        ways = {
            "in_process": partial(past, loaded.similar),
            "grpc": partial(past, far[0]),
            "tls": partial(past, far[1]),
        }
        found: Figures = {"past_answers": _compare(ways)}
        if titles:
            found["listings"] = _compare({"grpc": partial(listings, plain),
                                          "tls": partial(listings, tls)})  # fmt: skip
        found["console_mb"] = {
            "own_index": _console(home, ""), "index_server": _console(home, plain.target),
        }  # fmt: skip
    db.close()
    return found


def _compare(ways: Mapping[str, Ask]) -> Figures:
    """Each way's times one after the other, and how many it does a second when several ask."""
    told: dict[str, list[object]] = {}
    times: dict[str, list[float]] = {name: [] for name in ways}
    for name, ask in ways.items():
        told[name] = [ask(number) for number in range(20)]  # the first ones read files
    # In turns: what else the machine does meets all of them alike.
    for number in range(QUERIES):
        for name, ask in ways.items():
            before = time.perf_counter()
            ask(number)
            times[name].append(1000 * (time.perf_counter() - before))
    first = next(iter(ways))
    found: Figures = {
        "same": all(answers == told[first] for answers in told.values()),
        **{f"{name}_ms": quantiles(took) for name, took in times.items()},
    }
    for name in ways:
        if name != first:
            found[f"{name}_times"] = {
                q: round(found[f"{name}_ms"][q] / found[f"{first}_ms"][q], 2)
                for q in ("p50", "p99")
            }
    for count in AT_ONCE:
        found[f"a_second_of_{count}"] = {name: _rate(ask, count) for name, ask in ways.items()}
    return found


def _rate(ask: Ask, callers: int) -> float:
    """Questions a second that so many callers get answered."""
    begun = time.perf_counter()

    def go(caller: int) -> int:
        done = 0
        while not done or time.perf_counter() < begun + _SECONDS:
            ask(caller * 37 + done)
            done += 1
        return done

    with ThreadPoolExecutor(callers) as pool:
        answered = sum(pool.map(go, range(callers)))
    return round(answered / (time.perf_counter() - begun), 1)


def _console(home: Path, server: str) -> dict[str, float]:
    """Megabytes of a process that suggests, with an index of its own or a server."""
    code = "from train.bench_index_server import console; console()"
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-c", code, str(home), server],
        stdout=subprocess.PIPE, text=True, check=True, timeout=600,
    )  # fmt: skip
    found: dict[str, float] = json.loads(done.stdout)
    return found


def console() -> None:
    """Suggest once, and print what this process holds then."""
    from support.recommender import Recommender

    from .process_memory import held

    space = Workspace(Path(sys.argv[1]))
    db = space.database()
    through: Any = None
    if sys.argv[2]:
        channel = IndexChannel(sys.argv[2], deadline=60)
        through = lambda encoder, mix, own: RemoteInquiries(channel, encoder, mix)  # noqa: E731
    Recommender(space, through=through).suggest(db, "환불은 언제 되나요")
    print(json.dumps(held(os.getpid(), models=space.models).total.as_dict()))


@contextmanager
def _both(
    words: Sequence[str], secure: tuple[Path, Path], environment: dict[str, str]
) -> Iterator[tuple[IndexChannel, IndexChannel]]:
    """A server without encryption and one with it, and a way to each."""
    chain, key = secure
    with (
        _server(words, environment) as plain,
        _server([*words, "--cert", str(chain), "--key", str(key)], environment) as tls,
        IndexChannel(f"localhost:{plain}", deadline=60) as first,
        IndexChannel(f"localhost:{tls}", deadline=60, certificate=chain.read_bytes()) as second,
    ):
        yield first, second


@contextmanager
def _server(words: Sequence[str], environment: dict[str, str]) -> Iterator[int]:
    """An index server as a process of its own; the port where it listens."""
    code = "from web.cli import main; main()"
    own = {name: value for name, value in os.environ.items() if name not in (TOKEN, AUTHORITY)}
    server = subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "-c", code, "serve-index", "--port", "0", *words],
        stdout=subprocess.PIPE, text=True, env=own | {"PYTHONUNBUFFERED": "1"} | environment,
    )  # fmt: skip
    try:
        assert server.stdout is not None  # noqa: S101 - it is a pipe
        port = re.search(r":(\d+)$", server.stdout.readline().strip())
        if port is None:
            raise RuntimeError("The index server did not start; its words stand above.")
        yield int(port[1])
    finally:
        server.terminate()
        server.communicate(timeout=60)
