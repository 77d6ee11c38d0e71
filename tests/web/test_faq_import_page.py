"""FAQs from files: looked at row by row, chosen, taken in as one change; and into files."""

import csv
import io
import json
import os

import pytest
from openpyxl import Workbook, load_workbook

from support import faq_changes, faqs
from tests.web.conftest import HELP

HEAD = "slug,title,title_en,body,category,url,active\n"
ROWS = [
    "exchange,교환하고 싶어요,,7일 안에 됩니다.,환불,,1",  # new
    "refund,환불 안내,I want a refund,,환불,,1",  # its title would change, its link stays
    f"no-show,상대가 나오지 않았어요,They did not show up,,직거래,{HELP}no-show,1",  # the same
    "twice,하나,,,,,",
    "twice,둘,,,,,",
    "bad name,빈칸,,,,,",
]
NAME = "faqs.csv"


def sent(client, content, name=NAME, path="/faqs/-/import"):
    data = {"file": (io.BytesIO(content), name)}
    return client.post(path, data=data, content_type="multipart/form-data")


def table(*rows):
    return (HEAD + "".join(row + "\n" for row in rows)).encode()


@pytest.fixture
def waiting(lead):
    """Where the look at a file is."""
    answer = sent(lead, table(*ROWS))
    assert answer.status_code == 302, answer.text
    return answer.headers["Location"]


def test_each_row_is_shown_with_what_it_would_do(lead, waiting, db):
    page = lead.get(waiting).text
    assert "faqs.csv" in page
    for words in ("새로움", "변경", "파일 안에서 겹침", "쓸 수 없음"):
        assert words in page
    assert "<del>환불을 받고 싶어요</del><ins>환불 안내</ins>" in page
    assert "링크 이름은 글자나 숫자로 시작하고" in page
    assert "no-show" not in page  # the same
    assert "no-show" in lead.get(waiting + "?state=same").text
    assert "exchange" not in lead.get(waiting + "?state=changed").text
    assert len(faqs.every(db)) == 3  # nothing is stored yet


def test_what_is_chosen_is_taken_in_and_taken_back(lead, waiting, db):
    answer = lead.post(waiting, data={"shown": "2,3", "line": ["2", "3"]}, follow_redirects=True)
    assert "1개를 추가하고 0개를 바꿨어요" in answer.text
    assert faqs.get(db, "refund").title == "환불을 받고 싶어요"
    assert faqs.get(db, "exchange").body == "7일 안에 됩니다."
    assert lead.get(waiting).status_code == 404  # it was taken in
    change = faq_changes.listed(db)[0]
    assert (change.kind, change.slug) == ("imported", "faqs.csv")
    assert f"/faqs/-/changes/{change.id}/undo" in answer.text
    assert "faqs.csv 파일에서 가져옴" in lead.get("/faqs/exchange").text
    lead.post(f"/faqs/-/changes/{change.id}/undo")
    assert {faq.slug for faq in faqs.every(db)} == {"code-missing", "refund", "no-show"}


def test_what_is_there_is_changed_only_where_that_is_ticked(lead, waiting, db):
    lead.post(waiting, data={"shown": "2,3", "line": ["3"], "overwrite": "1"})
    assert (faqs.get(db, "refund").title, faqs.get(db, "refund").url) == (
        "환불 안내",
        HELP + "refund",
    )
    assert "exchange" not in {faq.slug for faq in faqs.every(db)}  # it was left out


def test_nothing_chosen_is_no_change(lead, waiting, db):
    answer = lead.post(waiting, data={"shown": "2,3"}, follow_redirects=True)
    assert "가져온 것이 없어요" in answer.text
    assert faq_changes.listed(db) == []


def test_a_waiting_file_is_its_readers_own_and_is_forgotten(lead, sign_in, waiting, db, space):
    from support import agents
    from tests.conftest import ACTOR
    from tests.web.conftest import PASSWORD

    agents.add(db, ACTOR, login="boss", name="", role="admin", password=PASSWORD)
    assert sign_in("boss").get(waiting).status_code == 404
    assert lead.get("/faqs/-/import/../../desk").status_code == 404
    assert lead.get("/faqs/-/import/" + "0" * 32).status_code == 404
    for place in (space.home / "uploads").glob("*/*"):
        os.utime(place, (0, 0))
    sent(lead, table(*ROWS))
    assert lead.get(waiting).status_code == 404


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (b"", "faqs.csv", "faqs.csv"),
        (b"PK broken", "faqs.xlsx", "no readable XLSX"),
        (b"x", "faqs.exe", "파일을 골라 주세요"),
        (b"x", "", "파일을 골라 주세요"),
    ],
)
def test_what_cannot_be_read_is_refused(lead, content, name, words, space):
    answer = sent(lead, content, name)
    assert answer.status_code == 400
    assert words in answer.text
    assert str(space.home) not in answer.text
    assert not list((space.home / "uploads").glob("*/*"))


@pytest.mark.parametrize("kind", ["csv", "xlsx", "jsonl"])
def test_what_an_export_writes_an_import_reads(lead, db, kind):
    db.execute("UPDATE faqs SET title = '=1+1 환불' WHERE slug = 'refund'")
    db.conn.commit()
    answer = lead.get(f"/faqs/-/export/faqs.{kind}")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="faqs.{kind}"'
    look = lead.get(sent(lead, answer.data, f"faqs.{kind}").headers["Location"]).text
    assert "모든 행이 이미 똑같이 있어요" in look
    if kind == "csv":
        rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
    elif kind == "jsonl":
        rows = [json.loads(line) for line in answer.data.decode().splitlines()]
    else:
        sheet = load_workbook(io.BytesIO(answer.data)).active
        names = [cell.value for cell in sheet[1]]
        rows = [dict(zip(names, [cell.value for cell in row], strict=True)) for row in sheet["2:4"]]
        assert {cell.data_type for cell in sheet["B"]} == {"s"}  # no formula
    titles = {row["slug"]: row["title"] for row in rows}
    assert titles["refund"] == ("'=1+1 환불" if kind == "csv" else "=1+1 환불")
    assert lead.get("/faqs/-/export/faqs.exe").status_code == 404


def test_a_sheet_of_somebody_elses_is_read(lead, db, tmp_path):
    book = Workbook()
    book.active.append(["slug", "title", "category"])
    book.active.append(["exchange", "교환하고 싶어요", "환불"])
    book.active.append(["", "", ""])
    book.active.append(["refund", "환불을 받고 싶어요", "환불"])
    out = io.BytesIO()
    book.save(out)
    where = sent(lead, out.getvalue(), "도움말.xlsx").headers["Location"]
    page = lead.get(where).text
    assert "도움말.xlsx" in page
    assert "exchange" in page
    lead.post(where, data={"shown": "2", "line": ["2"]})
    assert faqs.get(db, "exchange").category == "환불"
