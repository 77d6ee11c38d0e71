"""`faqdesk bench`: one JSON object, and words for what is missing."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.train.topics import METRICS, write_sets
from web.cli import main


@pytest.fixture
def files(tmp_path):
    return write_sets(tmp_path)


def test_the_command_prints_the_one_object(files, monkeypatch, capsys):
    words = ["--train", *map(str, files[:1]), "--test", str(files[1]), "--seeds", "1", "--json"]
    monkeypatch.setattr(sys, "argv", ["faqdesk", "bench", "faq", *words])
    main()
    found = json.loads(capsys.readouterr().out)
    assert list(found) == [
        "set", "n_train", "n_test", "labels", "seconds", "peak_mb", "faqdesk", "baselines",
        "times_the_svm",
    ]  # fmt: skip
    assert list(found["baselines"]) == ["most_frequent", "fasttext", "tfidf_svm"]
    assert {"accuracy", "hit@3", "hit@5"} <= set(found["baselines"]["tfidf_svm"])
    assert set(found["faqdesk"]) >= METRICS
    assert (found["n_train"], found["n_test"]) == (65, 26)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "Name either --set with --data, or --train with --test"),
        (["--set", "banking77"], "Name either"),
        (["--train", "a.csv"], "belong together"),
        (["--set", "banking77", "--data", "x", "--test", "b.csv"], "belong together"),
        (["--train", "a.csv", "--test", "no/such.csv"], "No file"),
        (["--set", "clinc150", "--data", "no/such"], "Name the folder that holds support/clinc150"),
        (["--train", "a.csv", "--test", "a.csv", "--encoder", "no/such-model"], "no/such-model"),
    ],
)
def test_what_is_missing_is_said(words, says, monkeypatch, capsys, tmp_path):
    (tmp_path / "a.csv").write_text("text,label\nx,y\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    # Read from the environment when it is imported, which an earlier test did.
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr(sys, "argv", ["faqdesk", "bench", "faq", *words])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code
    assert says in capsys.readouterr().err


def test_a_benchmark_that_is_killed_leaves_nothing_behind(files, tmp_path):
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    words = ["bench", "faq", "--train", str(files[0]), "--test", str(files[1]), "--seeds", "9"]
    running = subprocess.Popen(
        [sys.executable, "-m", "web.cli", *words],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "TMPDIR": str(temporary)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while not any(temporary.iterdir()):
        assert running.poll() is None
        time.sleep(0.05)
    running.send_signal(signal.SIGTERM)
    assert running.wait(timeout=120) == 130
    assert not list(temporary.iterdir())
