"""Imports in the console: dropped, looked at, imported and taken back, each as a job."""

import io
import json
import os
import zipfile

import pytest
from msoffcrypto.format.ooxml import OOXMLFile  # type: ignore[import-untyped]
from openpyxl import Workbook

from support import agents
from support.database import one, scalar
from support.importing.standing import begun_by
from tests.conftest import ACTOR
from tests.support.importing.exports import ZENDESK_COMMENTS, ZENDESK_TICKETS
from tests.web.conftest import PASSWORD
from web import import_work, job_run, limits

TABLE = (
    "id,question,answer\n1,반품은 어떻게 하나요,앱에서 신청하세요\n"
    "2,제 번호는 010-2938-4471,확인했어요\n"
)
UNKNOWN = "가,나\n안녕하세요 어떻게 문의하나요?,네 앱에서 문의하시면 됩니다\n"
START = "/imports"


@pytest.fixture
def admin(db, sign_in):
    agents.add(db, ACTOR, login="ada", name="에이다", role="admin", password=PASSWORD)
    return sign_in("ada")


@pytest.fixture
def work(space, db):
    """Be the worker: do the newest job."""

    def do():
        job_run.run(space, scalar(db, "SELECT max(id) FROM jobs WHERE state = 'queued'"))

    return do


@pytest.fixture
def looked(admin, work):
    """Send files and have them looked at: where the page of the look is."""

    def send(*files, **fields):
        answer = drop(admin, *files, **fields)
        assert answer.status_code == 302, answer.text
        work()
        return answer.headers["Location"]

    return send


def drop(client, *files, **fields):
    pairs = [file if isinstance(file, tuple) else (file, "export.csv") for file in files]
    data = {
        **fields,
        "files": [
            (io.BytesIO(words if isinstance(words, bytes) else words.encode()), name)
            for words, name in pairs
        ],
    }
    return client.post(START, data=data, content_type="multipart/form-data")


def inquiries(db):
    return scalar(db, "SELECT count(*) FROM inquiries")


def kept(space):
    return [path for path in (space.home / "uploads").rglob("*") if path.is_file()]


def test_files_are_looked_at_imported_and_taken_back(admin, looked, work, db, space):
    before = inquiries(db)
    where = looked(
        (json.dumps(ZENDESK_TICKETS), "tickets.json"),
        (json.dumps(ZENDESK_COMMENTS), "comments.json"),
    )
    page = admin.get(where).text
    for words in ("tickets.json", "Zendesk", "author_id", "전화번호 1", "내부 메모 1", "3건"):
        assert words in page, words
    assert "제 번호는 [전화번호] 입니다" in page
    assert "010-2938-4471" not in page
    assert inquiries(db) == before
    assert "tickets.json" in admin.get(START).text  # it waits
    answer = admin.post(where + "/import")
    work()
    done = admin.get(answer.headers["Location"])
    assert done.headers["Location"] == "/imports/2"  # the first made the desk
    assert inquiries(db) == before + 3
    assert kept(space) == []
    page = admin.get("/imports/2").text
    assert "에이다" in page
    assert "문의 3건, 메시지 5개" in page
    admin.post("/imports/2/undo")
    work()
    page = admin.get("/imports/2").text
    assert "되돌림" in page
    assert "문의 3건, 메시지 5개" in page
    assert inquiries(db) == before
    assert "되돌림" in admin.get(START).text


def test_a_table_whose_columns_nobody_knows_is_mapped(admin, looked, work, db):
    where = looked((UNKNOWN, "표.csv"))
    page = admin.get(where).text
    assert "알려진 상담 도구의 내보내기 파일은 아니지만 표예요" in page
    assert '<option value="가" selected>' in page  # guessed by what stands there
    assert "네 앱에서 문의하시면 됩니다" in page
    assert admin.post(where + "/import").headers["Location"] == where  # not before it is known
    form = {"kind": "pairs", "pairs-question": "가", "pairs-answer": "나", "source": "sheet"}
    again = admin.post(where + "/again", data=form).headers["Location"]
    work()
    assert "답변이 있는 문의 1건" in admin.get(again).text
    admin.post(again + "/import")
    work()
    assert one(db, "SELECT text FROM inquiries WHERE source = 'sheet'")["text"].startswith("안녕")


