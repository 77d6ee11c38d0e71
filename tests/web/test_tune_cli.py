"""`faqdesk tune` on a trained desk."""

import json

import pytest
from click.testing import CliRunner

from support import settings
from web.cli import faqdesk


@pytest.fixture
def run(trained, monkeypatch):
    monkeypatch.setenv("FAQDESK_HOME", str(trained.home))
    return lambda *words: CliRunner().invoke(faqdesk, ["tune", *words])


def test_a_threshold_is_tried_picked_set_and_taken_back(run, trained):
    said = run()
    assert said.exit_code == 0, said.output
    assert "in force" in said.output
    tried = json.loads(run("--threshold", "0.99", "--json").output)
    assert tried["then"]["shown"] <= tried["now"]["shown"]
    assert tried["changed"] >= len(tried["changes"]) > 0
    picked = json.loads(run("--cost", "5", "--json", "--apply").output)
    db = trained.database()
    assert settings.load(db).likely_threshold == picked["then"]["threshold"]
    again = json.loads(run("--json").output)
    assert again["now"]["shown"] == picked["then"]["shown"]
    slug = tried["changes"][0]["slug"]
    assert slug in run("--faqs").output
    listed = json.loads(run("--faqs", "--cost", "2", "--json").output)
    assert sum(line["now"]["n"] for line in listed) == tried["now"]["n"]
    assert "In force at once" in run("--faq", slug, "--never", "--apply").output
    assert settings.load(db).faq_thresholds == (f"{slug}=never",)
    assert run("--faq", slug, "--reset").exit_code == 0
    assert run("--reset").exit_code == 0
    assert not settings.load(db).thresholds.any
    db.close()


@pytest.mark.parametrize(
    "words", [("--threshold", "2"), ("--never",), ("--cost", "1", "--never"), ("--apply",)]
)
def test_what_means_nothing_is_refused(run, words):
    assert run(*words).exit_code == 2
