"""`faqdesk train category` and `faqdesk bench category` as they are typed."""

import json
import sys

import pytest
from click.testing import CliRunner

from listings.store import Collected, ListingStore
from support.releases import current
from tests.train.goods import goods
from web.cli import faqdesk as group
from web.cli import main


def write(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


@pytest.fixture
def files(tmp_path):
    found = []
    for name, seed, count in (("train", 0, 120), ("test", 1, 40)):
        listings, paths = goods(tmp_path, count, seed=seed)
        rows = [
            {"title": item.title, "description": item.description, "category": path}
            for item, path in zip(listings, paths, strict=True)
        ]
        found.append(write(tmp_path / f"{name}.jsonl", rows))
    return found


def test_the_benchmark_prints_the_one_object(files):
    words = ["--train", str(files[0]), "--test", str(files[1]), "--seeds", "1", "--json"]
    done = CliRunner().invoke(
        group, ["bench", "category", *words, "--image", "none", "--text", "linear"]
    )
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert list(found)[:6] == ["set", "n_train", "n_test", "labels", "seconds", "peak_mb"]
    assert (found["set"], found["n_train"], found["n_test"]) == ("train", 120, 40)
    assert found["ensemble"]["accuracy"] > 0.6
    assert found["baselines"]["tfidf_svm"]["accuracy"] > 0.6


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "Name either --set with --data, or --train with --test"),
        (["--set", "gumtree"], "Name either"),
        (["--train", "a.csv"], "belong together"),
        (["--set", "gmarket", "--data", "no/such"], "lacks gmarket_38.csv"),
        (["--train", "a.csv", "--test", "a.csv", "--images", "x"], "no category"),
        (["--set", "gmarket", "--data", "x", "--images", "y"], "belong together"),
    ],
)
def test_what_is_missing_is_said(words, says, monkeypatch, capsys, tmp_path):
    (tmp_path / "a.csv").write_text("title,category\nx,\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["faqdesk", "bench", "category", *words])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code
    assert says in capsys.readouterr().err


def test_a_desk_s_listings_are_learned_and_the_figures_told(space, db, seal, monkeypatch):
    listings, paths = goods(space.home, 120)
    ListingStore(db, seal).save(
        [
            Collected(
                source="shop",
                external_id=str(number),
                title=item.title,
                description=item.description,
                category=path,
            )
            for number, (item, path) in enumerate(zip(listings, paths, strict=True))
        ]
    )
    monkeypatch.setenv("FAQDESK_HOME", str(space.home))
    words = ["train", "category", "--text", "linear", "--image", "none"]
    done = CliRunner().invoke(group, words, catch_exceptions=False)
    assert "Learned 4 categories from 120 listings" in done.stdout
    assert "is in force" in done.stdout
    assert current(space.models, line="category") is not None
    done = CliRunner().invoke(group, ["train", "category", "--text", "none", "--image", "none"])
    assert "at least one text model" in done.output