def test_questions_alone_are_imported_once_people_say_that_there_are_no_answers(
    admin, looked, work
):
    where = looked("question,memo\n환불은 언제 되나요,5\n")
    assert "어느 열이 질문이고" in admin.get(where).text
    form = {"kind": "pairs", "pairs-question": "question"}
    where = admin.post(where + "/again", data=form).headers["Location"]
    work()
    assert "답변이 있는 문의 0건" in admin.get(where).text


def test_columns_that_do_not_do_are_asked_for_again(admin, looked, work):
    where = looked(UNKNOWN)
    for form in (
        {"kind": "pairs", "pairs-question": ""},
        {"kind": "pairs", "pairs-question": "다"},
        {"kind": "messages", "messages-text": "가"},
    ):
        where = admin.post(where + "/again", data=form).headers["Location"]
        work()
        page = admin.get(where).text
        assert "이렇게 살펴보기" in page, form
        assert "가져오면 이렇게 돼요" not in page


def test_a_workbook_with_a_password_asks_for_it(admin, looked, work, db, tmp_path):
    book = Workbook()
    book.active.append(["question", "answer"])
    book.active.append(["반품은 어떻게 하나요", "앱에서 신청하세요"])
    plain, sealed = tmp_path / "plain.xlsx", io.BytesIO()
    book.save(plain)
    with plain.open("rb") as file:
        OOXMLFile(file).encrypt("1234", sealed)
    where = looked((sealed.getvalue(), "채널톡.xlsx"))
    assert "비밀번호가 걸린 파일이에요" in admin.get(where).text
    where = admin.post(where + "/again", data={"password": "9"}).headers["Location"]
    work()
    assert "이 비밀번호로는 파일이 열리지 않아요" in admin.get(where).text
    where = admin.post(where + "/again", data={"password": "1234"}).headers["Location"]
    work()
    assert "답변이 있는 문의 1건" in admin.get(where).text
    # Looked at otherwise, the password is still known; nobody reads it in the jobs.
    where = admin.post(where + "/again", data={"timezone": "UTC"}).headers["Location"]
    work()
    assert "답변이 있는 문의 1건" in admin.get(where).text
    asked = [json.loads(row["arguments"]) for row in db.query("SELECT arguments FROM jobs")]
    assert "1234" not in str(asked)
    assert asked[-1]["password"]
    admin.post(where + "/import")
    work()
    asked = [json.loads(row["arguments"]) for row in db.query("SELECT arguments FROM jobs")]
    assert {item["password"] for item in asked} == {""}  # forgotten with the file


def zipped(content):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("big.json", content)
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (b"%PDF-1.4 hello", "a.pdf", "문의와 답변으로 읽을 수 있는 내용이 없어요"),
        (bytes(range(256)) * 40, "a.bin", "문의와 답변으로 읽을 수 있는 내용이 없어요"),
        (b"\0" * 5000, "zeros", "문의와 답변으로 읽을 수 있는 내용이 없어요"),
        (b"PK\x03\x04 broken", "a.zip", "문의와 답변으로 읽을 수 있는 내용이 없어요"),
        (zipped(b"0" * (80 << 20)), "bomb.zip", "문의와 답변으로 읽을 수 있는 내용이 없어요"),
        (b"[" * 100_000, "deep.json", "문의와 답변으로 읽을 수 있는 내용이 없어요"),
        ("그냥 글입니다\n표가 아니에요\n", "글.txt", "어느 열이 질문이고"),
        ('{"a": 1}\n{"a": 2}\n', "rows.jsonl", "어느 열이 질문이고"),
    ],
)
def test_what_nobody_knows_is_told_not_an_error(admin, looked, space, content, name, words):
    where = looked((content, name))
    answer = admin.get(where)
    assert answer.status_code == 200
    assert words in answer.text
    assert str(space.home) not in answer.text
    admin.post(where + "/throw-away")
    assert kept(space) == []


