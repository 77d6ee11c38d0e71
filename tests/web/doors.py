"""What the tests of the doors share: a visitor with a cookie jar, and processes as in life."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from support import faqs
from support.clock import ago
from support.faqs import Faq
from support.workspace import Workspace
from tests.conftest import import_csv
from tests.web.conftest import HELP, PASSWORD

# The number that the tests write, however it is spelled. Fewer digits stand in a hash by chance.
NUMBER = re.compile(rb"2938\W{0,3}4471")
ROOT = Path(__file__).parents[2]
SLOW = 240.0  # seconds that a busy machine may take for what is quick elsewhere

# Eight FAQs, and what customers write: how a sentence begins and how it may end.
TOPICS = {
    "refund": [
        "환불은 언제 되나요",
        "환불받고 싶어요",
        "카드 취소가 안 돼요",
        "돈을 돌려받고 싶습니다",
    ],
    "code": [
        "인증번호가 안 와요",
        "문자가 오지 않아요",
        "본인 인증이 실패해요",
        "인증 코드가 늦어요",
    ],
    "shipping": [
        "택배가 안 와요",
        "배송이 얼마나 걸려요",
        "송장 번호가 없어요",
        "배송지를 바꾸고 싶어요",
    ],
    "password": [
        "비밀번호를 잊었어요",
        "로그인이 안 돼요",
        "암호를 바꾸고 싶어요",
        "계정이 잠겼어요",
    ],
    "leave": [
        "탈퇴하고 싶어요",
        "계정을 지워 주세요",
        "회원 탈퇴는 어디서 하나요",
        "가입을 취소할래요",
    ],
    "no-show": [
        "상대가 안 나왔어요",
        "약속 장소에 아무도 없어요",
        "직거래에 바람맞았어요",
        "연락이 끊겼어요",
    ],
    "fake": ["가품을 받았어요", "짝퉁 같아요", "정품이 아닌 것 같은데요", "위조품 신고합니다"],
    "alarm": ["알림이 안 와요", "푸시가 너무 많이 와요", "알림을 끄고 싶어요", "소리가 안 나요"],
}
ENDINGS = ["", " 어제부터 그래요", " 빨리 답해 주세요"]


def desk_to_teach(folder: Path, *, times: int = 1) -> Workspace:
    """A desk with 96 answered inquiries on eight FAQs, or `times` as many, and no model yet."""
    space = Workspace(folder / "desk").create()
    db = space.database()
    faqs.save(
        db,
        [Faq(slug=slug, title=asked[0], url=HELP + slug) for slug, asked in TOPICS.items()],
    )
    db.close()
    in_turn = [
        (asked[place] + ending + f" {time}번째" * (time > 0), slug)
        for time in range(times)
        for ending in ENDINGS
        for place in range(4)
        for slug, asked in TOPICS.items()
    ]
    lines = [
        f"{number},{text},안내입니다. {HELP}{slug},{ago(hours=5000 - number)}"
        for number, (text, slug) in enumerate(in_turn)
    ]
    head = "id,question,answer,created_at"
    import_csv(space, folder / "history.csv", "\n".join([head, *lines]))
    return space


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


def kept(space: Workspace) -> list[str]:
    """What lies in a desk's folder, but for the counts of who called how often."""
    names = (path.name for path in space.home.iterdir())
    return sorted(name for name in names if not name.startswith("limits.db"))


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
    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


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


def command_words(pid: int) -> list[bytes]:
    """What a process was started as; nothing where it has just ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return []


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def fetch(
    port: int, path: str, *, method: str = "GET", body: bytes | None = None, **headers: str
) -> tuple[int, dict[str, str], str]:
    """Ask a server: status, headers by small name, body. Words of headers are joined by `_`."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body, named)
        answer = connection.getresponse()
        small = {name.lower(): value for name, value in answer.getheaders()}
        return answer.status, small, answer.read().decode()
    finally:
        connection.close()


def answers(port: int) -> bool:
    try:
        return fetch(port, "/healthz")[0] == 200
    except OSError:
        return False


@contextmanager
def serving(space: Workspace, *words: str) -> Iterator[tuple[int, subprocess.Popen[str]]]:
    """The console as a process of its own, from when it answers: its port, and the process."""
    port = free_port()
    with running(space, "serve", "--port", str(port), *words) as process:
        until(lambda: answers(port) or process.poll() is not None, "the console answers")
        assert process.poll() is None, (space.home / "errors").read_text()
        yield port, process


def logged(space: Workspace) -> list[dict[str, Any]]:
    """What a process of `running` wrote so far; every line must be JSON."""
    return [json.loads(line) for line in (space.home / "errors").read_text().splitlines()]
