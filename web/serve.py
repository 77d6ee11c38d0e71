"""Runs the console: gunicorn for the web, and one worker process for jobs beside it."""

import itertools
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing, suppress
from datetime import datetime

import structlog
from flask import Flask
from flask.helpers import get_debug_flag
from sqlite_utils import Database

from support import clock_steps, embeddings, scratch, vector_engine, webhook_intake
from support.audit import SYSTEM, Actor
from support.errors import FaqdeskError, InputError
from support.recommender import Recommender
from support.workspace import Workspace

from . import (
    backlog,
    backup_work,
    dividing,
    follow_ups,
    import_work,
    job_queue,
    jobs,
    logs,
    metrics,
    redis_queue,
    schedule,
    vector_work,
    worker_state,
)
from .app import create_app, refuse_debug
from .database import file_of
from .origins import check_own_machine
from .tls import Certificate

# How often the worker looks for jobs whose worker died.
LOOK_SECONDS = float(os.environ.get("FAQDESK_LOOK_SECONDS", "60"))
FORGET_EVERY = 60  # and at every how-many-th look it forgets originals that are due
AGAIN_SECONDS = 5.0  # how long after a worker's death the next one starts
TIMEOUT = 60  # seconds a request may take before its process is replaced
NICE = 10  # how far jobs stand back: who waits for a page comes first, on all cores together
FIRST_FD = 3  # where a socket stands that we are given; sd_listen_fds(3)

log = structlog.get_logger("faqdesk.serve")


def _app(workspace: Workspace, proxies: int) -> Flask:
    """The console, in a web process of its own."""
    try:
        app = create_app(workspace, PROXIES=proxies, RENEW=_end_this_process)
    except (FaqdeskError, OSError) as error:
        # gunicorn ends altogether where a process cannot start; this one is started again.
        log.error("a web process did not start; another is tried", why=str(error))
        time.sleep(AGAIN_SECONDS)
        os._exit(1)
    # One connection that does nothing: as long as it is open the files beside the database
    # are there, and on a full disk or in a folder without rights pages can still be read.
    with suppress(FaqdeskError, sqlite3.Error):
        app.extensions["faqdesk-open"] = workspace.database()
    # Read before the first question comes: after a restart many wait at the door.
    app.extensions["faqdesk"].recommender.models()
    return app


def serve(
    workspace: Workspace,
    *,
    host: str,
    port: int,
    workers: int,
    certificate: Certificate | None = None,
    proxies: int = 0,
) -> None:
    """Serve until a signal comes, then finish what is under way and stop the worker too.

    Whoever starts us may hold the socket and hand it over as systemd does (`LISTEN_FDS`): what
    comes while we are started anew waits there, and nobody is refused.

    Args:
        workspace: the desk.
        host: the address to listen at, where no socket is handed over.
        port: and its port.
        workers: how many web processes.
        certificate: to serve https with; None: http.
        proxies: how many reverse proxies stand before us, whose word on who asks is taken.

    Raises:
        WorkspaceError: there is no desk.
        InputError: the address cannot be had, or is not this machine's and asked over plain http;
            or the certificate will not do, or FLASK_DEBUG is set.
        SettingError: the queues' server lets in whoever reaches it, or does not let us in; or the
            vector engine does, or is a file that one process alone can open.
    """
    refuse_debug(get_debug_flag())
    redis_queue.reach()  # the worker beside us would die of it again and again
    vector_engine.place(processes=True)  # as of the queues
    secure = certificate.options() if certificate else {}
    workspace.database().close()  # the schema is brought up to date once, before the fork
    workspace.seal()
    given = _given_address()
    host, port = given or (host, port)
    if not (secure or proxies):
        check_own_machine(host)
    if given is None:
        _try_address(host, port)
    logs.configure()
    # The web processes count together here; a folder of an earlier server would count twice.
    counts = str(scratch.make("metrics"))
    os.environ[metrics.FOLDER] = counts
    worker_state.give_sign(workspace)  # from now on its silence counts
    beside = _Beside(workspace)
    dividing.one_core()  # not the worker beside us: its work takes what cores there are
    dividing.give_back()
    shared = dividing.Shared(workspace)
    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    scheme = "https" if secure else "http"

    def stop() -> None:
        beside.stop()
        shutil.rmtree(counts, ignore_errors=True)

    backlog.Server(
        lambda: _app(workspace, proxies),
        {
            "bind": address,
            "workers": workers,
            "timeout": TIMEOUT,
            "graceful_timeout": 30,
            "limit_request_line": 8190,  # a search holds a whole inquiry, nine bytes a syllable
            # A worker that never answers a request again is replaced from time to time.
            "max_requests": 20_000,
            "max_requests_jitter": 2_000,
            "loglevel": "warning",
            "control_socket_disable": True,
            "pre_fork": lambda server, worker: shared.read(),
            "when_ready": lambda _: log.info("serving", address=f"{scheme}://{address}"),
            # Not in a `finally` around this: each web process is a fork that would go through it.
            "on_exit": lambda _: stop(),
            # Who asks, and how, is said by as many proxies as there are (`proxies`), or by nobody.
            "secure_scheme_headers": {},
            **secure,
        },
        ending=beside.tell,
        idle=shared.let_go,
    ).run()