def test_cp949_is_read_and_named(admin, looked):
    page = admin.get(looked((TABLE.encode("cp949"), "엑셀.csv"))).text
    assert "cp949" in page
    assert "반품은 어떻게 하나요" in page


def test_names_of_files_are_shown_and_never_markup(admin, looked, work):
    where = looked((TABLE, "<script>alert(1)</script>.csv"))
    admin.post(where + "/import")
    pages = [admin.get(where).text, admin.get(START).text]
    work()
    pages += [admin.get("/imports/2").text, admin.get(START).text]
    assert all("<script>alert" not in page for page in pages)


def test_a_long_korean_name_of_a_file_is_kept_by_its_end(admin, looked):
    assert "가나다.csv" in admin.get(looked((TABLE, "가" * 90 + "나다.csv"))).text


def test_a_table_without_a_head_line_leaves_nothing_of_its_first_row(admin, looked, work, db):
    rows = "홍길동,010-1234-5610,환불 언제 되나요\n김,010-9876-5432,언제요\n"
    page = admin.get(looked((rows, "rows.csv"))).text
    assert "1234-5610" not in page
    assert "line of names above it" in page
    assert not any("1234-5610" in str(row) for row in db.query("SELECT * FROM jobs"))


@pytest.mark.parametrize(
    ("files", "fields", "words"),
    [
        ([], {}, "파일을 골라 주세요"),
        ([b""], {}, "비어 있어요"),
        ([TABLE] * 21, {}, "20개까지"),
        ([TABLE], {"timezone": "Mars/Base"}, "시간대는 없어요"),
        ([TABLE], {"format": "abacus"}, "형식은 없어요"),
    ],
)
def test_what_cannot_be_taken_is_said_on_the_page(admin, space, db, files, fields, words):
    answer = drop(admin, *files, **fields)
    assert answer.status_code == 400
    assert words in answer.text
    assert (kept(space), scalar(db, "SELECT count(*) FROM jobs")) == ([], 0)


def test_too_much_at_once_is_refused(admin, monkeypatch, space):
    monkeypatch.setitem(limits.LARGER, "imports_page.receive", 1000)
    answer = drop(admin, "x" * 5000)
    assert answer.status_code == 413
    assert "너무 커요" in answer.text
    assert kept(space) == []


def test_files_are_their_senders_alone(admin, looked, db, sign_in, space):
    where = looked(TABLE)
    agents.add(db, ACTOR, login="bob", name="", role="admin", password=PASSWORD)
    other = sign_in("bob")
    for path in ("", "/state"):
        assert other.get(where + path).status_code == 404
    for act in ("/again", "/import", "/cancel", "/throw-away"):
        assert other.post(where + act).status_code == 404
    assert "export.csv" not in other.get(START).text
    assert kept(space)


def test_files_wait_for_an_hour_unless_a_job_is_about_them(admin, looked, db, space):
    where = looked(TABLE)
    admin.post(where + "/import")
    for place in (space.home / "uploads" / "imports").iterdir():
        os.utime(place, (0, 0))
    import_work.sweep(space, db)
    assert kept(space)
    db.execute("UPDATE jobs SET state = 'cancelled' WHERE state = 'queued'")
    db.conn.commit()
    import_work.sweep(space, db)
    assert kept(space) == []
    assert "파일이 지워졌어요" in admin.get(where).text
    assert admin.post(where + "/import").status_code == 404


def test_asked_for_twice_it_is_imported_once(admin, looked, work, db):
    where, before = looked(TABLE), inquiries(db)
    first, second = (admin.post(where + "/import").headers["Location"] for _ in range(2))
    assert first == second
    work()
    assert inquiries(db) == before + 2
    assert admin.post(where + "/import").status_code == 404  # its files are gone
    assert admin.get(where).headers["Location"] == "/imports/2"
    assert scalar(db, "SELECT count(*) FROM imports") == 2


