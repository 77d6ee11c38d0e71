"""Each test gets a desk of its own: a real folder, a real SQLite file, a real key."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlite_utils import Database

from support.audit import Actor
from support.importing.load import ImportReport, run_import
from support.importing.mapping import LinkRules, Mapping
from support.seal import Seal
from support.workspace import Workspace

LINKS = LinkRules(hosts=("help.example.com", "m.help.example.com"))
ACTOR = Actor("cli:test")

# What a test leaves unset must not come from the machine it runs on.
os.environ.pop("FAQDESK_HOME", None)
os.environ.pop("FAQDESK_KEY_FILE", None)


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
