"""Calls of the API with a token, as its tests make them."""

from tests.conftest import ACTOR
from web import tokens

API = "/api/v1"
PHONE = "010-2938-4471"


class Asker:
    """Calls the API with a token."""

    def __init__(self, app, db, *scopes):
        self.client = app.test_client()
        self.id, secret = tokens.create(db, ACTOR, name="t", scopes=scopes or ("admin",))
        self.headers = {"Authorization": f"Bearer {secret}"}

    def get(self, path, **query):
        return self.client.get(API + path, query_string=query, headers=self.headers)

    def post(self, path, body=None):
        return self.client.post(API + path, json=body, headers=self.headers)

    def patch(self, path, body):
        return self.client.patch(API + path, json=body, headers=self.headers)

    def pages(self, path, name, **query):
        """Every row of a list, read page by page."""
        found, cursor = [], ""
        while cursor is not None:
            answer = self.get(path, cursor=cursor, **query)
            assert answer.status_code == 200, answer.text
            assert len(answer.json[name]) <= query["limit"]
            found += answer.json[name]
            cursor = answer.json["next"]
        return found


def suggest(ask, **more):
    return ask.post("/suggestions", {"text": "인증번호가 안 와요"} | more).json


def outcomes(db, suggestion_id):
    sql = "SELECT slug, outcome FROM suggestion_faqs WHERE suggestion_id = ? ORDER BY rank"
    return {row["slug"]: row["outcome"] for row in db.query(sql, [suggestion_id])}


def tell(ask, suggestion_id, *events):
    answer = ask.post(f"/suggestions/{suggestion_id}/events", {"events": list(events)})
    assert answer.status_code == 202, answer.text
    return [(item["state"], item["detail"]) for item in answer.json["events"]]
