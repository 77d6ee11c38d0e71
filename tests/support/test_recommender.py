"""Suggestions of the desk's own models, and when they are silent."""

from dataclasses import replace

import pytest

from support import answering, faqs, settings, suggestions, worklist
from support.calibration import Decision, Promise
from support.database import scalar
from support.errors import EmptyTextError
from support.faq import FaqClassifier
from support.faqs import Faq
from support.recommender import Recommender, held_out
from support.releases import current
from tests.conftest import ACTOR

CODE = "인증번호 문자가 안 와요"


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
        monkeypatch.setattr(FaqClassifier, "decide", lambda *_, **__: decision)

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


def test_suggestions_are_remembered_once(desk):
    recommender, db, _ = desk
    waiting = worklist.waiting(db, 0, scope="all")[0]
    found = recommender.suggest(db, waiting.snippet, inquiry_id=waiting.id)
    first = suggestions.remember(db, found, inquiry_id=waiting.id, asked_by="agent:1")
    assert suggestions.remember(db, found, inquiry_id=waiting.id, asked_by="agent:1") == first
    kept = [row["slug"] for row in db.query("SELECT slug FROM suggestion_faqs ORDER BY rank")]
    assert kept == [item.faq.slug for item in found.faqs]


def test_a_discovered_faq_can_be_suggested_like_any_other(desk):
    recommender, db, _ = desk
    slug = recommender.suggest(db, CODE).faqs[0].faq.slug
    kept = faqs.get(db, slug)
    faqs.save(db, [Faq(slug=slug, title="새 제목", url=kept.url, discovered=True)])
    assert recommender.suggest(db, CODE).faqs[0].faq.title == "새 제목"
    assert scalar(db, "SELECT discovered FROM faqs WHERE slug = ?", [slug]) == 1


def test_why_it_was_dismissed_is_known_for_that_inquiry_alone(desk):
    recommender, db, _ = desk
    waiting = worklist.waiting(db, 0, scope="all")[0]
    found = recommender.suggest(db, CODE, inquiry_id=waiting.id)
    key = suggestions.remember(db, found, inquiry_id=waiting.id, asked_by="agent:1")
    slug = found.faqs[0].faq.slug
    answering.dismiss(db, key, slug, reason="irrelevant", actor=ACTOR)
    assert suggestions.dismissed(db, key) == {slug: "irrelevant"}
    assert suggestions.dismissed(db, "sg_other") == {}


def test_the_words_shown_are_the_customers_own(desk):
    recommender, db, _ = desk
    found = recommender.suggest(db, "인증번호가 안 와요 i t 제 번호는 [전화번호] 입니다")
    words = [part.word for item in found.faqs for part in item.words]
    assert words
    assert not {"전화번호", "안", "i", "t"} & set(words)
