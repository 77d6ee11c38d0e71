"""When a classifier may listen to the neighbours that are found."""

import shutil
from dataclasses import replace

from support.hybrid import MIX
from support.models import load


def test_neighbours_are_heard_where_they_are_scored_as_in_training(trained):
    models = load(trained.models)
    assert models.hears_neighbours
    assert models.mix == MIX
    assert not replace(models, mix=0.9).hears_neighbours
    assert not replace(models, mix=None).hears_neighbours  # an index from before words were read


def test_without_its_index_the_desk_still_hears_them_and_says_what_is_missing(trained, tmp_path):
    folder = tmp_path / "models"
    shutil.copytree(trained.models, folder, symlinks=True)
    shutil.rmtree(folder / "index")
    models = load(folder)
    assert models.hears_neighbours
    assert "index" in models.degraded


def test_another_share_of_meaning_is_said_with_the_cure(trained, tmp_path, monkeypatch):
    folder = tmp_path / "models"
    shutil.copytree(trained.models, folder, symlinks=True)
    shutil.rmtree(folder / "index")
    monkeypatch.setattr("support.models.mix_for", lambda encoder: 0.9)
    models = load(folder)
    assert not models.hears_neighbours
    assert "faqdesk train" in models.degraded
