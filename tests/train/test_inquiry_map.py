"""The map: what is alike lies together, newcomers find their place, and a page can draw it all."""

import csv
import json
import struct

import numpy as np
import pytest

from support import faq_edit, faq_labels, faqs, inquiry_map, map_page
from support.database import scalar
from support.errors import ModelMissingError
from tests import knowledge_desk
from tests.conftest import ACTOR
from tests.train.test_gaps import clouds
from train.inquiry_map import make_map
from train.tsne import TsneConfig, lay_out

QUICK = TsneConfig(gathering=50, settling=50, perplexity=5)
SETTLED = TsneConfig(gathering=150, settling=350, perplexity=5)


@pytest.fixture
def desk(space, tmp_path):
    knowledge_desk.make(space, tmp_path)
    knowledge_desk.use_shipped_encoder(space)
    db = space.database()
    yield db
    db.close()


def test_what_is_alike_lies_together_and_the_same_seed_draws_the_same():
    vectors, truth = clouds([30, 30, 30], spread=0.4)
    points = lay_out(vectors, config=QUICK)
    assert points.shape == (90, 2)
    assert np.allclose(points.mean(axis=0), 0, atol=1e-3)
    apart = np.linalg.norm(points[:, None] - points[None], axis=-1)
    np.fill_diagonal(apart, np.inf)
    assert (truth[apart.argmin(axis=1)] == truth).mean() > 0.9
    assert np.array_equal(points, lay_out(vectors, config=QUICK))
    assert lay_out(vectors[:3]).tolist() == [[0, 0], [1, 0], [2, 0]]


def test_a_killed_run_goes_on_where_it_was(tmp_path):
    vectors, _ = clouds([20, 20])
    told = []

    def killed(done, total, message):
        told.append(done)
        if done == 75:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        lay_out(vectors, config=QUICK, notes=tmp_path, progress=killed)
    told.clear()
    lay_out(
        vectors, config=QUICK, notes=tmp_path,
        progress=lambda done, total, message: told.append((done, message)),
    )  # fmt: skip
    assert [done for done, message in told if message.startswith("laying")] == [100]


def read(data):
    """The columns of a page's bytes, as a browser reads them."""
    assert data[:4] == b"FQM1"
    (n,) = struct.unpack("<I", data[4:8])
    columns, place = [], 8
    for kind in ("<u4", "<u2", "<u2", "<u2", "<u2", "<u1"):
        size = n * np.dtype(kind).itemsize
        columns.append(np.frombuffer(data[place : place + size], kind).tolist())
        place += size
    assert place == len(data)
    return columns


def test_a_page_gets_every_point_with_its_faq_day_and_outcome(space, desk):
    waiting = desk.table("inquiries").insert(
        {
            "source": "web", "source_id": "new", "text": "인증번호 안 와요", "status": "open",
            "opened_at": "2026-02-01T00:00:00Z",
        }
    ).last_pk  # fmt: skip
    made = make_map(space, desk, config=QUICK)
    assert (made.points, made.anew) == (21, True)
    assert not (space.home / "map").exists()
    found = map_page.page(desk)
    ids, x, y, faq, day, outcome = read(found.data)
    assert ids == sorted(row["id"] for row in desk.query("SELECT id FROM inquiries"))
    assert (min(x), max(x), min(y), max(y)) == (0, 65535, 0, 65535)
    legend = found.legend
    assert legend["faqs"] == [{"slug": "refund", "title": "환불 안내", "title_en": "", "count": 6}]
    assert found.columns()["x"].tolist() == x
    assert found.columns()["outcome"].tolist() == outcome
    assert found.whole.startswith(found.data)
    assert json.loads(found.whole[len(found.data) :]) == legend
    assert (legend["first_day"], legend["last_day"]) == ("2026-01-01", "2026-02-01")
    refunds = [place for place, item in enumerate(ids) if faq[place]]
    assert {knowledge_desk.topic_of(desk, ids[place]) for place in refunds} == {"refund"}
    names = [legend["outcomes"][number] for number in outcome]
    assert names[ids.index(waiting)] == "open"
    assert sorted(set(names)) == ["bare", "linked", "open"]
    assert day[ids.index(waiting)] == 31
    assert legend["not_placed"] == 0
    assert scalar(desk, "SELECT count(*) FROM embeddings WHERE item_id = ?", [waiting]) == 0


