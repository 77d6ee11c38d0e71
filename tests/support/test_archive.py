"""Answered inquiries: every filter, pages that stay where they were, names and counts."""

import pytest

from support import agents, archive, archive_filters, faqs
from support.archive import Filters
from support.errors import InputError
from support.faqs import Faq
from support.word_index import index_words
from support.workspace import Workspace
from tests.conftest import ACTOR, import_csv

HELP = "https://help.example.com/ko/faq/"
ROWS = """id,question,answer,created_at,answered_at,channel,category,language,agent,tags
1,환불해 주세요,안내 {h}refund,2026-01-01T00:00:00Z,2026-01-01T01:00:00Z,mail,돈,ko,Kim,급함
2,배송이 늦어요,안내 {h}parcel,2026-01-02T00:00:00Z,2026-01-02T01:00:00Z,chat,물건,ko,Kim,
3,Where is my refund,see {h}refund,2026-01-03T00:00:00Z,2026-01-03T01:00:00Z,mail,돈,en,Lee,
4,그냥요,네,2026-01-04T00:00:00Z,2026-01-04T01:00:00Z,chat,,ko,,
5,아직 열린 문의,,2026-01-05T00:00:00Z,,mail,돈,ko,,
"""


@pytest.fixture(scope="module")
def db(tmp_path_factory):
    """Four answered inquiries; of 2 an FAQ was shown and sent, of 3 one was sent unseen."""
    folder = tmp_path_factory.mktemp("archive")
    space = Workspace(folder / "desk").create()
    import_csv(space, folder / "h.csv", ROWS.replace("{h}", HELP))
    db = space.database()
    faqs.save(db, [Faq(slug="refund", title="환불", url=HELP + "refund")])
    mina = agents.add(db, ACTOR, login="mina", name="미나", role="agent", password="long enough 1")
    db.execute("UPDATE messages SET agent_id = ? WHERE text LIKE '네%'", [mina.id])
    db.execute("UPDATE inquiries SET answer_id = NULL WHERE id = 4")
    answer = "(SELECT id FROM messages WHERE agent_id IS NOT NULL)"
    db.execute(f"UPDATE inquiries SET answer_id = {answer} WHERE id = 4")
    for number, band in ((2, "likely"), (3, "possible"), (4, "silent")):
        row = {"id": f"sg{number}", "inquiry_id": number, "asked_by": "agent:1", "release": "r"}
        db["suggestions"].insert(row | {"band": band, "at": "2026-01-05T00:00:00Z"})
    row = {"suggestion_id": "sg2", "rank": 1, "slug": "parcel", "probability": 0.9}
    db["suggestion_faqs"].insert(row | {"outcome": "accepted"})
    db["misses"].insert({"suggestion_id": "sg3", "slug": "refund"})
    for number in range(1, 6):
        index_words(db, number)
    yield db
    db.close()


def ids(db, **filters):
    return [row.id for row in archive.find(db, Filters(**filters)).rows]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, [4, 3, 2, 1]),
        ({"channel": "mail"}, [3, 1]),
        ({"category": "돈"}, [3, 1]),
        ({"language": "en"}, [3]),
        ({"faq": "refund"}, [3, 1]),
        ({"faq": "refund", "language": "ko"}, [1]),
        ({"agent": "author:Kim"}, [2, 1]),
        ({"tag": "급함"}, [1]),
        ({"since": "2026-01-02T01:00:00Z", "until": "2026-01-04T01:00:00Z"}, [3, 2]),
        ({"suggested": "shown"}, [3, 2]),
        ({"suggested": "none"}, [4, 1]),
        ({"suggested": "accepted"}, [2]),
        ({"suggested": "missed"}, [3]),
        ({"words": "환불"}, [1]),
        ({"words": "refund", "channel": "mail"}, [3, 1]),  # 1's answer links it
        ({"words": "where refund"}, [3]),
        ({"words": "refund", "faq": "parcel"}, []),
        ({"words": "!!"}, []),
        ({"faq": "nothing"}, []),
    ],
)
@pytest.mark.parametrize("few", [0, 5000])  # walked from the newest, and found first
def test_every_filter(db, monkeypatch, filters, expected, few):
    monkeypatch.setattr(archive_filters, "FEW", few)
    assert ids(db, **filters) == expected
    assert archive.count(db, Filters(**filters)) == (len(expected), False)


