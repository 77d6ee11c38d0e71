"""FAQs in the console: listed with their use, made, edited, renamed, merged, retired, mended."""

import re

import pytest

from support import faq_changes, faq_edit, faq_findings, faqs, settings
from support.clock import ago
from support.database import scalar
from tests.conftest import ACTOR


def said(page):
    """What a page says in its flashes."""
    assert page.status_code == 200, page.text
    return page.text.split('class="flashes"')[1].split("</div>")[0]


def press(client, path, data=None, **more):
    return client.post(path, data=data or {}, follow_redirects=True, **more)


def test_the_list_is_searched_filtered_and_sorted(agent, lead, db):
    everything = agent.get("/faqs").text
    for title in ("인증번호가 오지 않아요", "They did not show up", "no-show"):
        assert title in everything
    assert "새 FAQ" not in everything  # an agent reads
    assert "새 FAQ" in lead.get("/faqs").text
    assert "no-show" not in agent.get("/faqs?q=증번").text  # inside a word
    assert "code-missing" in agent.get("/faqs?q=CODE+arrive").text
    one = agent.get("/faqs?category=환불").text
    assert 'href="/faqs/refund"' in one
    assert 'href="/faqs/no-show"' not in one
    by_use = agent.get("/faqs?sort=sent").text
    assert by_use.index("/faqs/code-missing") < by_use.index("/faqs/no-show")
    assert "FAQ가 없어요" in agent.get("/faqs?q=있을리없는말").text
    assert agent.get("/faqs?sort=x").status_code == 400
    assert agent.get("/faqs?state=x").status_code == 400
    faq_edit.retire(db, ACTOR, "no-show")
    faq_edit.rename(db, ACTOR, "refund", "money-back")
    assert "no-show" not in agent.get("/faqs").text
    assert "no-show" in agent.get("/faqs?state=retired").text
    assert "money-back" in agent.get("/faqs?state=renamed").text
    assert "code-missing" not in agent.get("/faqs?state=renamed").text
    newest = agent.get("/faqs?state=all&sort=new").text
    assert newest.index("/faqs/no-show") < newest.index("/faqs/code-missing")
    assert agent.get("/faqs?page=99").status_code == 200


def test_use_is_counted_under_todays_name(agent, db, ids):
    at = ago(hours=1)
    db.execute(
        "INSERT INTO suggestions (id, inquiry_id, asked_by, release, band, at) "
        "VALUES ('s1', ?, 'agent:1', 'r1', 'likely', ?)", [ids["a3"], at],
    )  # fmt: skip
    db.execute(
        "INSERT INTO suggestion_faqs (suggestion_id, rank, slug, probability, outcome, reason) "
        "VALUES ('s1', 1, 'refund', 0.9, 'accepted', ''), "
        "('s1', 2, 'no-show', 0.1, 'dismissed', 'outdated')"
    )
    db.execute("INSERT INTO misses VALUES ('s1', 'code-missing')")
    db.execute("UPDATE labels SET origin = 'sent'")
    db.conn.commit()
    faq_edit.rename(db, ACTOR, "refund", "money-back")
    page = agent.get("/faqs/money-back").text
    assert "추천</dt><dd>1<" in page.replace(" ", "")
    assert "n\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}1" in page  # right where it came first
    assert "다른 이름: refund" in page
    assert "오래된 내용 1" in agent.get("/faqs/no-show").text
    old = agent.get("/faqs/refund")
    assert old.headers["Location"] == "/faqs/money-back"
    assert agent.get("/faqs/nothing").status_code == 404


def test_an_faq_is_made_edited_and_all_of_it_taken_back(lead, db):
    page = press(lead, "/faqs/-/new", {"title": "교환하고 싶어요", "body": "7일 안에 됩니다."})
    assert "‘교환하고 싶어요’ FAQ를 만들었어요" in said(page)
    slug = "교환하고-싶어요"
    assert page.request.path == f"/faqs/{slug}"
    assert faqs.get(db, slug).url.startswith("https://help.example.com/faq/")
    page = press(
        lead, f"/faqs/{slug}/edit", {"title": "교환하고 싶어요", "body": "30일 안에 됩니다."}
    )
    assert "저장했어요" in said(page)
    assert "<del>7일</del><ins>30일</ins> 안에 됩니다." in page.text
    made, edited = sorted(change.id for change in faq_changes.listed(db, slug=slug))
    refused = press(lead, f"/faqs/-/changes/{made}/undo", {"next": f"/faqs/{slug}"})
    assert f"나중 변경 {edited}번" in said(refused)
    back = press(lead, f"/faqs/-/changes/{edited}/undo", {"next": f"/faqs/{slug}"})
    assert "되돌렸어요" in said(back)
    assert faqs.get(db, slug).body == "7일 안에 됩니다."
    assert "이미 되돌렸어요" in said(press(lead, f"/faqs/-/changes/{edited}/undo"))
    gone = press(lead, f"/faqs/-/changes/{made}/undo", {"next": f"/faqs/{slug}"})
    assert gone.request.path == "/faqs"
    assert scalar(db, "SELECT count(*) FROM faqs WHERE slug = ?", [slug]) == 0


