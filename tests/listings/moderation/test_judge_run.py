"""Judging whole tables, with a model that was really trained and by rules alone."""

import csv
import json
from pathlib import Path

import pytest

from listings import shard_work
from listings.listing import Listing
from listings.moderation.judge_run import JudgeReport, JudgeRequest, Judges, judge_file
from listings.moderation.moderator import Moderator
from listings.moderation.policy import Policy, Thresholds
from listings.moderation.rules import default_rules, parse_rules
from support.errors import ConflictError, InputError, MappingError
from support.table_rows import no_formula
from tests.listings.small_category import read_csv, write_csv

RULES = default_rules()
ROWS = [
    (1, "원목 의자 팝니다"),
    (2, "담 배 한 보루 싸게"),
    (3, "<script>alert('x')</script><b>푸들 새끼 분양</b>"),
    (4, "=HYPERLINK(\"http://x\",\"명품 레플리카\")"),
    (5, "자전거 &amp; 헬멧"),
    (6, ""),
    (7, "중고폰 최고가 매입 010-0000-0000"),
]  # fmt: skip


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return write_csv(tmp_path / "in.csv", ROWS, "id", "title")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real model, small enough to train in a test."""
    from tests.train.moderation_rows import examples
    from train.moderation import fit_moderation
    from train.moderation_voices import ModerationConfig

    folder = tmp_path_factory.mktemp("moderation") / "model"
    config = ModerationConfig(texts=("linear",), network=False, num_folds=2, evidence=0.0)
    fit_moderation(examples(80), folder=folder, config=config)
    return folder


def judge(path: Path, out: Path, judges: Judges | None = None, **options: object) -> JudgeReport:
    request = JudgeRequest(**{"shard_rows": 3, **options})  # type: ignore[arg-type]
    return judge_file(path, out, judges or Judges(RULES), request, workers=1)


def test_by_rules_alone_people_look_at_everything(table: Path, tmp_path: Path) -> None:
    report = judge(table, tmp_path / "out.csv")
    found = read_csv(tmp_path / "out.csv")
    assert list(found[0]) == [
        "id", "title", "label", "probability_normal", "probability_pro_ads",
        "probability_counterfeit", "probability_alcohol_tobacco", "probability_animals",
        "probability_legal", "action", "reasons", "policy_version", "model_version",
    ]  # fmt: skip
    assert {row["action"] for row in found} == {"review"}
    assert {row["model_version"] for row in found} == {""}
    assert [row["label"] for row in found] == [
        "normal", "alcohol_tobacco", "animals", "counterfeit", "normal", "", "pro_ads"
    ]  # fmt: skip
    assert "담배" in found[1]["reasons"]
    assert float(found[0]["probability_normal"]) > 0.8
    assert report.labels["normal"] == 2
    assert report.labels["unreadable"] == 1
    assert report.actions == {"hide": 0, "review": 7, "pass": 0}
    assert report.reports.problems == {"text": 1}


def test_what_is_there_stays_as_it_was_and_nothing_is_a_formula(
    table: Path, tmp_path: Path
) -> None:
    judge(table, tmp_path / "out.csv")
    found = read_csv(tmp_path / "out.csv")
    assert [row["title"] for row in found] == [no_formula(title) for _, title in ROWS]
    for row in found:
        assert not row["reasons"].startswith(("=", "+", "-", "@"))
        assert "<script" not in row["reasons"]


def test_a_live_policy_decides_for_the_model_it_was_made_for(
    table: Path, tmp_path: Path, model: Path
) -> None:
    moderator = Moderator.load(model)
    thresholds = {
        label: Thresholds(hide=0.5) for label in moderator.labels if label != "normal"
    }  # fmt: skip
    policy = Policy(model=moderator.version, thresholds=thresholds, no_hiding=("반려",))
    judges = Judges.of(RULES, model, policy=policy, policy_version="p1-x")
    path = write_csv(
        tmp_path / "mine.csv",
        [("푸들 새끼 분양", "반려 > 개"), ("푸들 새끼 분양", "가구"), ("책상", "가구")],
        "title", "category",
    )  # fmt: skip
    report = judge(path, tmp_path / "out.csv", judges)
    found = read_csv(tmp_path / "out.csv")
    said = moderator.judge([Listing(row["title"]) for row in found])
    for row, verdict in zip(found, said, strict=True):
        for label, share in verdict.probabilities.items():
            assert float(row[f"probability_{label}"]) == pytest.approx(share, abs=6e-5)
        assert (row["policy_version"], row["model_version"]) == ("p1-x", moderator.version)
    assert [row["action"] for row in found] == ["review", "hide", "pass"]
    assert report.actions == {"hide": 1, "review": 1, "pass": 1}
    # Made for another model, it hides nothing.
    other = Policy(model="another", thresholds=thresholds)
    judges = Judges.of(RULES, model, policy=other, policy_version="p2-x")
    judge(path, tmp_path / "other.csv", judges)
    assert [r["action"] for r in read_csv(tmp_path / "other.csv")] == ["review", "review", "pass"]


@pytest.mark.parametrize("sink", ["csv", "jsonl"])
def test_cut_short_it_goes_on_to_the_same_bytes(
    table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: Path, sink: str
) -> None:
    judges = Judges.of(RULES, model)
    whole, out = tmp_path / f"whole.{sink}", tmp_path / f"out.{sink}"
    judge(table, whole, judges)
    original = shard_work.do

    def stop(shard, *rest):  # type: ignore[no-untyped-def]
        if shard.number == 2:
            raise KeyboardInterrupt
        return original(shard, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(shard_work, "do", stop)
        with pytest.raises(KeyboardInterrupt):
            judge(table, out, judges)
    assert not out.exists()
    # With other rules, another policy or another model it is another run.
    strict = parse_rules(RULES.source + "\n# mine\n")
    with pytest.raises(ConflictError, match=r"another rule file.*--restart"):
        judge(table, out, Judges.of(strict, model))
    with pytest.raises(ConflictError, match="another policy"):
        judge(table, out, Judges.of(RULES, model, policy=Policy(), policy_version="p1"))
    with pytest.raises(ConflictError, match="another model"):
        judge(table, out)
    assert judge(table, out, judges).resumed == 3
    assert out.read_bytes() == whole.read_bytes()


def test_processes_do_not_change_the_output(table: Path, tmp_path: Path, model: Path) -> None:
    judges = Judges.of(RULES, model, policy=Policy(), policy_version="p1")
    judge(table, tmp_path / "one.csv", judges)
    judge_file(
        table, tmp_path / "two.csv", judges, JudgeRequest(shard_rows=3), workers=2
    )  # fmt: skip
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "two.csv").read_bytes()


def test_other_encodings_are_read_and_what_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "old.csv"
    path.write_bytes("상품명\n담배 한 보루\n".encode("cp949"))
    judge(path, tmp_path / "old.out.csv")
    assert read_csv(tmp_path / "old.out.csv")[0]["label"] == "alcohol_tobacco"
    broken = tmp_path / "broken.xlsx"
    broken.write_bytes(b"title\n\xff\xfe\x00\xd8\x81\n\x00\x01")
    with pytest.raises(InputError):
        judge(broken, tmp_path / "broken.out.csv")
    assert not (tmp_path / "broken.out.csv").exists()


@pytest.mark.parametrize("text", ["", "title\n"])
def test_an_empty_table(tmp_path: Path, text: str) -> None:
    path, out = tmp_path / "in.csv", tmp_path / "out.csv"
    path.write_text(text, encoding="utf-8")
    if not text:
        with pytest.raises(InputError):
            judge(path, out)
        assert not out.exists()
        return
    assert judge(path, out).rows == 0
    with out.open(encoding="utf-8-sig", newline="") as file:
        assert next(csv.reader(file))[:3] == ["title", "label", "probability_normal"]


def test_json_lines_keep_their_types(tmp_path: Path) -> None:
    path, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    path.write_text('{"title": "담배", "price": "5천원", "tags": [1]}\n', encoding="utf-8")
    report = judge(path, out)
    found = json.loads(out.read_text(encoding="utf-8"))
    assert found["tags"] == [1]
    assert found["label"] == "alcohol_tobacco"
    assert isinstance(found["probability_normal"], float)
    assert found["model_version"] is None
    assert report.options.price == "price"


def test_what_cannot_be_done_is_refused_before_anything_is_written(
    table: Path, tmp_path: Path
) -> None:
    for options, error, words in (
        ({"told": {"title": "nothing"}}, MappingError, "nothing"),
        ({"told": {"price": "nothing"}}, MappingError, "nothing"),
        ({"image_column": "id"}, InputError, "does not look at pictures"),
        ({"shard_rows": 0}, InputError, "--shard-rows"),
    ):
        with pytest.raises(error, match=words):
            judge(table, tmp_path / "out.csv", **options)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="the input itself"):
        judge(table, table)
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]
