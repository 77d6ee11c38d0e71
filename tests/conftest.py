"""Each test gets a desk of its own: a real folder, a real SQLite file, a real key."""

import os
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database

import data
from support import settings, shared_vectors, vector_sync
from support.audit import Actor
from support.importing.load import ImportReport, run_import
from support.importing.mapping import LinkRules, Mapping
from support.seal import Seal
from support.workspace import Workspace
from tests import sample_desk, soaking
from train.desk import train_all

LINKS = LinkRules(hosts=("help.example.com", "m.help.example.com"))
ACTOR = Actor("cli:test")

# What a test leaves unset must not come from the machine it runs on.
os.environ.pop("FAQDESK_HOME", None)
os.environ.pop("FAQDESK_KEY_FILE", None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A browser on a busy machine gets a second try; the summary names who needed it."""
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.flaky(reruns=1))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A process that ran a share of the tests hands on what they told."""
    if (output := getattr(session.config, "workeroutput", None)) is not None:
        output["told"] = soaking.told


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Gather it, where the tests were shared out; a process that was lost has told nothing."""
    soaking.told += getattr(node, "workeroutput", {}).get("told", [])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What the long tests did and measured."""
    if soaking.told:
        terminalreporter.section("done and measured")
        for line in soaking.told:
            terminalreporter.write_line(line)


@pytest.fixture
def space(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "desk").create()


@pytest.fixture
def db(space: Workspace) -> Iterator[Database]:
    database = space.database()
    yield database
    database.close()


@pytest.fixture
def seal(space: Workspace) -> Seal:
    return space.seal()


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A vector engine may be slow on a busy machine: no test finds by words alone for that."""
    monkeypatch.setattr(shared_vectors, "SECONDS", 60.0)
    monkeypatch.setattr(vector_sync, "PROMPT", 60.0)


def import_csv(space: Workspace, path: Path, text: str, **options: object) -> ImportReport:
    """Import a CSV given as text, with links to help.example.com."""
    path.write_text(text, encoding="utf-8")
    database = space.database()
    try:
        mapping = Mapping(links=LINKS)
        return run_import(
            database,
            space.seal(),
            [path],
            mapping,
            actor=ACTOR,
            **options,  # type: ignore[arg-type]
        )
    finally:
        database.close()


@pytest.fixture(scope="session")
def trained_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A desk trained on the inquiries of the sample's ten commonest FAQs; read only."""
    history = list(data.rows("history"))
    counts = Counter(slug for row in history for slug in row["faqs"].split())
    common = {slug for slug, _ in counts.most_common(10)}
    kept = {row["id"] for row in history if set(row["faqs"].split()) & common}
    space = sample_desk.make(
        tmp_path_factory.mktemp("trained"),
        lambda row: row["id"] in kept or row["status"] == "open",
    )
    database = space.database()
    settings.change(database, ACTOR, holdout=0.0)
    train_all(space, database, actor=ACTOR)
    database.close()
    return space.home


@pytest.fixture
def trained(trained_home: Path, tmp_path: Path) -> Workspace:
    """A trained desk of the test's own, to do with as it likes."""
    home = tmp_path / "trained"
    shutil.copytree(trained_home, home)
    shutil.copy(trained_home.with_name("desk.key"), tmp_path / "trained.key")
    return Workspace(home)