def test_what_somebody_else_wrote_meanwhile_is_not_written_over(lead, db):
    seen = re.search(r'name="seen" value="([^"]+)"', lead.get("/faqs/refund/edit").text)
    db.execute("UPDATE faqs SET body = '남이 쓴 글', updated_at = '2999-01-01T00:00:00Z'")
    db.conn.commit()
    fields = {"title": "환불", "body": "내가 쓴 글", "seen": seen[1]}
    refused = lead.post("/faqs/refund/edit", data=fields)
    assert refused.status_code == 409
    assert "그사이 FAQ가 바뀌었어요" in refused.text
    assert "내가 쓴 글" in refused.text
    assert faqs.get(db, "refund").body == "남이 쓴 글"
    again = re.search(r'name="seen" value="([^"]+)"', refused.text)
    assert "저장했어요" in said(press(lead, "/faqs/refund/edit", fields | {"seen": again[1]}))


def test_hostile_words_stay_words(lead, db):
    words = "<script>alert(1)</script>\"'{{7*7}}"
    db.execute("UPDATE faqs SET title = ?, title_en = ?, body = ?, category = ?", [words] * 4)
    db.execute("UPDATE faqs SET url = 'javascript:alert(1)', slug = ? WHERE slug = 'refund'",
               ["x'\"><img>"])  # fmt: skip
    db.conn.commit()
    faq_edit.edit(db, ACTOR, "no-show", body=f"{words} neu")
    slug = "x'\"><img>"
    for path in ("/faqs", "/faqs/no-show", f"/faqs/{slug}", "/faqs/no-show/edit", "/faqs/to-mend",
                 f"/faqs/no-show/merge?into={slug}", "/faqs/-/changes"):  # fmt: skip
        page = lead.get(path).text
        assert "<script>alert" not in page, path
        assert "<img>" not in page, path
        assert ">49<" not in page, path
        assert 'href="javascript' not in page, path


def test_a_number_that_is_given_out_again_brings_no_foreign_changes(lead, db):
    press(lead, "/faqs/-/new", {"title": "하나", "slug": "one"})
    press(lead, f"/faqs/-/changes/{faq_changes.listed(db)[0].id}/undo")
    page = press(lead, "/faqs/-/new", {"title": "둘", "slug": "two"})
    first, second = sorted(change.id for change in faq_changes.listed(db))
    assert f'id="c{second}"' in page.text
    assert f'id="c{first}"' not in page.text


def test_one_that_is_there_already_is_shown_before_another_is_made(lead, db):
    near = lead.get("/faqs/-/near?title=인증번호가 안 와요").json["html"]
    assert "/faqs/code-missing" in near
    assert (
        "/faqs/code-missing"
        not in lead.get("/faqs/-/near?title=인증번호가 안 와요&without=code-missing").json["html"]
    )
    again = {"title": "환불을 받고 싶어요!"}
    asked = lead.post("/faqs/-/new", data=again)
    assert asked.status_code == 409
    assert "아주 비슷한 FAQ가 이미 있어요" in asked.text
    assert "/faqs/refund" in asked.text
    assert len(faqs.every(db)) == 3
    assert "만들었어요" in said(press(lead, "/faqs/-/new", again | {"sure": "1"}))
    assert len(faqs.every(db)) == 4


@pytest.mark.parametrize(
    ("fields", "status", "words"),
    [
        ({"title": "  "}, 400, "제목이 있어야"),
        ({"title": "새 글", "slug": "a/b"}, 400, "빈칸이나"),
        ({"title": "새 글", "url": "javascript:alert(1)"}, 400, "https://나"),
        ({"title": "새 글", "slug": "refund"}, 409, "이미 있는 FAQ 이름"),
    ],
)
def test_what_cannot_be_an_faq_is_refused_and_what_was_typed_stays(lead, fields, status, words):
    page = lead.post("/faqs/-/new", data=fields | {"body": "쓴 글"})
    assert page.status_code == status
    assert words in page.text
    assert "쓴 글" in page.text


