"""Candidates are judged by figures that can be worked out by hand."""

from datetime import timedelta

import numpy as np
import pytest

from support import faqs, suggestions
from support.clock import ago, from_iso, iso, now
from support.database import write
from support.encoder import SentenceEncoder
from support.errors import TooFewLabelsError
from support.faqs import Faq
from support.recommender import Suggestion
from support.workspace import Workspace
from tests.train import desks
from train.as_of import AsOf
from train.compare import Answers, compare, verdict
from train.desk_encoder import has_read, older_encoder
from train.examples import Example
from train.faq_config import FaqConfig, narrow
from train.history import ALWAYS, examples, faq_texts, texts
from train.judge import cut_off, seen
from train.judgement import Group, Judgement, table
from train.metrics import Difference
from train.recipe import Recipe


def answers(first, three=None, likely=None, known=None, probability=0.5):
    first = np.array(first, bool)
    n = len(first)
    return Answers(
        first=first,
        three=first if three is None else np.array(three, bool),
        probability=np.full(n, probability),
        likely=np.zeros(n, bool) if likely is None else np.array(likely, bool),
        known=np.ones(n, bool) if known is None else np.array(known, bool),
    )


def test_wins_losses_and_ties_by_hand():
    ours = answers([1, 1, 0, 0, 1], likely=[1, 1, 0, 0, 0])
    theirs = answers([1, 0, 1, 0, 0], three=[1, 1, 1, 0, 0], likely=[0, 1, 1, 1, 0])
    found = compare(ours, theirs)
    assert (found.wins, found.losses, found.ties) == (2, 1, 2)
    assert found.candidate["hit@1"] == pytest.approx(3 / 5)
    assert found.live["hit@1"] == pytest.approx(2 / 5)
    assert found.live["hit@3"] == pytest.approx(3 / 5)
    assert found.differences["hit@1"].mean == pytest.approx(1 / 5)
    assert found.differences["coverage"].mean == pytest.approx(2 / 5 - 3 / 5)
    assert found.candidate["share_right"] == 1.0
    assert found.live["share_right"] == pytest.approx(1 / 3)
    assert found.candidate["ece"] == pytest.approx(0.1)  # 3 of 5 right where .5 was stated


def test_hits_count_where_one_of_the_two_knows_the_faq():
    ours = answers([1, 0, 0], known=[1, 0, 0])
    theirs = answers([0, 1, 0], known=[0, 1, 0])
    found = compare(ours, theirs)
    assert (found.n, found.in_scope) == (3, 2)
    assert found.candidate["hit@1"] == found.live["hit@1"] == 0.5
    alone = compare(ours, None)
    assert (alone.in_scope, alone.candidate["hit@1"], alone.live) == (1, 1.0, {})


def test_groups_are_told_apart_and_an_empty_one_is_none():
    ours, theirs = answers([1, 1, 0, 0]), answers([0, 0, 1, 1])
    shown = np.array([True, True, False, False])
    assert compare(ours, theirs, among=shown).differences["hit@1"].mean == 1.0
    assert compare(ours, theirs, among=~shown).differences["hit@1"].mean == -1.0
    assert compare(ours, theirs, among=np.zeros(4, bool)) is None


def test_alike_models_differ_by_nothing():
    ours = answers([1, 0] * 20, likely=[1, 1] * 20)
    found = compare(ours, ours)
    assert all((gap.mean, gap.low, gap.high) == (0, 0, 0) for gap in found.differences.values())


def group(mean, low, high, right=None):
    gaps = {"hit@1": Difference(mean, low, high, 0.01)}
    if right:
        gaps["share_right"] = Difference(*right, 0.01)
    return Group(100, 100, {}, {"hit@1": 0.5}, gaps)


