"""Forgetting a person: nothing of them is left in any row, file or free page, and all else is."""

import json
import shutil
from contextlib import closing

import numpy as np
import pytest
from safetensors.numpy import save_file

from support import (
    agents,
    answering,
    connections,
    forgetting,
    forgetting_copies,
    inquiry_map,
    insertions,
    learned,
    mail_intake,
    quoted,
    routes,
    webhook_intake,
)
from support.audit import Actor
from support.clock import ago
from support.connection_access import Access
from support.database import scalar, settle, write
from support.encoder import SentenceEncoder
from support.errors import ConflictError, InputError, NotFoundError
from support.forgotten import Entry, entries
from support.similar import SimilarInquiries
from support.webhook_intake import accept
from support.webhook_signatures import signed
from support.workspace import Workspace
from tests.conftest import ACTOR, import_csv
from tests.support.test_mail_intake import mail
from tests.support.test_webhooks import chatwoot

# Words that nobody else of the desk says, in letters that stand together nowhere else.
HERS, HIS = "퀴즈뙤약볕", "샘플쿵쾅"
ANSWERED = "뽀드득콸콸"
HELP = "https://help.example.com/ko/faq/"
ROWS = [
    ("1", "mina", f"{HERS} 환불 문의", f"{ANSWERED} {HELP}refund"),
    ("2", "mina", f"{HERS} 이어서 여쭤요 010-2345-6789", ""),
    ("3", "joon", f"{HIS} 환불 문의", f"안녕하세요 {HELP}refund"),
    ("4", "joon", f"{HIS} 또 물어요", "네 그래요"),
    ("5", "joon", f"{HIS} 셋째 물음", "네 그래요"),
    ("6", "", "누가 물었는지 몰라요 뿌지직", "네"),
]


class Letters:
    """An engine of two dimensions: hers, and everybody else's."""

    dim = 2

    def __call__(self, texts):
        return np.array([[1, 0] if HERS in text else [0, 1] for text in texts], np.float32)


@pytest.fixture
def desk(space, db, seal, tmp_path):
    """Mina's inquiries 1 and 2, Joon's 3 to 5, and 6 of somebody unknown, with all that follows."""
    lines = "".join(f'{a},{b},"{c}","{d}",{ago(hours=1)}\n' for a, b, c, d in ROWS)
    import_csv(space, tmp_path / "h.csv", "id,customer,question,answer,created_at\n" + lines)
    by = agents.add(db, ACTOR, login="a", name="에이", role="agent", password="long enough 1")
    for number in range(1, 7):
        row = {"id": f"sg{number}", "inquiry_id": number, "asked_by": "agent:1", "release": "r"}
        db["suggestions"].insert(row | {"band": "likely", "at": ago(minutes=1)})
        row = {"suggestion_id": f"sg{number}", "rank": 1, "slug": "refund", "probability": 0.9}
        db["suggestion_faqs"].insert(row)
        insertions.note(db, f"sg{number}", "inserted", past_id=1, actor=Actor("agent:1"))
    answering.save_draft(db, seal, inquiry_id=2, agent_id=by.id, text=f"{HERS} 초안", revision=1)
    SimilarInquiries(SentenceEncoder(Letters(), "e1")).remember(db, [1, 3, 4, 5, 6])
    _quote(db)
    settle(db)
    return db


def _quote(db):
    """A gap, a map and a pair of FAQs that tell of her inquiries among others."""
    gap = {"state": "open", "words": '["환불"]', "title": f"{HERS} 환불 문의", "n": 4,
           "body": f"{ANSWERED} {HELP}refund", "encoder_version": "e1", "first_at": "",
           "last_at": "", "found_at": "", "seen_at": ""}  # fmt: skip
    for number, members in ((1, (1, 3, 4, 5)), (2, (1, 2, 3))):
        db["gaps"].insert(gap | {"id": number, "n": len(members)})
        for place, inquiry in enumerate(members, 1):
            db["gap_inquiries"].insert({"gap_id": number, "inquiry_id": inquiry, "place": place})
    ids = np.array([1, 3, 4], "<i8")
    points = np.array([[1, 1], [3, 3], [4, 4]], "<f4")
    db["maps"].insert({"encoder_version": "e1", "ids": ids.tobytes(), "points": points.tobytes(),
                       "settings": "{}", "made_at": ago()})  # fmt: skip
    db["faq_pairs"].insert({
        "a": "refund", "b": "send", "n_a": 1, "n_b": 1, "compared": 1, "crossed": 1, "mixing": 1,
        "low": 0, "high": 1, "together": 0, "examples": "[[1, 3, 0.5], [3, 4, 0.5]]",
        "encoder_version": "e1", "found_at": "",
    })  # fmt: skip