def test_an_answered_inquiry_becomes_an_faq_and_is_learned_from(lead, db, ids):
    number = ids["a2"]
    form = lead.get(f"/faqs/-/new?inquiry={number}").text
    assert "문자 인증번호가 계속 안 오는데요" in form
    assert "통신사 스팸 차단" in form
    assert "070-1234-5678" not in form  # what was masked stays masked
    assert "가려진 글자가 들어 있어요: [전화번호]" in form
    fields = {"title": "스팸 차단을 끄는 방법", "inquiry": number, "label": "1"}
    assert "만들었어요" in said(press(lead, "/faqs/-/new", fields))
    labels = {
        row["slug"] for row in db.query("SELECT slug FROM labels WHERE inquiry_id = ?", [number])
    }
    assert labels == {"code-missing", "스팸-차단을-끄는-방법"}
    assert lead.get("/faqs/-/new?inquiry=999").status_code == 404
    assert lead.get("/faqs/-/new?inquiry=x").status_code == 400


def test_an_faq_is_renamed_and_its_old_name_goes_on(lead, db):
    page = press(lead, "/faqs/refund/rename", {"to": "money-back"})
    assert "문의 2건도 함께 옮겼어요" in said(page)
    assert page.request.path == "/faqs/money-back"
    assert faqs.aliases(db) == {"refund": "money-back"}
    assert "이미 있는 FAQ 이름" in said(press(lead, "/faqs/money-back/rename", {"to": "no-show"}))
    assert "빈칸이나" in said(press(lead, "/faqs/money-back/rename", {"to": "a b"}))
    change = faq_changes.listed(db)[0].id
    back = press(lead, f"/faqs/-/changes/{change}/undo", {"next": "/faqs/money-back"})
    assert back.request.path == "/faqs/refund"
    assert faqs.aliases(db) == {}


def test_a_merging_says_what_follows_before_it_is_done(lead, db):
    chosen = lead.get("/faqs/refund/merge").text
    assert "합칠 FAQ" in chosen or "가장 비슷한 FAQ" in chosen
    assert "no-show" in lead.get("/faqs/refund/merge?q=상대가").text
    asked = lead.get("/faqs/refund/merge?into=no-show").text
    assert "문의 2건이 함께 옮겨져요" in asked
    page = press(lead, "/faqs/refund/merge", {"into": "no-show"})
    assert "‘refund’를 이 FAQ에 합쳤어요" in said(page)
    assert page.request.path == "/faqs/no-show"
    assert faqs.get(db, "no-show").sent == 3
    gone = lead.get("/faqs/refund").text
    assert "다른 FAQ에 합친 FAQ예요" in gone
    assert "/faqs/refund/edit" not in gone
    assert "refund" in lead.get("/faqs?state=merged").text
    same = press(lead, "/faqs/no-show/merge", {"into": "no-show"})
    assert "flash danger" in same.text
    change = faq_changes.listed(db)[0].id
    press(lead, f"/faqs/-/changes/{change}/undo")
    assert faqs.get(db, "refund").sent == 2
    assert "refund → no-show 합침" in lead.get("/faqs/-/changes").text


def test_an_faq_is_retired_and_restored(lead, agent, db):
    page = press(lead, "/faqs/no-show/retire")
    assert "더는 추천하지 않아요" in said(page)
    assert "/undo" in page.text
    assert not faqs.get(db, "no-show").active
    assert press(lead, "/faqs/no-show/retire").status_code == 200  # pressed twice
    assert "다시 추천할 수 있어요" in said(press(lead, "/faqs/no-show/restore"))
    assert agent.post("/faqs/no-show/retire").status_code == 403


def test_what_an_answer_used_is_not_undone_away(lead, db, ids):
    press(lead, "/faqs/-/new", {"title": "교환", "slug": "exchange"})
    made = faq_changes.listed(db)[0].id
    db.execute(
        "INSERT INTO labels (inquiry_id, slug, origin, at) VALUES (?, 'exchange', 'sent', ?)",
        [ids["a1"], ago(hours=1)],
    )
    db.conn.commit()
    assert "답변 1건이 이 FAQ를 안내했어요" in said(press(lead, f"/faqs/-/changes/{made}/undo"))