@pytest.mark.parametrize(
    ("found", "worse"),
    [
        (group(0.01, -0.20, 0.22), False),  # it did not fall
        (group(-0.01, -0.04, 0.02), False),  # it fell by less than the margin, surely
        (group(-0.01, -0.06, 0.04), True),
        (group(-0.20, -0.30, -0.10), True),
        (group(0.01, -0.01, 0.03, right=(-0.2, -0.3, -0.1)), True),
        (group(0.01, -0.01, 0.03, right=(-0.2, -0.4, 0.0)), False),
    ],
)
def test_the_rule_by_hand(found, worse):
    decided, why = verdict(found, margin=0.05, same=False)
    assert decided is worse
    assert why.startswith("The candidate is worse: " if worse else "The candidate is not worse: ")


def test_nothing_to_compare_is_not_worse():
    assert verdict(None, margin=0.05, same=False)[0] is False
    assert "the same recipe" in verdict(group(-1, -1, -1), margin=0.05, same=True)[1]


def test_the_cut_off_is_counted_back_from_now_or_from_an_old_historys_end():
    fresh = [Example("x", ("a",), ago(days=90), 1), Example("x", ("a",), ago(days=2), 2)]
    cut, notes = cut_off(fresh, weeks=4)
    assert abs(from_iso(cut) - (from_iso(now()) - timedelta(weeks=4))) < timedelta(minutes=1)
    assert notes == ()
    old = fresh[:1]
    cut, notes = cut_off(old, weeks=4)
    assert cut == iso(from_iso(old[0].at) - timedelta(weeks=4))
    assert old[0].at[:10] in notes[0]


def test_a_desk_as_it_stood_knows_no_later_answer(tmp_path):
    space = desks.make(tmp_path, desks.rows(60))
    db = space.database()
    moment = ago(days=10.2)
    late = (examples(db)[0].inquiry_id, ago(days=1))
    db.execute("UPDATE labels SET at = ? WHERE inquiry_id = ?", [late[1], late[0]])
    then = AsOf(space, db, tmp_path / "scratch", before=moment)
    assert len(examples(db)) == 60
    assert {example.inquiry_id for example in then.past} == {
        example.inquiry_id
        for example in examples(db)
        if example.at < moment and example.inquiry_id != late[0]
    }
    assert len(texts(db, before=moment)) < len(texts(db))
    encoder = then.encoder(Recipe(desks.CONFIG))
    assert encoder.encode(["환불"]).shape == (1, encoder.dim)
    assert then.encoder(Recipe(desks.CONFIG, encoder="none")) is None
    db.close()


def test_a_desk_as_it_stood_knows_no_faq_written_later(tmp_path):
    space = desks.make(tmp_path, desks.rows(60))
    db = space.database()
    moment = ago(days=10)
    page = {"title": "무지개 안내", "body": "무지개", "url": desks.HELP}
    faqs.save(db, [Faq(slug=slug, **page) for slug in ("newer", "older", "linked")])
    db.execute("UPDATE faqs SET created_at = ? WHERE slug = 'older'", [ago(days=20)])
    late = "UPDATE labels SET slug = 'linked', at = ? WHERE id = (SELECT max(id) FROM labels)"
    db.execute(late, [ago(days=1)])
    # Those of the desk's beginning were taken in today, and linked long ago.
    assert set(faq_texts(db, before=moment)) == {*desks.TOPICS, "older"}
    assert set(faq_texts(db)) == {*desks.TOPICS, "older", "newer", "linked"}
    assert sum("무지개" in text for text in texts(db, before=moment)) == 1
    assert sum("무지개" in text for text in texts(db, before=moment, faqs_before=ALWAYS)) == 3
    assert sum("무지개" in text for text in AsOf(space, db, tmp_path, before=moment).texts) == 1
    db.close()


def test_an_encoder_reads_what_is_held_out_only_where_too_little_is_left(tmp_path):
    space = desks.make(tmp_path, desks.rows(100))
    db = space.database()
    then = AsOf(space, db, tmp_path / "scratch")
    begin = then.split.validation[0].at
    assert len(then.split.validation) == 15
    assert then.blind
    assert then.texts == texts(db, before=begin)
    later = [(f"l{n}", f"링크 없는 문의 {n}", "", ago(hours=1), ago(minutes=1)) for n in range(101)]
    desks.add(space, tmp_path, later)
    assert not then.blind
    assert then.texts == texts(db)
    moved = AsOf(space, db, tmp_path / "scratch", held_out_from=ago(days=25, hours=1))
    assert len(moved.split.validation) == 50
    db.close()


