"""Check 7: nothing is let in by default, no secret lies open, and no debugger runs."""

import dataclasses
import importlib
import os
import pkgutil
import re
import stat
import time
from pathlib import Path

import click
import pytest

from support import agents, connections, second_factor
from support.connection_access import Access
from support.database import scalar
from support.errors import InputError, WorkspaceError
from support.seal import Seal
from support.workspace import Workspace
from tests.conftest import ACTOR
from tests.web.conftest import PASSWORD
from tests.web.doors import faqdesk, fetch, members, serving, until
from web import embed_tokens, sessions, tokens
from web.app import create_app
from web.cli import faqdesk as group
from web.serve import serve

ROOT = Path(__file__).parents[2]
PACKAGES = ("support", "listings", "train", "web")
# Names of what is a secret; a value that is none is told apart below.
SECRET = re.compile(r"password|passwd|secret|token|api_?key|half$|credential", re.I)


def test_a_new_desk_lets_nobody_in_and_holds_no_secret_but_its_own(tmp_path):
    first, second = (Workspace(tmp_path / name).create() for name in ("a", "b"))
    for space in (first, second):
        db = space.database()
        for table in (
            "agents",
            "api_tokens",
            "embed_tokens",
            "sessions",
            "invitations",
            "connections",
        ):
            assert scalar(db, f"SELECT count(*) FROM {table}") == 0, table
        db.close()
    assert first.key_path.read_bytes() != second.key_path.read_bytes()
    assert first.seal().session_secret != second.seal().session_secret
    assert first.seal().session_secret not in first.key_path.read_text()  # derived, never kept
    app = create_app(first)
    assert app.config["SECRET_KEY"] == first.seal().session_secret
    assert len(app.config["SECRET_KEY"]) == 64
    client = app.test_client()
    page = client.get("/sign-in").text
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)[1]
    for login in ("admin", "demo", "root", "faqdesk", ""):
        form = {"login": login, "password": login, "csrf_token": token}
        assert client.post("/sign-in", data=form).status_code == 401


def test_the_demo_makes_a_password_of_its_own_each_time_and_is_for_this_machine(
    tmp_path, monkeypatch
):
    """Its account is made beside the sample, printed once, and never the same."""
    from click.testing import CliRunner

    from web.cli import demo

    monkeypatch.setenv("FAQDESK_HOME", str(tmp_path / "demo"))
    monkeypatch.setattr(demo, "prepare", lambda space: None)  # the sample takes minutes
    said = set()
    for _ in range(2):
        done = CliRunner().invoke(demo.demo_command, ["--no-serve"])
        found = re.search(r"Sign in +demo / (\S+)", done.output)
        assert found, done.output
        said.add(found[1])
        db = Workspace(tmp_path / "demo").database()
        assert agents.authenticate(db, "demo", found[1])
        assert found[1] not in str(list(db.query("SELECT * FROM agents")))
        db.close()
    assert len(said) == 2
    assert all(len(password) >= 12 for password in said)
    option = next(p for p in demo.demo_command.params if p.name == "host")
    assert option.default == "127.0.0.1"


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o606, 0o601, 0o777])
def test_a_key_that_others_may_read_is_refused_with_the_cure(space, mode):
    space.key_path.chmod(mode)
    with pytest.raises(WorkspaceError, match=rf"mode {mode:04o}.*chmod 600 {space.key_path}"):
        Seal.load(space.key_path)
    for mine in (0o600, 0o400):
        space.key_path.chmod(mine)
        Seal.load(space.key_path)


def test_a_key_that_is_handed_over_may_be_read_by_the_group_and_by_nobody_else(space, monkeypatch):
    """As systemd and Kubernetes do: the file is theirs, so that we could not close it."""
    theirs = space.key_path.stat().st_uid + 1
    monkeypatch.setattr(os, "geteuid", lambda: theirs)
    for mode in (0o440, 0o640, 0o400, 0o600):
        space.key_path.chmod(mode)
        Seal.load(space.key_path)
    for mode in (0o460, 0o660, 0o444, 0o644, 0o441, 0o450, 0o604, 0o777):
        space.key_path.chmod(mode)
        with pytest.raises(WorkspaceError, match=rf"mode {mode:04o}.*another user's.*0440"):
            Seal.load(space.key_path)


def modes(folder: Path) -> dict[str, int]:
    """Every file and folder below one, by what others may do with it."""
    return {
        str(path): stat.S_IMODE(path.lstat().st_mode) & 0o077
        for path in [folder, *folder.rglob("*")]
        if not path.is_symlink()
    }


@pytest.fixture
def open_umask():
    """As a careless machine has it: whatever is made is everybody's, but for what we close."""
    before = os.umask(0)
    yield
    os.umask(before)


def test_whatever_the_desk_writes_is_its_owners_alone(tmp_path, open_umask):
    """The whole way as processes: made, imported, served, a job done, written out, backed up."""
    home = tmp_path / "all"
    home.mkdir(mode=0o700)
    space = Workspace(home / "desk")
    table = home / "history.csv"
    table.write_text("id,question,answer\n1,환불은 언제 되나요?,사흘 걸려요\n")
    table.chmod(0o600)

    def done(*words, **more):
        found = faqdesk(space, *words, **more)
        assert found.returncode == 0, found.stderr

    done("agent", "add", "mina", "--role", "admin", input=PASSWORD + "\n")
    done("import", str(table))
    done("inquiries", "answered", "--csv", str(home / "out.csv"), "--reason", "test")
    with serving(space, "--workers", "1") as (port, process):
        page = fetch(port, "/sign-in")
        assert page[0] == 200
        assert fetch(port, "/api/v1/faqs", Authorization="Bearer fd_x")[0] == 401
        queue = space.home / "queue.db"
        until(queue.exists, "the worker is up")
        found = modes(home)
        # And no process tells a secret to who lists the machine's processes.
        told = b"".join(Path(f"/proc/{pid}/cmdline").read_bytes() for pid in members(process.pid))
    done("backup", str(home / "copy.tar"))
    found |= modes(home)
    assert found[str(queue)] == 0
    open_to_others = {path: oct(mode) for path, mode in found.items() if mode}
    open_to_others.pop(str(space.home / "errors"), None)  # the test's own, of standard error
    assert open_to_others == {}
    secret = space.key_path.read_text().strip().encode()
    assert secret not in told
    assert PASSWORD.encode() not in told


