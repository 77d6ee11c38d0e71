"""A web server that means harm: real HTTP, any way of answering by its path."""

import gzip
import socket
import threading
import time
from contextlib import contextmanager, suppress


class HostileServer:
    """What was asked of it, by path; and where it listens."""

    def __init__(self, host="127.0.0.1", port=0):
        self.asked = []
        self._door = socket.create_server((host, port), backlog=50)
        self.host, self.port = self._door.getsockname()[:2]
        self._open = True
        threading.Thread(target=self._take, daemon=True).start()

    @property
    def base(self):
        return f"http://{self.host}:{self.port}"

    def close(self):
        self._open = False
        self._door.close()

    def _take(self):
        while self._open:
            try:
                caller, _ = self._door.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(caller,), daemon=True).start()

    def _answer(self, caller):
        with caller, suppress(OSError):
            heard = b""
            while b"\r\n\r\n" not in heard:
                got = caller.recv(4096)
                if not got:
                    self.asked.append("(connected, and said nothing)")
                    return
                heard += got
            path = heard.split()[1].decode()
            self.asked.append(path)
            way, _, rest = path.strip("/").partition("/")
            getattr(self, f"_{way}")(caller, rest)

    def _say(self, caller, body=b"", status="200 OK", **headers):
        lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        caller.sendall("\r\n".join([*lines, "", ""]).encode("latin-1") + body)

    def _page(self, caller, rest):
        self._say(caller, b"<script>alert(1)</script>", Content_Type="image/jpeg")

    def _to(self, caller, rest):
        """Send somebody on to whatever stands behind it."""
        self._say(caller, status="302 Found", Location=bytes.fromhex(rest).decode())

    def _round(self, caller, rest):
        self._say(caller, status="302 Found", Location="/round/")

    def _packed(self, caller, rest):
        self._say(caller, gzip.compress(bytes(40 << 20), mtime=0), Content_Encoding="gzip")

    def _twice(self, caller, rest):
        body = gzip.compress(gzip.compress(bytes(20 << 20), mtime=0), mtime=0)
        self._say(caller, body, Content_Encoding="gzip, gzip")

    def _endless(self, caller, rest):
        caller.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            caller.sendall(bytes(1 << 20))

    def _said(self, caller, rest):
        caller.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\nab")

    def _drip(self, caller, rest):
        """A body whose bytes come one by one, each in time."""
        caller.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        self._trickle(caller)

    def _head(self, caller, rest):
        """A head that never ends, byte by byte."""
        caller.sendall(b"HTTP/1.1 200 OK\r\nX-A: ")
        self._trickle(caller)

    def _heads(self, caller, rest):
        caller.sendall(b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 100_000 + b"\r\n")

    def _silent(self, caller, rest):
        time.sleep(30)

    def _cut(self, caller, rest):
        caller.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf")

    def _noise(self, caller, rest):
        caller.sendall(b"\x00\xff" * 5000)

    def _trickle(self, caller):
        while self._open:
            caller.sendall(b"a")
            time.sleep(0.02)


@contextmanager
def hostile(*args):
    server = HostileServer(*args)
    try:
        yield server
    finally:
        server.close()
