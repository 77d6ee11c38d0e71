"""`faqdesk audit`."""

import csv
import io
import json

from click.testing import CliRunner

from support import settings
from support.audit import Actor
from web.cli import faqdesk


def test_the_trail_is_read_filtered_and_written(space, db, tmp_path, monkeypatch):
    monkeypatch.setenv("FAQDESK_HOME", str(space.home))
    settings.change(db, Actor("cli:test"), top_k=2)

    def run(*words):
        done = CliRunner().invoke(faqdesk, ["audit", *words])
        assert done.exit_code == 0, done.output
        return done.output

    only = ("--action", "setting.changed", "--object", "setting:top_k")
    assert "cli:test" in run(*only)
    row = json.loads(run(*only, "--jsonl").splitlines()[0])
    assert row["detail"] == {"value": 2, "before": 3}
    path = tmp_path / "audit.csv"
    refused = CliRunner().invoke(faqdesk, ["audit", *only, "--csv", str(path)])
    assert "--reason WORDS" in str(refused.exception)
    assert "1 rows" in run(*only, "--csv", str(path), "--reason", "review")
    rows = list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"))))
    assert rows[0]["object"] == "setting:top_k"
    assert len(run("--limit", "1").splitlines()) == 1
