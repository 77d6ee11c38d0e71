"""Any filters together find what a plain look at every row finds, page by page."""

import random

import pytest

from support import agents, archive, archive_filters
from support.archive import Filters
from support.word_index import index_words
from support.workspace import Workspace
from tests.conftest import ACTOR

N = 150
WORDS = ("환불", "배송", "계정", "refund", "parcel")
SLUGS = ("refund", "parcel", "chat")


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """A desk of N inquiries, and what each of them is, written down beside it."""
    db = Workspace(tmp_path_factory.mktemp("random") / "desk").create().database()
    draw = random.Random(6)
    agents.add(db, ACTOR, login="mina", name="미나", role="agent", password="long enough 1")
    rows = []
    db.conn.execute("BEGIN")
    for number in range(1, N + 1):
        day = draw.randint(1, 28)
        row = {
            "id": number,
            "at": f"2026-02-{day:02}T00:00:00Z",  # many share a moment
            "channel": draw.choice(("mail", "chat")),
            "category": draw.choice(("", "돈", "물건")),
            "language": draw.choice(("ko", "en")),
            "agent": draw.choice(("agent:1", "author:Kim", "")),
            "tags": draw.sample(("vip", "급함"), draw.randint(0, 2)),
            "faqs": draw.sample(SLUGS, draw.randint(0, 2)),
            "said": draw.sample(WORDS, draw.randint(1, 3)),
            "answered": draw.random() < 0.9,
            "band": draw.choice(("", "silent", "likely")),
            "accepted": draw.random() < 0.5,
            "missed": draw.random() < 0.3,
        }
        rows.append(row)
        _write(db, row)
    db.conn.commit()
    yield db, [row for row in rows if row["answered"]]
    db.close()


def _write(db, row):
    number = row["id"]
    tags = "[" + ",".join(f'"{tag}"' for tag in row["tags"]) + "]"
    db.conn.execute(
        "INSERT INTO inquiries (id, source, source_id, channel, category, language, tags, text, "
        "status, opened_at) VALUES (?, 's', ?, ?, ?, ?, ?, ?, 'open', ?)",
        (number, str(number), row["channel"], row["category"], row["language"], tags,
         " ".join(row["said"]), row["at"]),
    )  # fmt: skip
    if row["answered"]:
        mine = row["agent"] == "agent:1"
        author = "Kim" if row["agent"] == "author:Kim" else ""
        db.conn.execute(
            "INSERT INTO messages (id, inquiry_id, source_id, role, agent_id, author, text, at) "
            "VALUES (?, ?, 'a', 'agent', ?, ?, '네', ?)",
            (number, number, 1 if mine else None, author, row["at"]),
        )
        db.conn.execute(
            "UPDATE inquiries SET answer_id = id, answered_at = opened_at, status = 'answered' "
            "WHERE id = ?",
            (number,),
        )
    for slug in row["faqs"]:
        db.conn.execute(
            "INSERT INTO labels (inquiry_id, slug, origin, at) VALUES (?, ?, 'hand', ?)",
            (number, slug, row["at"]),
        )
    if row["band"]:
        db.conn.execute(
            "INSERT INTO suggestions (id, inquiry_id, asked_by, release, band, at) "
            "VALUES (?, ?, 'agent:1', 'r', ?, ?)",
            (f"sg{number}", number, row["band"], row["at"]),
        )
        if row["accepted"]:
            db.conn.execute(
                "INSERT INTO suggestion_faqs (suggestion_id, rank, slug, probability, outcome) "
                "VALUES (?, 1, 'chat', 0.5, 'accepted')",
                (f"sg{number}",),
            )
        if row["missed"]:
            db.conn.execute("INSERT INTO misses VALUES (?, 'chat')", (f"sg{number}",))
    index_words(db, number)


def holds(row, chosen):
    """Whether a row is what the filters ask for, worked out plainly."""
    for name in ("channel", "category", "language", "agent"):
        if chosen.get(name) and row[name] != chosen[name]:
            return False
    shown = row["band"] not in ("", "silent")
    suggested = {
        "shown": shown,
        "none": not shown,
        "accepted": bool(row["band"]) and row["accepted"],
        "missed": bool(row["band"]) and row["missed"],
    }
    return (
        chosen.get("since", "") <= row["at"] < chosen.get("until", "9999")
        and (not chosen.get("faq") or chosen["faq"] in row["faqs"])
        and (not chosen.get("tag") or chosen["tag"] in row["tags"])
        and all(word in row["said"] for word in chosen.get("words", "").split())
        and suggested.get(chosen.get("suggested", ""), True)
    )


CHOICES = {
    "channel": ("mail", "chat"),
    "category": ("돈", "물건"),
    "language": ("ko", "en"),
    "agent": ("agent:1", "author:Kim"),
    "since": ("2026-02-05T00:00:00Z", "2026-02-20T00:00:00Z"),
    "until": ("2026-02-15T00:00:00Z", "2026-02-28T00:00:00Z"),
    "faq": SLUGS,
    "tag": ("vip", "급함"),
    "words": (*WORDS, "환불 refund"),
    "suggested": ("shown", "none", "accepted", "missed"),
}


@pytest.mark.parametrize("few", [0, 20, 5000])
def test_filters_together_find_what_a_look_at_every_row_finds(desk, monkeypatch, few):
    db, rows = desk
    monkeypatch.setattr(archive_filters, "FEW", few)
    draw = random.Random(few)
    found_something = 0
    for _ in range(60):
        names = draw.sample(sorted(CHOICES), draw.randint(0, 4))
        chosen = {name: draw.choice(CHOICES[name]) for name in names}
        expected = [row for row in rows if holds(row, chosen)]
        expected.sort(key=lambda row: (row["at"], row["id"]), reverse=True)
        ids, after = [], None
        while True:
            page = archive.find(db, Filters(**chosen), after=after, limit=7)
            ids += [row.id for row in page.rows]
            after = page.after
            if after is None:
                break
        assert ids == [row["id"] for row in expected], chosen
        assert archive.count(db, Filters(**chosen)) == (len(expected), False)
        found_something += bool(expected)
    assert found_something > 20