@pytest.mark.parametrize("way", ["FLASK_DEBUG", "config"])
@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_debug_mode_is_refused_wherever_it_is_asked_for(space, monkeypatch, way, host):
    if way == "FLASK_DEBUG":
        monkeypatch.setenv("FLASK_DEBUG", "1")
        with pytest.raises(InputError, match=r"debug mode.*FLASK_DEBUG"):
            serve(space, host=host, port=8999, workers=1, proxies=1)
    with pytest.raises(InputError, match="debug mode"):
        create_app(space, **({"DEBUG": True} if way == "config" else {}))


def test_no_debugger_can_be_reached(app):
    client = app.test_client()
    for path in (
        "/console",
        "/?__debugger__=yes&cmd=resource&f=style.css",
        "/_debug_toolbar",
        "/debug",
    ):
        answer = client.get(path)
        assert answer.status_code in (302, 404), path
        assert "Werkzeug" not in answer.text
    assert not app.debug
    assert not app.testing or app.config["PROPAGATE_EXCEPTIONS"] is None


def test_nothing_of_ours_starts_flasks_own_server_or_debugger():
    bad = re.compile(r"DebuggedApplication|\bdebug\s*=\s*True|\bapp\.run\(|run_simple\(")
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            assert not bad.search(path.read_text(encoding="utf-8")), path


def commands(command, path=()):
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            yield from commands(command.get_command(context, name), (*path, name))


def test_no_command_takes_a_secret_as_an_argument():
    """Everybody on the machine can read the arguments of a process; a shell keeps them, too."""
    named_so = {("token", "token_id")}
    seen = 0
    for path, command in commands(group):
        for param in command.params:
            seen += 1
            if (*path[:1], param.name) in named_so or getattr(param, "is_flag", False):
                continue
            if isinstance(param.type, click.Path):
                continue  # where a key lies is no secret
            names = [param.name, *(word.strip("-") for word in param.opts)]
            assert not any(SECRET.search(name) for name in names), f"{path}: {param.opts}"
    assert seen > 200


def test_what_holds_a_secret_shows_none_of_it(db, space):
    """By every dataclass of ours that has a field called so: its repr holds no value of it."""
    kinds = []
    for package in PACKAGES:
        for module in pkgutil.walk_packages([str(ROOT / package)], f"{package}."):
            if ".cli." in module.name or "_pb2" in module.name or module.name.startswith("train."):
                continue
            found = vars(importlib.import_module(module.name)).values()
            kinds += [
                kind for kind in found if isinstance(kind, type) and dataclasses.is_dataclass(kind)
            ]
    shown = set()
    for kind in set(kinds):
        for field in dataclasses.fields(kind):
            text = field.type in (str, "str", bytes, "bytes")
            if SECRET.search(field.name) and field.repr and text:
                shown.add(kind)
    assert shown == {Access}  # whose repr is its own


def test_secrets_that_are_given_out_are_in_no_repr_no_audit_and_no_table(db, space):
    seal = space.seal()
    access = Access(address="https://z.example", secret="hush-secret", user="a", token="hush-token")
    made, _ = connections.connect(db, seal, ACTOR, name="z", kind="zendesk", access=access)
    _, api = tokens.create(db, ACTOR, name="t", scopes=("faqs",))
    begun = second_factor.begin(db, seal, 1)
    import pyotp

    codes = second_factor.confirm(db, seal, ACTOR, 1, pyotp.TOTP(begun.secret).at(time.time()))
    session = sessions.begin(db, seal, agents.get(db, 1), ACTOR, "test")
    sidebar = embed_tokens.begin(db, session, ACTOR, parent="https://z.example")
    secrets = ["hush-secret", "hush-token", api, begun.secret, *codes, sidebar.secret, session,
               PASSWORD, space.key_path.read_text().strip(), seal.session_secret]  # fmt: skip
    for thing in (access, made, begun, sidebar, seal, space, *tokens.listed(db)):
        for secret in secrets:
            assert secret not in repr(thing)
    db.conn.commit()
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    kept = space.database_path.read_bytes()
    for secret in secrets:
        assert secret.encode() not in kept, secret


def test_an_error_or_a_log_line_tells_no_secret(app, capsys, db):
    client = app.test_client()
    hush = "hush-hush-4711"
    client.post("/sign-in", data={"login": hush, "password": hush, "code": hush})
    client.get(f"/join/{hush}")
    client.get(f"/nowhere?token={hush}", headers={"Authorization": f"Bearer {hush}"})
    client.get("/api/v1/faqs", headers={"Authorization": f"Bearer {hush}"})
    client.post(f"/api/v1/webhooks/z?token={hush}", data=hush)
    client.get("/", headers={"Cookie": f"faqdesk={hush}; faqdesk-known={hush}"})
    said = capsys.readouterr()
    assert "request" in said.out + said.err  # it was logged
    assert hush not in said.out + said.err
    for table in ("audit", "sign_in_attempts"):
        assert hush not in str(list(db.query(f"SELECT * FROM {table}")))