def bytes_of(space):
    return b"".join(path.read_bytes() for path in space.home.rglob("*") if _is_kept(path))


def _is_kept(path):
    return path.is_file() and not path.name.endswith("-shm")  # who reads, in memory


def forget(space, db, seal, name="mina", **more):
    person = forgetting.customer(db, seal, name, **more)
    return forgetting.forget(space, db, seal, person, actor=ACTOR)


def pieces(words):
    """A word, and its pairs of letters as the search keeps them."""
    return [words, *(words[at : at + 2] for at in range(len(words) - 1))]


def test_looking_changes_nothing(space, desk, seal):
    before = bytes_of(space)
    found = forgetting.look(space, desk, seal, forgetting.customer(desk, seal, "mina"))
    assert (found.rows["inquiries"], found.rows["messages"]) == (2, 3)
    assert (found.rows["originals"], found.rows["drafts"], found.rows["embeddings"]) == (1, 1, 1)
    assert not found.done
    settle(desk)
    assert bytes_of(space) == before


def test_nothing_is_left_in_any_file(space, desk, seal):
    for words in (*pieces(HERS), *pieces(ANSWERED), HIS):
        assert words.encode() in bytes_of(space), words
    found = forget(space, desk, seal)
    assert found.done
    for words in (*pieces(HERS), *pieces(ANSWERED)):
        assert words.encode() not in bytes_of(space), words
    assert HIS.encode() in bytes_of(space)
    rows = [row["source_id"] for row in desk.query("SELECT source_id FROM inquiries ORDER BY id")]
    assert rows == ["3", "4", "5", "6"]
    assert desk.conn.execute("PRAGMA foreign_key_check").fetchall() == []


def test_no_row_points_at_what_went(space, desk, seal):
    forget(space, desk, seal)
    left = {}
    for table in sorted(quoted.tables(desk)):
        for column in (c.name for c in desk[table].columns):
            if column in ("inquiry_id", "item_id", "past_id", "joined_to"):
                sql = f"SELECT count(*) FROM {table} WHERE {column} IN (1, 2)"
                left[table, column] = scalar(desk, sql)
    assert len(left) > 12
    # A tombstone is how every index learns that they are gone.
    assert {key for key, n in left.items() if n} == {("tombstones", "item_id")}
    gap = desk["gaps"].get(1)
    assert (gap["title"], gap["body"], gap["n"]) == ("환불", "", 3)
    assert desk["gaps"].count == 1  # of the other one too few were left to be no one's own words
    assert inquiry_map.stored(desk).ids.tolist() == [3, 4]
    assert inquiry_map.stored(desk).points.tolist() == [[3, 3], [4, 4]]
    assert json.loads(desk["faq_pairs"].get(("refund", "send"))["examples"]) == [[3, 4, 0.5]]


def test_another_process_finds_them_no_more(space, desk, seal):
    similar = SimilarInquiries(SentenceEncoder(Letters(), "e1"))
    with closing(space.database()) as other:
        assert similar.similar(other, HERS)[0].inquiry_id == 1
        forget(space, desk, seal)
        assert 1 not in [found.inquiry_id for found in similar.similar(other, HERS)]


def test_again_there_is_nothing_more(space, desk, seal):
    forget(space, desk, seal)
    assert not any(forget(space, desk, seal).rows.values())
    assert len(entries(desk)) == 1
    trail = list(desk.query("SELECT * FROM audit WHERE action = 'customer.forgotten'"))
    assert len(trail) == 2
    assert json.loads(trail[0]["detail"])["rows"]["inquiries"] == 2
    assert "mina" not in str(trail)


def test_killed_before_the_copies_are_cleaned_it_goes_on(space, desk, seal, monkeypatch):
    def killed(db):
        raise KeyboardInterrupt

    monkeypatch.setattr(forgetting, "forget_words", killed)
    with pytest.raises(KeyboardInterrupt):
        forget(space, desk, seal)
    assert scalar(desk, "SELECT count(*) FROM inquiries") == 4
    monkeypatch.undo()
    assert forgetting.clean(space, desk, seal)
    for words in pieces(HERS):
        assert words.encode() not in bytes_of(space)


def test_who_reads_the_log_delays_its_cleaning_alone(space, desk, seal, monkeypatch):
    monkeypatch.setattr(forgetting, "settle", lambda db: False)
    assert not forget(space, desk, seal).done
    assert scalar(desk, "SELECT count(*) FROM forgotten WHERE done_at IS NULL") == 1
    monkeypatch.undo()
    assert forgetting.clean(space, desk, seal)
    assert scalar(desk, "SELECT count(*) FROM forgotten WHERE done_at IS NULL") == 0


