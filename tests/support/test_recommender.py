"""The desk's own models at work: suggestions, silence, similar answers, releases."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

from support import agents, answering, embeddings, faqs, inquiries, settings, suggestions
from support.audit import Actor
from support.calibration import Decision, Promise
from support.database import one, scalar
from support.encoder import SentenceEncoder
from support.errors import EmptyTextError, ModelDamagedError, ModelMissingError
from support.faq import FaqClassifier
from support.faqs import Faq
from support.recommender import Recommender, held_out
from support.releases import current, newest, publish
from support.similar import SimilarInquiries
from tests.conftest import ACTOR
from train.desk import rebuild_index, train_all, train_encoder, train_faq

CODE = "인증번호 문자가 안 와요"


@pytest.fixture
def desk(trained):
    """A recommender over a trained desk, with a connection."""
    database = trained.database()
    yield Recommender(trained), database, trained
    database.close()


def test_suggests_the_right_faq_with_promise_words_and_past_answers(desk):
    recommender, db, _ = desk
    found = recommender.suggest(db, CODE)
    assert found.band in ("likely", "possible")
    assert found.reason == ""
    first = found.faqs[0]
    assert first.faq.slug == "verification-code-missing"
    assert 0 < first.probability <= 1
    assert first.promise.low <= first.promise.right / first.promise.n <= first.promise.high
    assert first.words[0].weight > 0
    assert first.words[0].word in CODE
    shown = [round(past.score, 2) for past in found.similar]
    assert shown == sorted(shown, reverse=True)
    assert all(first.faq.slug in past.slugs for past in first.used_by)
    assert found.release == current(desk[2].models).name


@pytest.mark.parametrize("text", ["", "  \n\t ", "\0"])
def test_blank_text_is_silence(desk, text):
    recommender, db, _ = desk
    assert recommender.suggest(db, text).reason == "empty"


@pytest.mark.parametrize(
    "text", ["ㅋ", "😀😀😀", "a" * 100_000, "\u202e거꾸로", "<script>alert(1)</script>", "…"]
)
def test_odd_text_is_answered_not_crashed(desk, text):
    recommender, db, _ = desk
    found = recommender.suggest(db, text)
    assert (found.band == "silent") == (not found.faqs)


def test_an_faq_that_is_switched_off_is_not_suggested(desk):
    recommender, db, _ = desk
    before = [item.faq.slug for item in recommender.suggest(db, CODE).faqs]
    db.execute("UPDATE faqs SET active = 0 WHERE slug = ?", [before[0]])
    assert before[0] not in [item.faq.slug for item in recommender.suggest(db, CODE).faqs]


def test_what_only_marks_a_label_is_answered_not_refused(desk):
    recommender, db, _ = desk
    assert recommender.suggest(db, "__label__").reason != "empty"


def test_a_text_that_no_voice_reads_is_silence_beside_past_answers(desk, monkeypatch):
    recommender, db, _ = desk

    def refuse(*_, **__):
        raise EmptyTextError("Nothing to classify.")

    monkeypatch.setattr(recommender.models().classifier._fasttext, "predict", refuse)
    found = recommender.suggest(db, CODE)
    assert (found.band, found.reason, found.faqs) == ("silent", "empty", ())
    assert found.similar


@pytest.fixture
def in_band(monkeypatch):
    """Let every prediction fall into one band."""

    def fix(band, **more):
        decision = Decision(band, threshold=0.5, promise=Promise.of(45, 50), **more)
        monkeypatch.setattr(FaqClassifier, "decide", lambda *_: decision)

    return fix


@pytest.mark.parametrize("top_k", [1, 3, 9])
def test_possible_shows_the_three_it_promises_and_likely_as_many_as_asked(desk, in_band, top_k):
    recommender, db, _ = desk
    in_band("possible")
    found = recommender.suggest(db, CODE, top_k=top_k)
    assert (found.band, len(found.faqs)) == ("possible", 3)
    in_band("likely")
    found = recommender.suggest(db, CODE, top_k=top_k)
    assert (found.band, len(found.faqs)) == ("likely", top_k)


@pytest.mark.parametrize(
    ("off", "likely", "possible"),
    [(0, "silent", "silent"), (2, "likely", "silent"), (3, "likely", "possible")],
)
def test_a_promise_falls_with_an_faq_it_speaks_of(desk, in_band, off, likely, possible):
    recommender, db, _ = desk
    in_band("likely")
    slugs = [item.faq.slug for item in recommender.suggest(db, CODE, top_k=9).faqs]
    db.execute("UPDATE faqs SET active = 0 WHERE slug = ?", [slugs[off]])
    for band, expected in (("likely", likely), ("possible", possible)):
        in_band(band)
        found = recommender.suggest(db, CODE)
        assert found.band == expected
        assert found.reason == ("below_threshold" if expected == "silent" else "")
        assert slugs[off] not in [item.faq.slug for item in found.faqs]


def test_a_tie_is_shown_as_a_choice_of_two_with_its_promise(desk, in_band):
    recommender, db, _ = desk
    in_band("possible", tie=True)
    found = recommender.suggest(db, CODE, top_k=9)
    assert (found.band, found.tie, len(found.faqs)) == ("possible", True, 2)
    assert found.promise == Promise.of(45, 50)
    db.execute("UPDATE faqs SET active = 0 WHERE slug = ?", [found.faqs[1].faq.slug])
    assert recommender.suggest(db, CODE).band == "silent"


def test_a_model_that_never_kept_what_is_stated_is_silent_and_says_so(desk, monkeypatch):
    recommender, db, _ = desk
    calibration = recommender.models().classifier.calibration()
    never = replace(calibration.likely, threshold=None)
    deaf = replace(calibration, likely=never, possible=never, pair=never, label_bands={})
    monkeypatch.setattr(FaqClassifier, "calibration", lambda *_, **__: deaf)
    found = recommender.suggest(db, CODE)
    assert (found.band, found.detail, found.faqs) == ("silent", "unproven", ())
    assert found.similar


def test_a_desk_without_models_says_so(space, db):
    found = Recommender(space).suggest(db, CODE)
    assert (found.band, found.reason, found.similar) == ("silent", "no_model", ())


def test_some_inquiries_are_held_out_on_purpose(desk):
    recommender, db, _ = desk
    settings.change(db, ACTOR, holdout=0.5)
    held = [number for number in range(200) if held_out(number, 0.5)]
    assert 70 < len(held) < 130
    found = recommender.suggest(db, CODE, inquiry_id=held[0])
    assert (found.reason, found.faqs) == ("holdout", ())
    assert found.similar  # past answers are always shown
    free = next(number for number in range(200) if number not in held)
    assert recommender.suggest(db, CODE, inquiry_id=free).reason != "holdout"


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
    waiting = inquiries.inbox(db)[0]
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


def test_suggestions_are_remembered_once(desk):
    recommender, db, _ = desk
    waiting = inquiries.inbox(db)[0]
    found = recommender.suggest(db, waiting.snippet, inquiry_id=waiting.id)
    first = suggestions.remember(db, found, inquiry_id=waiting.id, asked_by="agent:1")
    assert suggestions.remember(db, found, inquiry_id=waiting.id, asked_by="agent:1") == first
    kept = [row["slug"] for row in db.query("SELECT slug FROM suggestion_faqs ORDER BY rank")]
    assert kept == [item.faq.slug for item in found.faqs]


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


def test_too_few_labels_still_give_similar_answers(space, db, tmp_path):
    from tests.conftest import import_csv

    rows = "".join(f"문의 {number} 번째 내용입니다,답변 {number} 입니다\n" for number in range(30))
    import_csv(space, tmp_path / "h.csv", "question,answer\n" + rows)
    release = train_all(space, db, actor=ACTOR)
    assert set(release.parts) == {"encoder", "index"}
    found = Recommender(space).suggest(db, "문의 내용")
    assert (found.reason, found.detail, found.labelled) == ("no_model", "too_few_labels", 0)
    assert found.similar


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


def test_a_discovered_faq_can_be_suggested_like_any_other(desk):
    recommender, db, _ = desk
    slug = recommender.suggest(db, CODE).faqs[0].faq.slug
    kept = faqs.get(db, slug)
    faqs.save(db, [Faq(slug=slug, title="새 제목", url=kept.url, discovered=True)])
    assert recommender.suggest(db, CODE).faqs[0].faq.title == "새 제목"
    assert scalar(db, "SELECT discovered FROM faqs WHERE slug = ?", [slug]) == 1


def test_what_was_dismissed_is_known_for_that_suggestion_alone(desk):
    recommender, db, _ = desk
    waiting = inquiries.inbox(db)[0]
    found = recommender.suggest(db, CODE, inquiry_id=waiting.id)
    key = suggestions.remember(db, found, inquiry_id=waiting.id, asked_by="agent:1")
    slug = found.faqs[0].faq.slug
    answering.dismiss(db, key, slug, reason="irrelevant", actor=ACTOR)
    assert suggestions.dismissed(db, key) == {slug}
    assert suggestions.dismissed(db, "sg_other") == set()


def test_the_words_shown_are_the_customers_own(desk):
    recommender, db, _ = desk
    found = recommender.suggest(db, "인증번호가 안 와요 i t 제 번호는 [전화번호] 입니다")
    words = [part.word for item in found.faqs for part in item.words]
    assert words
    assert not {"전화번호", "안", "i", "t"} & set(words)


def test_a_classifier_hears_no_neighbours_of_another_encoder(desk):
    recommender, db, space = desk
    train_encoder(space, db)  # a newer encoder, and an index for it, without a new classifier
    db.execute("UPDATE inquiries SET text = text || ' 그리고' WHERE id < 50")
    train_encoder(space, db)
    rebuild_index(space, db, actor=ACTOR, newer_encoder=True)
    found = recommender.suggest(db, CODE)
    assert not recommender.models().hears_neighbours
    assert "faqdesk train faq" in found.degraded
    assert found.similar


def test_what_is_answered_while_a_training_runs_is_found_after_it(desk):
    recommender, db, space = desk
    waiting = inquiries.inbox(db)[0]
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
