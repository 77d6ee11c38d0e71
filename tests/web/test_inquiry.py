import re
from dataclasses import replace

import pytest

from support import answering, holding, saved_replies
from support.clock import now
from support.database import one, scalar
from support.errors import InputError
from support.promise import Promise
from tests.conftest import ACTOR

MASKED = "전화 주세요: [전화번호]"


def as_script(client, path, **body):
    return client.post(path, json=body, headers={"Accept": "application/json"})


def send(client, inquiry_id, text, **more):
    form = {"text": text, **more}
    headers = {"Accept": "application/json"}
    return client.post(f"/inquiries/{inquiry_id}/send", data=form, headers=headers)


@pytest.fixture
def page(agent, ids):
    return agent.get(f"/inquiries/{ids['o1']}").text


def test_the_customers_own_words_are_shown(page):
    assert "010-2345-6789" in page


def test_a_likely_suggestion_comes_with_its_reasons(page):
    assert "유력한 추천" in page
    whole = page.replace("\N{NO-BREAK SPACE}", " ").replace("\N{WORD JOINER}", "")
    assert "이런 경우 10번 중 8번 맞음 (n = 66, 68–89 %)" in whole
    assert "<mark>인증번호</mark>" in page
    assert "<mark>날씨</mark>" not in page
    assert "비슷한 지난 답변 3건 중 2건에서 사용" in page
    assert (
        'data-insert="인증번호가 오지 않아요\nhttps://help.example.com/ko/faq/code-missing"' in page
    )


def test_past_answers_are_masked_and_dated(page):
    assert "[전화번호]로 전화 주세요" in page
    assert "070-1234-5678" not in page
    assert "최하나" in page


def test_an_english_inquiry_gets_english_titles(agent, ids):
    page = agent.get(f"/inquiries/{ids['o3']}").text
    assert 'data-insert="The code does not arrive\n' in page
    assert "인증번호가 오지 않아요" in page  # the agent reads Korean


def test_a_tie_is_a_choice_of_two_with_its_own_promise(agent, ids, recommender, monkeypatch):
    likely = recommender.suggest

    def tie(*given, **more):
        found = likely(*given, **more)
        return replace(
            found, band="possible", tie=True, faqs=found.faqs[:2], promise=Promise.of(26, 31)
        )

    monkeypatch.setattr(recommender, "suggest", tie)
    page = agent.get(f"/inquiries/{ids['o1']}").text
    assert "가능한 추천" in page
    assert "두 FAQ가 엇비슷해요. 둘 중에 정답이 있을 확률: 이런 경우 10번 중 8번 맞음" in page
    assert "이 중에 정답이 있을 확률" not in page
    assert page.count('class="card-faq"') == 2


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("below_threshold", "기준만큼 확실한 FAQ가 없어요"),
        ("ambiguous", "엇비슷하게"),
        ("out_of_scope", "다루는 FAQ가 없는 것 같아요"),
        ("empty", "살펴볼 글이 없어요"),
        ("no_model", "아직 지난 답변을 학습하지 않았어요"),
        ("holdout", "일부러 비워 두었어요"),
    ],
)
def test_silence_says_why(agent, ids, recommender, reason, words):
    recommender.silence = reason
    page = agent.get(f"/inquiries/{ids['o1']}").text
    assert "추천 없음" in page
    assert words in page
    assert "스팸함을 봐 주세요" in page  # similar answers are there all the same


def test_what_was_suggested_is_remembered_once(agent, ids, db):
    for _ in range(2):
        agent.get(f"/inquiries/{ids['o1']}")
    row = one(db, "SELECT * FROM suggestions WHERE inquiry_id = ?", [ids["o1"]])
    assert row["asked_by"] == "agent:1"
    assert scalar(db, "SELECT count(*) FROM suggestions") == 1