def test_an_answer_under_way_is_waited_for(space, desk, seal):
    with write(desk):
        row = {"inquiry_id": 1, "channel": "email", "state": "queued", "created_at": ago(),
               "updated_at": ago(), "sealed": b"", "leased_until": "2999-01-01T00:00:00Z",
               "message_id": scalar(desk, "SELECT max(id) FROM messages")}  # fmt: skip
        desk["outbox"].insert(row)
    with pytest.raises(ConflictError, match="in a minute"):
        forget(space, desk, seal)
    assert scalar(desk, "SELECT count(*) FROM inquiries") == 6
    desk.execute("UPDATE outbox SET leased_until = NULL")
    assert forget(space, desk, seal).undelivered == 1


def test_one_id_of_two_sources_is_two_people(space, desk, seal, tmp_path):
    desk.execute("UPDATE inquiries SET source = 'other', customer = ? WHERE id = 3",
                 [seal.customer("other", "mina")])  # fmt: skip
    with pytest.raises(InputError, match=r"csv, other each have.*--source csv"):
        forgetting.customer(desk, seal, "mina")
    assert forget(space, desk, seal, sources=["other"]).rows["inquiries"] == 1
    assert scalar(desk, "SELECT count(*) FROM inquiries") == 5


@pytest.mark.parametrize(("name", "kind"), [(" ", InputError), ("nobody", NotFoundError)])
def test_nobody_is_said_so(desk, seal, name, kind):
    with pytest.raises(kind):
        forgetting.customer(desk, seal, name)
    with pytest.raises(NotFoundError):
        forgetting.asker(desk, 99)


def test_by_one_of_their_inquiries(space, desk, seal):
    person = forgetting.asker(desk, 2)
    assert forgetting.forget(space, desk, seal, person, actor=ACTOR).rows["inquiries"] == 2
    unknown = forgetting.asker(desk, 6)
    assert forgetting.forget(space, desk, seal, unknown, actor=ACTOR).rows["inquiries"] == 1
    assert "뿌지직".encode() not in bytes_of(space)


def test_an_old_export_brings_nobody_back(space, desk, seal, tmp_path):
    forget(space, desk, seal)
    forgetting.forget(space, desk, seal, forgetting.asker(desk, 6), actor=ACTOR)
    old = (tmp_path / "h.csv").read_text()
    report = import_csv(space, tmp_path / "h.csv", old)
    assert (report.inquiries, sum(report.left_out.values())) == (0, 3)
    assert scalar(desk, "SELECT count(*) FROM inquiries") == 3
    later = old.splitlines()[0] + f"\n7,mina,새로운 물음,,{ago(hours=-1)}\n"
    assert import_csv(space, tmp_path / "h.csv", later).inquiries == 1


def test_what_nobody_known_asked_goes_with_what_it_was_joined_to(space, desk, seal, tmp_path):
    """Another customer's, joined to hers, stays; an old export or a copy brings none back."""
    desk.execute("UPDATE inquiries SET joined_to = 1 WHERE id IN (5, 6)")
    settle(desk)
    copy = Workspace(tmp_path / "copy").create()
    shutil.copy(space.database_path, copy.database_path)
    shutil.copy(space.key_path, copy.key_path)
    assert forget(space, desk, seal).rows["inquiries"] == 3
    assert "뿌지직".encode() not in bytes_of(space)
    rows = list(desk.query("SELECT source_id, joined_to FROM inquiries ORDER BY id"))
    assert [tuple(row.values()) for row in rows] == [("3", None), ("4", None), ("5", None)]
    old = (tmp_path / "h.csv").read_text()
    assert import_csv(space, tmp_path / "h.csv", old).inquiries == 0
    hers = [entry for entry in entries(desk) if entry.kind == "customer"]
    with closing(copy.database()) as back:
        assert forgetting.forget_again(back, seal, hers) == 3


def test_what_is_dated_ahead_does_not_come_back_and_what_is_asked_next_is_new(
    space, desk, seal, tmp_path
):
    """By a clock that went wrong, or an export read in another zone."""
    head = "id,customer,question,answer,created_at\n"
    ahead = f"7,mina,{HERS} 앞선 물음,,{ago(days=-300)}\n"
    assert import_csv(space, tmp_path / "h.csv", head + ahead).inquiries == 1
    settle(desk)
    copy = Workspace(tmp_path / "copy").create()
    shutil.copy(space.database_path, copy.database_path)
    shutil.copy(space.key_path, copy.key_path)
    assert forget(space, desk, seal).rows["inquiries"] == 3
    with closing(copy.database()) as back:
        assert forgetting.forget_again(back, seal, entries(desk)) == 3
    fresh = f"8,mina,새로운 물음,,{ago(hours=-1)}\n"
    assert import_csv(space, tmp_path / "h.csv", head + ahead + fresh).inquiries == 1