def test_whose_answer_it_was(db):
    assert ids(db, agent="agent:1") == [4]
    rows = {row.id: row for row in archive.find(db).rows}
    assert (rows[4].agent, rows[3].agent) == ("미나", "Lee")
    assert rows[3].slugs == ("refund",)
    assert archive.choices(db) == {
        "agent": ["agent:1", "author:Kim", "author:Lee"],
        "channel": ["chat", "mail"],
        "category": ["돈", "물건"],
        "language": ["en", "ko"],
    }
    assert archive.agent_names(db, ["author:Kim", "agent:1"]) == {
        "author:Kim": "Kim",
        "agent:1": "미나",
    }


def test_a_page_begins_where_the_last_one_ended(db):
    db.conn.commit()
    db.execute("UPDATE inquiries SET answered_at = '2026-02-01T00:00:00Z' WHERE id IN (1, 2, 3)")
    first = archive.find(db, limit=2)
    assert [row.id for row in first.rows] == [3, 2]
    assert first.after == ("2026-02-01T00:00:00Z", 2)
    second = archive.find(db, after=first.after, limit=2)
    assert [row.id for row in second.rows] == [1, 4]
    assert second.after is None
    assert [row.id for row in archive.each(db, Filters(channel="chat"))] == [2, 4]
    db.conn.rollback()


def test_a_long_count_ends(db, monkeypatch):
    monkeypatch.setattr(archive, "COUNTED", 3)
    assert archive.count(db) == (3, True)


def test_what_means_nothing_is_refused():
    with pytest.raises(InputError, match="since"):
        Filters(since="yesterday")
    with pytest.raises(InputError, match="missed"):
        Filters(suggested="maybe")


@pytest.mark.parametrize(
    ("filters", "index"),
    [
        ({}, "inquiries_past"),
        ({"channel": "mail"}, "inquiries_past_channel"),
        ({"agent": "author:Kim"}, "inquiries_past_agent"),
        ({"category": "돈"}, "inquiries_past_category"),
        ({"language": "en"}, "inquiries_past_language"),
        ({"since": "2026-01-02T00:00:00Z"}, "inquiries_past"),
        ({"words": "환불"}, "inquiries_past"),
        ({"faq": "refund"}, "inquiries_past"),
        ({"suggested": "shown"}, "inquiries_past"),
    ],
)
def test_a_page_of_what_is_common_is_read_in_order_and_never_sorted(
    db, monkeypatch, filters, index
):
    monkeypatch.setattr(archive_filters, "FEW", 0)
    asked = []
    with db.tracer(lambda sql, values: asked.append((sql, values))):
        archive.find(db, Filters(**filters))
    sql, values = next(found for found in asked if "ORDER BY i.answered_at" in found[0])
    steps = [row[3] for row in db.conn.execute("EXPLAIN QUERY PLAN " + sql, values)]
    assert any(f"i USING INDEX {index}" in step for step in steps), steps
    assert not any("TEMP B-TREE" in step for step in steps), steps


def test_closed_without_an_answer_is_listed_by_its_index(db):
    asked: list[str] = []
    db.conn.set_trace_callback(asked.append)
    archive.unanswered(db, after=("2026-01-01T00:00:00Z", 5))
    archive.count_unanswered(db)
    db.conn.set_trace_callback(None)
    asked = [sql for sql in asked if "'closed'" in sql]
    assert len(asked) == 2
    for sql in asked:
        plan = " ".join(row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {sql}").fetchall())
        assert "inquiries_unanswered" in plan
        assert "TEMP B-TREE" not in plan