def test_hostile_markup_is_text(agent, add_rows, db):
    add_rows(
        [
            (
                "x",
                5,
                "javascript",
                "ko",
                "",
                "&lt;script&gt;alert(1)&lt;/script&gt; \"quoted\" 'x'",
                "",
            )
        ]
    )
    inquiry_id = scalar(db, "SELECT id FROM inquiries WHERE source_id = 'x'")
    db["messages"].update(
        scalar(db, "SELECT id FROM messages WHERE inquiry_id = ?", [inquiry_id]),
        {"text": "<script>alert(1)</script>\n<img src=x onerror=alert(1)>"},
    )
    db["inquiries"].update(inquiry_id, {"source_url": "javascript:alert(1)"})
    db["attachments"].insert({
        "message_id": scalar(db, "SELECT id FROM messages WHERE inquiry_id = ?", [inquiry_id]),
        "name": "<i>bill</i>", "url": "javascript:alert(2)"})  # fmt: skip
    page = agent.get(f"/inquiries/{inquiry_id}").text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;\n&lt;img" in page
    assert "<script>alert" not in page
    assert "javascript:alert(1)" not in page
    assert 'href="javascript:' not in page
    assert "&lt;i&gt;bill&lt;/i&gt;" in page


def test_nobody_there_is_404(agent):
    for path in ("/inquiries/999", f"/inquiries/{2**63}", "/inquiries/abc", "/nowhere"):
        answer = agent.get(path)
        assert answer.status_code == 404
        assert "찾을 수 없어요" in answer.text


def listed(client, inquiry_id, text=""):
    answer = client.get(f"/inquiries/{inquiry_id}/faqs", query_string={"q": text})
    return {group["words"]: group["items"] for group in answer.json["groups"]}


def slugs(items):
    return [item["slug"] for item in items]


def test_before_typing_the_suggested_then_the_most_used_then_all_by_category(agent, ids):
    path = f"/inquiries/{ids['o1']}"
    agent.get(path)
    found = listed(agent, ids["o1"])
    assert list(found) == ["추천", "팀에서 많이 쓴 FAQ", "가입·인증", "직거래", "환불"]
    assert slugs(found["추천"]) == ["code-missing", "no-show"]
    assert slugs(found["팀에서 많이 쓴 FAQ"])[-1] == "no-show"  # sent once, the others twice
    assert slugs(found["환불"]) == ["refund"]


def test_what_was_dismissed_is_not_listed_as_suggested(agent, ids, db):
    agent.get(f"/inquiries/{ids['o1']}")
    suggestion_id = scalar(db, "SELECT id FROM suggestions")
    body = {"slug": "no-show", "reason": "irrelevant"}
    as_script(agent, f"/suggestions/{suggestion_id}/dismissed", **body)
    assert slugs(listed(agent, ids["o1"])["추천"]) == ["code-missing"]


def test_faqs_are_found_as_they_are_typed(agent, ids):
    def found(text):
        return slugs(listed(agent, ids["o1"], text).get("FAQ", []))

    assert found("나오지") == ["no-show"]
    assert found("환") == ["refund"]
    assert found("\"' OR 1=1 --*") == []


def test_saved_replies_are_found_beside_faqs(agent, ids, db):
    saved_replies.create(db, ACTOR, title="환불 지연 사과", body="늦어져서 죄송합니다.")
    assert listed(agent, ids["o1"])["저장 답변"][0]["text"] == "늦어져서 죄송합니다."
    found = listed(agent, ids["o1"], "환불")
    assert slugs(found["FAQ"]) == ["refund"]
    assert [item["title"] for item in found["저장 답변"]] == ["환불 지연 사과"]


def test_one_faq_comes_in_every_form_in_the_language_of_the_inquiry(agent, ids, db):
    db.execute("UPDATE faqs SET body = '사흘 걸립니다.' WHERE slug = 'refund'")
    url = "https://help.example.com/ko/faq/refund"
    found = agent.get(f"/inquiries/{ids['o2']}/faqs/refund").json["forms"]
    titled = f"환불을 받고 싶어요\n{url}"
    assert found == {"link": url, "titled": titled, "text": f"사흘 걸립니다.\n{url}"}
    english = agent.get(f"/inquiries/{ids['o3']}/faqs/refund").json["forms"]
    # A text in Korean is of no use to them.
    assert english["titled"] == english["text"] == f"I want a refund\n{url}"
    assert agent.get(f"/inquiries/{ids['o3']}/faqs/nothing").status_code == 404


