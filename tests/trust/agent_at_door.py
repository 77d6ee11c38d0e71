"""An agent with a browser's cookies, at a served desk."""

import re

import httpx

from tests.web.conftest import PASSWORD


class AgentAtDoor:
    """Signs in, reads pages and sends answers over HTTP."""

    def __init__(self, port, login="mina"):
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=90)
        page = self.http.get("/sign-in").text
        self.csrf = re.search(r'name="csrf_token" value="([^"]+)"', page)[1]
        given = {"login": login, "password": PASSWORD, "csrf_token": self.csrf}
        answer = self.http.post("/sign-in", data=given)
        assert answer.status_code == 302, answer.text
        page = self.http.get("/")
        assert page.status_code == 200, page.headers
        self.csrf = re.search(r'data-csrf="([^"]+)"', page.text)[1]

    def send(self, inquiry_id, text):
        given = {"text": text, "csrf_token": self.csrf}
        return self.http.post(f"/inquiries/{inquiry_id}/send", data=given)

    def ready(self):
        return self.http.get("/readyz")

    def close(self):
        self.http.close()