def test_a_damaged_list_of_what_a_model_read_holds_nobody_up(space, desk, seal):
    place = space.models / "faq" / "20260101-000000-abcd"
    place.mkdir(parents=True)
    for content in (b"", b"junk", None):
        (place / learned.FILE).unlink(missing_ok=True)
        if content is None:  # whole, but of something else
            save_file({"other": np.zeros(1)}, place / learned.FILE)
        else:
            (place / learned.FILE).write_bytes(content)
        found = forgetting.look(space, desk, seal, forgetting.customer(desk, seal, "mina"))
        assert [(item.part, item.sure) for item in found.models] == [(f"faq/{place.name}", False)]
    assert forget(space, desk, seal).rows["inquiries"] == 2


def test_copies_are_cleaned_and_bundles_get_a_note(space, desk, seal, tmp_path, monkeypatch):
    copy = space.home / "backups" / "desk-before-m029-20261101T000000Z.db"
    copy.parent.mkdir()
    bundle = tmp_path / "desk.bundle"
    bundle.write_bytes(b"whole")
    shutil.copy(space.database_path, copy)
    with closing(space.database()) as other:
        other.execute("SELECT 1")
    age = copy.stat().st_mtime_ns
    monkeypatch.setattr(forgetting_copies, "bundles", lambda space, db: [bundle])
    assert HERS.encode() in copy.read_bytes()
    found = forget(space, desk, seal)
    assert (found.copies, found.bundles) == ((copy,), (bundle,))
    for words in pieces(HERS):
        assert words.encode() not in copy.read_bytes()
    assert HIS.encode() in copy.read_bytes()
    assert copy.stat().st_mtime_ns == age
    assert bundle.read_bytes() == b"whole"
    note = forgetting_copies.told(bundle)
    assert note == entries(desk)
    assert "mina" not in bundle.with_name("desk.bundle.forgotten.json").read_text()


def test_what_a_copy_brings_back_is_forgotten_again(space, desk, seal, tmp_path):
    settle(desk)
    bundle = tmp_path / "old.db"
    shutil.copy(space.database_path, bundle)
    forget(space, desk, seal)
    forgetting_copies.tell(bundle, entries(desk))
    forgetting_copies.tell(bundle, [Entry("customer", "another", "2026-01-01T00:00:00Z")])
    assert len(forgetting_copies.told(bundle)) == 2
    again = Workspace(tmp_path / "again").create()
    shutil.copy(bundle, again.database_path)
    shutil.copy(space.key_path, again.key_path)
    with closing(again.database()) as back:
        assert forgetting.forget_again(back, seal, forgetting_copies.told(bundle)) == 2
        settle(back)
        assert len(entries(back)) == 2
    for words in pieces(HERS):
        assert words.encode() not in bytes_of(again)
    assert HIS.encode() in bytes_of(again)


def test_a_damaged_note_is_not_passed_over(tmp_path):
    bundle = tmp_path / "desk.tar"
    assert forgetting_copies.told(bundle) == []
    bundle.with_name("desk.tar.forgotten.json").write_text("{")
    with pytest.raises(Exception, match="cannot be read"):
        forgetting_copies.told(bundle)


def test_what_lies_sealed_at_the_doors(space, db, seal):
    access = Access(address="mail.example.com:25", sender="Help <help@example.com>", tls="none")
    made = connections.connect(db, seal, ACTOR, name="mail", kind="smtp", access=access)[0]
    mail_intake.take(db, seal, made, mail(1, "환불은 언제 되나요?"))
    mail_intake.take(
        db, seal, made,
        mail(2, "저도요", sender="준 <joon@customer.example>", Cc="민아 <mina@customer.example>"),
    )  # fmt: skip
    shop = connections.connect(
        db,
        seal,
        ACTOR,
        name="chat",
        kind="chatwoot",
        access=Access(secret="s", address="https://chat.example", account="3", token="t"),
    )[0]
    accept(db, seal, shop, signed("chatwoot", "s", json.dumps(chatwoot(5, HERS)).encode()))
    assert routes.mail_thread(db, seal, 2).copies == ["민아 <mina@customer.example>"]
    found = forget(space, db, seal, "Mina@Customer.example")
    assert (found.rows["inquiries"], found.rows["mail_copies"]) == (1, 1)
    assert routes.mail_thread(db, seal, 2).copies == []
    found = forget(space, db, seal, "42")
    assert found.rows["webhooks"] == 1
    assert webhook_intake.waiting(db) == []
    assert scalar(db, "SELECT count(*) FROM webhook_deliveries WHERE sealed IS NOT NULL") == 0
