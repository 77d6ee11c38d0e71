"""The command line: help with examples, exit codes, one JSON object where it is asked for."""

import contextlib
import io
import json
import os
import shlex
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import click
import pytest

from support import agents
from support.database import scalar
from support.workspace import Workspace
from tests.web.conftest import PASSWORD
from tests.web.doors import NUMBER, ROOT, environment, faqdesk, until
from web.cli import COMMANDS, EPILOG, main
from web.cli import faqdesk as group

HISTORY = """id,question,answer,created_at
1,환불은 언제 되나요 010-2938-4471,3일 걸립니다. https://help.example.com/ko/faq/refund,2026-01-02T03:04:05Z
2,택배가 안 와요,송장을 보세요. https://help.example.com/ko/faq/shipping,2026-01-03T03:04:05Z
3,,답만 있음,2026-01-03T03:04:05Z
"""
FAQS = """slug,title,body,category,url
refund,환불 안내,환불은 3일,결제,https://help.example.com/ko/faq/refund
shipping,배송 안내,송장 조회,배송,https://help.example.com/ko/faq/shipping
,이름 없음,,,
"""


class Shell:
    """Runs commands in this process, as `faqdesk` does, and keeps what they print."""

    def __init__(self, monkeypatch, capsys, home):
        self.monkeypatch, self.capsys, self.home = monkeypatch, capsys, home
        monkeypatch.setenv("FAQDESK_HOME", str(home))

    def __call__(self, *words, code=0, typed=""):
        self.monkeypatch.setattr(sys, "argv", ["faqdesk", *map(str, words)])
        if typed:
            self.monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
        before = os.umask(0o022)
        try:
            main()
            ended = 0
        except SystemExit as end:
            ended = end.code or 0
        finally:
            os.umask(before)
        found = self.capsys.readouterr()
        assert ended == code, found.err
        assert "Traceback" not in found.err
        self.err = found.err
        return found.out

    def json(self, *words, **more):
        return json.loads(self(*words, "--json", **more))

    def refuses(self, *words, code=1, typed=""):
        """What it says on standard error; nothing else may be printed."""
        assert self(*words, code=code, typed=typed) == ""
        return self.err


@pytest.fixture
def shell(monkeypatch, capsys, space):
    return Shell(monkeypatch, capsys, space.home)


@pytest.fixture
def fresh(monkeypatch, capsys, tmp_path):
    """A shell whose workspace is not there yet."""
    return Shell(monkeypatch, capsys, tmp_path / "new")


def commands(command=group, path=()):
    """Every command and subcommand with the words that call it."""
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None, name
            yield from commands(below, (*path, name))


# Help


@pytest.mark.parametrize("path", [path for path, _ in commands()], ids=" ".join)
def test_help_shows_an_example_that_could_be_run(path, shell):
    page = shell(*path, "--help")
    examples = page.partition("Example:\n")[2].partition("\n\n")[0].splitlines()
    assert examples
    for example in examples:
        words = shlex.split(example)
        while "=" in words[0]:  # such as FAQDESK_HOME=/srv/desk
            words.pop(0)
        assert words.pop(0) == "faqdesk"
        assert tuple(words[: len(path)]) == path
        asked = group
        while isinstance(asked, click.Group) and words and not words[0].startswith("-"):
            asked = asked.get_command(click.Context(asked), words.pop(0))
            assert asked is not None, example
        options = {name for item in asked.params for name in (*item.opts, *item.secondary_opts)}
        assert {word for word in words if word.startswith("--")} <= options | {"--help"}, example


def test_every_command_is_listed_with_the_words_of_its_own_help(shell):
    page = shell("--help")
    for name, (_, words) in COMMANDS.items():
        assert f"  {name} " in page
        assert words.split()[0] in page
    assert "Exit codes: 0 done; 1 faqdesk refused" in EPILOG


def test_help_is_quick():
    done = faqdesk(Workspace(ROOT / "nowhere"), "--help")
    assert done.returncode == 0
    assert done.stderr == ""


def test_version(shell):
    assert shell("--version").startswith("faqdesk")


