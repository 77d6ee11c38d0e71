"""Editing FAQs: what follows a renaming or merging, and that taking it back is exact."""

import pytest

from support import (
    agents,
    answering,
    faq_changes,
    faq_edit,
    faq_tables,
    faq_undo,
    faqs,
    inquiries,
    worklist,
)
from support.audit import Actor
from support.database import one, scalar
from support.errors import ConflictError, InputError, NotFoundError, UndoRefusedError
from tests.conftest import ACTOR, import_csv

HELP = "https://help.example.com/ko/faq/"
FAQS = [
    faqs.Faq(slug=slug, title=title, url=HELP + slug)
    for slug, title in (("refund", "환불"), ("money-back", "돈 돌려받기"), ("shipping", "배송"))
]
HISTORY = f"""id,question,answer,created_at
1,환불 되나요,3일 걸립니다. {HELP}refund,2026-01-02T03:04:05Z
2,돈 언제 주나요,곧 갑니다. {HELP}money-back,2026-01-03T03:04:05Z
3,환불이요,둘 다 보세요. {HELP}refund {HELP}money-back,2026-01-04T03:04:05Z
4,택배가 안 와요,송장을 보세요. {HELP}shipping,2026-01-05T03:04:05Z
5,언제 돌려받나요,,2026-11-20T03:04:05Z
"""
KEPT = ("faqs", "faq_aliases", "labels", "faq_search")


@pytest.fixture
def desk(space, db, tmp_path):
    faqs.save(db, FAQS)
    import_csv(space, tmp_path / "history.csv", HISTORY)
    return db


def everything(db):
    """Every row that a change may touch."""
    return {name: [tuple(row) for row in db.conn.execute(f"SELECT * FROM {name} ORDER BY 1, 2")]
            for name in KEPT}  # fmt: skip


def labelled(db):
    sql = """
        SELECT inquiries.source_id, labels.slug FROM labels
        JOIN inquiries ON inquiries.id = labels.inquiry_id ORDER BY 1, 2
    """
    return [tuple(row) for row in db.conn.execute(sql)]


def test_a_merged_faq_is_the_others_and_undoing_brings_every_row_back(desk):
    before = everything(desk)
    moved = faq_edit.merge(desk, ACTOR, "money-back", "refund")
    assert moved.labels == 2
    assert labelled(desk) == [("1", "refund"), ("2", "refund"), ("3", "refund"), ("4", "shipping")]
    assert faqs.aliases(desk) == {"money-back": "refund"}
    assert [faq.slug for faq in faqs.listed(desk)] == ["shipping", "refund"]
    assert everything(desk) != before
    faq_undo.undo(desk, ACTOR, moved.change_id)
    assert everything(desk) == before
    told = [
        row["action"] for row in desk.query("SELECT action FROM audit ORDER BY id DESC LIMIT 2")
    ]
    assert told == ["faq.change_undone", "faq.merged"]


def test_a_renamed_faq_keeps_its_labels_under_its_new_name(desk):
    before = everything(desk)
    moved = faq_edit.rename(desk, ACTOR, "shipping", "delivery")
    faq = faqs.get(desk, "delivery")
    assert (faq.title, faq.url, faq.sent) == ("배송", "https://help.example.com/faq/delivery", 1)
    assert ("4", "delivery") in labelled(desk)
    # and back to its old name: no alias is left that leads to itself
    faq_edit.rename(desk, ACTOR, "delivery", "shipping", url=HELP + "shipping")
    assert faqs.aliases(desk) == {"delivery": "shipping"}
    with pytest.raises(ConflictError, match="faqdesk faqs undo 2"):
        faq_undo.undo(desk, ACTOR, moved.change_id)
    faq_undo.undo(desk, ACTOR, moved.change_id + 1)
    faq_undo.undo(desk, ACTOR, moved.change_id)
    assert everything(desk) == before


def answer(space, db, text):
    agent = agents.add(db, ACTOR, login="mina", name="미나", role="agent", password="long enough 1")
    waiting = worklist.waiting(db, 0, scope="all")[0]
    answering.send(
        db, space.seal(), inquiry_id=waiting.id, agent_id=agent.id, text=text,
        actor=Actor(agent.actor_name),
    )  # fmt: skip
    return waiting.id


def test_an_answer_sent_after_a_merging_is_read_again_when_it_is_undone(space, desk):
    moved = faq_edit.merge(desk, ACTOR, "money-back", "refund")
    inquiry_id = answer(space, desk, f"여기요 {HELP}money-back")
    assert inquiries.get(desk, inquiry_id).slugs == ("refund",)
    faq_undo.undo(desk, ACTOR, moved.change_id)
    assert inquiries.get(desk, inquiry_id).slugs == ("money-back",)


