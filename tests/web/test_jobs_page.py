import functools
import json

import pytest

from support.database import one
from support.errors import ConflictError
from tests.conftest import ACTOR
from web import job_run, jobs


@pytest.fixture
def running(db):
    row = {
        "kind": "train",
        "state": "running",
        "done": 3,
        "total": 4,
        "message": "encoder",
        "log": "2026-01-01T00:00:00Z <b>encoder</b>\n",
        "created_by": "agent:3",
        "created_at": "2026-01-01T00:00:00Z",
    }
    job_id = int(db["jobs"].insert(row).last_pk)
    db.conn.commit()
    return job_id


def test_only_leads_and_admins_see_jobs(agent, lead, sign_in, running):
    for path in ("/jobs", "/jobs/state", f"/jobs/{running}", f"/jobs/{running}/state"):
        assert lead.get(path).status_code == 200
        assert agent.get(path).status_code == 403
        assert sign_in("mo").get(path).status_code == 403
    assert agent.post("/jobs", data={"kind": "train"}).status_code == 403
    assert agent.post(f"/jobs/{running}/cancel").status_code == 403


def test_a_job_is_started_once_and_waits_for_the_worker(lead, db):
    answer = lead.post("/jobs", data={"kind": "index"})
    job = one(db, "SELECT * FROM jobs")
    assert answer.headers["Location"] == f"/jobs/{job['id']}"
    assert (job["kind"], job["state"], job["created_by"]) == ("index", "queued", "agent:3")
    page = lead.get("/jobs").text
    assert "대기 중" in page
    assert 'value="index" disabled' in page
    assert lead.post("/jobs", data={"kind": "index"}).status_code == 409
    assert 'value="train" disabled' not in page


def test_two_who_ask_at_once_get_one_job(space, db):
    asked = functools.partial(jobs.enqueue, space, db, ACTOR, alone=True)
    asked("train", {})
    with pytest.raises(ConflictError, match="waits or runs already"):
        asked("train", {})
    asked("index", {})
    asked("label", {"batch": 1, "restart": False})
    asked("label", {"batch": 2, "restart": False})
    with pytest.raises(ConflictError, match="waits or runs already"):
        asked("label", {"batch": 1, "restart": True})
    jobs.cancel(db, ACTOR, 1)
    asked("train", {})
    assert [job.kind for job in jobs.listed(db)] == ["train", "label", "label", "index", "train"]


@pytest.mark.parametrize("kind", ["", "rm -rf", "forget"])
def test_other_kinds_are_refused(lead, kind):
    assert lead.post("/jobs", data={"kind": kind}).status_code == 400


def test_progress_is_shown_and_told(lead, running):
    page = lead.get(f"/jobs/{running}").text
    assert "진행 중" in page
    assert 'value="0.75"' in page
    assert "&lt;b&gt;encoder&lt;/b&gt;" in page
    assert "Sujin" in page
    told = lead.get(f"/jobs/{running}/state").json["jobs"][0]
    assert told["share"] == 0.75
    assert told["live"]
    assert "encoder" in told["log"]
    assert "log" not in lead.get("/jobs/state").json["jobs"][0]


def test_cancelling_asks_the_worker(lead, running, db):
    lead.post(f"/jobs/{running}/cancel")
    assert one(db, "SELECT cancel_requested FROM jobs") == {"cancel_requested": 1}
    assert "다음 단계에서" in lead.get(f"/jobs/{running}").text


def test_a_failure_says_why(lead, running, db):
    result = json.dumps({"error": "Only 3 labels."})
    db["jobs"].update(running, {"state": "failed", "result": result})
    page = lead.get("/jobs").text
    assert "실패" in page
    assert "Only 3 labels." in page
    assert "<progress" not in page


def test_no_such_job(lead):
    assert lead.get("/jobs/77").status_code == 404
    assert lead.post("/jobs/77/cancel").status_code == 404


def test_every_kind_has_its_words():
    from web import wording

    assert set(wording.JOB_KINDS) >= set(job_run.works())


@pytest.mark.parametrize(
    ("kind", "result", "words"),
    [
        ("train", {"release": "r1", "published": False}, ('href="/models/r1"', "후보로 남았어요.")),
        ("train", {"release": "r1", "published": True}, ("사용을 시작했어요.",)),
        ("replay", {"release": "r1"}, ('href="/models/r1/differences"',)),
    ],
)
def test_what_became_of_a_job_is_a_step_away(lead, db, running, kind, result, words):
    db["jobs"].update(running, {"kind": kind, "state": "done", "result": json.dumps(result)})
    page = lead.get(f"/jobs/{running}").text
    for word in words:
        assert word in page