# Exit codes


@pytest.mark.parametrize(
    "words",
    [["brew"], [], ["agent"], ["agent", "brew"], ["import"], ["suggest", "--top-k", "0", "x"],
     ["serve", "--port", "0"], ["search"], ["settings", "top_k"], ["token", "revoke", "x"],
     ["agent", "add", "x", "--role", "king"], ["evaluate", "--test-from", "2026-01-01"],
     ["train", "encoder", "--model", "a", "--public", "."], ["train", "encoder", "--out", "a"],
     ["train", "--recipe", "old"], ["models"], ["models", "prune"], ["models", "publish"],
     ["models", "prune", "--keep", "-1"], ["evaluate", "--test-until", "2026-01-01"],
     ["evaluate", "--plot", "no/such/folder/a.svg"], ["evaluate", "--reliability", "no/b.svg"],
     ["evaluate", "--validation-from", "gestern", "--test-from", "2026-01-01"],
     ["evaluate", "--validation-from", "2026-02-01", "--test-from", "2026-01-01"],
     ["evaluate", "--validation-from", "2025-01-01", "--test-from", "2026-01-01",
      "--test-until", "2025-06-01"]],
)  # fmt: skip
def test_a_wrong_command_line_ends_with_2_and_its_usage(shell, words):
    assert shell.refuses(*words, code=2)


@pytest.mark.parametrize(
    "words",
    [["status"], ["settings"], ["suggest", "a"], ["search", "a"], ["agent", "list"], ["train"],
     ["models", "list"], ["models", "rollback"], ["models", "show", "live"],
     ["token", "list"], ["train", "faq"], ["train", "encoder"], ["index"], ["evaluate"], ["serve"],
     ["agent", "disable", "x"], ["agent", "password", "x", "--generate"], ["token", "create", "x"]],
)  # fmt: skip
def test_without_a_workspace_it_ends_with_3_and_the_cure(fresh, words):
    said = fresh.refuses(*words, code=3)
    assert "faqdesk init" in said
    assert "FAQDESK_HOME" in said
    assert not fresh.home.exists()


def test_a_workspace_that_cannot_be_made_ends_with_3(fresh):
    fresh.home.write_text("a file")
    assert "FAQDESK_HOME" in fresh.refuses("init", code=3)
    assert fresh.refuses("status", code=3)


def test_a_lost_key_and_a_damaged_database_end_with_3(shell, space, tmp_path):
    (tmp_path / "h.csv").write_text(HISTORY)
    space.key_path.unlink()
    for path in space.home.glob("desk.db*"):
        path.write_bytes(b"junk" * 1000)
    assert "desk.db" in shell.refuses("status", code=3)
    assert "Traceback" not in shell.refuses("serve", code=3)


def test_without_a_model_asking_ends_with_3_and_the_cure(shell):
    assert "faqdesk train" in shell.refuses("suggest", "환불", code=3)
    assert "--words" in shell.refuses("search", "환불", code=3)
    assert "faqdesk train encoder" in shell.refuses("index", code=3)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (sqlite3.OperationalError("database or disk is full"), "disk is full"),
        (OSError(28, "No space left on device", "/srv/desk/models"), "/srv/desk/models"),
        (PermissionError(13, "Permission denied"), "Permission denied"),
    ],
)
def test_what_the_machine_refuses_is_one_line_and_ends_with_1(shell, monkeypatch, error, words):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(Workspace, "database", fail)
    said = shell.refuses("status")
    assert said.startswith("faqdesk: ")
    assert words in said
    assert len(said.splitlines()) == 1


# What commands do


def test_a_dry_run_without_a_workspace_makes_none(fresh, tmp_path, monkeypatch):
    monkeypatch.setenv("FAQDESK_KEY_FILE", str(tmp_path / "named.key"))
    (tmp_path / "h.csv").write_text(HISTORY)
    found = fresh.json("import", tmp_path / "h.csv", "--dry-run")
    assert (found["dry_run"], found["inquiries"], found["masked"]) == (True, 2, {"phone": 1})
    assert not fresh.home.exists()
    assert not (tmp_path / "named.key").exists()
    fresh("import", tmp_path / "gone.csv", "--dry-run", code=1)


