"""The map in the console: its points as bytes; regions read, labelled, taken back, taken away."""

import csv
import gzip
import io
import json
import struct
import zipfile

import numpy as np
import pytest

from support import inquiries, inquiry_map, map_page
from support.clock import now
from support.database import write
from web import jobs
from web.map_page import PER_PAGE


def lay_out(db, places=None, *, made_at=None):
    """A map of every inquiry as the job writes it: in a row, or where `places` says."""
    rows = list(db.query("SELECT id, source_id FROM inquiries ORDER BY id"))
    points = [(places or {}).get(row["source_id"], (at, at % 3)) for at, row in enumerate(rows)]
    row = {
        "encoder_version": "bigrams",
        "ids": np.array([row["id"] for row in rows], "<i8").tobytes(),
        "points": np.array(points, "<f4").tobytes(),
        "settings": "{}",
        "made_at": made_at or now(),
    }
    with write(db):
        db.execute("DELETE FROM maps")
        db["maps"].insert(row)


def joined(numbers):
    return ",".join(map(str, numbers))


def read(data):
    """Number of points, ids, and the legend, of what the page gets."""
    (n,) = struct.unpack("<I", data[4:8])
    ids = np.frombuffer(data, "<u4", n, 8).tolist()
    return n, ids, json.loads(data[8 + 13 * n :])


@pytest.fixture
def laid(db):
    lay_out(db)


def test_a_desk_without_a_map_says_so_and_laying_out_starts_one_job(lead, db):
    page = lead.get("/map").text
    assert "아직 지도를 그리지 않았어요" in page
    assert "<canvas" not in page
    for path in ("/map/map.bin", "/map/table"):
        assert lead.get(path).status_code == 404
    assert lead.post("/map/projector.zip", data={"reason": "x"}).status_code == 404
    assert lead.post("/map").headers["Location"] == "/map"
    lead.post("/map", data={"anew": "1"})  # one is on its way: that one is watched
    [job] = jobs.listed(db)
    assert (job.kind, job.state) == ("map", "queued")
    assert f"/jobs/{job.id}/state" in lead.get("/map").text


def test_all_of_it_laid_out_anew_is_asked_for(lead, db, laid):
    lead.post("/map", data={"anew": "1"})
    assert json.loads(db.execute("SELECT arguments FROM jobs").fetchone()[0]) == {"anew": True}


def test_the_frame_says_when_and_by_what_it_was_laid_out(lead, laid):
    page = lead.get("/map").text
    assert "<canvas" in page
    assert "인코더 bigrams" in page


def test_points_come_as_bytes_with_their_legend_and_only_once(lead, db, laid, ids):
    answer = lead.get("/map/map.bin")
    n, found, legend = read(answer.data)
    assert (n, found) == (9, sorted(ids.values()))
    assert legend["faqs"][0]["title_en"]
    assert answer.headers["Cache-Control"] == "private, no-cache"
    mark = answer.headers["ETag"]
    again = lead.get("/map/map.bin", headers={"If-None-Match": mark})
    assert (again.status_code, again.data) == (304, b"")
    lead.post("/map/label", data={"ids": str(ids["a1"]), "slug": "refund"})
    fresh = lead.get("/map/map.bin", headers={"If-None-Match": mark})
    assert fresh.status_code == 200
    assert fresh.headers["ETag"] != mark


