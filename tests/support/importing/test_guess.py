"""What columns mean, by their names and by what stands in them."""

import pytest

from support.database import scalar
from support.errors import ImportFileError, MappingError
from support.importing.door import Options, detect, import_export
from support.importing.guess import guess
from tests.conftest import ACTOR


def table(text):
    names, *rows = [line.split("|") for line in text.strip().splitlines()]
    return [dict(zip(names, row, strict=True)) for row in rows]


def test_korean_names_are_known():
    found = guess(
        table(
            "문의번호|제목|문의내용|답변내용|등록일시|담당자|처리상태\n1|환불|언제요|곧요|2026-01-02|미나|완료"
        )
    )
    assert found.kind == "pairs"
    assert found.fields == {
        "id": "문의번호",
        "question": "문의내용",
        "answer": "답변내용",
        "subject": "제목",
        "at": "등록일시",
        "agent": "담당자",
        "status": "처리상태",
    }
    assert found.by_content == ()
    assert found.missing == ()


def test_columns_without_a_name_that_says_anything_are_told_by_their_cells():
    rows = "".join(
        f"2026-01-0{n}|안녕하세요 환불 {n} 은 언제 되나요?|네 고객님, 사흘 안에 됩니다 {n} https://a.example/{n}\n"
        for n in range(1, 6)
    )
    found = guess(table("x1|x2|x3\n" + rows))
    assert (found.fields["at"], found.fields["question"], found.fields["answer"]) == (
        "x1",
        "x2",
        "x3",
    )
    assert set(found.by_content) == {"at", "question", "answer"}


def test_one_message_a_row():
    found = guess(
        table(
            "conversationId|sendTime|senderType|text|agentId\n"
            "1|2026-01-02T10:00:00Z|visitor|환불요|\n1|2026-01-02T11:00:00Z|agent|네|a7"
        )
    )
    assert found.kind == "messages"
    assert found.fields == {
        "conversation": "conversationId",
        "role": "senderType",
        "text": "text",
        "at": "sendTime",
        "agent": "agentId",
    }


def test_what_people_said_counts():
    rows = table("a1|b2\nhello there, all|thank you, all")
    assert guess(rows, {"question": "b2", "answer": "a1"}).fields == {
        "question": "b2",
        "answer": "a1",
    }


def test_long_numbers_are_no_answer():
    rows = [{"x": f"{i}번 상품은 언제 오나요?", "y": f"010-1234-567{i}"} for i in range(5)]
    assert guess(rows).fields == {"question": "x"}


def test_numbers_alone_tell_nothing():
    assert guess(table("x|y\n1|2\n3|4")).missing == ("question",)


def test_a_chat_as_a_table_comes_in(space, db, tmp_path):
    path = tmp_path / "chat.csv"
    path.write_text(
        "상담번호,발신시각,발신자유형,내용\n"
        "7,2026-01-02 10:00,고객,환불은 언제 되나요\n7,2026-01-02 10:01,고객,급해요\n"
        "7,2026-01-02 10:05,상담원,사흘 안에 됩니다\n8,2026-01-03 10:00,고객,로그인이 안 돼요\n"
        "8,2026-01-03 10:01,누구,무엇\n",
        encoding="cp949",
    )
    report = import_export(db, space.seal(), [path], actor=ACTOR)
    assert (report.inquiries, report.pairs, report.encoding) == (2, 1, "cp949")
    assert [item.reason for item in report.rejections] == ["the role '누구' is unknown"]
    text = scalar(db, "SELECT text FROM inquiries WHERE source_id = '7'")
    assert text == "환불은 언제 되나요\n급해요"
    assert scalar(db, "SELECT opened_at FROM inquiries") == "2026-01-02T01:00:00Z"
    assert import_export(db, space.seal(), [path], actor=ACTOR).messages == 0


def test_who_asks_is_told_by_the_customers_row_wherever_it_stands(space, db, tmp_path):
    path = tmp_path / "chat.csv"
    path.write_text(
        "conversationId,sendTime,senderType,text,userId,title\n"
        "1,2026-01-02T10:00:00Z,bot,무엇을 도와드릴까요,,환불\n"
        "1,2026-01-02T10:01:00Z,visitor,환불은 언제 되나요,u7,환불\n"
        "1,2026-01-02T10:02:00Z,agent,곧 됩니다,a1,환불\n",
        encoding="utf-8",
    )
    columns = {"customer": "userId", "subject": "title"}
    report = import_export(db, space.seal(), [path], actor=ACTOR, options=Options(columns=columns))
    row = next(db.query("SELECT * FROM inquiries"))
    assert (report.inquiries, report.repeats) == (1, 0)
    assert row["customer"] == space.seal().customer("csv", "u7")
    assert (row["subject"], row["opened_at"]) == ("환불", "2026-01-02T10:00:00Z")


def test_a_table_that_nobody_knows_asks_for_its_columns(space, db, tmp_path):
    path = tmp_path / "odd.csv"
    path.write_text("x,y\n1,2\n3,4\n", encoding="utf-8")
    found = detect([path])
    assert (found.format, found.table.columns, len(found.rows)) == ("table", ("x", "y"), 2)
    with pytest.raises(MappingError, match="--column question="):
        import_export(db, space.seal(), [path], actor=ACTOR)
    options = Options(columns={"question": "x", "answer": "y"}, source="odd")
    assert import_export(db, space.seal(), [path], actor=ACTOR, options=options).inquiries == 2
    with pytest.raises(MappingError, match="no column 'z'"):
        import_export(
            db, space.seal(), [path], actor=ACTOR, options=Options(columns={"question": "z"})
        )


def test_a_table_without_a_head_line_is_refused_before_its_first_row_is_kept(space, db, tmp_path):
    path = tmp_path / "홍길동 010-1234-5678.csv"
    path.write_text("홍길동,010-1234-5610,환불 언제 되나요\n김,010-9876-5432,언제요\n")
    with pytest.raises(ImportFileError, match="line of names above it"):
        import_export(
            db,
            space.seal(),
            [path],
            actor=ACTOR,
            options=Options(columns={"question": "환불 언제 되나요"}),
        )
    assert scalar(db, "SELECT count(*) FROM imports") == 0


def test_a_persons_number_in_the_name_of_a_file_is_masked(space, db, tmp_path):
    path = tmp_path / "010-1234-5678.csv"
    path.write_text("question,answer\n환불 언제 되나요,사흘 뒤예요\n", encoding="utf-8")
    import_export(db, space.seal(), [path], actor=ACTOR)
    assert "1234" not in scalar(db, "SELECT files FROM imports")