def test_two_imports_of_one_file_add_it_once(admin, looked, work, db):
    one_, two, before = looked(TABLE), looked(TABLE), inquiries(db)
    for where in (one_, two):
        admin.post(where + "/import")
        work()
    assert inquiries(db) == before + 2
    assert "새로 0건, 이미 있는 것 2건" in admin.get("/imports/3").text
    assert "모두 이미 있어요" in admin.get(looked(TABLE)).text


def test_a_look_and_an_import_are_cancelled(admin, db, space, looked):
    where = drop(admin, TABLE).headers["Location"]
    assert admin.get(where + "/state").json["jobs"][0]["live"]
    admin.post(where + "/cancel")
    page = admin.get(where).text
    assert "취소했어요" in page
    assert "다시 살펴보기" in page
    where = admin.post(looked(TABLE) + "/import").headers["Location"]
    admin.post(where + "/cancel")
    assert "이어서 하면" in admin.get(where).text
    assert kept(space)


def test_an_import_that_was_killed_goes_on(admin, looked, work, db):
    where = admin.post(looked(TABLE) + "/import").headers["Location"]
    db.execute("UPDATE jobs SET state = 'interrupted' WHERE state = 'queued'")
    db.table("imports").insert(
        {"source": "csv", "files": '["export.csv"]', "state": "running", "process": "1:1",
         "format": "table", "started_at": "2026-01-01T00:00:00Z"},
    )  # fmt: skip
    db.conn.commit()
    assert "중간에 끊겼어요" in admin.get(where).text
    assert "중단됨" in admin.get("/imports/2").text
    before = inquiries(db)
    again = admin.post(where + "/import").headers["Location"]
    work()
    assert admin.get(again).status_code == 302
    assert inquiries(db) == before + 2


def test_what_people_worked_on_is_taken_back_only_once_they_say_so(admin, looked, work, db):
    admin.post(looked(TABLE) + "/import")
    work()
    before = inquiries(db)
    db.execute(
        "INSERT INTO labels (inquiry_id, slug, origin, at) "
        "SELECT max(id), 'refund', 'hand', '2026' FROM inquiries"
    )
    db.conn.commit()
    answer = admin.post("/imports/2/undo")
    assert answer.status_code == 409
    assert "1건에 답변, 태그" in answer.text
    assert scalar(db, "SELECT count(*) FROM jobs WHERE kind = 'undo-import'") == 0
    admin.post("/imports/2/undo", data={"keep_worked": "1"})
    work()
    assert inquiries(db) == before - 1
    assert "작업한 문의 1건은 남아 있어요" in admin.get("/imports/2").text


def test_one_at_work_is_not_taken_back(admin, looked, work, db):
    admin.post(looked(TABLE) + "/import")
    work()
    row = {"state": "running", "process": begun_by()}
    db.table("imports").update(2, row)
    assert "끝나면 되돌릴 수 있어요" in admin.get("/imports/2").text
    admin.post("/imports/2/undo")
    work()
    assert "at work" in admin.get("/imports/2").text
    assert one(db, "SELECT state FROM imports WHERE id = 2")["state"] == "running"


def test_who_imported_and_took_back_is_on_record(admin, looked, work, db):
    admin.post(looked(TABLE) + "/import")
    work()
    admin.post("/imports/2/undo")
    work()
    found = list(db.query("SELECT action, actor FROM audit WHERE object = 'import:2' ORDER BY id"))
    me = one(db, "SELECT id FROM agents WHERE login = 'ada'")["id"]
    assert [(row["action"], row["actor"]) for row in found] == [
        ("import.done", f"agent:{me}"),
        ("import.undone", f"agent:{me}"),
    ]


def test_the_script_is_told_where_to_go_and_what_is_wrong(admin):
    headers = {"Accept": "application/json"}
    data = {"files": [(io.BytesIO(TABLE.encode()), "a.csv")]}
    answer = admin.post(START, data=data, headers=headers)
    assert answer.json["location"].startswith("/imports/looks/")
    data = {"files": [(io.BytesIO(b""), "a.csv")]}
    answer = admin.post(START, data=data, headers=headers)
    assert (answer.status_code, "비어 있어요" in answer.json["detail"]) == (400, True)