def test_points_are_packed_where_the_browser_unpacks_them(lead, db, laid):
    plain = lead.get("/map/map.bin").data
    packed = lead.get("/map/map.bin", headers={"Accept-Encoding": "gzip, br"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain == map_page.page(db).whole
    lay_out(db, {"a1": (99, 99)}, made_at="2999-01-01T00:00:00Z")
    moved = lead.get("/map/map.bin").data
    assert moved == map_page.page(db).whole != plain


def test_what_came_since_is_told_as_not_placed(lead, laid, add_rows):
    add_rows([("new", 1, "web", "ko", "김민지", "알림이 안 와요", "설정을 봐 주세요.")])
    _n, _ids, legend = read(lead.get("/map/map.bin").data)
    assert legend["not_placed"] == 1


def test_a_point_says_its_first_words(lead, laid, ids, db):
    found = lead.get(f"/map/inquiries/{ids['a3']}").json
    assert found["text"] == "환불받고싶어요"
    assert found["faqs"] == ["환불을 받고 싶어요"]
    assert found["day"]
    db.execute("UPDATE inquiries SET text = ? WHERE id = ?", ["긴 글 " * 100, ids["a3"]])
    found = lead.get(f"/map/inquiries/{ids['a3']}").json
    assert found["text"].endswith("…")
    assert len(found["text"]) <= 160
    assert "보관하지 않아요" in lead.get("/map/inquiries/999").json["text"]


def test_words_are_found_in_questions_and_answers(lead, laid, ids):
    assert set(lead.get("/map/hits?q=인증번호").json["ids"]) >= {ids["a1"], ids["a2"]}
    assert lead.get("/map/hits?q=").json["ids"] == []


def test_a_region_is_read_newest_first_with_its_faqs(lead, laid, ids):
    chosen = [ids[name] for name in ("a1", "a2", "a3", "o1")]
    html = lead.post("/map/region", json={"ids": joined(chosen)}).json["html"]
    assert "문의 4건" in html
    assert html.index("인증번호가 오지 않아요") < html.index("환불을 받고 싶어요")  # linked by two
    assert html.index("인증번호가 아예 안 와요") < html.index("환불받고싶어요")  # asked later
    assert "답변 대기" in html


def test_a_long_region_is_read_page_by_page(lead, db, add_rows):
    add_rows(
        [(f"m{n:03}", 900 - n, "web", "ko", "김민지", f"질문 {n:03}", "답") for n in range(70)]
    )
    sql = "SELECT id FROM inquiries WHERE source_id LIKE 'm%'"
    chosen = joined(row["id"] for row in db.query(sql))
    html = lead.post("/map/region", json={"ids": chosen}).json["html"]
    assert html.count("<li><a") == PER_PAGE
    assert f'data-more="{PER_PAGE}"' in html
    assert "질문 069" in html
    last = lead.post("/map/region", json={"ids": chosen, "start": 2 * PER_PAGE}).json["html"]
    assert last.count("<li><a") == 70 - 2 * PER_PAGE
    assert "data-more" not in last
    assert "문의 70건" not in last  # the head is there already


def test_the_answered_of_a_region_are_labelled_and_taken_back(lead, db, laid, ids):
    before = list(db.query("SELECT * FROM labels"))
    chosen = [ids[name] for name in ("a1", "a3", "a4", "o1")]
    said = lead.post("/map/label", json={"ids": joined(chosen), "slug": "refund"}).json
    assert said["said"].startswith("문의 2건을 ‘환불을 받고 싶어요’")
    assert "1건은 이미" in said["said"]
    labels = inquiries.labels(db, chosen)
    assert labels[ids["a1"]] == ("code-missing", "refund")
    assert ids["o1"] not in labels  # it waits: its answer will say
    assert "되돌렸어요" in lead.post("/map/undo", json={"change": said["change"]}).json["said"]
    assert list(db.query("SELECT * FROM labels")) == before
    twice = lead.post("/map/undo", json={"change": said["change"]})
    assert (twice.status_code, twice.json) == (409, {"detail": "이미 되돌렸어요."})
    again = lead.post("/map/label", json={"ids": str(ids["a3"]), "slug": "refund"}).json
    assert again["change"] is None  # nothing was done: nothing is there to undo


@pytest.mark.parametrize(
    ("sent", "status"),
    [({"ids": ""}, 400), ({"ids": "1,x"}, 400), ({"ids": "1"}, 400), ({}, 400), ([], 400),
     ({"ids": "1", "slug": "nothing"}, 404), ({"ids": [1], "slug": "refund"}, 400)],
)  # fmt: skip
def test_what_cannot_be_labelled_is_refused(lead, laid, sent, status):
    assert lead.post("/map/label", json=sent).status_code == status


def test_the_box_finds_faqs_by_their_title(lead, laid):
    [found] = lead.get("/map/faqs?q=환불").json["faqs"]
    assert found == {"slug": "refund", "title": "환불을 받고 싶어요", "category": "환불"}


def test_a_region_is_taken_away_as_a_table(lead, laid, ids):
    asked = {"ids": joined([ids["a3"], ids["a2"]]), "reason": "분기 보고"}
    answer = lead.post("/map/region.csv", data=asked)
    assert "attachment" in answer.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert [row["faqs"] for row in rows] == ["refund", "code-missing"]
    assert "070-1234" not in answer.text
    assert lead.post("/map/region.csv", data={**asked, "ids": ""}).status_code == 400


def test_what_leaves_the_map_is_written_down_with_its_reason(lead, db, laid, ids):
    chosen = joined([ids["a3"], ids["a2"]])
    for path, sent in (("region.csv", {"ids": chosen}), ("projector.zip", {})):
        for reason in ({}, {"reason": " "}):
            assert lead.post(f"/map/{path}", data={**sent, **reason}).status_code == 400
    assert lead.get("/map/projector.zip").status_code == 405
    assert taken_away(db) == []
    reason = "분기 보고, kim@example.com"
    assert lead.post("/map/region.csv", data={"ids": chosen, "reason": reason}).status_code == 200
    lead.post("/map/projector.zip", data={"reason": reason}).close()
    assert taken_away(db) == [
        {"what": "region.csv", "n": 2, "reason": "분기 보고, [이메일]"},
        {"what": "projector.zip", "reason": "분기 보고, [이메일]"},
    ]


def taken_away(db):
    """What the audit trail says of tables that left the map."""
    sql = "SELECT detail FROM audit WHERE action = 'inquiries.exported' ORDER BY id"
    return [json.loads(row["detail"]) for row in db.query(sql)]


def test_a_name_that_begins_as_a_formula_is_words_in_the_table(lead, db, laid, ids):
    with write(db):
        db.execute("UPDATE labels SET slug = '=cmd|calc' WHERE slug = 'refund'")
    asked = {"ids": str(ids["a3"]), "reason": "분기 보고"}
    answer = lead.post("/map/region.csv", data=asked)
    [row] = csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig")))
    assert row["faqs"] == "'=cmd|calc"


def test_the_projectors_files_hold_a_row_for_each_vector(lead, laid):
    answer = lead.post("/map/projector.zip", data={"reason": "그림"})
    with zipfile.ZipFile(io.BytesIO(answer.data)) as packed:
        vectors = packed.read("vectors.tsv").decode().splitlines()
        metadata = packed.read("metadata.tsv").decode().splitlines()
    answer.close()
    assert len(vectors) == len(metadata) - 1 == 5  # of answered ones vectors are kept
    assert len(vectors[0].split("\t")) == 256


def test_the_table_says_in_words_what_the_points_show(lead, db, ids, add_rows):
    for topic, slug in (("환불", "refund"), ("인증", "code-missing"), ("약속", "no-show")):
        add_rows([
            (f"{slug}-{n}", 900, "web", "ko", "김민지", f"{topic} {n}",
             f"https://help.example.com/ko/faq/{slug}") for n in range(3)
        ])  # fmt: skip
    places = {f"refund-{n}": (0, 0) for n in range(3)} | {f"no-show-{n}": (9, 0) for n in range(3)}
    lay_out(db, places | {f"code-missing-{n}": (1, 0) for n in range(3)} | {"a3": (0, 0)})
    page = lead.get("/map/table").text
    row = page[page.index('href="/faqs/refund"') :].split("</tr>")[0]
    beside = row[row.index("left-cell") :]
    assert beside.index("인증번호가 오지 않아요") < beside.index("상대가 나오지 않았어요")
    assert "<td>5</td>" in row
    assert "FAQ 없음" in page
    assert "답변 없이 종료" not in page  # nothing ended so


def test_agents_do_not_see_the_map(agent, laid):
    for path in ("/map", "/map/map.bin", "/map/table"):
        assert agent.get(path).status_code == 403
    for path in ("/map/projector.zip", "/map/region.csv"):
        assert agent.post(path, data={"ids": "1", "reason": "x"}).status_code == 403


def test_what_is_gone_is_not_in_a_region(lead, db, laid, ids):
    assert inquiry_map.answered(db, [ids["a1"], ids["o1"], 999]) == [ids["a1"]]
    html = lead.post("/map/region", json={"ids": f"{ids['a1']},999"}).json["html"]
    assert html.count("<li><a") == 1
