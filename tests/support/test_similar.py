"""Past answers to similar inquiries: found at once, never oneself, labels where asked for."""

import numpy as np

from support import agents, answering, embeddings, inquiries, worklist
from support.audit import Actor
from support.database import one, scalar
from support.encoder import SentenceEncoder
from support.recommender import Recommender
from support.releases import newest
from support.similar import READ, SimilarInquiries
from tests.conftest import ACTOR

CODE = "인증번호 문자가 안 와요"


def test_an_inquiry_does_not_find_itself(desk):
    recommender, db, _ = desk
    row = one(db, "SELECT id, text FROM inquiries WHERE answer_id IS NOT NULL LIMIT 1")
    alone = recommender.suggest(db, row["text"], inquiry_id=row["id"])
    assert row["id"] not in [past.inquiry_id for past in alone.similar]
    assert recommender.suggest(db, row["text"]).similar[0].inquiry_id == row["id"]


def test_a_new_answer_is_found_in_another_process_without_a_rebuild(desk):
    recommender, db, space = desk
    other = Recommender(space)  # as another process: its own index and connection
    other_db = space.database()
    assert other.suggest(other_db, CODE).similar
    mina = agents.add(db, ACTOR, login="mina", name="미나", role="agent", password="long enough 1")
    waiting = worklist.waiting(db, 0, scope="all")[0]
    answering.send(
        db, space.seal(), inquiry_id=waiting.id, agent_id=mina.id, text="확인했습니다",
        actor=Actor(mina.actor_name),
    )  # fmt: skip
    recommender.models().similar.remember(db, [waiting.id])
    text = inquiries.get(db, waiting.id).text
    assert other.suggest(other_db, text).similar[0].inquiry_id == waiting.id
    embeddings.forget(db, waiting.id)
    found = [past.inquiry_id for past in other.suggest(other_db, text).similar]
    assert waiting.id not in found
    other_db.close()


def test_neighbours_are_labelled_inquiries_alone(desk):
    recommender, db, _ = desk
    similar = recommender.models().similar
    near = similar.look_back(db, CODE, neighbours_k=30).neighbours
    assert len(near) == 30
    assert all(labels for labels, _ in near)


def test_a_label_under_a_number_given_out_again_is_a_neighbours_label(desk):
    recommender, db, _ = desk
    similar = recommender.models().similar
    sql = (
        "SELECT id FROM inquiries WHERE answer_id > 0 AND id NOT IN (SELECT inquiry_id FROM labels)"
    )
    late = scalar(db, sql + " LIMIT 1") or scalar(db, "SELECT inquiry_id FROM labels LIMIT 1")
    text = inquiries.get(db, late).text
    db.execute("DELETE FROM labels WHERE inquiry_id = ?", [late])
    row = {"slug": "refund", "origin": "hand", "at": "2025-01-01T00:00:00Z"}
    other = scalar(db, "SELECT inquiry_id FROM labels WHERE slug <> 'refund' LIMIT 1")
    number = db.table("labels").insert(row | {"inquiry_id": other}).last_pk
    similar.look_back(db, text, neighbours_k=5)
    db.execute("DELETE FROM labels WHERE id = ?", [number])
    assert db.table("labels").insert(row | {"inquiry_id": late}).last_pk == number
    assert similar.look_back(db, text, neighbours_k=5).neighbours[0][0] == ("refund",)


def test_an_empty_index_finds_nothing_and_learns_at_once(desk):
    _, db, space = desk
    encoder = SentenceEncoder.load(space.models / "encoder" / newest(space.models, "encoder"))
    alone = SimilarInquiries(encoder, seq=embeddings.after(db, encoder.version, 0)[0])
    assert alone.similar(db, CODE) == []
    ids = [row["id"] for row in db.query("SELECT id FROM inquiries WHERE answer_id > 0 LIMIT 3")]
    alone.remember(db, ids)
    assert {past.inquiry_id for past in alone.similar(db, CODE)} == set(ids)
    assert len(alone) == 3
    assert np.isclose(alone.similar(db, inquiries.get(db, ids[0]).text)[0].score, 1, atol=0.01)


def test_a_long_text_is_looked_for_by_its_beginning(desk):
    recommender, db, _ = desk
    similar = recommender.models().similar
    beginning = (CODE + " 로그 " * READ)[:READ]
    one = similar.look_back(db, beginning, neighbours_k=5)
    other = similar.look_back(db, beginning + " 환불 배송 쿠폰" * 300, neighbours_k=5)
    assert np.array_equal(one.vector, other.vector)
    assert one.similar == other.similar
    assert one.neighbours == other.neighbours
