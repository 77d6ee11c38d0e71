"""A folder of public data in small: every set in its own shape, made by hand."""

import csv
import gzip
import json

import pytest

STS = ["genre", "filename", "year", "id", "score", "sentence1", "sentence2"]
NLI = ["sentence1", "sentence2", "gold_label"]


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".gz":
        with gzip.open(path, "wt", encoding="utf-8") as file:
            file.write(text)
    else:
        path.write_text(text, encoding="utf-8")


def tabs(path, rows):
    write(path, "".join("\t".join(row) + "\n" for row in rows))


def commas(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "wt", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)


def lines(path, rows):
    write(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


@pytest.fixture(scope="session")
def public_folder(tmp_path_factory):
    """Every set in its own shape; what must not be learned from says SECRET."""
    root = tmp_path_factory.mktemp("public") / "support"
    sts = ["", "", "", "", "2.5"]
    tabs(
        root / "kornlu/sts-train.tsv",
        [STS, [*sts, "가을 하늘", "맑은 하늘"], [*sts, "겨울 바다", "SECRET 시험 문장."]],
    )
    tabs(root / "kornlu/sts-dev.tsv", [STS, [*sts, "SECRET 검증", "SECRET 검증 둘"]])
    tabs(root / "kornlu/sts-test.tsv", [STS, [*sts, "SECRET 시험 문장", "SECRET 시험 둘"]])
    tabs(
        root / "kornlu/xnli.dev.ko.tsv",
        [NLI, ["비가 온다", "날이 젖다", "entailment"], ["비가 온다", "맑다", "contradiction"]],
    )
    tabs(root / "kornlu/xnli.test.ko.tsv", [NLI, ["SECRET 전제", "SECRET 가설", "neutral"]])
    paraphrases = [
        ["0", "0", f"{'SECRET' if i >= 800 else '질문'} {i} 말투 {j}"]
        for i in range(1000)
        for j in range(10)
    ]
    tabs(root / "parakqc/paraKQC_v1.txt", paraphrases)
    styles = [["0", f"부탁 {i} 말투 {j}"] for i in range(2) for j in range(10)]
    tabs(root / "stylekqc/train.tsv", [["topic", "sentence"], *styles])
    cores = [
        ["창문 열어줘", "창문 열기", "4"],
        ["SECRET 850 말투 3!", "SECRET 핵심", "4"],
        ["SECRET 핵심을 다르게", "SECRET 핵심", "4"],
    ]
    tabs(root / "sae4k/sae4k_v1.txt", cores)
    pairs = ["question1", "question2", "is_duplicate"]
    tabs(
        root / "question_pair/train.txt",
        [
            pairs,
            ["언제 와", "언제 오니", "0"],
            ["언제 와", "왜 와", "1"],
            ["SECRET 물음", "뭐", "0"],
        ],
    )
    tabs(root / "question_pair/validation.txt", [pairs, ["SECRET 검증 물음", "SECRET", "0"]])
    tabs(root / "question_pair/test.txt", [pairs, ["SECRET 물음", "SECRET 둘째", "0"]])
    lines(root / "nsmc/reviews.jsonl.gz", [{"review": "재미있다", "rating": "SECRET"}])
    head = ["text", "category"]
    commas(root / "banking77/train.csv", [head, ["my card", "SECRET_label"], ["secret TEST", "x"]])
    commas(root / "banking77/test.csv", [head, ["SECRET test?", "x"]])
    clinc = {"train": [["turn on", "SECRET"]], "val": [["turn off", "SECRET"]]}
    clinc |= {part: [[f"SECRET {part}", "x"]] for part in ("test", "oos_test")}
    clinc |= {part: [[f"SECRET {part}", "oos"]] for part in ("oos_train", "oos_val")}
    write(root / "clinc150/data_full.json.gz", json.dumps(clinc))
    for month, says in (("2017-08", ""), ("2019-04", ""), ("2019-05", ""), ("2019-06", "SECRET ")):
        lines(
            root / f"petitions/petitions_{month}.jsonl.gz",
            [
                {
                    "title": f"{says}제목 {month}",
                    "content": f"{says}본문 {month}",
                    "category": "SECRET",
                }
            ],
        )
    for month in ("2019-07", "2019-08"):
        lines(
            root / f"petitions/petitions_{month}.jsonl.gz",
            [{"title": f"SECRET {month}", "content": f"SECRET 글 {month}", "category": "x"}],
        )
    forum = ["id", "created", "title", "content"]
    commas(
        root / "thunderbird/questions.csv.gz",
        [
            forum,
            ["1", "2025-02-28 23:59:59 +0000", "old mail", "<p>It is gone</p>"],
            ["2", "2025-03-01 00:00:00 +0000", "SECRET mail", "<p>SECRET body</p>"],
            ["3", "2025-06-01 00:00:00 +0000", "SECRET test", "<p>SECRET end</p>"],
            ["4", "2024-01-01 00:00:00 +0000", "again", "<p>secret BODY</p>"],
        ],
    )
    commas(root / "thunderbird/answers.csv.gz", [["id", "content"], ["1", "SECRET answer"]])
    return root.parent
