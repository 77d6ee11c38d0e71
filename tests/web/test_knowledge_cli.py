"""`faqdesk gaps` and `faqdesk faqs`, from the first search to the last step taken back."""

import pytest

from support import faqs
from support.workspace import Workspace
from tests import knowledge_desk
from tests.web.test_cli import Shell


@pytest.fixture
def space(tmp_path):
    """A desk of its own, not the console tests' marketplace."""
    return Workspace(tmp_path / "desk").create()


@pytest.fixture
def shell(monkeypatch, capsys, space):
    return Shell(monkeypatch, capsys, space.home)


@pytest.fixture
def desk(space, tmp_path):
    knowledge_desk.make(space, tmp_path)
    knowledge_desk.use_shipped_encoder(space)
    return space


def test_a_gap_becomes_an_faq_and_is_taken_back(shell, desk):
    assert "faqdesk train" not in shell("gaps", "find")
    found = shell.json("gaps", "find")
    assert found["fresh"] == 0
    listed = shell.json("gaps", "list")
    assert listed["counts"]["open"] == found["gaps"] == len(listed["gaps"])
    gap = listed["gaps"][0]
    assert f"{gap['id']}\t{gap['n']}\t" in shell("gaps", "list", "--by", "minutes")
    shown = shell.json("gaps", "show", gap["id"])
    assert len(shown["examples"]) == min(5, gap["n"])
    assert f"#{shown['examples'][0]['inquiry_id']} " in shell("gaps", "show", gap["id"])
    made = shell.json("gaps", "make", gap["id"], "--title", "인증번호가 안 와요", "--slug", "code")
    assert made == {"slug": "code", "title": "인증번호가 안 와요", "labels": gap["n"], "change": 1}
    assert "closed already" in shell.refuses("gaps", "dismiss", gap["id"])
    assert "Taken back" in shell("faqs", "undo", 1)
    shell("gaps", "dismiss", gap["id"], "--reason", "later")
    assert shell.json("gaps", "list", "--state", "dismissed")["gaps"][0]["reason"] == "later"
    shell("gaps", "reopen", gap["id"])
    assert "faqs undo 2" in shell("gaps", "give", gap["id"], "refund")


def test_an_faq_is_made_renamed_merged_and_all_of_it_taken_back(shell, desk, tmp_path):
    shell("faqs", "create", "돈 돌려받기", "--slug", "money-back", "--category", "환불")
    shell("faqs", "edit", "money-back", "--body", "며칠 걸립니다")
    assert "6 labels followed" in shell("faqs", "rename", "refund", "refunds")
    assert "6 labels followed" in shell("faqs", "merge", "refunds", "money-back")
    shown = shell.json("faqs", "show", "money-back")
    assert (shown["sent"], shown["aliases"]) == (6, ["refunds"])
    assert shown["said_before"][0]["body"] == ""
    assert "(part of money-back now)" in shell("faqs", "show", "refunds")
    assert shell("faqs", "list").startswith("money-back\t6\t")
    shell("faqs", "retire", "money-back")
    shell("faqs", "restore", "money-back")
    changes = shell.json("faqs", "changes")
    assert [change["kind"] for change in changes] == [
        "restored", "retired", "merged", "renamed", "edited", "created",
    ]  # fmt: skip
    assert "later change" in shell.refuses("faqs", "undo", changes[3]["id"])
    for change in changes:
        shell("faqs", "undo", change["id"])
    assert "taken back" in shell("faqs", "changes", "money-back")
    db = desk.database()
    assert [(faq.slug, faq.sent) for faq in faqs.every(db)] == [("refund", 6)]
    db.close()


def test_before_an_faq_is_made_those_like_it_are_shown(shell, desk):
    shell("faqs", "create", "인증번호가 오지 않아요", "--slug", "code")
    shell("faqs", "create", "??", "--slug", "odd")  # nothing that an encoder reads
    near = shell.json("faqs", "near", "인증번호가 안 와요")
    assert near[0]["faq"]["slug"] == "code"
    assert near[0]["likeness"] > 0.5
    assert "\tcode\t" in shell("faqs", "near", "인증번호가 안 와요", "--limit", 1)
    assert "No FAQ is like it" in shell("faqs", "near", "ㅡㅡ;;")


def test_faqs_are_written_out_and_taken_in_again(shell, desk, tmp_path):
    file = tmp_path / "faqs.csv"
    assert "1 FAQs" in shell("faqs", "export", file)
    file.write_text(file.read_text("utf-8-sig") + "exchange,교환,,,,,1,,,,\n", "utf-8")
    assert "new\texchange" in shell("faqs", "import", file, "--dry-run")
    taken = shell.json("faqs", "import", file)["taken"]
    assert (taken["added"], taken["changed"], taken["passed_over"]) == (1, 0, 1)
    assert "title" in shell("faqs", "show", "exchange", "--json")
    book = tmp_path / "faqs.xlsx"
    assert "2 FAQs" in shell("faqs", "export", book)
    assert "0 added, 0 changed, 2 passed over" in shell("faqs", "import", book)
    assert shell.refuses("faqs", "edit", "exchange", code=2)