def test_the_demo_leaves_a_desk_alone_that_is_not_the_samples(shell, db):
    before = scalar(db, "SELECT count(*) FROM inquiries")
    said = shell.refuses("demo", "--no-serve", code=3)
    assert "inquiries of 'test'" in said
    assert "FAQDESK_HOME=" in said
    assert scalar(db, "SELECT count(*) FROM inquiries") == before
    assert not scalar(db, "SELECT count(*) FROM agents WHERE login = 'demo'")


def test_init_makes_a_desk_once(fresh):
    assert str(fresh.home) in fresh("init")
    key = fresh.home.with_name("new.key")
    before = key.read_text()
    fresh("init")
    assert key.read_text() == before
    assert key.stat().st_mode & 0o777 == 0o600
    assert fresh.home.stat().st_mode & 0o777 == 0o700


def test_history_and_help_centre_come_in(fresh, tmp_path):
    (tmp_path / "h.csv").write_text(HISTORY)
    (tmp_path / "f.csv").write_text(FAQS)
    (tmp_path / "m.toml").write_text('[links]\nhosts = ["help.example.com"]\n')
    faqs = fresh.json("import-faqs", tmp_path / "f.csv")
    assert (faqs["added"], faqs["changed"], len(faqs["rejected"])) == (2, 0, 1)
    ask = ("import", tmp_path / "h.csv", "--mapping", tmp_path / "m.toml")
    dry = fresh.json(*ask, "--dry-run")
    assert (dry["dry_run"], dry["inquiries"], dry["labelled"], dry["masked"]) == (
        True, 2, 2, {"phone": 1},
    )  # fmt: skip
    assert fresh.json("status")["inquiries"] == {"open": 0, "answered": 0, "closed": 0}
    real = fresh.json(*ask)
    assert (real["inquiries"], real["rejected"]) == (2, 1)
    assert real["rejections"][0]["line"] == 4
    assert fresh.json(*ask)["already_there"] == 2
    status = fresh.json("status")
    assert (status["faqs"], status["labelled"], status["release"]) == (2, 2, None)
    said = fresh(*ask)
    assert "0 added, 2 there already" in said
    assert "h.csv, line 4" in fresh.err
    assert "2 FAQs" not in fresh("import-faqs", tmp_path / "f.csv")


@pytest.mark.parametrize(
    ("name", "content"), [("gone.csv", None), ("a.xlsx", b"PK\3\4"), ("a.csv", b"")]
)
def test_a_file_that_cannot_be_read_ends_with_1_and_is_named(fresh, tmp_path, name, content):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    for command in ("import", "import-faqs"):
        assert fresh(command, tmp_path / name, "--json", code=1) == ""
        assert "faqdesk: " in fresh.err
        assert name in fresh.err


def test_columns_that_are_not_there_end_with_1(fresh, tmp_path):
    (tmp_path / "a.csv").write_text("x,y\n1,2\n")
    assert "question" in fresh.refuses("import", tmp_path / "a.csv")


def test_a_mapping_that_will_not_do_ends_with_1(fresh, tmp_path):
    (tmp_path / "h.csv").write_text(HISTORY)
    (tmp_path / "m.toml").write_text("= nonsense")
    for mapping in (tmp_path / "m.toml", tmp_path / "gone.toml"):
        fresh("import", tmp_path / "h.csv", "--mapping", mapping, code=1)
        assert mapping.name in fresh.err


def test_settings_are_shown_changed_and_refused(shell):
    before = shell.json("settings")
    assert before["share_right"] == 0.8
    after = shell.json("settings", "share_right=0.85", "allow=1588-0000, help@example.com")
    assert after == before | {"share_right": 0.85, "allow": ["1588-0000", "help@example.com"]}
    assert "share_right=0.85" in shell("settings").splitlines()
    for wrong in ("share_right=2", "share_right=much", "colour=red", "top_k=0"):
        assert wrong.partition("=")[0] in shell.refuses("settings", "top_k=4", wrong)
    assert shell.json("settings") == after  # all or none