def test_a_draft_is_kept_sealed_and_shown_again(agent, ids, db):
    path = f"/inquiries/{ids['o1']}"
    answer = as_script(agent, path + "/draft", text="<안녕>\n하세요", revision=1).json
    assert (answer["revision"], answer["same"], answer["text"]) == (1, True, "<안녕>\n하세요")
    page = agent.get(path).text
    assert "\n&lt;안녕&gt;\n하세요</textarea>" in page
    assert 'data-revision="1"' in page
    assert "안녕".encode() not in one(db, "SELECT sealed FROM drafts")["sealed"]


def test_a_late_save_never_wins(agent, ids):
    path = f"/inquiries/{ids['o1']}/draft"
    as_script(agent, path, text="나중", revision=5)
    answer = as_script(agent, path, text="먼저", revision=4).json
    assert (answer["revision"], answer["same"], answer["text"]) == (5, False, "나중")


def test_drafts_are_ones_own(agent, ids, sign_in):
    path = f"/inquiries/{ids['o1']}"
    as_script(agent, path + "/draft", text="민아의 글", revision=1)
    assert "민아의 글" not in sign_in("yuna").get(path).text


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"text": 1, "revision": 1},
        {"text": "a", "revision": 0},
        {"text": "a", "revision": 2**70},
    ],
)
def test_an_odd_draft_is_refused(agent, ids, body):
    answer = as_script(agent, f"/inquiries/{ids['o1']}/draft", **body)
    assert answer.status_code == 400
    assert answer.content_type == "application/problem+json"


def test_sending_teaches_and_goes_on(agent, ids, db):
    agent.get(f"/inquiries/{ids['o1']}")
    text = "안녕하세요.\r\nhttps://help.example.com/ko/faq/code-missing?utm_source=x"
    assert send(agent, ids["o1"], text).json == {"next": f"/inquiries/{ids['o2']}"}
    sql = "SELECT slug, origin FROM labels WHERE inquiry_id = ?"
    assert one(db, sql, [ids["o1"]]) == {"slug": "code-missing", "origin": "sent"}
    outcomes = {row["slug"]: row["outcome"] for row in db.query("SELECT * FROM suggestion_faqs")}
    assert outcomes == {"code-missing": "accepted", "no-show": "passed_over"}
    assert one(db, "SELECT state FROM outbox")["state"] == "copied"
    flash = agent.get(f"/inquiries/{ids['o2']}").text
    assert "저장했어요. 답변은 클립보드에 있어요. 새로 배운 FAQ: 인증번호가 오지 않아요" in flash


def test_an_answer_is_found_at_once(agent, ids):
    send(agent, ids["o4"], "네, 산책하기 좋은 무지개빛 날입니다")
    page = agent.get("/search", query_string={"q": "오늘 날씨가 좋네요"}).text
    assert page.count("무지개빛 날입니다") == 4  # two kinds of result, each with its copy button


def test_a_failing_encoder_loses_no_answer(agent, ids, db, recommender, monkeypatch):
    def fail(*_):
        raise RuntimeError("out of memory")

    monkeypatch.setattr(recommender.similar, "remember", fail)
    assert send(agent, ids["o1"], "답변").status_code == 200
    assert one(db, "SELECT status FROM inquiries WHERE id = ?", [ids["o1"]]) == {
        "status": "answered"
    }


def test_nothing_is_said_to_be_sent_while_nothing_delivers(agent, ids, db):
    for name in ("o1", "o2"):
        assert "저장하고 복사" in agent.get(f"/inquiries/{ids[name]}").text
    send(agent, ids["o2"], "사흘 걸립니다")
    assert one(db, "SELECT state FROM outbox")["state"] == "copied"
    assert "보냈어요" not in agent.get("/").text


