"""What wants attention among the FAQs: a known truth for every kind."""

import pytest

from support import faq_edit, faq_findings, faq_labels, faqs
from support.clock import ago, now
from support.database import insert, scalar
from support.errors import InputError, NotFoundError
from tests import knowledge_desk
from tests.conftest import ACTOR
from train.faq_pairs import find_pairs

HELP = knowledge_desk.HELP
OLD = "환불은 영업일 기준 3일 안에 됩니다."


@pytest.fixture
def desk(space, tmp_path, monkeypatch):
    monkeypatch.setitem(knowledge_desk.ANSWERS, "refund", f"{OLD} {HELP}refund")
    knowledge_desk.make(space, tmp_path)
    db = space.database()
    yield db
    db.close()


def of(db, kind, **more):
    return faq_findings.findings(db, kinds=[kind], **more)


def test_faqs_that_stand_for_the_same_inquiries_are_found_with_who_uses_which(space, desk):
    knowledge_desk.use_shipped_encoder(space)
    faq_edit.create(desk, ACTOR, title="돈 돌려받기", slug="money-back")
    faq_edit.create(desk, ACTOR, title="인증번호", slug="code")
    asked = "환불 {}번 상품 언제 되나요"
    for number in range(24):
        slug = ("refund", "money-back")[number % 2]
        inquiry = insert(
            desk, "inquiries",
            {"source": "x", "source_id": str(number), "text": asked.format(number // 2),
             "status": "answered", "opened_at": now()},
        )  # fmt: skip
        message = insert(
            desk, "messages",
            {"inquiry_id": inquiry, "source_id": "a", "role": "agent", "text": "네", "at": now(),
             "author": "미나" if number % 4 < 2 else "하나"},
        )  # fmt: skip
        desk.table("inquiries").update(inquiry, {"answer_id": message, "answered_at": now()})
        row = {"inquiry_id": inquiry, "message_id": message, "slug": slug, "at": now()}
        insert(desk, "labels", row | {"origin": "import"})
    codes = [row["id"] for row in desk.query("SELECT id FROM inquiries WHERE text LIKE '인증%'")]
    faq_labels.label(desk, ACTOR, "code", codes)
    found = find_pairs(space, desk)
    assert found.pairs == 1
    (finding,) = of(desk, "interchangeable")
    assert finding.slugs == ("money-back", "refund")
    evidence = finding.evidence
    assert (evidence["n_a"], evidence["n_b"], evidence["together"]) == (12, 18, 0)
    assert evidence["low"] >= 0.5
    assert evidence["mixing"] <= evidence["high"]
    assert {row["agent"]: (row["a"], row["b"]) for row in evidence["agents"]}["미나"] == (6, 6)
    texts = {
        row["id"]: row["text"]
        for row in desk.query("SELECT id, text FROM inquiries WHERE source = 'x'")
    }
    best = evidence["examples"][0]
    assert texts[best["a"]] == texts[best["b"]]
    faq_edit.merge(desk, ACTOR, "money-back", "refund")
    assert of(desk, "interchangeable") == []


def test_a_text_that_changed_since_its_answers_were_written_names_those_that_quote_it(desk):
    faq_edit.edit(desk, ACTOR, "refund", body=OLD)
    assert [item.evidence["quoting"] for item in of(desk, "text_changed")] == [[]]  # it said less
    faq_edit.edit(desk, ACTOR, "refund", body="환불은 영업일 기준 7일 안에 됩니다.")
    (finding,) = of(desk, "text_changed")
    assert finding.evidence["answers_before"] == 6
    assert finding.evidence["answers_since"] == 0
    assert OLD in finding.evidence["gone"]
    assert len(finding.evidence["quoting"]) == 6
    assert 0 < finding.evidence["same_share"] < 1
    desk.execute("DELETE FROM faq_revisions WHERE body <> ?", [OLD])
    faq_edit.edit(desk, ACTOR, "refund", body=OLD)
    desk.execute("DELETE FROM faq_revisions WHERE body <> ?", [OLD])
    assert of(desk, "text_changed") == []  # changed, and changed back


def test_faqs_that_no_answer_linked_are_found_once_they_are_old_enough(desk):
    for slug, days in (("idle", 40), ("young", 10), ("retired", 40)):
        faq_edit.create(desk, ACTOR, title=slug, slug=slug)
        desk.execute("UPDATE faqs SET created_at = ? WHERE slug = ?", [ago(days=days), slug])
    faq_edit.retire(desk, ACTOR, "retired")
    (finding,) = of(desk, "never_sent")
    assert finding.slugs == ("idle",)
    assert finding.evidence["answered"] == 20
    with pytest.raises(NotFoundError):
        faq_findings.set_aside(desk, ACTOR, "never_sent", "kim 010-2345-6789")
    assert scalar(desk, "SELECT count(*) FROM audit WHERE object LIKE '%kim%'") == 0
    faq_findings.set_aside(desk, ACTOR, "never_sent", "idle", reason="winter only, k@example.com")
    assert of(desk, "never_sent") == []
    assert [item.set_aside for item in of(desk, "never_sent", every=True)] == [
        "winter only, [이메일]"
    ]
    faq_findings.bring_back(desk, ACTOR, "never_sent", "idle")
    assert len(of(desk, "never_sent")) == 1
    with pytest.raises(NotFoundError):
        faq_findings.bring_back(desk, ACTOR, "never_sent", "idle")


def test_faqs_that_are_never_suggested_say_whether_the_model_knows_them(desk, monkeypatch):
    faq_edit.create(desk, ACTOR, title="교환", slug="exchange")
    assert of(desk, "never_suggested") == []  # nothing was suggested at all
    monkeypatch.setattr(faq_findings, "ENOUGH_SHOWN", 3)
    for number in range(3):
        insert_suggestion(desk, number, "money-back")
    faq_edit.rename(desk, ACTOR, "refund", "money-back")
    (finding,) = of(desk, "never_suggested", known=["refund"])
    assert finding.slugs == ("exchange",)
    assert finding.evidence == {
        "suggestions": 3, "days": 90, "sent": 0, "known_to_model": False,
    }  # fmt: skip


def insert_suggestion(db, number, slug, *, outcome=None, reason=""):
    row = {"id": f"sg_{number}", "asked_by": "agent:1", "release": "r", "band": "likely"}
    db.table("suggestions").insert(row | {"at": now()})
    row = {"suggestion_id": f"sg_{number}", "rank": 1, "slug": slug, "probability": 0.9}
    db.table("suggestion_faqs").insert(row | {"outcome": outcome, "reason": reason})


def test_what_agents_say_of_an_faq_is_counted_under_todays_name(desk):
    for number, reason in enumerate(["outdated", "irrelevant", "outdated", "incomplete"]):
        insert_suggestion(desk, number, "refund", outcome="dismissed", reason=reason)
    faq_edit.rename(desk, ACTOR, "refund", "refunds")
    (finding,) = of(desk, "complained")
    assert finding.slugs == ("refunds",)
    assert finding.evidence == {"outdated": 2, "incomplete": 1}


def test_faqs_known_from_links_alone_and_dead_links_come_by_use(desk):
    faqs.save(
        desk,
        [faqs.Faq(slug=slug, title=slug, url=HELP + slug, discovered=True) for slug in ("a", "b")],
    )
    assert [item.slugs for item in of(desk, "undescribed")] == [("a",), ("b",)]
    row = {"faq_id": 1, "url": HELP + "refund", "state": "gone", "status": 404}
    insert(desk, "faq_link_checks", row | {"since": now(), "checked_at": now()})
    (finding,) = of(desk, "link_gone")
    assert (finding.slugs, finding.weight) == (("refund",), 6)
    assert of(desk, "link_moved") == []


def test_an_unknown_kind_is_refused(desk):
    with pytest.raises(InputError, match="never_sent"):
        of(desk, "boring")
    with pytest.raises(InputError, match="never_sent"):
        faq_findings.set_aside(desk, ACTOR, "boring", "refund")
