"""`/api/v1/export`: what became of suggestions, in each kind of file, with a reason kept."""

import csv
import io
import json

import pytest
from openpyxl import load_workbook

from support import feedback
from support.database import scalar
from support.feedback import COLUMNS
from tests.web.api_asker import PHONE, Asker, suggest, tell
from tests.web.doors import problem

WHY = "주간 검토"


@pytest.fixture
def told(ask, db):
    """A suggestion that was settled, one that was missed, and one where the desk was silent."""
    settled = suggest(ask)["suggestion_id"]
    tell(
        ask,
        settled,
        {"id": "1", "type": "dismissed", "faq_id": "no-show", "comment": f"=1+1 {PHONE}"},
        {"id": "2", "type": "sent", "faq_ids": ["code-missing", "refund"]},
    )
    silent = ask.post("/suggestions", {"text": "오늘 날씨"}).json["suggestion_id"]
    return settled, silent


def table(ask, **query):
    """The rows of a table that was asked for, as a program reads them."""
    answer = ask.get("/export", reason=WHY, **query)
    assert answer.status_code == 200, answer.text
    kind = query.get("format", "csv")
    assert f"{query.get('what', 'feedback')}.{kind}" in answer.headers["Content-Disposition"]
    if kind == "jsonl":
        return [json.loads(line) for line in answer.text.splitlines()]
    if kind == "csv":
        return list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
    head, *rows = load_workbook(io.BytesIO(answer.data)).active.values
    return [dict(zip(head, row, strict=True)) for row in rows]


@pytest.mark.parametrize("kind", ["csv", "jsonl", "xlsx"])
def test_every_faq_with_what_became_of_it(ask, told, kind):
    rows = table(ask, format=kind)
    assert list(rows[0]) == list(COLUMNS["feedback"])
    found = [(row["suggestion_id"], row["faq_id"] or "", row["outcome"] or "") for row in rows]
    assert found == [
        (told[0], "code-missing", "accepted"),
        (told[0], "no-show", "dismissed"),
        (told[0], "refund", "missed"),
        (told[1], "", ""),
    ]
    assert {row["release"] for row in rows} == {"r1"}
    assert (rows[1]["reason"], rows[3]["abstain_reason"]) == ("other", "out_of_scope")
    assert (float(rows[0]["probability"]), int(rows[0]["rank"])) == (0.9, 1)


@pytest.mark.parametrize("kind", ["csv", "jsonl", "xlsx"])
def test_every_event_and_no_formula(ask, told, kind):
    rows = table(ask, what="events", format=kind)
    assert [(row["type"], row["faq_ids"]) for row in rows] == [
        ("dismissed", "no-show"), ("sent", "code-missing refund"),
    ]  # fmt: skip
    guard = "'" if kind == "csv" else ""  # in a book the cell itself says that it is words
    assert rows[0]["comment"] == f"{guard}=1+1 [전화번호]"


def test_a_span_is_taken_out_of_all(ask, told):
    assert len(table(ask, since="2020-01-01")) == 4
    assert table(ask, until="2020-01-01") == []
    assert table(ask, since="2099-01-01T00:00:00Z", format="jsonl") == []


def test_more_than_are_read_at_once(ask, db, told, monkeypatch):
    monkeypatch.setattr(feedback, "_AT_ONCE", 1)
    assert len(table(ask)) == 4
    assert feedback.count(db, "feedback") == 4
    assert feedback.count(db, "events") == 2
    assert feedback.count(db, "events", until="2020-01-01T00:00:00Z") == 0


def test_who_took_it_and_why_is_in_the_audit_trail(ask, db, told):
    ask.get("/export", reason=f"검토 {PHONE}", since="2026-01-01", format="jsonl").close()
    row = next(db.query("SELECT * FROM audit WHERE action = 'feedback.exported'"))
    assert row["actor"] == f"token:{ask.id}"
    detail = json.loads(row["detail"])
    assert detail == {
        "what": "feedback", "reason": "검토 [전화번호]", "from": "2026-01-01T00:00:00Z"
    }  # fmt: skip


@pytest.mark.parametrize(
    "query",
    [{"reason": ""}, {"reason": " \n"}, {"reason": "x" * 501}, {}, {"reason": WHY, "what": "all"},
     {"reason": WHY, "format": "pdf"}, {"reason": WHY, "since": "noon"},
     {"reason": WHY, "colour": "red"}],
)  # fmt: skip
def test_what_cannot_be_exported_is_refused_and_not_recorded(ask, db, query):
    problem(ask.get("/export", **query), 422)
    assert scalar(db, "SELECT count(*) FROM audit WHERE action = 'feedback.exported'") == 0


def test_a_book_that_would_take_too_long_is_refused(ask, told, monkeypatch):
    monkeypatch.setattr("web.api_export.MOST_IN_A_BOOK", 3)
    assert "csv" in problem(ask.get("/export", reason=WHY, format="xlsx"), 400)["detail"]
    assert len(table(ask, format="csv")) == 4


def test_only_its_scope_opens_it(guarded_app, db):
    problem(Asker(guarded_app, db, "metrics", "search").get("/export", reason=WHY), 403)
    assert Asker(guarded_app, db, "export").get("/export", reason=WHY).status_code == 200
