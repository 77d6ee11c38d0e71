"""A shop search that answers as Naver's was documented to: results, limits and errors.

Real HTTP on this machine, in a thread. What goes wrong is said beforehand, answer by answer.
"""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

CLIENT_ID, SECRET = "client-of-the-tests", "secret-of-the-tests"
PATH = "/v1/search/shop.json"


class ShopServer(ThreadingHTTPServer):
    """What it knows, what it was asked, and what it shall do wrong."""

    daemon_threads = True

    def __init__(self, photo):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.photo = photo
        self.results = 25  # there are
        self.daily = 25_000  # calls
        self.calls = 0
        self.asked = []  # the query of every call
        self.fetched = []  # the path of every picture
        self.agents = set()
        self.trouble = []  # for the next answers: 500, broken, short, cut, fast, wait:1, later
        self.picture_of = lambda number: f"/images/{number}.jpg"
        self.title_of = lambda number: f"<b>운동화</b> {number}호 &amp; 끈"
        self.category_of = lambda number: ("패션잡화", "남성신발", "운동화", "")

    @property
    def base(self):
        return f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def url(self):
        return self.base + PATH

    def item(self, number):
        levels = self.category_of(number)
        image = self.picture_of(number)
        return {
            "title": self.title_of(number),
            "link": f"https://shop.example/catalog/{number}",
            "image": self.base + image if image.startswith("/") else image,
            "lprice": str(1000 * number),
            "hprice": "",
            "mallName": "네이버" if number % 5 == 0 else f"상점 {number % 3}",
            "productId": str(90_000_000 + number),
            "productType": str(1 + number % 12),
            "brand": "브랜드" if number % 2 else "",
            "maker": "제조사",
        } | {f"category{level}": name for level, name in enumerate(levels, 1)}


class _Handler(BaseHTTPRequestHandler):
    server: ShopServer
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_GET(self):
        parts = urlsplit(self.path)
        self.server.agents.add(self.headers["User-Agent"])
        if parts.path.startswith("/images/"):
            return self.picture(parts.path)
        self.server.calls += 1
        asked = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        self.server.asked.append(asked)
        trouble = self.server.trouble.pop(0) if self.server.trouble else ""
        if trouble == "cut":
            self.close_connection = True
            return None
        if trouble == "500":
            return self.refuse(500, "SE99", "System Error (시스템 에러)")
        if trouble == "fast":
            return self.refuse(429, "012", "Rate limit exceeded. (속도 제한을 초과했습니다.)")
        if trouble.startswith("wait:"):
            words = "Rate limit exceeded. (속도 제한을 초과했습니다.)"
            return self.refuse(429, "012", words, wait=trouble.removeprefix("wait:"))
        if trouble == "gone":
            return self.refuse(404, "SE05", "Invalid search api (존재하지 않는 검색 api 입니다.)")
        if trouble == "broken":
            return self.answer(200, b'{"total": 25, "items": [{"title": "<b>')
        if trouble == "short":
            return self.answer(200, b'{"lastBuildDate": "now"}')
        keys = (self.headers["X-Naver-Client-Id"], self.headers["X-Naver-Client-Secret"])
        if keys != (CLIENT_ID, SECRET):
            words = "NID AUTH Result Invalid (1000) : Authentication failed. (인증에 실패했습니다.)"
            return self.refuse(401, "024", words)
        if self.server.calls > self.server.daily:
            return self.refuse(429, "010", "Query limit exceeded. (쿼리 한도를 초과했습니다.)")
        return self.search(parts.path, asked)

    def search(self, path, asked):
        start, display = int(asked.get("start", 1)), int(asked.get("display", 10))
        if path != PATH:
            return self.refuse(404, "SE05", "Invalid search api (존재하지 않는 검색 api 입니다.)")
        if not asked.get("query"):
            return self.refuse(400, "SE01", "Incorrect query request (잘못된 쿼리요청입니다.)")
        if not 1 <= display <= 100:
            words = "Invalid display value (부적절한 display 값입니다.)"
            return self.refuse(400, "SE02", words)
        if not 1 <= start <= 1000:
            return self.refuse(400, "SE03", "Invalid start value (부적절한 start 값입니다.)")
        if asked.get("sort", "sim") not in ("sim", "date", "asc", "dsc"):
            return self.refuse(400, "SE04", "Invalid sort value (부적절한 sort 값입니다.)")
        numbers = range(start, min(start + display, self.server.results + 1))
        items = [self.server.item(number) for number in numbers]
        body = {
            "lastBuildDate": "Sat, 21 Nov 2026 10:00:00 +0900",
            "total": self.server.results,
            "start": start,
            "display": len(items),
            "items": items,
        }
        return self.answer(200, json.dumps(body, ensure_ascii=False).encode())

    def picture(self, path):
        self.server.fetched.append(path)
        name = path.removeprefix("/images/")
        if name == "missing.jpg":
            return self.answer(404, b"gone", kind="text/plain")
        if name == "page.jpg":
            return self.answer(200, b"<html>no picture</html>", kind="image/jpeg")
        if name == "endless.jpg":
            return self.answer(200, b"\xff\xd8" + bytes(40 << 20), kind="image/jpeg", length=False)
        if name.startswith("moved"):
            self.send_response(302)
            target = {"moved.jpg": "/images/7.jpg", "moved-file.jpg": "file:///etc/passwd"}[name]
            self.send_header("Location", target)
            self.send_header("Content-Length", "0")
            return self.end_headers()
        number = int(name.split(".")[0])
        return self.answer(200, self.server.photo(number), kind="image/png")

    def refuse(self, status, code, message, *, wait=None):
        body = json.dumps({"errorMessage": message, "errorCode": code}, ensure_ascii=False)
        return self.answer(status, body.encode(), wait=wait)

    def answer(self, status, body, *, kind="application/json; charset=UTF-8", wait=None, **options):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        if wait:
            self.send_header("Retry-After", wait)
        if options.get("length", True):
            self.send_header("Content-Length", str(len(body)))
        else:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        try:
            self.wfile.write(body)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True


@contextmanager
def shop_server(photo):
    """A server that runs while the block does."""
    server = ShopServer(photo)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