def test_an_encoder_remembers_up_to_when_it_read(tmp_path):
    space = desks.make(tmp_path, desks.rows(100))
    db = space.database()
    then = AsOf(space, db, tmp_path / "scratch")
    begin = then.split.validation[0].at
    folder = tmp_path / "encoder"
    then.learn_encoder(folder)
    assert not has_read(folder, begin)
    assert has_read(folder, then.split.train[-1].at)
    fresh = Workspace(tmp_path / "fresh").create().database()  # nothing can be learned from it
    assert (
        older_encoder(fresh, folder, before=begin).version == SentenceEncoder.load(folder).version
    )
    with pytest.raises(TooFewLabelsError):
        older_encoder(fresh, folder, before=then.split.train[-1].at)
    fresh.close()
    later = [(f"l{n}", f"링크 없는 문의 {n}", "", ago(hours=1), ago(minutes=1)) for n in range(101)]
    desks.add(space, tmp_path, later)
    then.learn_encoder(tmp_path / "all")  # it reads everything now, up to this moment
    assert has_read(tmp_path / "all", ago(minutes=1))
    assert not has_read(tmp_path / "all", now())
    db.close()


def test_who_was_shown_something_and_who_got_nothing_on_purpose(tmp_path):
    space = desks.make(tmp_path, desks.rows(20))
    db = space.database()
    ids = [row["id"] for row in db.query("SELECT id FROM inquiries ORDER BY id LIMIT 3")]
    for number, reason in zip(ids, ("", "holdout", "below_threshold"), strict=True):
        silent = Suggestion("silent", reason or "empty", None, (), (), "r1")
        key = suggestions.remember(db, silent, inquiry_id=number, asked_by="agent:1")
        if not reason:
            with write(db):
                db.table("suggestion_faqs").insert(
                    {"suggestion_id": key, "rank": 1, "slug": "refund", "probability": 0.9}
                )
    assert seen(db) == ({ids[0]}, {ids[1]})
    db.close()


def test_a_recipe_is_narrowed_to_what_was_chosen_and_compared_without_seeds():
    chosen = {
        "fasttext": {"num_epochs": 50, "seed": 3, "unknown_setting": 1},
        "svm_cost": 2.0,
        "neighbours": None,
        "mixture": {"svm": 1.0},
    }
    narrowed = narrow(FaqConfig(), chosen)
    assert [setting.num_epochs for setting in narrowed.fasttext] == [50]
    assert narrowed.svm_costs == (2.0,)
    assert narrowed.neighbours == FaqConfig().neighbours
    again = narrow(FaqConfig(seed=7), {**chosen, "fasttext": {"num_epochs": 50, "seed": 7}})
    assert Recipe(narrowed).same(Recipe(again))
    assert not Recipe(narrowed).same(Recipe(again, encoder="none"))
    assert not Recipe(narrowed).same(Recipe(narrow(FaqConfig(), {**chosen, "svm_cost": 0.6})))


def test_a_judgement_reads_the_same_from_the_database():
    everything = compare(answers([1, 1, 0, 0]), answers([0, 1, 1, 0]))
    judgement = Judgement("2026-01-01T00:00:00Z", 4, 1, everything, None, everything, False, "Why.")
    found = judgement.as_dict()
    assert found["candidate"]["hit@1"] == 0.5
    assert (found["held_out"], found["shown"], found["worse"]) == (1, None, False)
    page = table(found)
    assert page.startswith("Why.")
    assert "all: 4, among them 4 inquiries with an FAQ that is known" in page
    assert "won 1, lost 1, tied 2" in page
    assert "shown none: 4, among them 4 inquiries" in page
    assert "shown a suggestion" not in page