def test_sending_goes_on_to_whoever_waits_longest_and_the_last_leads_back(agent, ids, db):
    for name, following in (("o4", "o1"), ("o1", "o2"), ("o2", "o3")):
        assert send(agent, ids[name], "답").json == {"next": f"/inquiries/{ids[following]}"}
        assert holding.holder(db, ids[following]).name == "Mina"
    assert send(agent, ids["o3"], "답").json == {"next": "/"}


def test_an_empty_answer_is_refused_in_words(agent, ids):
    answer = send(agent, ids["o1"], "  \n")
    assert answer.status_code == 400
    assert answer.json["detail"] == "답변이 비어 있어요. 먼저 써 주세요."


def test_masks_go_out_only_when_confirmed(agent, ids):
    answer = send(agent, ids["o1"], MASKED)
    assert answer.status_code == 400
    assert "가려진 개인정보" in answer.json["detail"]
    # A word for one mask is none for others, nor for a second one.
    for text in (MASKED + " [계좌번호]", MASKED + " [전화번호]"):
        assert send(agent, ids["o1"], text, masks_confirmed="[전화번호]").status_code == 400
    assert send(agent, ids["o1"], MASKED, masks_confirmed="[전화번호]").status_code == 200


def test_an_answer_over_a_message_that_nobody_saw_waits_until_it_is_shown(agent, ids, db):
    path = f"/inquiries/{ids['o1']}"
    seen = re.search(r'name="shown" value="([\d,]+)"', agent.get(path).text)[1]
    message = {"inquiry_id": ids["o1"], "source_id": "again", "role": "customer", "public": 1,
               "text": "아니 취소할게요", "at": now()}  # fmt: skip
    db["messages"].insert(message)
    refused = send(agent, ids["o1"], "답변", shown=seen)
    assert (refused.status_code, refused.json["unseen"]) == (409, True)
    assert "그 사이 고객이" in refused.json["detail"]
    plain = agent.post(path + "/send", data={"text": "답변", "shown": seen})  # without script
    assert plain.status_code == 409
    assert "아니 취소할게요" in plain.text
    assert "답변</textarea>" in plain.text
    seen = re.search(r'name="shown" value="([\d,]+)"', plain.text)[1]
    assert send(agent, ids["o1"], "답변", shown=seen).status_code == 200


def test_one_that_was_joined_meanwhile_leads_to_where_it_is_answered(agent, ids, db):
    sql = "UPDATE inquiries SET joined_to = ?, status = 'closed' WHERE id = ?"
    db.execute(sql, [ids["o1"], ids["o4"]])
    path, head = f"/inquiries/{ids['o4']}", f"/inquiries/{ids['o1']}"
    for answer in (
        as_script(agent, path + "/draft", text="쓰던 글", revision=1),
        send(agent, ids["o4"], "쓰던 글"),
    ):
        assert (answer.status_code, answer.json["head"]) == (409, head)
        assert "다른 문의와 함께" in answer.json["detail"]
    assert agent.get(path + "/news").json["head"] == head
    plain = agent.post(path + "/send", data={"text": "쓰던 글"})
    assert "쓰던 글" in plain.text
    assert f'href="{head}"' in plain.text


def test_a_refusal_for_another_reason_says_that_reason(agent, ids, monkeypatch):
    def refuse(*_, **__):
        raise InputError("faq_path cannot be 'x'.")

    monkeypatch.setattr(answering, "send", refuse)
    answer = send(agent, ids["o1"], "답변")
    assert (answer.status_code, answer.json["detail"]) == (400, "faq_path cannot be 'x'.")
    page = agent.post(f"/inquiries/{ids['o1']}/send", data={"text": "답변"}).text
    assert "faq_path cannot be" in page
    assert 'id="masks" hidden' in page