def test_newcomers_are_put_beside_what_they_are_like_and_nothing_else_moves(space, desk, tmp_path):
    make_map(space, desk, config=SETTLED)
    before = inquiry_map.stored(desk)
    stamp = inquiry_map.stamp(desk)
    again = make_map(space, desk, config=SETTLED)
    assert (again.placed, again.anew) == (0, False)
    assert inquiry_map.stamp(desk) == stamp
    more = {"code": [*knowledge_desk.TOPICS["code"], "인증번호가 전혀 안 와요"]}
    knowledge_desk.make(space, tmp_path, more)
    assert map_page.page(desk).legend["not_placed"] == 1
    made = make_map(space, desk, config=SETTLED)
    assert (made.points, made.placed, made.anew) == (21, 1, False)
    after = inquiry_map.stored(desk)
    assert np.array_equal(after.points[:-1], before.points)
    nearest = np.linalg.norm(after.points[:-1] - after.points[-1], axis=1).argmin()
    assert knowledge_desk.topic_of(desk, int(after.ids[nearest])) == "code"
    assert make_map(space, desk, anew=True, config=SETTLED).anew
    # what is answered with another one is drawn with it
    desk.execute("UPDATE inquiries SET joined_to = 2 WHERE id = 3")
    assert 3 not in read(map_page.page(desk).data)[0]
    desk.execute("UPDATE inquiries SET joined_to = NULL WHERE id = 3")
    # what is gone is not drawn
    knowledge_desk.forget(desk, [int(after.ids[0])])
    ids = read(map_page.page(desk).data)[0]
    assert int(after.ids[0]) not in ids
    assert len(ids) == 20
    assert inquiry_map.stamp(desk) != stamp


def test_a_region_is_read_labelled_and_exported(space, desk, tmp_path):
    make_map(space, desk, config=QUICK)
    found = inquiry_map.hits(desk, "인증번호")
    assert {knowledge_desk.topic_of(desk, item) for item in found} == {"code"}
    assert inquiry_map.hits(desk, "  ") == []
    desk.execute("UPDATE inquiries SET text = '=HYPERLINK(1)' WHERE id = ?", [found[0]])
    faq_edit.create(desk, ACTOR, title="인증번호", slug="code")
    faq_labels.label(desk, ACTOR, "code", found)
    assert inquiry_map.region_faqs(desk, found) == [("code", 5)]
    assert [row.slugs for row in inquiry_map.region(desk, found)] == [("code",)] * 5
    file = tmp_path / "region.csv"
    assert inquiry_map.export_region(desk, found, file) == 5
    with file.open(encoding="utf-8-sig", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert rows[-1]["question"] == "'=HYPERLINK(1)"
    assert {row["answer"] for row in rows} == {"스팸함을 확인해 주세요."}
    assert {row["faqs"] for row in rows} == {"code"}


def test_the_projector_gets_a_row_of_numbers_for_each_row_of_words(space, desk, tmp_path):
    make_map(space, desk, config=QUICK)
    desk.execute(
        "UPDATE inquiries SET text = 'a' || char(9) || 'b' || char(10) || 'c' WHERE id = 1"
    )
    assert inquiry_map.export_projector(desk, tmp_path / "out") == 20
    vectors = np.loadtxt(tmp_path / "out" / "vectors.tsv", delimiter="\t")
    words = (tmp_path / "out" / "metadata.tsv").read_text("utf-8").splitlines()
    assert len(vectors) == 20
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-3)
    assert len(words) == 21
    assert words[1].split("\t") == [
        "1", "refund", "환불 안내", "2026-01-01T03:04:05Z", "answered", "a b c",
    ]  # fmt: skip
    assert inquiry_map.export_projector(desk, tmp_path / "out", limit=5) == 5


def test_without_a_map_the_cure_is_named(desk):
    for ask in (map_page.page, inquiry_map.stamp):
        with pytest.raises(ModelMissingError, match="faqdesk map make"):
            ask(desk)
    assert faqs.get(desk, "refund").sent == 6
