"""Decodes nothing: does what a picture would that took a decoder over, by the words it is given.

Started in the place of `support/picture_worker.py`, whose limits are what is tried here.
"""

import importlib.util
import mmap
import os
import socket
import sys
import time
from pathlib import Path

HERE = Path(__file__).parents[2] / "support" / "picture_worker.py"
spec = importlib.util.spec_from_file_location("picture_worker", HERE)
worker = importlib.util.module_from_spec(spec)
spec.loader.exec_module(worker)
worker.CPU_SECONDS = 0  # and the one begun
honest = worker.decode


def spin():
    while True:
        pass


def start():
    """Start a program; root may, but it can open nothing, not even its libraries."""
    program = os.posix_spawn(sys.executable, [sys.executable, "-c", ""], {})
    if os.waitpid(program, 0)[1]:
        raise OSError("it did not get far")


def lie(answer):
    """Answer in the decoder's place, then wait for what comes of it."""
    os.write(0, answer)
    time.sleep(60)


ACTS = {
    b"crash": os.abort,
    b"leave": lambda: os._exit(0),
    b"spin": spin,
    b"sleep": lambda: time.sleep(60),
    b"read": lambda: Path("/etc/hostname").read_text(),
    b"write": lambda: Path("/tmp/faqdesk-was-here").write_text("x"),
    b"grow": lambda: os.write(os.memfd_create("x"), b"x"),
    b"connect": lambda: socket.create_connection(("127.0.0.1", 9)),
    b"memory": lambda: mmap.mmap(-1, 2 << 30),
    b"start": start,
    b"secrets": lambda: (_ for _ in ()).throw(ValueError(",".join(sorted(os.environ)))),
    b"huge": lambda: lie(worker.ANSWER.pack(1, 60_000, 60_000)),
    b"none": lambda: lie(worker.ANSWER.pack(1, 0, 0)),
    b"other": lambda: lie(worker.ANSWER.pack(1, 9, 9) + bytes(3 * 81)),
    b"words": lambda: lie(worker.ANSWER.pack(0, 2**31, 0) + b"\xff\n" * 5_000),
}


def decode(data, **options):
    if data not in ACTS:
        return honest(data, **options)
    try:
        ACTS[data]()
    except (OSError, ValueError, MemoryError) as error:
        raise worker.RefusedError(f"was stopped: {error!r}") from error
    raise worker.RefusedError("did as it liked")


if __name__ == "__main__":
    worker.decode = decode
    worker.main()