class _Beside:
    """The worker beside the web processes: started again should it die, stopped with them."""

    def __init__(self, workspace: Workspace) -> None:
        self._command = [
            # -P: what lies in the folder it is started from shall not pass for our modules.
            *(sys.executable, "-P", "-m", "web.cli", "worker"),
            *("--parent", str(os.getpid())),
        ]
        self._environment = os.environ | {"FAQDESK_HOME": str(workspace.home)}
        self._stopping = threading.Event()
        self._start()
        threading.Thread(target=self._keep, daemon=True).start()

    def tell(self) -> None:
        """Have it end; it is waited for by `stop`."""
        if not self._stopping.is_set():
            self._stopping.set()
            self._process.terminate()

    def stop(self) -> None:
        self.tell()
        try:
            self._process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self._process.kill()

    def _start(self) -> None:
        self._process = subprocess.Popen(self._command, env=self._environment)  # noqa: S603

    def _keep(self) -> None:
        while True:
            self._process.wait()
            if self._stopping.wait(AGAIN_SECONDS):
                return
            log.error("the job worker died; starting another")
            self._start()


def work(workspace: Workspace, *, parent: int | None = None) -> None:
    """Take jobs from the queue until a signal comes; look after what is due in between.

    Args:
        workspace: the desk.
        parent: the process to end with; None: work alone.
    """
    workspace.database().close()
    os.nice(NICE)
    logs.configure()
    worker_state.give_signs(workspace)
    vector_engine.place(processes=True)
    engine = threading.Thread(
        target=vector_work.keep, args=(workspace,), kwargs={"seconds": LOOK_SECONDS}, daemon=True
    )
    engine.start()
    beside = parent is not None
    threading.Thread(target=_maintain, args=(workspace, beside), daemon=True).start()
    if parent is not None:
        # The console that started this worker may be killed: without it, nobody would stop us.
        threading.Thread(target=_follow, args=(parent,), daemon=True).start()
    job_queue.consume(workspace)
    # An engine may be in the middle of a step in huey's thread. To take the interpreter down
    # around it aborts the process; the job is marked, and nothing else is open.
    os._exit(0)


def _maintain(workspace: Workspace, beside: bool) -> None:
    """Notice dead jobs and lost bells, train and forget when due, make answers findable.

    `beside`: a server starts another worker where this one ends, as it does when the database was
    replaced: what is held in memory is of the old one.
    """
    from .work import forget

    recommender = Recommender(workspace)
    file = file_of(workspace.database_path)
    for look in itertools.count():
        replaced = file_of(workspace.database_path) not in (0, file)
        if beside and (replaced or job_queue.lost(workspace)):
            what = "database was replaced" if replaced else "file of a queue was lost"
            log.error(f"the {what}; starting anew")
            _end_this_process()
            return
        try:
            with closing(workspace.database()) as db:
                jobs.mark_left(workspace, db)
                jobs.mark_interrupted(db)
                if clock_steps.behind(db) and (n := clock_steps.mend(db)):
                    log.warning("the clock went back; what was to wait longer does not", mended=n)
                if look:  # before the first, the worker rings for all that wait
                    job_queue.ring_again(workspace, db)
                    job_queue.ring_doors_again(workspace, db)
                if look % FORGET_EVERY == 0:
                    forget(workspace, db, Actor(SYSTEM), {}, lambda done, total, message: None)
                    webhook_intake.forget(db)
                import_work.sweep(workspace, db)
                schedule.queue_due(workspace, db, datetime.now().astimezone())
                backup_work.queue_due(workspace, db, datetime.now().astimezone())
                follow_ups.queue(workspace, db)
                make_findable(recommender, db)
        except Exception:  # a full disk or a long import: the next look may do better
            log.error("maintenance failed", exc_info=True)
        # At once where what waits can be rung for again: the server may have come back empty.
        redis_queue.back.wait(LOOK_SECONDS)
        redis_queue.back.clear()


def make_findable(recommender: Recommender, db: Database) -> None:
    """Encode the answered inquiries that the encoder in force has not seen.

    An answer's process may have ended before it was encoded, or a training published a new encoder
    while it was sent.
    """
    similar = recommender.models().similar
    if similar is not None:
        embeddings.encode_missing(db, similar.encoder, progress=lambda done, total, message: None)


def _end_this_process() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


def _follow(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1.0)
    _end_this_process()


def _given_address() -> tuple[str, int] | None:
    """Where the socket listens that we were given; None: we were given none, and make our own.

    See sd_listen_fds(3). gunicorn takes the socket itself.

    Raises:
        InputError: it is not one of the network, or they are several.
    """
    if os.environ.get("LISTEN_PID") != str(os.getpid()):
        return None
    n = int(os.environ.get("LISTEN_FDS", "0"))
    if n == 0:
        return None
    with socket.socket(fileno=os.dup(FIRST_FD)) as found:
        if n > 1 or found.family not in (socket.AF_INET, socket.AF_INET6):
            raise InputError(
                f"{n} sockets were handed over, the first of {found.family.name}. Serving takes "
                f"one address and port: give the .socket unit one ListenStream."
            )
        name = found.getsockname()
    return str(name[0]), int(name[1])


def _try_address(host: str, port: int) -> None:
    """Refuse an address that cannot be had, before anything is started."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        raise InputError(
            f"Cannot serve at {host}, port {port}: {error.strerror}. Name another with --host and "
            f"--port: faqdesk serve --port {port % 65535 + 1}"
        ) from error