def test_people_are_added_listed_and_shut_out(fresh):
    said = fresh("agent", "add", "mina", "--name", "김미나", "--role", "lead", typed=PASSWORD)
    assert "mina" in said
    assert PASSWORD not in said
    assert "mina\t김미나\tlead" in fresh("agent", "list")
    assert "taken" in fresh.refuses("agent", "add", "MINA", typed=PASSWORD)
    assert "at least" in fresh.refuses("agent", "add", "jun", typed="short")
    assert "login" in fresh.refuses("agent", "add", "no spaces", typed=PASSWORD)
    new = fresh("agent", "password", "mina", "--generate").split()[-1]
    db = Workspace(fresh.home).database()
    assert agents.authenticate(db, "mina", new)
    assert not agents.authenticate(db, "mina", PASSWORD)
    fresh("agent", "disable", "Mina")
    assert not agents.authenticate(db, "mina", new)
    assert "(shut out)" in fresh("agent", "list")
    for command in (("disable",), ("password", "--generate")):
        assert "'nobody'" in fresh.refuses("agent", *command, "nobody")
    db.close()


def test_a_password_is_asked_for_and_not_echoed(space):
    done = faqdesk(space, "agent", "add", "jun", input="long enough 1\n")
    assert done.returncode == 0, done.stderr
    assert "long enough" not in done.stdout + done.stderr


def test_tokens_are_shown_once_listed_and_revoked(shell, space):
    secret = shell("token", "create", "helpdesk", "--scope", "search").strip()
    assert secret.startswith("fd_")
    listed = shell("token", "list")
    assert "1\thelpdesk\tsearch\tlive" in listed
    assert secret not in listed
    shell("token", "revoke", "1")
    assert "revoked 20" in shell("token", "list")
    assert "faqdesk token list" in shell.refuses("token", "revoke", "1")
    assert shell.refuses("token", "create", "x", "--scope", "everything", code=2)


def test_words_are_found_without_a_model(shell):
    found = shell.json("search", "--words", "환불")["results"]
    assert [item["question"] for item in found] == ["환불받고싶어요"]
    assert "환불받고싶어요" in shell("search", "--words", "환불")
    assert shell.json("search", "--words", "없는말")["results"] == []
    for command in ("search", "suggest"):
        assert f"faqdesk {command}" in shell.refuses(command, " \n")


def test_what_was_asked_on_the_command_line_is_masked_and_not_kept(shell, space):
    shell("search", "--words", "010-2938-4471")
    shell("suggest", "010-2938-4471", code=3)
    db = space.database()
    assert scalar(db, "SELECT count(*) FROM suggestions") == 0
    db.close()
    assert not any(NUMBER.search(path.read_bytes()) for path in space.home.glob("desk.db*"))


def test_a_text_may_come_from_standard_input(space):
    done = faqdesk(space, "suggest", "--json", input=" \n")
    assert (done.returncode, done.stdout) == (1, "")
    assert "faqdesk suggest TEXT" in done.stderr


# How commands end early


def test_a_reader_that_goes_away_leaves_no_trace(space):
    line = f"{sys.executable} -m web.cli settings | true; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", line], cwd=ROOT, env=environment(space), capture_output=True, text=True
    )
    assert done.stderr == ""
    assert done.stdout.strip() in ("0", "1")


def test_ctrl_c_says_interrupted_and_leaves_no_trace(space):
    process = subprocess.Popen(
        [sys.executable, "-m", "web.cli", "suggest"],
        cwd=ROOT, env=environment(space), text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        # A shell that runs the tests in the background has them ignore Ctrl-C, and all they start.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    # It has read the settings and waits for a text: a signal in between may get lost.
    until(lambda: "desk.db" in open_files(process.pid), "the command reads the settings")
    until(lambda: ") S " in Path(f"/proc/{process.pid}/stat").read_text(), "it waits")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err.strip()) == (130, "", "Interrupted.")


def open_files(pid):
    found = []
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed since it was listed
            found.append(str(link.readlink()))
    return " ".join(found)
