"""The benchmark of the console: the desk that is grown, and pages asked for over HTTP."""

import json

import numpy as np
import pytest

from support import archive, embeddings
from support.database import scalar
from support.inquiry_map import stored
from support.recommender import Recommender
from train.bench_web import bench_web
from train.bench_web_clicks import PAGES
from train.bench_web_desk import OPEN, grow_desk
from web.cli.bench_sample import sample_desk

SIZE = 500


@pytest.fixture(scope="module")
def grown(tmp_path_factory):
    return grow_desk(
        sample_desk(tmp_path_factory.mktemp("grown") / "desk", labels=6), size=SIZE, people=2
    )


def test_the_desk_has_all_that_pages_read(grown):
    db = grown.database()
    count = "SELECT count(*) FROM inquiries WHERE "
    assert scalar(db, count + "answer_id IS NOT NULL") == SIZE
    assert scalar(db, count + "status = 'open'") == OPEN
    assert scalar(db, count + "answer_id IS NOT NULL AND answered_by = ''") == 0
    assert not scalar(db, "SELECT count(*) FROM pragma_foreign_key_check")
    for filters in (
        archive.Filters(tag="급함"),
        archive.Filters(agent="agent:1"),
        archive.Filters(suggested="accepted"),
        archive.Filters(language="en"),
    ):
        assert archive.find(db, filters).rows
    version = scalar(db, "SELECT DISTINCT encoder_version FROM embeddings")
    assert embeddings.missing(db, version) == []
    found = stored(db)
    assert len(found.ids) == len(found.points) == SIZE
    assert (np.diff(found.ids) > 0).all()
    db.close()


def test_models_are_really_in_force(grown):
    db = grown.database()
    recommender = Recommender(grown)
    text = scalar(db, "SELECT text FROM inquiries WHERE status = 'open' AND source = 'bench'")
    found = recommender.suggest(db, text)
    assert found.release
    assert not found.degraded
    assert len(found.similar) > 1
    assert recommender.models().classifier is not None
    assert len(recommender.models().similar) == SIZE
    db.close()


def test_agents_click_through_the_real_console(grown):
    # A desk that is there is taken as it is.
    found = bench_web(sample_desk, inquiries=9, agents=2, think=0.05, seconds=3, keep=grown.home)
    json.dumps(found.as_dict())
    assert found.inquiries == SIZE
    assert set(found.pages) == {page.name for page in PAGES}
    assert found.trouble == ()
    assert found.clicks > len(PAGES)
    for page in found.pages.values():
        assert page["errors"] == 0
        if page["clicks"]:
            assert 0 < page["p50"] <= page["p95"] <= page["p99"]
        assert page["alone_ms"] > 0
    assert "closed loop" in found.table()
    assert grown.exists()