def test_the_picker_finds_faqs_but_not_the_one_itself(agent):
    found = agent.get("/faqs/-/find?q=환불").json["faqs"]
    assert [item["slug"] for item in found] == ["refund"]
    assert agent.get("/faqs/-/find?q=환불&without=refund").json["faqs"] == []


def test_what_wants_mending_stands_there_with_its_evidence(lead, db, ids):
    assert "손볼 것이 없어요" in lead.get("/faqs/to-mend").text
    db.execute("UPDATE faqs SET created_at = '2020-01-01T00:00:00Z'")
    db.execute("DELETE FROM labels WHERE slug = 'no-show'")
    db.execute(
        "INSERT INTO faq_link_checks (faq_id, url, state, status, since, checked_at) "
        "SELECT id, url, 'gone', 404, '2026-01-02T00:00:00Z', '2026-01-03T00:00:00Z' "
        "FROM faqs WHERE slug = 'refund'"
    )
    db.execute(
        "INSERT INTO faq_pairs VALUES ('code-missing', 'refund', 2, 2, 4, 3, 0.8, 0.5, 1.1, 1, "
        "?, 'x', '2026-01-01')", [f"[[{ids['a1']}, {ids['a3']}, 0.9]]"],
    )  # fmt: skip
    db.conn.commit()
    page = lead.get("/faqs/to-mend").text
    assert "보낸 적 없음" in page
    assert "응답 404" in page
    assert "김민지" in page  # whose habit it is
    assert "환불받고싶어요" in page  # the pair side by side
    assert "/faqs/code-missing/merge?into=refund" in page
    assert "저절로 점검하지는 않아요" in page
    only = lead.get("/faqs/to-mend?kind=never_sent").text
    assert "응답 404" not in only
    assert lead.get("/faqs/to-mend?kind=x").status_code == 400
    settings.change(db, ACTOR, link_check_days=7)
    assert "7일마다" in lead.get("/faqs/to-mend").text


def test_a_page_that_moved_is_followed_or_merged(lead, db):
    for slug, target in (("refund", "no-show"), ("code-missing", "elsewhere/page")):
        db.execute(
            "INSERT INTO faq_link_checks (faq_id, url, state, status, target, since, checked_at) "
            "SELECT id, url, 'moved', 301, ?, '2026-01-02T00:00:00Z', '2026-01-03T00:00:00Z' "
            "FROM faqs WHERE slug = ?", [f"https://help.example.com/ko/faq/{target}", slug],
        )  # fmt: skip
    db.conn.commit()
    page = lead.get("/faqs/to-mend?kind=link_moved").text
    assert "/faqs/refund/merge?into=no-show" in page
    way = re.search(r'href="(/faqs/code-missing/edit[^"]+)"', page)
    form = lead.get(way[1]).text
    assert 'value="https://help.example.com/ko/faq/elsewhere/page"' in form


def test_a_finding_is_set_aside_with_a_reason_and_brought_back(lead, db):
    db.execute("UPDATE faqs SET created_at = '2020-01-01T00:00:00Z'")
    db.execute("DELETE FROM labels WHERE slug = 'no-show'")
    db.conn.commit()
    finding = {"kind": "never_sent", "subject": "no-show"}
    page = press(lead, "/faqs/to-mend/set-aside", finding | {"reason": "곧 쓸 예정"})
    assert "제외했어요" in said(page)
    assert "/faqs/no-show" not in page.text
    assert "곧 쓸 예정" in lead.get("/faqs/to-mend?aside=1").text
    assert faq_findings.findings(db, kinds=["never_sent"]) == []
    assert "/faqs/no-show" in press(lead, "/faqs/to-mend/bring-back", finding).text
    assert press(lead, "/faqs/to-mend/bring-back", finding).status_code == 200  # in two windows
    assert (
        lead.post("/faqs/to-mend/set-aside", data={"kind": "x", "subject": "y"}).status_code == 400
    )
    assert lead.post("/faqs/to-mend/set-aside", data={"kind": "never_sent"}).status_code == 400


def test_looking_again_is_a_job(lead, db):
    for kind in ("links", "pairs"):
        assert lead.post("/faqs/to-mend/look", data={"kind": kind}).status_code == 302
        assert (
            lead.post("/faqs/to-mend/look", data={"kind": kind}).status_code == 302
        )  # once is enough
    assert [row["kind"] for row in db.query("SELECT kind FROM jobs ORDER BY id")] == [
        "links",
        "pairs",
    ]
    assert lead.post("/faqs/to-mend/look", data={"kind": "train"}).status_code == 400
    assert "data-poll" in lead.get("/faqs/to-mend").text
