"""Files that are broken, odd or meant to harm: a clear error or a count, and nothing lost."""

import gzip
import json
import tempfile
import zipfile

import pytest
from openpyxl import Workbook

from support.database import scalar
from support.errors import ImportFileError, MappingError
from support.importing.door import Options, import_export
from support.importing.standing import begun_by
from tests.conftest import ACTOR
from tests.support.importing import exports

TICKETS = exports.ZENDESK_TICKETS["tickets"]


def lines(*rows):
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def odd(**change):
    return TICKETS[0] | change


@pytest.fixture
def run(space, db, tmp_path):
    def run(name, raw, **options):
        path = tmp_path / name
        path.write_bytes(raw if isinstance(raw, bytes) else raw.encode())
        return import_export(db, space.seal(), [path], actor=ACTOR, options=Options(**options))

    return run


def zipped(*entries):
    with tempfile.TemporaryFile() as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, words in entries:
                archive.writestr(name, words)
        file.seek(0)
        return file.read()


def unknown_method(raw):
    """An archive of one file, packed in a way that nobody knows."""
    for head, at in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        place = raw.index(head) + at
        raw = raw[:place] + b"\x63\0" + raw[place + 2 :]
    return raw


REFUSED = {
    "empty.json": (b"", "empty.json is empty"),
    "blank.csv": (b"\n \n", "blank.csv is empty"),
    "nothing.csv": (b"\0\0\0", "nothing.csv is empty"),
    "head.csv": ("question,answer\n", "head.csv holds no row"),
    "none.json": ('{"tickets": []}', "none.json holds no row"),
    "words.json": ("hello\nworld\n", r"row 1: not JSON: Expecting value"),
    "number.json": ("[1, 2]", "row 1: not a JSON object but int"),
    "deep.json": ("[" * 100_000, "behind its object 0: not JSON: nested too deep"),
    "within.json": (
        f"[{json.dumps(TICKETS[0])}, {{\"x\": {'[' * 50_000}{']' * 50_000}}}]",
        "behind its object 1: not JSON: nested too deep",
    ),
    "torn.json": (json.dumps({"tickets": TICKETS})[:-300], "torn.json .* behind its object 2"),
    "twice.csv": ("question,question\na,b\n", "name each column once, got 'question,question'"),
    "picture.png": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20, "is no text: .* control"),
    "paper.pdf": (b"%PDF-1.4\n", "spreadsheet, archive or PDF"),
    "old.xls": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "old.xls is no readable workb"),
    "torn.gz": (gzip.compress(lines(*TICKETS).encode())[:-20], "Cannot read torn.gz"),
    "late.gz": (
        gzip.compress(lines(*(odd(id=n, tags=[str(n * n)]) for n in range(9_000))).encode())[:-999],
        "Cannot read late.gz to its end",
    ),
    "nothing.zip": (zipped(), "nothing.zip is an archive without files"),
    "torn.zip": (b"PK\x03\x04" + b"x" * 300, "Cannot unpack torn.zip"),
    "strange.zip": (
        unknown_method(zipped(("a.json", b"{}"))),
        "Cannot unpack strange.zip: That compression method is not supported",
    ),
    "bomb.zip": (zipped(("a.json", b" " * (100 << 20))), "would unpack to 104,857,600 bytes"),
    "within.zip": (zipped(("in.zip", zipped(("a", "b")))), "in.zip is a spreadsheet, archive"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_read_is_named_with_its_place_and_a_cure(run, db, tmp_path, name):
    raw, words = REFUSED[name]
    with pytest.raises(ImportFileError, match=words) as refused:
        run(name, raw)
    said = str(refused.value)
    assert str(tmp_path) not in said  # whoever sent it through a page has no such folder
    assert len(said) < 500
    assert not scalar(db, "SELECT count(*) FROM inquiries")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("abc\n1\n", "none of its columns tells its question. It has 'abc'"),
        (",".join(f"c{n}" for n in range(2000)) + "\n" + ",".join("1" * 2000) + "\n",
         "'c29' and 1,970 more"),
        (lines({"foo": 1, "bar": "x"}), "It has 'foo', 'bar'"),
    ],
)  # fmt: skip
def test_a_table_that_nobody_knows_names_its_columns(run, text, words):
    with pytest.raises(MappingError, match=words) as refused:
        run("h.csv", text)
    assert "--column" in str(refused.value)
    assert len(str(refused.value)) < 700