def test_whoever_comes_second_keeps_the_text(agent, ids, sign_in, space, db):
    other = sign_in("yuna")
    send(other, ids["o1"], "먼저 보낸 답")
    answer = send(agent, ids["o1"], "늦은 답")
    assert answer.status_code == 409
    assert "다른 사람이 답변했어요" in answer.json["detail"]
    draft = as_script(agent, f"/inquiries/{ids['o1']}/draft", text="늦은 답", revision=1)
    assert draft.status_code == 409
    plain = agent.post(f"/inquiries/{ids['o1']}/send", data={"text": "늦은 답"})  # without script
    assert plain.status_code == 409
    assert "늦은 답" in plain.text
    assert scalar(db, "SELECT count(*) FROM outbox") == 1


def test_an_answer_sent_twice_because_the_first_reply_was_lost_is_sent_once(
    agent, ids, sign_in, db
):
    text = "답\nhttps://help.example.com/ko/faq/refund"
    first = send(agent, ids["o1"], text)
    again = send(agent, ids["o1"], text)
    assert (again.status_code, again.json) == (200, first.json)
    assert agent.get("/").text.count("새로 배운 FAQ: 환불을 받고 싶어요") == 2  # said both times
    assert scalar(db, "SELECT count(*) FROM outbox") == 1
    assert send(agent, ids["o1"], text + " 둘째").status_code == 409
    assert send(sign_in("yuna"), ids["o1"], text).status_code == 409  # never hers


def test_without_script_a_refusal_shows_the_form_again(agent, ids):
    answer = agent.post(f"/inquiries/{ids['o1']}/send", data={"text": MASKED})
    assert answer.status_code == 400
    assert MASKED + "</textarea>" in answer.text
    assert 'name="masks_confirmed"' in answer.text
    sent = agent.post(f"/inquiries/{ids['o1']}/send", data={"text": "답변"})
    assert sent.headers["Location"] == f"/inquiries/{ids['o2']}"


def test_insertions_and_dismissals_are_noted(agent, ids, db):
    agent.get(f"/inquiries/{ids['o1']}")
    suggestion_id = scalar(db, "SELECT id FROM suggestions")
    path = f"/suggestions/{suggestion_id}"

    def noted(slug):
        return one(db, "SELECT * FROM suggestion_faqs WHERE slug = ?", [slug])

    assert as_script(agent, path + "/inserted", slug="code-missing").status_code == 204
    assert noted("code-missing")["inserted_at"]
    as_script(agent, path + "/inserted", slug="code-missing", undone=True)
    assert noted("code-missing")["inserted_at"] is None
    as_script(agent, path + "/dismissed", slug="no-show", reason="outdated")
    assert (noted("no-show")["outcome"], noted("no-show")["reason"]) == ("dismissed", "outdated")
    assert as_script(agent, path + "/dismissed", slug="no-show", reason="x").status_code == 400
    assert as_script(agent, path + "/dismissed", slug="x", reason="other").status_code == 404
    assert as_script(agent, path + "/inserted", slug="x").status_code == 404
    send(agent, ids["o1"], "답변")
    assert as_script(agent, path + "/inserted", slug="code-missing").status_code == 409
    late = as_script(agent, path + "/dismissed", slug="code-missing", reason="other")
    assert late.status_code == 409


def test_an_answered_inquiry_is_read_only(agent, ids):
    page = agent.get(f"/inquiries/{ids['a1']}").text
    assert "<textarea" not in page
    assert "답변에 쓴 FAQ" in page
    assert "인증번호가 오지 않아요" in page


def test_a_damaged_release_still_lets_people_answer(agent, lead, ids, recommender, monkeypatch):
    from support.errors import ModelDamagedError

    def fail(*_, **__):
        raise ModelDamagedError("models/current is not JSON.")

    monkeypatch.setattr(recommender, "suggest", fail)
    assert "models/current is not JSON." in lead.get(f"/inquiries/{ids['o1']}").text
    page = agent.get(f"/inquiries/{ids['o1']}").text
    assert "models/current" not in page  # a folder of the machine, and nothing they could cure
    assert "학습한 내용의 일부를 쓸 수 없어서" in page
    assert "<textarea" in page
    assert send(agent, ids["o1"], "답변").status_code == 200


def test_every_reason_has_its_words():
    from web import wording

    assert set(wording.DISMISSALS) == set(answering.DISMISSALS)
