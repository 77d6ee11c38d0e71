"""What a source says of its answers comes along: the one that solved it, and votes."""

import json

from support.importing.load import run_import
from support.importing.mapping import AnswerColumns, Mapping, QuestionColumns
from support.inquiries import past_answers
from tests.conftest import ACTOR

MAPPING = Mapping(
    questions=QuestionColumns(file="q.jsonl", id="id", solution="solution"),
    answers=AnswerColumns(file="a.jsonl", id="id", helpful="up", unhelpful="down"),
)


def test_the_solution_and_the_votes_are_kept(space, db, tmp_path):
    questions = [
        {"id": "1", "question": "배송이 늦어요", "solution": "b"},
        {"id": "2", "question": "환불해 주세요", "solution": ""},
    ]
    answers = [
        {"id": "a", "question_id": "1", "answer": "기다려 주세요", "up": "9", "down": "0"},
        {"id": "b", "question_id": "1", "answer": "오늘 옵니다", "up": "5", "down": "2"},
        {"id": "c", "question_id": "2", "answer": "했습니다", "up": "many", "down": " 1 "},
    ]
    for name, rows in (("q.jsonl", questions), ("a.jsonl", answers)):
        (tmp_path / name).write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    run_import(db, space.seal(), [tmp_path / "q.jsonl", tmp_path / "a.jsonl"], MAPPING, actor=ACTOR)
    found = {past.question: past for past in past_answers(db, [1, 2]).values()}
    solved, other = found["배송이 늦어요"], found["환불해 주세요"]
    assert (solved.answer, solved.solved, solved.helpful) == ("오늘 옵니다", True, 3)
    assert (other.answer, other.solved, other.helpful) == ("했습니다", False, -1)