READ = {
    # name: file, inquiries, rejected, a reason
    "wrong.csv": ("question,answer\n환불 언제,곧\n".encode() + b"\xff\xfa,x\n", 1, 1,
                  "not readable as utf-8"),
    "korean.ndjson": (lines(*exports.FRESHDESK).encode("cp949")[:-20] + b'\xff\xff"}\n', 3, 1,
                      "not readable as cp949"),
    "wide.csv": ("question,answer\n환불 언제요,곧요\n".encode("utf-16-le"), 1, 0, ""),
    "wider.csv": ("question,answer\n환불 언제요,곧요\n".encode("utf-32"), 1, 0, ""),
    "nuls.ndjson": (lines(*TICKETS).replace("배송지", "배\\u0000송지"), 3, 0, ""),
    "raw-nul.ndjson": (lines(*TICKETS).replace("로그인", "\0로그인"), 2, 1, "Invalid control char"),
    "halves.ndjson": (json.dumps(odd(description="a\ud800b", subject="\udc00")) + "\n", 1, 0, ""),
    "cell.csv": ('question,answer\n"' + "환불 " * 600_000 + '",네\n둘은 언제,네\n', 2, 0, ""),
    "giant.csv": ('question,answer\n"' + "a" * (17 << 20) + '",네\n둘은 언제,네\n', 1, 1, "larger"),
    "word.ndjson": (lines(odd(description="가" * 10_000_000), TICKETS[1]), 2, 0, ""),
    "deep.ndjson": (lines(TICKETS[0]) + '{"a":' * 99_999 + "1" + "}" * 99_999 + "\n"
                    + lines(TICKETS[1]), 2, 1, "nested too deep"),
    "half.ndjson": ("".join(lines(odd(id=n)) + lines(odd(id=n))[:60] + "\n" for n in range(1, 40)),
                    39, 39, "not JSON: Unterminated"),
    "first.ndjson": (lines(TICKETS[0])[:60] + "\n" + lines(TICKETS[1]), 1, 1, "not JSON"),
    "digits.ndjson": (lines(TICKETS[0])[:-2] + ',"x":' + "9" * 5_000 + "}\n" + lines(TICKETS[1]),
                      1, 1, "4300 digits"),
    "nan.ndjson": (lines(odd(priority=float("nan"), due_at=float("inf"))), 1, 0, ""),
    "kinds.ndjson": (lines(odd(id=[1]), odd(id={}), odd(created_at="gestern"), odd(id=7, tags=7,
                     via="x", comments={"a": 1}, satisfaction_rating=[])), 1, 3, "no 'id'"),
    "mixed.ndjson": (lines(*TICKETS, *exports.FRESHDESK[:1]), 3, 1, "neither a ticket nor"),
    "one.csv": ("question\n환불 언제 되나요\n로그인이 안 돼요\n", 2, 0, ""),
    "many.csv": ("question,answer," + ",".join(f"c{n}" for n in range(2000)) + "\n환불 언제요,곧요"
                 + ",x" * 2000 + "\n", 1, 0, ""),
    "slip.zip": (zipped(("../../../evil.ndjson", lines(*TICKETS)), ("/abs", "")), 3, 0, ""),
    "windows.zip": (zipped(("..\\..\\evil.ndjson", lines(*TICKETS))), 3, 0, ""),
    "roles.csv": ("conversationId,senderType,text,sendTime\n1,visitor,환불 언제요,2026-01-01\n"
                  "1,robotnik,네,2026-01-01\n1,agent,네,gestern\n,agent,네,2026-01-01\n"
                  "1,agent,곧요,2026-01-01\n", 1, 3, "the role 'robotnik' is unknown"),
}  # fmt: skip


@pytest.mark.parametrize("name", READ)
def test_what_is_broken_costs_itself_alone_and_is_counted(run, name):
    raw, inquiries, rejected, reason = READ[name]
    report = run(name, raw)
    assert (report.inquiries, report.rejected) == (inquiries, rejected)
    if reason:
        assert reason in report.rejections[0].reason
        assert report.rejections[0].line > 0