def test_the_map_is_made_shown_searched_labelled_and_written_out(shell, desk, tmp_path):
    assert "faqdesk map make" in shell.refuses("map", "show", code=3)
    assert shell.json("map", "make")["anew"]
    assert "0 of them new" in shell("map", "make")
    legend = shell.json("map", "show")
    assert (legend["n"], legend["bytes"]) == (20, 8 + 13 * 20)
    assert "refund\t6\t" in shell("map", "show")
    found = shell.json("map", "search", "인증번호")
    assert len(shell("map", "search", "인증번호").split()) == len(found) == 5
    labelled = shell("map", "region", *found, "--label", "refund")
    assert "5 labelled" in labelled
    shell("faqs", "undo", 1)
    file = tmp_path / "region.csv"
    assert "5 inquiries" in shell(
        "map", "region", *found, "--export", file, "--reason", "asked by the team"
    )
    assert "no FAQ linked" in shell("map", "region", *found)
    assert shell.json("map", "region", *found)["faqs"] == []
    shell("map", "export", tmp_path / "out", "--limit", 7, "--reason", "a talk")
    assert len((tmp_path / "out" / "vectors.tsv").read_text().splitlines()) == 7


def test_what_wants_attention_is_listed_set_aside_and_brought_back(shell, desk):
    db = desk.database()
    db.execute("INSERT INTO faqs (slug, title, url, created_at, updated_at) "
               "VALUES ('idle', '놀고 있음', '', '2020', '2020')")  # fmt: skip
    db.conn.commit()
    db.close()
    assert "never_sent\tidle\t" in shell("faqs", "findings", "--look")
    shell("faqs", "set-aside", "never_sent", "idle", "--reason", "soon")
    assert shell.json("faqs", "findings", "--kind", "never_sent") == []
    assert "[soon]" in shell("faqs", "findings", "--all")
    shell("faqs", "set-aside", "never_sent", "idle", "--undo")
    assert len(shell.json("faqs", "findings", "--kind", "never_sent")) == 1
    assert "There are" in shell.refuses("faqs", "findings", "--kind", "boring")


def test_links_are_checked_only_where_somebody_says_so(shell, desk):
    assert "Not due" in shell("faqs", "links", "--if-due")
    shell("faqs", "edit", "refund", "--url", "http://127.0.0.1:1/faq/refund")
    report = shell.json("faqs", "links")
    assert (report["unsure"], report["there"]) == (1, 0)
    assert "port 1" in report["found"][0][1]["detail"]
    assert "1 unsure" in shell("faqs", "links")


def test_saved_replies_are_kept_learned_and_suggested(shell, desk, tmp_path):
    file = tmp_path / "macros.csv"
    file.write_text("name,title,body\ncode,인증번호,스팸함을 확인해 주세요.\nx,,\n", "utf-8")
    assert "1 added" in shell("replies", "import", file)
    shell("replies", "create", "배송", "송장 번호로 조회해 주세요.", "--name", "delivery")
    learned = shell.json("replies", "learn")
    assert learned["uses"] == 9
    assert "answers hold a saved reply" in shell("replies", "learn")
    assert shell("replies", "list").startswith("code\t5\t")
    assert shell.json("replies", "list", "--search", "송장")[0]["name"] == "delivery"
    assert "fits well enough" in shell("replies", "suggest", "인증번호가 안 와요")  # too few yet
    assert shell.json("replies", "suggest", "인증번호가 안 와요") == []
    shell("replies", "edit", "code", "--body", "다른 말")
    shell("replies", "retire", "code")
    shell("replies", "retire", "code", "--undo")
    assert "2 saved replies" in shell("replies", "export", tmp_path / "out.jsonl")
    assert shell.refuses("replies", "edit", "code", code=2)
    changes = shell.json("replies", "changes")
    assert [change["kind"] for change in changes[:3]] == ["restored", "retired", "edited"]
    assert "later change" in shell.refuses("replies", "undo", changes[2]["id"])
    for change in changes[:3]:
        shell("replies", "undo", change["id"])
    assert "taken back" in shell("replies", "changes")
    assert shell("replies", "list").startswith("code\t5\t")
    shell("replies", "export", tmp_path / "out.xlsx")
    assert "0 added, 0 changed, 2 left" in shell("replies", "import", tmp_path / "out.xlsx")
