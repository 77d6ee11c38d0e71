"""A folder whose disk is small, or whose rights can be taken away, in a way that really happens.

A small disk is a tmpfs in a mount namespace of its own; where a machine lets nobody mount, the
process that would fill it may write files of so many bytes and no more. Rights: the process gives
up what lets root write everywhere, and obeys the modes of files like anybody.
"""

import ctypes
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path

from tests.web.doors import ROOT, end_group

_PR_CAPBSET_DROP = 24
_WRITES_EVERYWHERE = (0, 1, 2, 3)  # chown, dac_override, dac_read_search, fowner


def obeying_modes() -> None:
    """Between fork and exec: root obeys the modes of files from now on."""
    libc = ctypes.CDLL(None, use_errno=True)
    for capability in _WRITES_EVERYWHERE:
        libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)


def can_mount() -> bool:
    """Whether a tmpfs can be mounted here in a namespace of one's own."""
    words = ["unshare", "-rm", "mount", "-t", "tmpfs", "none", "/mnt"]
    try:
        return subprocess.run(words, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


@contextmanager
def command(words: list[str], environment: dict[str, str], errors: Path, before: Callable | None):
    """A command of faqdesk as a process; ended with the block."""
    with errors.open("a") as file:
        process = subprocess.Popen(
            words, cwd=ROOT, env=environment, stderr=file, stdout=subprocess.DEVNULL,
            start_new_session=True, preexec_fn=before,
        )  # fmt: skip
    try:
        yield process
    finally:
        end_group(process.pid)
        process.wait()


def on_small_disk(folder: Path, megabytes: int, words: list[str]) -> list[str]:
    """A command in a namespace where `folder` is a disk of so many megabytes, with what lay in it.

    The folder is reached from outside by `/proc/<pid>/root`.
    """
    script = (
        'folder="$1"; size="$2"; shift 2; mkdir "$folder.full"; cp -a "$folder/." "$folder.full/"; '
        'mount -t tmpfs -o size="${size}m" none "$folder"; cp -a "$folder.full/." "$folder/"; '
        'exec "$@"'
    )
    return ["unshare", "-rm", "sh", "-ec", script, "sh", str(folder), str(megabytes), *words]


def run_inside(pid: int, words: list[str], home: Path) -> subprocess.CompletedProcess[str]:
    """Run a command where a process of `on_small_disk` is."""
    enter = ["nsenter", "-t", str(pid), "-U", "-m", "--preserve-credentials"]
    return subprocess.run(
        [*enter, *words], cwd=ROOT, env=environment_of(home), capture_output=True, text=True,
        check=False,
    )  # fmt: skip


def faqdesk_words(*words: str) -> list[str]:
    return [sys.executable, "-m", "web.cli", *words]


def small_files(size: int) -> Callable[[], None]:
    """Between fork and exec: no file of this process grows beyond so many bytes."""

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    return limit


def inside(pid: int, path: Path) -> Path:
    """A path as a process in its own namespace sees it."""
    return Path(f"/proc/{pid}/root") / path.relative_to("/")


def environment_of(home: Path, **more: str) -> dict[str, str]:
    return os.environ | {"FAQDESK_HOME": str(home), "PYTHONUNBUFFERED": "1"} | more