def test_what_a_killed_import_unpacked_is_thrown_away(run, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    left = tmp_path / ".faqdesk-import-1-0-x"
    at_work = tmp_path / f".faqdesk-import-{begun_by().replace(':', '-')}-y"
    for folder in (left, at_work):
        folder.mkdir()
        (folder / "tickets.json").write_text("{}", encoding="utf-8")
    run("a.zip", zipped(("a.ndjson", lines(*TICKETS))))
    assert not left.exists()
    assert at_work.exists()
    assert [path.name for path in tmp_path.glob(".faqdesk-import-*")] == [at_work.name]


def sheet(path, rows):
    book = Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)
    return path


def test_a_formula_without_its_value_is_no_empty_row(run, tmp_path):
    rows = [["question", "answer"], ['=CONCATENATE("환불", "?")', "곧"], ["로그인이 안 돼요", "네"]]
    report = run("f.xlsx", sheet(tmp_path / "s.xlsx", rows).read_bytes())
    assert (report.inquiries, report.rejected) == (1, 1)
    assert "'question' was saved without its value" in report.rejections[0].reason


def test_entities_of_a_workbook_are_never_followed(run, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("geheim", encoding="utf-8")
    path = sheet(tmp_path / "s.xlsx", [["question", "answer"], ["환불 언제", "곧"]])
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    for name in ("xl/worksheets/sheet1.xml", "xl/workbook.xml"):
        evil = f'<!DOCTYPE x [<!ENTITY e SYSTEM "file://{secret}">]>'.encode()
        body = parts[name].partition(b"?>")[2] or parts[name]
        body = body.replace(b"Sheet", b"&e;").replace("환불".encode(), b"&e;")
        changed = parts | {name: b'<?xml version="1.0"?>' + evil + body}
        with pytest.raises(ImportFileError, match="no readable workbook") as refused:
            run("x.xlsx", zipped(*changed.items()))
        assert "geheim" not in str(refused.value)


BEGIN = b"From a@b Thu Jan  1 00:00:00 2026\n"


def test_mails_with_broken_headers(run):
    item = b"From: a@b.example\nDate: Mon, 05 Jan 2026 10:00:00 +0900\n"
    nested = b"".join(b"Content-Type: multipart/mixed; boundary=B%d\n\n--B%d\n" % (n, n)
                      for n in range(2000))  # fmt: skip
    mails = [
        exports.MAILS[0],
        b"From: x\nno header\n\xff\xfe: binary\n\nbody\n",
        b"garbage\n\n",
        b"From: =?utf-8?q?=ff?= <c@b.example>\nDate: Mon, 99 Foo 2026\nSubject: =?x?y?z?=\n\nhi\n",
        b"From: a@b.example\nDate: Mon, 05 Jan 9999 10:00:00 +0900\n"
        b"Content-Type: multipart/mixed\n\nx\n",
        item + b'Content-Type: text/plain; charset="; evil\n\nwords\n',
        item + b"Subject: " + b"x" * 1_000_000 + b"\n\nlong\n",
        b"Date: Mon, 05 Jan 2026 10:00:00 +0900\nFrom: <>\n\nx\n",
        item + b"MIME-Version: 1.0\n" + nested + b"deep\n",
    ]  # fmt: skip
    raw = b"".join(BEGIN + mail + b"\n" for mail in mails)
    report = run("box.mbox", raw, ours=("shop.example",))
    assert report.inquiries + report.rejected == len(mails)
    assert [item.line for item in report.rejections] == [2, 3, 8, 9]


def test_a_mail_of_a_thousand_parts(run, db):
    head = b"From: a@b.example\nDate: Mon, 05 Jan 2026 10:00:00 +0900\nSubject: S\n"
    kind = b"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=B\n\n"
    parts = b"".join(b"--B\nContent-Type: text/plain\n\npart %d\n" % n for n in range(1000))
    run("m.eml", head + kind + parts + b"--B--\n", ours=("shop.example",))
    words = scalar(db, "SELECT text FROM messages")
    assert words.count("part ") == 1000


def test_an_archive_whose_files_have_long_korean_names_is_unpacked(run):
    assert run("a.zip", zipped(("문의" * 120 + ".json", json.dumps(TICKETS).encode()))).inquiries
