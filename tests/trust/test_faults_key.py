"""The desk's key is missing, damaged or another desk's: said at once, and nothing is done."""

import shutil
from contextlib import closing

import pytest

from support.audit_chain import verify
from support.database import scalar
from support.errors import WorkspaceError
from support.seal import Seal
from tests.web.doors import faqdesk
from web.app import create_app


def other_key(path):
    path.unlink()
    Seal.create(path)


WRONG = {
    "gone": (lambda path: path.unlink(), "Cannot read the key file"),
    "damaged": (lambda path: path.write_text("ZGFtYWdlZA==\n"), "damaged"),
    "another desk's": (other_key, "another desk's"),
}


@pytest.mark.parametrize(("harm", "words"), WRONG.values(), ids=WRONG)
def test_no_command_acts_without_the_right_key(harm, words, space, tmp_path):
    safe = tmp_path / "safe.key"
    shutil.copy(space.key_path, safe)
    with closing(space.database()) as db:
        acts = scalar(db, "SELECT count(*) FROM audit")
    harm(space.key_path)
    done = faqdesk(space, "settings", "desk_name=x")
    assert done.returncode in (1, 3), done.stdout
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    with pytest.raises(WorkspaceError):
        _start(space)
    shutil.copy(safe, space.key_path)
    with closing(space.database()) as db:
        assert scalar(db, "SELECT count(*) FROM audit") == acts
        assert verify(db).broken is None


def _start(space):
    """As `faqdesk serve` does."""
    space.database().close()
    create_app(space)


def test_a_running_console_does_nothing_with_another_key_and_goes_on_with_its_own(
    app, space, sign_in, tmp_path
):
    agent = sign_in("mina")
    assert agent.get("/").status_code == 200
    safe = tmp_path / "safe.key"
    shutil.copy2(space.key_path, safe)
    other_key(space.key_path)
    answer = agent.get("/")
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert agent.get("/readyz").status_code == 503
    shutil.copy2(safe, space.key_path)
    assert agent.get("/").status_code == 200
