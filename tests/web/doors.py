"""What the tests of the doors share: a visitor with a cookie jar, and processes as in life."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from support.workspace import Workspace
from tests.web.conftest import PASSWORD

ROOT = Path(__file__).parents[2]
SLOW = 60.0  # seconds; what should happen at once may take long on a busy machine


class Visitor:
    """A browser without a screen: keeps cookies, and fills in a form's token."""

    def __init__(self, app: Flask, address: str = "127.0.0.1") -> None:
        self.client = app.test_client()
        self.base = {"REMOTE_ADDR": address}

    def get(self, path: str, **more: Any) -> TestResponse:
        return self.client.get(path, environ_base=self.base, **more)

    def post(self, path: str, data: dict[str, str], **more: Any) -> TestResponse:
        page = self.get("/sign-in", follow_redirects=True).text
        token = re.search(r'name="csrf_token" value="([^"]+)"', page)
        assert token
        data = {"csrf_token": token[1], **data}
        return self.client.post(path, data=data, environ_base=self.base, **more)

    def sign_in(self, login: str, password: str = PASSWORD, **more: Any) -> TestResponse:
        return self.post("/sign-in", {"login": login, "password": password}, **more)


def problem(answer: TestResponse, status: int) -> dict[str, Any]:
    """The body of an error, after checking that it is what RFC 9457 wants."""
    assert answer.status_code == status, answer.text
    assert answer.content_type == "application/problem+json"
    assert answer.json
    assert answer.json["status"] == status
    assert answer.json["title"]
    assert answer.json["detail"]
    return answer.json


def until(holds: Callable[[], Any], what: str, seconds: float = SLOW) -> Any:
    """Wait until something holds, and give what it gave."""
    edge = time.monotonic() + seconds
    while time.monotonic() < edge:
        found = holds()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds:.0f} s: {what}")


def environment(space: Workspace) -> dict[str, str]:
    return os.environ | {"FAQDESK_HOME": str(space.home), "PYTHONUNBUFFERED": "1"}


def faqdesk(space: Workspace, *words: str, **more: Any) -> subprocess.CompletedProcess[str]:
    """Run a command as a shell would."""
    return subprocess.run(
        [sys.executable, "-m", "web.cli", *words],
        cwd=ROOT, env=environment(space), capture_output=True, text=True, timeout=120, **more,
    )  # fmt: skip


@contextmanager
def running(space: Workspace, *words: str) -> Iterator[subprocess.Popen[str]]:
    """A command that goes on until the block ends; its standard error is in `<home>/errors`."""
    with (space.home / "errors").open("a") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "web.cli", *words],
            cwd=ROOT, env=environment(space), stderr=errors, text=True, start_new_session=True,
        )  # fmt: skip
        try:
            yield process
        finally:
            end_group(process.pid)
            process.wait()


def end_group(group: int) -> None:
    """Kill what is left of a process and those it started."""
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        pass


def members(group: int) -> list[int]:
    """The live processes of a group."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if fields[0] not in "ZX" and int(fields[2]) == group:
            found.append(int(stat.parent.name))
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