def test_what_was_shown_under_its_old_name_is_accepted_when_it_is_sent(space, desk):
    desk.execute(
        "INSERT INTO suggestions (id, inquiry_id, asked_by, release, band, at) "
        "VALUES ('sg_1', 5, 'agent:1', 'r', 'likely', '2026-11-20T04:00:00Z')"
    )
    desk.execute(
        "INSERT INTO suggestion_faqs (suggestion_id, rank, slug, probability) "
        "VALUES ('sg_1', 1, 'money-back', 0.9)"
    )
    faq_edit.merge(desk, ACTOR, "money-back", "refund")
    assert answer(space, desk, f"여기요 {HELP}refund") == 5
    assert scalar(desk, "SELECT outcome FROM suggestion_faqs") == "accepted"
    assert scalar(desk, "SELECT count(*) FROM misses") == 0


def test_a_label_of_a_forgotten_inquiry_does_not_come_back(desk):
    moved = faq_edit.merge(desk, ACTOR, "money-back", "refund")
    desk.execute("DELETE FROM labels WHERE inquiry_id = 2")
    desk.execute("UPDATE inquiries SET answer_id = NULL WHERE id = 2")
    desk.execute("DELETE FROM messages WHERE inquiry_id = 2")
    desk.execute("DELETE FROM inquiries WHERE id = 2")
    faq_undo.undo(desk, ACTOR, moved.change_id)
    assert labelled(desk) == [("1", "refund"), ("3", "money-back"), ("3", "refund"),
                              ("4", "shipping")]  # fmt: skip


def test_an_faq_is_made_edited_retired_and_each_can_be_taken_back(desk):
    before = everything(desk)
    made = faq_edit.create(
        desk, ACTOR, title=" 교환은  어떻게 하나요? ", body="<p>앱에서 합니다.</p>"
    )
    assert (made.slug, made.title) == ("교환은-어떻게-하나요", "교환은 어떻게 하나요?")
    assert (made.body, made.active) == ("앱에서 합니다.", True)
    assert faqs.search(desk, "교환")[0].slug == made.slug
    faq_edit.edit(desk, ACTOR, made.slug, title="교환 방법", category="교환")
    assert faqs.search(desk, "교환 방법")[0].category == "교환"
    faq_edit.retire(desk, ACTOR, made.slug)
    assert faqs.search(desk, "교환") == []
    faq_edit.restore(desk, ACTOR, made.slug)
    for change in faq_changes.listed(desk):
        faq_undo.undo(desk, ACTOR, change.id)
    assert everything(desk) == before
    said = one(desk, "SELECT title, body FROM faq_revisions")
    assert said is None  # went with its FAQ


def test_what_an_faq_said_before_is_kept_whoever_writes_it(desk):
    faqs.save(desk, [faqs.Faq(slug="refund", title="환불", body="이제 5일", url=HELP + "refund")])
    faq_edit.edit(desk, ACTOR, "refund", body="이제 7일")
    said = [row["body"] for row in desk.query("SELECT body FROM faq_revisions ORDER BY id")]
    assert said == ["", "이제 5일"]


@pytest.mark.parametrize(
    ("slug", "error"),
    [("refund", ConflictError), ("refund?page=1", InputError), ("my page", InputError)],
)
def test_a_slug_that_is_taken_or_no_part_of_an_address_is_refused(desk, slug, error):
    with pytest.raises(error):
        faq_edit.create(desk, ACTOR, title="환불", slug=slug)
    assert scalar(desk, "SELECT count(*) FROM faqs") == 3
    assert scalar(desk, "SELECT count(*) FROM faq_changes") == 0


@pytest.mark.parametrize(
    "slug", [".", "..", "-", "to-mend", "=1+1", "@x", "'x", "a\x00b", "a\u202eb", "x" * 201]
)
def test_a_name_that_no_page_can_have_is_refused(desk, slug):
    with pytest.raises(InputError, match="A slug stands in an address"):
        faq_edit.create(desk, ACTOR, title="환불", slug=slug)
    with pytest.raises(InputError, match="A slug stands in an address"):
        faq_edit.rename(desk, ACTOR, "refund", slug)
    assert faq_edit.create(desk, ACTOR, title="To mend").slug == "to-mend-2"


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "not a url", "https://",
     "//x.example", "https://x.example/a b", "http://[x", "https://x.example/" + "a" * 2_000],
)  # fmt: skip
def test_what_is_no_address_is_not_linked(desk, tmp_path, url):
    with pytest.raises(InputError, match="The link of an FAQ"):
        faq_edit.create(desk, ACTOR, title="교환", url=url)
    with pytest.raises(InputError, match="The link of an FAQ"):
        faq_edit.edit(desk, ACTOR, "refund", url=url)
    with pytest.raises(InputError, match="The link of an FAQ"):
        faq_edit.rename(desk, ACTOR, "refund", "refunds", url=url)
    path = tmp_path / "new.csv"
    path.write_text(f'slug,title,url\nrefund,환불,"{url}"\nnew,새 것,"{url}"\n', encoding="utf-8")
    assert [row.state for row in faq_tables.read(desk, path)] == ["invalid", "invalid"]


