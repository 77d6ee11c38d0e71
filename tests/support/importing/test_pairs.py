"""Rows to conversations: one broken row is one rejection, whatever its cells hold."""

import json

import pytest

from support.errors import MappingError
from support.importing.conversation import GENERATED, Rejected, quoted
from support.importing.mapping import AnswerColumns, Mapping, QuestionColumns
from support.importing.pairs import PATIENCE, conversations

TWO = Mapping(
    questions=QuestionColumns(file="q.jsonl", id="id", at="at"),
    answers=AnswerColumns(file="a.jsonl", at="at", role="role"),
)


def lines(path, *items):
    path.write_text("\n".join(json.dumps(item) for item in items), encoding="utf-8")
    return path


def read(files, mapping=None):
    """The conversations and the rejections."""
    found = list(conversations(files, mapping or Mapping()))
    rejected = [item for item in found if isinstance(item, Rejected)]
    return [item for item in found if not isinstance(item, Rejected)], rejected


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"answer": ["x"]}, "the column 'answer' holds a list where text is needed"),
        ({"answer": {"x": 1}}, "the column 'answer' holds an object where text is needed"),
        ({"question": ["x"]}, "the column 'question' holds a list where text is needed"),
        ({"created_at": {}}, "the column 'created_at' holds an object where text is needed"),
        ({"tags": [["x"]]}, "the column 'tags' holds a list where text is needed"),
    ],
)
def test_a_cell_that_is_no_text_rejects_its_row(tmp_path, cells, reason):
    path = lines(tmp_path / "a.jsonl", {"question": "q", "answer": "a"} | cells, {"question": "q2"})
    found, rejected = read([path])
    assert [item.messages[0].text for item in found] == ["q2"]
    assert rejected == [Rejected("a.jsonl", 1, reason)]


@pytest.mark.parametrize("column", ["question_id", "answer", "at", "role"])
def test_an_answer_with_a_cell_that_is_no_text_is_rejected_alone(tmp_path, column):
    good = {"question_id": "1", "answer": "yes", "at": "2026-01-02", "role": "agent"}
    files = [
        lines(tmp_path / "q.jsonl", {"id": 1, "question": "q", "at": "2026-01-01"}),
        lines(tmp_path / "a.jsonl", good | {column: [1]}, good),
    ]
    [found], rejected = read(files, TWO)
    assert [message.text for message in found.messages] == ["q", "yes"]
    assert [(row.line, repr(column) in row.reason) for row in rejected] == [(1, True)]


def test_one_json_line_without_a_column_is_one_rejection(tmp_path):
    good = {"question_id": "1", "answer": "yes", "at": "2026-01-02", "role": "agent"}
    files = [
        lines(tmp_path / "q.jsonl", {"id": 1}, {"id": 1, "question": "q", "at": "2026-01-01"}),
        lines(tmp_path / "a.jsonl", {"answer": "lost"}, good, {"question_id": "1"}),
    ]
    [found], rejected = read(files, TWO)
    assert [message.text for message in found.messages] == ["q", "yes"]
    assert [(row.file, row.line, row.reason) for row in rejected] == [
        ("a.jsonl", 1, "no column 'question_id'"),
        ("a.jsonl", 3, "no column 'answer'"),
        ("q.jsonl", 1, "no column 'question'"),
    ]


def test_a_column_that_a_row_can_do_without_may_be_missing_in_some(tmp_path):
    mapping = Mapping(questions=QuestionColumns(id="id", answer="answer"))
    path = lines(
        tmp_path / "a.jsonl", {"id": 1, "question": "q"}, {"id": 2, "question": "q", "answer": "a"}
    )
    found, rejected = read([path], mapping)
    assert ([len(item.messages) for item in found], rejected) == ([1, 2], [])


@pytest.mark.parametrize("count", [1, PATIENCE])
def test_a_column_that_no_row_has_is_a_wrong_mapping(tmp_path, count):
    path = lines(
        tmp_path / "a.jsonl", *[{"frage": "x"}] * count, *[{"question": "q"}] * 3 * (count > 1)
    )
    with pytest.raises(MappingError, match="no column 'question'; it has 'frage'"):
        read([path])


def test_a_csv_without_the_column_is_a_wrong_mapping(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("id,question\n1,q\n", encoding="utf-8")
    with pytest.raises(MappingError, match="no column 'topic'; it has 'id', 'question'"):
        read([path], Mapping(questions=QuestionColumns(category="topic")))


def test_times_without_an_offset_are_in_the_mappings_zone(tmp_path):
    row = {"question": "q", "answer": "a", "created_at": "2026-11-03 09:00",
           "answered_at": "2026-11-03T09:00:00Z"}  # fmt: skip
    path = lines(tmp_path / "a.jsonl", row)
    [found], _ = read([path])
    assert [m.at for m in found.messages] == ["2026-11-03T00:00:00Z", "2026-11-03T09:00:00Z"]
    [found], _ = read([path], Mapping(timezone="Europe/Berlin"))
    assert found.opened_at == "2026-11-03T08:00:00Z"
    with pytest.raises(MappingError, match="Asia/Seol"):
        read([path], Mapping(timezone="Asia/Seol"))


def test_a_time_of_the_year_one_rejects_its_row(tmp_path):
    path = lines(tmp_path / "a.jsonl", *({"question": "q", "created_at": at} for at in
                 ("0001-01-01T00:00:00", "0001-01-01T00:00:00+09:00", "2026-01-01")))  # fmt: skip
    found, rejected = read([path])
    assert (len(found), [row.line for row in rejected]) == (1, [1, 2])


def test_made_up_ids_can_be_told_and_stand_in_no_address(tmp_path):
    path = lines(
        tmp_path / "a.jsonl", {"question": "q"}, {"question": "q"}, {"id": 5, "question": "q"}
    )
    mapping = Mapping(questions=QuestionColumns(id="id", url="https://x.example/{id}"))
    (made_up, given), rejected = read([path], mapping)
    assert made_up.source_id.startswith(GENERATED)
    assert (made_up.url, given.source_id, given.url) == ("", "5", "https://x.example/5")
    assert [row.reason for row in rejected] == ["the same row stands twice"]


def test_an_answers_made_up_id_can_be_told(tmp_path):
    files = [
        lines(tmp_path / "q.jsonl", {"id": 1, "question": "q", "at": ""}),
        lines(tmp_path / "a.jsonl", {"question_id": 1, "answer": "a", "at": "", "role": "agent"}),
    ]
    [found], _ = read(files, TWO)
    assert found.messages[1].source_id.startswith(GENERATED)


def test_reasons_quote_no_more_than_a_line(tmp_path):
    long = "gestern " * 1000
    path = lines(tmp_path / "a.jsonl", {"question": "q", "created_at": long},
                 {"question": "q", "id": long}, {"question": "q", "id": long})  # fmt: skip
    _, rejected = read([path])
    assert [len(row.reason) < 160 for row in rejected] == [True, True]
    assert rejected[0].reason.startswith("Cannot read 'gestern gestern")


@pytest.mark.parametrize("personal", ["010-2938-4471", "010 2938 4471", "minsu.kim@example.com"])
def test_a_cut_leaves_no_half_of_a_number_that_masking_would_miss(personal):
    for start in range(60, 85):
        words = quoted("가 " * (start // 2) + personal + " 요" * 50)
        assert personal in words or not any(part in words for part in ("010", "minsu"))


def test_short_cells_are_quoted_whole():
    assert quoted("x" * 80) == repr("x" * 80)
