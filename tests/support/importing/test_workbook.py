"""Workbooks, with a password and without."""

import io
import zipfile

import pytest
from msoffcrypto.format.ooxml import OOXMLFile
from openpyxl import Workbook

from support.errors import ImportFileError, PasswordNeededError
from support.importing import workbook
from support.importing.door import Options, detect, import_export
from tests.conftest import ACTOR
from tests.support.importing import exports


def locked(path, out, password):
    with path.open("rb") as file, out.open("wb") as target:
        OOXMLFile(io.BytesIO(file.read())).encrypt(password, target)
    return out


def test_a_workbook_with_its_password_is_read(space, db, tmp_path):
    plain = exports.channel_workbook(tmp_path / "plain.xlsx")
    path = locked(plain, tmp_path / "channel.xlsx", "비밀1234")
    for wrong in ("", "other"):
        with pytest.raises(PasswordNeededError):
            detect([path], Options(password=wrong))
    options = Options(password="비밀1234")
    assert detect([path], options).format == "channel_talk"
    report = import_export(db, space.seal(), [path], actor=ACTOR, options=options)
    assert report.inquiries == 3
    assert "비밀1234" not in str(list(db.query("SELECT * FROM imports")))


def test_an_archive_around_it_is_opened(space, db, tmp_path):
    plain = exports.channel_workbook(tmp_path / "plain.xlsx")
    archive = tmp_path / "channel.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.write(plain, "../../chats.xlsx")
    assert import_export(db, space.seal(), [archive], actor=ACTOR).inquiries == 3
    assert not (tmp_path.parent / "chats.xlsx").exists()


def test_a_sheet_of_questions_has_its_columns_guessed(space, db, tmp_path):
    path = tmp_path / "h.xlsx"
    book = Workbook()
    for row in (["번호", "문의", "답변"], [1.0, "환불은 언제 되나요", "곧요"], [2, None, None]):
        book.active.append(row)
    book.save(path)
    report = import_export(db, space.seal(), [path], actor=ACTOR)
    assert (report.inquiries, report.rejected) == (1, 1)
    assert db["inquiries"].get(1)["source_id"] == "1"


def test_chats_without_messages_are_told(space, db, tmp_path):
    path = exports.dumped(
        tmp_path / "c.json", {"UserChat data": exports.CHANNEL_JSON["UserChat data"]}
    )
    with pytest.raises(ImportFileError, match="3 conversations and none of their messages"):
        import_export(db, space.seal(), [path], actor=ACTOR)


@pytest.mark.parametrize("begin", [workbook.ENCRYPTED, workbook.ZIPPED])
def test_what_is_broken_says_so(tmp_path, begin):
    path = tmp_path / "broken.xlsx"
    path.write_bytes(begin + b"x" * 600)
    with pytest.raises(ImportFileError):
        detect([path], Options(password="x"))


def test_a_small_workbook_of_very_much_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "bomb.xlsx"
    book = Workbook()
    book.active.append(["question", "answer"])
    book.save(path)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/more.xml", b"<t>a</t>" * (1 << 20))
    with pytest.raises(ImportFileError, match="would grow to"):
        next(workbook.rows(path))
