"""Runs the console: gunicorn for the web, and one worker process for jobs beside it."""

import logging
import os
import signal
import subprocess
import sys
import threading
from typing import Any

from gunicorn.app.base import BaseApplication

from support.audit import SYSTEM, Actor
from support.workspace import Workspace

from . import jobs, logs
from .app import create_app

MAINTENANCE_SECONDS = 3600.0
TIMEOUT = 60  # seconds a request may take before its process is replaced


class _Gunicorn(BaseApplication):  # type: ignore[misc]
    def __init__(self, workspace: Workspace, options: dict[str, Any]) -> None:
        self._workspace = workspace
        self._options = options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        return create_app(self._workspace)


def serve(workspace: Workspace, *, host: str, port: int, workers: int) -> None:
    """Serve until a signal comes, then finish what is under way and stop the worker too.

    Raises:
        WorkspaceError: there is no desk.
    """
    workspace.database().close()  # the schema is brought up to date once, before the fork
    workspace.seal()
    logs.configure()
    beside = subprocess.Popen(  # noqa: S603 - our own interpreter and module
        [sys.executable, "-m", "web.cli", "worker"],
        env=os.environ | {"FAQDESK_HOME": str(workspace.home)},
    )
    try:
        _Gunicorn(
            workspace,
            {
                "bind": f"{host}:{port}",
                "workers": workers,
                "worker_class": "gthread",
                "threads": 4,
                "timeout": TIMEOUT,
                "graceful_timeout": 30,
                # A worker that never answers a request again is replaced from time to time.
                "max_requests": 20_000,
                "max_requests_jitter": 2_000,
                "loglevel": "warning",
                "control_socket_disable": True,
            },
        ).run()
    finally:
        beside.terminate()
        try:
            beside.wait(timeout=30)
        except subprocess.TimeoutExpired:
            beside.kill()


def work(workspace: Workspace) -> None:
    """Take jobs from the queue until a signal comes; look after what is due in between."""
    logs.configure()
    logging.getLogger("huey").setLevel(logging.WARNING)
    db = workspace.database()
    try:
        jobs.mark_interrupted(db)
    finally:
        db.close()
    stop = threading.Event()
    threading.Thread(target=_maintain, args=(workspace, stop), daemon=True).start()
    # The console that started this worker may be killed: without it, nobody would stop us.
    threading.Thread(target=_follow_parent, args=(os.getppid(), stop), daemon=True).start()
    try:
        jobs.consume(workspace.queue_path)
    finally:
        stop.set()


def _maintain(workspace: Workspace, stop: threading.Event) -> None:
    """Forget originals that are due, and notice dead jobs, once an hour."""
    from .work import forget

    while not stop.wait(MAINTENANCE_SECONDS):
        db = workspace.database()
        try:
            jobs.mark_interrupted(db)
            forget(workspace, db, Actor(SYSTEM), {}, lambda done, total, message: None)
        finally:
            db.close()


def _follow_parent(parent: int, stop: threading.Event) -> None:
    while not stop.wait(2.0):
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGINT)
            return
