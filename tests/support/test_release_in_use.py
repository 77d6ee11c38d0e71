"""The release in force at work: what is missing or damaged, and what follows a training."""

import json
import shutil

import pytest

from support import agents, answering, inquiries, worklist
from support.audit import Actor
from support.errors import ModelDamagedError, ModelMissingError
from support.recommender import Recommender
from support.releases import current, newest, publish
from tests.conftest import ACTOR
from train.desk import rebuild_index, train_all, train_encoder, train_faq

CODE = "인증번호 문자가 안 와요"


def test_a_published_release_is_followed_and_a_damaged_part_degrades(desk):
    recommender, db, space = desk
    first = recommender.suggest(db, CODE).release
    release = rebuild_index(space, db, actor=ACTOR)
    assert recommender.suggest(db, CODE).release == release.name != first
    linear = next((space.models / "faq" / release.parts["faq"]).rglob("linear/*.safetensors"))
    linear.write_bytes(linear.read_bytes()[:-10])
    (space.models / "current").touch()
    found = recommender.suggest(db, CODE)
    assert "fastText answers alone" in found.degraded
    assert "faqdesk train faq" in found.degraded
    assert found.similar
    shutil.rmtree(space.models / "index" / release.parts["index"])
    found = Recommender(space).suggest(db, CODE)
    assert "index" in found.degraded
    assert found.similar  # the vectors are in the database: nothing is lost with an index


def test_publishing_refuses_a_damaged_part_and_keeps_what_is_in_force(desk):
    _, db, space = desk
    before = current(space.models)
    weights = next((space.models / "encoder" / before.parts["encoder"]).rglob("*.safetensors"))
    weights.write_bytes(weights.read_bytes()[:-10])
    with pytest.raises(ModelDamagedError):
        publish(space, db, before.parts, actor=ACTOR)
    assert current(space.models) == before
    with pytest.raises(ModelMissingError):
        publish(space, db, {"faq": "nowhere"}, actor=ACTOR)


def test_a_damaged_pointer_is_named_with_its_cure(desk):
    _, _, space = desk
    (space.models / "current").write_text(json.dumps({"release": 1}))
    with pytest.raises(ModelDamagedError, match="faqdesk train"):
        current(space.models)


def test_the_classifier_alone_is_trained_beside_the_newest_encoder(desk):
    _, db, space = desk
    before = current(space.models)
    release, report = train_faq(space, db, actor=ACTOR)
    assert release.parts["index"] == before.parts["index"]
    assert release.parts["faq"] != before.parts["faq"]
    assert report.labels >= 10


def test_newest_names_what_is_missing(space):
    with pytest.raises(ModelMissingError, match="faqdesk train encoder"):
        newest(space.models, "encoder")


def test_a_classifier_hears_no_neighbours_of_another_encoder(desk):
    recommender, db, space = desk
    train_encoder(space, db)  # a newer encoder, and an index for it, without a new classifier
    db.execute("UPDATE inquiries SET text = text || ' 그리고' WHERE id < 50")
    train_encoder(space, db)
    rebuild_index(space, db, actor=ACTOR, newer_encoder=True)
    found = recommender.suggest(db, CODE)
    assert not recommender.models().hears_neighbours
    assert "hears no neighbours" in found.degraded
    assert found.similar


def test_what_is_answered_while_a_training_runs_is_found_after_it(desk):
    recommender, db, space = desk
    waiting = worklist.waiting(db, 0, scope="all")[0]
    mina = agents.add(db, ACTOR, login="mina", name="미나", role="agent", password="long enough 1")

    def answer_meanwhile(done, total, message):
        if inquiries.get(db, waiting.id).status == "open" and message.startswith("features"):
            answering.send(
                db, space.seal(), inquiry_id=waiting.id, agent_id=mina.id, text="확인했습니다",
                actor=Actor(mina.actor_name),
            )  # fmt: skip

    train_all(space, db, actor=ACTOR, progress=answer_meanwhile)
    assert inquiries.get(db, waiting.id).status == "answered"
    found = recommender.suggest(db, inquiries.get(db, waiting.id).text)
    assert waiting.id in [past.inquiry_id for past in found.similar]


def test_an_index_is_rebuilt_with_the_encoder_in_force(desk):
    _, db, space = desk
    before = current(space.models)
    train_encoder(space, db)  # written, but nothing follows it yet
    after = rebuild_index(space, db, actor=ACTOR)
    assert after.parts["encoder"] == before.parts["encoder"]
    assert after.parts["index"] != before.parts["index"]


def test_too_few_labels_still_give_similar_answers(space, db, tmp_path):
    from tests.conftest import import_csv

    rows = "".join(f"문의 {number} 번째 내용입니다,답변 {number} 입니다\n" for number in range(30))
    import_csv(space, tmp_path / "h.csv", "question,answer\n" + rows)
    release = train_all(space, db, actor=ACTOR)
    assert set(release.parts) == {"encoder", "index"}
    found = Recommender(space).suggest(db, "문의 내용")
    assert (found.reason, found.detail, found.labelled) == ("no_model", "too_few_labels", 0)
    assert found.similar