def test_an_faq_that_answers_link_since_is_not_taken_away(space, desk):
    made = faq_edit.create(desk, ACTOR, title="교환", slug="exchange")
    answer(space, desk, f"여기요 {HELP}exchange")
    with pytest.raises(ConflictError, match="retire"):
        faq_undo.undo(desk, ACTOR, faq_changes.listed(desk, slug=made.slug)[0].id)


def test_an_import_that_answers_link_since_is_not_taken_away(space, desk, tmp_path):
    path = tmp_path / "new.csv"
    path.write_text("slug,title\nexchange,교환\nreturns,반품\n", encoding="utf-8")
    taken = faq_tables.take(desk, ACTOR, faq_tables.read(desk, path), name=path.name)
    answer(space, desk, f"여기요 {HELP}returns")
    before = everything(desk)
    with pytest.raises(ConflictError, match="retire returns"):
        faq_undo.undo(desk, ACTOR, taken.change_id)
    assert everything(desk) == before


def test_an_answer_with_the_new_link_is_the_old_names_when_a_renaming_is_undone(space, desk):
    moved = faq_edit.rename(desk, ACTOR, "refund", "refunds")
    answer(space, desk, f"여기요 {HELP}refunds")
    faq_undo.undo(desk, ACTOR, moved.change_id)
    assert ("5", "refund") in labelled(desk)
    assert scalar(desk, "SELECT count(*) FROM labels WHERE slug = 'refunds'") == 0


def test_an_faq_that_another_became_a_part_of_is_not_taken_away(desk):
    faq_edit.create(desk, ACTOR, title="교환", slug="exchange")
    made = faq_changes.listed(desk, slug="exchange")[0].id
    faq_edit.create(desk, ACTOR, title="반품", slug="returns")
    merged = faq_edit.merge(desk, ACTOR, "returns", "exchange")
    with pytest.raises(UndoRefusedError, match=f"undo {merged.change_id}") as refused:
        faq_undo.undo(desk, ACTOR, made)
    assert refused.value.later == merged.change_id
    faq_undo.undo(desk, ACTOR, merged.change_id)
    faq_undo.undo(desk, ACTOR, made)
    assert faqs.aliases(desk) == {}


def test_a_new_name_that_another_faq_stands_for_is_not_taken_away(desk):
    renamed = faq_edit.rename(desk, ACTOR, "refund", "refunds")
    merged = faq_edit.merge(desk, ACTOR, "money-back", "refunds")
    with pytest.raises(UndoRefusedError, match=f"undo {merged.change_id}"):
        faq_undo.undo(desk, ACTOR, renamed.change_id)
    assert faqs.aliases(desk) == {"money-back": "refunds", "refund": "refunds"}


def test_what_is_asked_of_no_faq_names_the_cure(desk):
    faq_edit.merge(desk, ACTOR, "money-back", "refund")
    with pytest.raises(NotFoundError, match="faqdesk faqs list"):
        faq_edit.edit(desk, ACTOR, "nothing", title="x")
    with pytest.raises(InputError, match="itself"):
        faq_edit.merge(desk, ACTOR, "refund", "refund")
    with pytest.raises(ConflictError, match="merged into"):
        faq_edit.restore(desk, ACTOR, "money-back")
    with pytest.raises(ConflictError, match="retired"):
        faq_edit.merge(desk, ACTOR, "shipping", "money-back")
    with pytest.raises(ConflictError, match="already"):
        faq_edit.rename(desk, ACTOR, "shipping", "refund")
    faq_undo.undo(desk, ACTOR, 1)
    with pytest.raises(ConflictError, match="already"):
        faq_undo.undo(desk, ACTOR, 1)
    with pytest.raises(NotFoundError):
        faq_undo.undo(desk, ACTOR, 99)


def test_what_was_written_past_the_list_of_changes_is_not_overwritten(desk):
    faq_edit.edit(desk, ACTOR, "refund", title="환불 안내")
    faqs.save(desk, [faqs.Faq(slug="refund", title="다른 제목", url=HELP + "refund")])
    with pytest.raises(ConflictError, match="not a change that is kept"):
        faq_undo.undo(desk, ACTOR, 1)
    assert faqs.get(desk, "refund").title == "다른 제목"
