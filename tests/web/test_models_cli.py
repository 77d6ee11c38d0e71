"""`faqdesk train` and `faqdesk models` as they are typed."""

import json
import shutil

import pytest
from click.testing import CliRunner

from support import releases
from support.releases import current
from tests.conftest import ACTOR
from tests.support.parts import write_part
from tests.train import desks
from tests.web.doors import faqdesk
from web.cli import faqdesk as group


@pytest.fixture(scope="module")
def taught(tmp_path_factory):
    """A desk with a release in force, trained as a shell would."""
    space = desks.make(tmp_path_factory.mktemp("cli"), desks.rows(260))
    done = faqdesk(space, "train", "--json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["published"] is True
    assert said["judgement"] is None
    assert said["release"] == current(space.models).name
    return space


@pytest.fixture
def space(taught, tmp_path):
    return desks.copy(taught, tmp_path)


@pytest.fixture
def shell(space, monkeypatch):
    """Run a command in this process; what it refuses is raised."""
    monkeypatch.setenv("FAQDESK_HOME", str(space.home))

    def run(*words):
        return CliRunner().invoke(group, words, catch_exceptions=False).stdout

    return run


def test_what_is_worse_is_told_shown_published_and_rolled_back(space, shell):
    first = current(space.models).name
    db = space.database()
    db.execute("UPDATE faqs SET discovered = 1")  # no texts: FAQs with few inquiries stay out
    db.close()
    done = faqdesk(space, "train", "faq", "--min-examples", "30")
    assert done.returncode == 0, done.stderr
    assert "The candidate is worse: hit@1 -" in done.stdout
    assert f"{first} stays in force" in done.stdout
    assert current(space.models).name == first

    candidate, live = json.loads(shell("models", "list", "--json"))["releases"]
    assert (candidate["state"], live["state"], live["name"]) == ("candidate", "live", first)
    assert candidate["hit@1"] < 0.9
    page = shell("models", "list")
    assert f"{first}  live" in page
    assert "not judged" in page

    page = shell("models", "show", candidate["name"])
    for words in ("candidate minus live", "svm_cost", "encoder", "won ", "min_examples 30"):
        assert words in page
    shown = json.loads(shell("models", "show", "live", "--json"))
    assert shown["name"] == first
    assert shown["metrics"]["index"]["count"] == 260

    replayed = json.loads(shell("models", "replay", candidate["name"], "--show", "3", "--json"))
    assert replayed["worse"] is True
    assert {row["sent"][0] for row in replayed["differing"]} <= set(desks.TOPICS)
    told = shell("models", "replay", candidate["name"], "--show", "1")
    assert f"won {replayed['counts']['won']}, lost {replayed['counts']['lost']}" in told

    refused = faqdesk(space, "models", "publish", candidate["name"])
    assert refused.returncode == 1
    assert '--force --reason "..."' in refused.stderr
    assert faqdesk(space, "models", "publish", candidate["name"], "--force").returncode == 1
    assert current(space.models).name == first
    insisted = ("--force", "--reason", "Chat is closed.")
    assert candidate["name"] in shell("models", "publish", candidate["name"], *insisted)
    assert current(space.models).name == candidate["name"]
    assert json.loads(shell("models", "rollback", "--json"))["release"] == first
    assert current(space.models).name == first
    back, forth, *_ = shell("models", "history").splitlines()
    assert f"{first}  rolled back to" in back
    assert f"{candidate['name']}  published" in forth
    assert forth.endswith(", forced: Chat is closed.")


def test_refusals_end_with_1_and_change_nothing(space):
    first = current(space.models).name
    for words, said in (
        (("models", "rollback"), "No release was in force before"),
        (("models", "publish", "nothing"), "faqdesk models list"),
        (("models", "show", "nothing"), "faqdesk models list"),
    ):
        done = faqdesk(space, *words)
        assert (done.returncode, done.stdout) == (1, "")
        assert said in done.stderr
    weights = next((space.models / "faq").rglob("prior.safetensors"))
    weights.write_bytes(b"x")
    done = faqdesk(space, "models", "publish", first)
    assert done.returncode == 1
    assert "not as it was written" in done.stderr
    assert current(space.models).name == first


def test_pruning_is_dry_until_it_is_meant(space, shell):
    first = current(space.models)
    shell("index")
    dry = json.loads(shell("models", "prune", "--keep", "0", "--json"))
    assert (dry["deleted"], dry["releases"]) == (False, [first.name])
    assert (space.models / "index" / first.parts["index"]).exists()
    assert "nothing is deleted without --delete" in shell("models", "prune", "--keep", "0")
    assert "Deleted: 1 releases, 1 folders" in shell("models", "prune", "--keep", "0", "--delete")
    assert not (space.models / "index" / first.parts["index"]).exists()
    assert (space.models / "faq" / first.parts["faq"]).exists()  # the live one has it too
    assert "pruned" in shell("models", "list")


def test_a_folder_that_stays_is_named_and_the_exit_code_says_so(space, monkeypatch):
    db = space.database()
    first = current(space.models)
    releases.publish(space, db, {"faq": first.parts["faq"]}, actor=ACTOR)
    db.close()

    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setenv("FAQDESK_HOME", str(space.home))
    monkeypatch.setattr(shutil, "rmtree", refuse)
    words = ["models", "prune", "--keep", "0", "--delete"]
    done = CliRunner().invoke(group, words)
    assert done.exit_code == 1
    assert "Deleted: 1 releases, 0 folders" in done.stdout
    assert f"Could not delete index/{first.parts['index']}: Permission denied" in done.stderr
    done = CliRunner().invoke(group, [*words, "--json"])
    assert done.exit_code == 1
    assert len(json.loads(done.stdout)["failed"]) == 2


def test_the_line_of_categories_is_moved_by_name(space, shell):
    db = space.database()
    parts = [write_part(space, f"c{n}", kind="category") for n in range(2)]
    names = [releases.publish(space, db, part, actor=ACTOR, line="category").name for part in parts]
    db.close()
    line = ("--line", "category")
    listed = json.loads(shell("models", "list", *line, "--json"))["releases"]
    assert [found["name"] for found in listed] == names[::-1]
    assert names[1] not in shell("models", "list")
    assert "c1" in shell("models", "show", "live", *line)
    assert names[0] in shell("models", "rollback", *line)
    assert current(space.models, line="category").name == names[0]
    assert names[1] in shell("models", "publish", names[1], *line)
    assert "Deleted: 1 releases, 1 folders" in shell(
        "models", "prune", "--keep", "0", "--delete", *line
    )


def test_a_desk_without_releases_says_what_to_do(tmp_path):
    space = desks.make(tmp_path, desks.rows(20))
    done = faqdesk(space, "models", "list")
    assert (done.returncode, done.stdout) == (0, "No release yet. Make one: faqdesk train\n")
