"""`/api/v1/imports`: an export is tried, taken in by the worker, and taken back whole."""

import io
import json

import pytest

from support.database import one, scalar
from tests.conftest import ACTOR
from tests.web.doors import problem
from web import import_work, job_run, tokens
from web.app import create_app

API = "/api/v1"
TABLE = (
    "id,question,answer\n1,반품은 어떻게 하나요,앱에서 신청하세요\n"
    "2,제 번호는 010-2938-4471,확인했어요\n"
)
ZENDESK = {
    "tickets": [
        {
            "id": 5158,
            "subject": "환불 문의",
            "requester_id": 7,
            "status": "solved",
            "raw_subject": "환불 문의",
            "via": {"channel": "web"},
            "created_at": "2026-10-01T00:00:00Z",
            "updated_at": "2026-10-02T00:00:00Z",
            "comments": [
                {"id": 1, "author_id": 7, "body": "환불이 안 돼요", "public": True,
                 "created_at": "2026-10-01T00:00:00Z"},
                {"id": 2, "author_id": 9, "body": "오늘 처리했습니다", "public": True,
                 "created_at": "2026-10-01T01:00:00Z"},
            ],
        }
    ],
    "end_of_stream": True,
}  # fmt: skip


class Program:
    """Sends files; a test is the worker."""

    def __init__(self, space, db, *scopes):
        self.space, self.client = space, create_app(space).test_client()
        _, secret = tokens.create(db, ACTOR, name="t", scopes=scopes or ("imports",))
        self.headers = {"Authorization": f"Bearer {secret}"}

    def send(self, text, name="export.csv", **fields):
        content = text if isinstance(text, bytes) else text.encode()
        data = {**fields, "files": [(io.BytesIO(content), name)]}
        return self.client.post(f"{API}/imports", data=data, headers=self.headers)

    def post(self, path, body):
        return self.client.post(API + path, json=body, headers=self.headers)

    def get(self, path, **query):
        return self.client.get(path, query_string=query, headers=self.headers)

    def end(self, answer):
        """Work the job off, and ask where its Location says."""
        assert answer.status_code == 202, answer.text
        assert answer.json["state"] == "queued"
        job_run.run(self.space, int(answer.json["job_id"]))
        return self.get(answer.headers["Location"]).json


@pytest.fixture
def program(space, db):
    return Program(space, db)


def inquiries(db):
    return scalar(db, "SELECT count(*) FROM inquiries")


def kept(space):
    return [path for path in (space.home / "uploads").rglob("*") if path.is_file()]


def test_an_export_is_tried_taken_in_and_taken_back(program, db, space):
    before = inquiries(db)
    tried = program.end(program.send(TABLE, dry_run="true"))
    assert (tried["state"], tried["import_id"]) == ("done", None)
    assert (tried["report"]["inquiries"], tried["report"]["masked"]) == (2, {"phone": 1})
    assert inquiries(db) == before
    taken = program.end(program.send(TABLE))
    assert taken["report"]["inquiries"] == 2
    assert inquiries(db) == before + 2
    number = taken["import_id"]
    listed = program.get(f"{API}/imports", limit=1).json["imports"][0]
    assert (listed["import_id"], listed["state"], listed["inquiries"]) == (number, "done", 2)
    assert program.get(f"{API}/imports/{number}").json == listed
    again = program.end(program.send(TABLE))
    assert (again["report"]["inquiries"], again["report"]["already_there"]) == (0, 2)
    undone = program.end(program.post(f"/imports/{again['import_id']}/undo", {}))
    assert undone["state"] == "done", undone
    undone = program.end(program.post(f"/imports/{number}/undo", {}))
    assert (undone["kind"], undone["report"]["inquiries"]) == ("undo-import", 2)
    assert inquiries(db) == before
    problem(program.post(f"/imports/{number}/undo", {}), 409)
    assert kept(space) == []


def test_a_helpdesks_export_is_known_by_what_it_holds(program, db):
    found = program.end(program.send(json.dumps(ZENDESK), "export.json"))
    assert found["state"] == "done", found
    assert (found["report"]["format"], found["report"]["pairs"]) == ("zendesk", 1)
    row = one(db, "SELECT * FROM inquiries WHERE source = 'zendesk'")
    assert row["source_id"] == "5158"


def test_a_table_whose_columns_nobody_knows_says_what_to_do(program, db, space):
    text = "a,b\n안녕하세요 문의합니다,네 답변입니다\n"
    failed = program.end(program.send(text))
    assert failed["state"] == "failed"
    assert "column" in failed["error"]
    assert kept(space) == []
    columns = json.dumps({"question": "a", "answer": "b"})
    done = program.end(program.send(text, columns=columns, source="sheet"))
    assert done["report"]["pairs"] == 1
    assert one(db, "SELECT 1 FROM inquiries WHERE source = 'sheet'")


def test_what_was_worked_on_stays_unless_it_is_asked_for(program, db):
    number = program.end(program.send(TABLE))["import_id"]
    db.execute(
        "INSERT INTO labels (inquiry_id, slug, origin, at) "
        "SELECT max(id), 'refund', 'hand', '2026' FROM inquiries"
    )
    db.conn.commit()
    assert "keep_worked" in problem(program.post(f"/imports/{number}/undo", {}), 409)["detail"]
    done = program.end(program.post(f"/imports/{number}/undo", {"keep_worked": True}))
    assert (done["report"]["inquiries"], done["report"]["kept"]) == (1, 1)


def test_a_password_is_in_no_row_and_files_are_the_desks_alone(program, db, space):
    program.send(TABLE, password="secret-of-mine")
    assert "secret-of-mine" not in str(list(db.query("SELECT * FROM jobs")))
    waiting = kept(space)
    assert [path.parent.stat().st_mode & 0o777 for path in waiting] == [0o700]


def test_files_whose_job_never_ran_are_thrown_away(program, space, db, monkeypatch):
    program.send(TABLE)
    monkeypatch.setattr(import_work, "KEPT_SECONDS", -1)
    import_work.sweep(space, db)
    assert len(kept(space)) == 1  # the queue is long
    db.execute("UPDATE jobs SET state = 'cancelled'")
    db.conn.commit()
    program.send(TABLE)
    assert len(kept(space)) == 1


def test_names_of_files_lead_nowhere(program, space, db):
    for name in ("../../evil.csv", "/etc/passwd.csv", "..", ".hidden.csv", "가나다 1.csv"):
        answer = program.send(TABLE, name)
        assert answer.status_code == 202
    root = space.home / "uploads" / "imports"
    assert all(path.parent.parent == root for path in kept(space))


@pytest.mark.parametrize(
    ("fields", "status"),
    [({"dry_run": "maybe"}, 422), ({"format": "abacus"}, 422), ({"columns": "[1]"}, 422),
     ({"columns": "{"}, 422), ({"colour": "red"}, 422), ({"timezone": ""}, 422),
     ({"timezone": "-7812"}, 422)],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused(program, space, fields, status):
    problem(program.send(TABLE, **fields), status)
    assert kept(space) == []


def test_an_import_without_files_or_scope_is_refused(program, space, db):
    answer = program.client.post(f"{API}/imports", data={"dry_run": "1"}, headers=program.headers)
    problem(answer, 415 if answer.status_code == 415 else 400)
    problem(program.post("/imports", {}), 400)
    problem(Program(space, db, "search").send(TABLE), 403)
    problem(program.get(f"{API}/imports/99"), 404)
    problem(program.get(f"{API}/import-jobs/99"), 404)
