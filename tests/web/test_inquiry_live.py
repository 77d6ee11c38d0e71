"""What the page of an inquiry asks while it is open: news, why, evidence, what agents did."""

import html
import json
import re
from dataclasses import replace

import pytest

from support import (
    connections,
    holding,
    incoming,
    insertions,
    joining,
    preferences,
    routes,
    saved_replies,
)
from support.clock import now
from support.connection_access import Access
from support.database import one, scalar, write
from support.importing.conversation import RawMessage
from support.linear import Contribution
from support.promise import Promise
from support.routes import MailThread
from support.saved_reply_uses import find_uses
from tests.web.conftest import ACTOR


def as_script(client, path, **body):
    return client.post(path, json=body, headers={"Accept": "application/json"})


def write_again(db, space, name, words):
    """The customer of an open inquiry writes once more: the message's id."""
    message = RawMessage(f"{name}-again-{words[:4]}", "customer", words, now())
    return incoming.receive(
        db, space.seal(), source="test", conversation=name, message=message
    ).message_id


def shown(client, inquiry_id):
    return re.search(r'name="shown" value="([\d,]+)"', client.get(f"/inquiries/{inquiry_id}").text)[
        1
    ]


@pytest.fixture
def explained(recommender, monkeypatch, ids):
    """Suggestions that heard similar inquiries, and words that speak for them."""
    plain = recommender.suggest
    near = tuple(ids[name] for name in ("a1", "a2", "a3"))

    def suggest(*given, **more):
        found = plain(*given, **more)
        told = tuple(
            replace(
                item,
                words=(Contribution("인증번호가", 3.0), Contribution("번호는", 1.2)),
                parts={"linear": 0.5, "neighbours": 2.0},
            )
            for item in found.faqs
        )
        return replace(found, faqs=told, near=near)

    monkeypatch.setattr(recommender, "suggest", suggest)


# ---- news


def test_no_news_says_so_and_shows_nothing(agent, ids):
    seen = shown(agent, ids["o2"])
    answer = agent.get(f"/inquiries/{ids['o2']}/news?shown={seen}").json
    assert answer == {
        "shown": seen,
        "gone": [],
        "status": "open",
        "head": "",
        "holder": "",
        "held_words": "",
    }


def test_when_the_customer_writes_again_the_message_and_what_fits_now_come_along(
    agent, ids, db, space
):
    seen = shown(agent, ids["o4"])  # the weather: nothing fits
    message_id = write_again(db, space, "o4", "아, 환불도 되나요? 제 번호는 010-2222-3333")
    answer = agent.get(f"/inquiries/{ids['o4']}/news?shown={seen}").json
    assert answer["shown"] == f"{seen},{message_id}"
    assert "고객이 새 메시지를 보냈어요" in answer["said"]
    assert answer["fresh"].count("<article") == 1
    assert "010-2222-3333" in answer["fresh"]  # the customer's own words, on this page alone
    assert 'data-slug="refund"' in answer["fits"]
    assert 'id="past"' in answer["past"]
    again = agent.get(f"/inquiries/{ids['o4']}/news?shown={answer['shown']}").json
    assert "fresh" not in again
    assert scalar(db, "SELECT count(*) FROM suggestions WHERE inquiry_id = ?", [ids["o4"]]) == 2


def test_whom_an_answer_is_mailed_to_is_shown_where_it_is_sent(agent, ids, db, space):
    seal = space.seal()
    assert 'id="goes-to" hidden' in agent.get(f"/inquiries/{ids['o4']}").text
    access = Access(address="mail.example.com:587", sender="help@example.com")
    made, _ = connections.connect(db, seal, ACTOR, name="mail", kind="smtp", access=access)
    thread = MailThread("Mina <mina@customer.example>", "환불", "<m1@x>", [], ["jun@x.example"])
    routes.note(db, seal, ids["o4"], connection_id=made.id, conversation="c", mail=thread)
    db.conn.commit()
    seen = shown(agent, ids["o4"])
    shows = agent.get(f"/inquiries/{ids['o4']}").text
    assert "받는 사람: Mina &lt;mina@customer.example&gt;" in shows
    assert "참조: jun@x.example" in shows
    assert shows.index('id="goes-to"') < shows.index('id="send"')
    # Who came into the thread while the page was open comes along with what they wrote.
    thread.copies.append("press@paper.example")
    routes.note(db, seal, ids["o4"], connection_id=made.id, conversation="c", mail=thread)
    write_again(db, space, "o4", "저도 궁금해요")
    told = agent.get(f"/inquiries/{ids['o4']}/news?shown={seen}").json
    assert "참조: jun@x.example, press@paper.example" in told["goes_to"]
    # Nobody is named where no mail goes out.
    connections.switch(db, ACTOR, "mail", active=False)
    assert "customer.example" not in agent.get(f"/inquiries/{ids['o4']}").text


def test_who_has_it_and_that_it_was_answered_are_told(agent, ids, db, sign_in):
    yuna = scalar(db, "SELECT id FROM agents WHERE login = 'yuna'")
    holding.claim(db, yuna, ids["o1"])
    path = f"/inquiries/{ids['o1']}/news"
    told = agent.get(path).json
    assert told["holder"] == "Yuna"
    assert "마지막 활동" in told["held_words"]
    mine = sign_in("yuna").get(path).json
    # Until when a claim runs is known to the window alone that made it.
    assert (mine["holder"], mine["held_words"], "until" in mine) == ("", "", False)
    sign_in("yuna").post(f"/inquiries/{ids['o1']}/send", data={"text": "답"})
    assert agent.get(path).json["status"] == "answered"


@pytest.mark.parametrize("number", ["9" * 5000, "-1", "٣", str(2**64)])
def test_odd_ids_of_past_answers_find_nothing(agent, ids, number):
    answer = agent.get(f"/answers?ids={number},{ids['a1']}")
    assert answer.status_code == 200
    assert "인증번호가 안 와요" in answer.text


def test_what_is_joined_or_parted_is_told_though_it_is_older(agent, ids, db):
    seen = shown(agent, ids["o4"])
    old = scalar(db, "SELECT id FROM messages WHERE inquiry_id = ?", [ids["o1"]])
    db.execute("UPDATE inquiries SET joined_to = ? WHERE id = ?", [ids["o4"], ids["o1"]])
    path = f"/inquiries/{ids['o4']}/news?shown="
    joined = agent.get(path + seen).json
    assert f'data-message="{old}"' in joined["fresh"]
    assert str(old) in joined["shown"].split(",")
    db.execute("UPDATE inquiries SET joined_to = NULL WHERE id = ?", [ids["o1"]])
    parted = agent.get(path + joined["shown"]).json
    assert (parted["gone"], parted["shown"], parted["fresh"]) == ([old], seen, "")
    assert "떼어" in parted["said"]


@pytest.mark.parametrize("after", ["", "x", "-1", str(2**70), str(-(2**70))])
def test_an_odd_question_for_news_is_answered(agent, ids, after):
    assert agent.get(f"/inquiries/{ids['o1']}/news?shown={after}").status_code == 200


# ---- one inquiry at a time in one pair of hands


def test_a_draft_renews_the_claim_and_is_kept_all_the_same_when_somebody_else_has_it(
    agent, ids, db
):
    path = f"/inquiries/{ids['o1']}/draft"
    first = as_script(agent, path, text="글", revision=1).json
    assert (first["holder"], bool(first["until"])) == ("", True)
    assert holding.holder(db, ids["o1"]).name == "Mina"
    yuna = scalar(db, "SELECT id FROM agents WHERE login = 'yuna'")
    holding.take_over(db, ACTOR, ids["o1"], yuna)
    second = as_script(agent, path, text="글을 더", revision=2, bases=[1]).json
    assert (second["holder"], second["text"]) == ("Yuna", "글을 더")
    assert "글을 더" in agent.get(f"/inquiries/{ids['o1']}").text


def test_what_a_colleague_has_in_hand_is_not_sent_and_says_who_has_it(agent, ids, db):
    yuna = scalar(db, "SELECT id FROM agents WHERE login = 'yuna'")
    holding.claim(db, yuna, ids["o1"])
    path = f"/inquiries/{ids['o1']}/send"
    answer = agent.post(path, data={"text": "답"}, headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json["holder"]) == (409, "Yuna")
    assert "Yuna 님이 맡고 있는 문의예요" in answer.json["detail"]
    page = agent.post(path, data={"text": "내 답"})  # without script
    assert page.status_code == 409
    assert "내 답</textarea>" in page.text
    assert scalar(db, "SELECT count(*) FROM outbox") == 0


def test_previous_and_next_stay_in_the_list_that_the_page_came_from(agent, ids, db):
    mina = scalar(db, "SELECT id FROM agents WHERE login = 'mina'")
    for name in ("o1", "o3"):
        holding.keep(db, ACTOR, ids[name], mina)
    page = agent.get(f"/inquiries/{ids['o1']}?scope=mine").text
    assert f'data-next href="/inquiries/{ids["o3"]}?scope=mine"' in page
    free = agent.get(f"/inquiries/{ids['o1']}?scope=nonsense").text
    assert f'data-next href="/inquiries/{ids["o2"]}"' in free


def test_messages_that_came_as_inquiries_of_their_own_are_one_conversation(agent, ids, db):
    with write(db):
        db.execute("UPDATE inquiries SET customer = 'k' WHERE id IN (?, ?)", [ids["o1"], ids["o2"]])
    joining.join(db, ACTOR, ids["o1"], ids["o2"])
    page = agent.get(f"/inquiries/{ids['o1']}").text
    assert page.count('<article class="message customer') == 2
    assert page.count(f'action="/inquiries/{ids["o2"]}/part"') == 1
    assert "환불은 언제 되나요?" in page
    there = agent.get(f"/inquiries/{ids['o2']}")
    assert there.headers["Location"] == f"/inquiries/{ids['o1']}"


# ---- why


def test_words_are_marked_in_what_the_customer_really_wrote(agent, ids, explained):
    page = agent.get(f"/inquiries/{ids['o1']}").text
    found = json.loads(html.unescape(re.search(r'data-marks="([^"]*)"', page)[1]))
    (message_id, marks), *others = found.items()
    assert others == []
    assert f'data-message="{message_id}"' in page
    words = "인증번호가 아예 안 와요\n번호는 010-2345-6789 입니다"
    assert [(words[a:b], strength) for a, b, strength in marks] == [
        ("인증번호가", 3),
        ("번호는", 2),
    ]


def test_places_are_counted_as_a_browser_counts_them(agent, ids, explained, db):
    sql = "SELECT id FROM messages WHERE inquiry_id = ?"
    message_id = scalar(db, sql, [ids["o1"]])
    with write(db):
        db.execute("DELETE FROM originals")
        db.execute("UPDATE messages SET text = ? WHERE id = ?", ["😀 인증번호가\r\n왜", message_id])
    page = agent.get(f"/inquiries/{ids['o1']}").text
    found = json.loads(html.unescape(re.search(r'data-marks="([^"]*)"', page)[1]))
    assert found == {str(message_id): [[3, 8, 3]]}  # the emoji counts two


def test_it_says_how_many_similar_answers_linked_it_and_that_neighbours_decided(
    agent, ids, explained
):
    page = agent.get(f"/inquiries/{ids['o1']}").text
    assert re.search(r"비슷한 답변 3건 중 2건이 이 FAQ를 안내, 최근 \d{4}", page)
    assert "단어보다 비슷한 지난 문의를 보고 골랐어요" in page
    assert f"/answers?ids={ids['a2']},{ids['a1']}" in page.replace("%2C", ",")


def test_the_answers_behind_a_suggestion_are_listed(agent, ids):
    path = f"/answers?ids={ids['a2']},{ids['a1']},999,x,{10**30}&faq=code-missing"
    page = agent.get(path).text
    assert "“인증번호가 오지 않아요” FAQ를 안내한 답변" in page
    assert page.index("통신사 스팸") < page.index("스팸함을 봐 주세요")  # as they were asked for
    part = agent.get(path, headers={"Accept": "application/json"}).json["html"]
    assert part.count("card-past") == 2
    assert "<html" not in part
    assert "찾지 못했어요" in agent.get("/answers").text


# ---- what goes in, and what is noted


def test_an_faq_goes_in_as_its_agent_likes(agent, ids, db):
    url = "https://help.example.com/ko/faq/code-missing"
    mina = scalar(db, "SELECT id FROM agents WHERE login = 'mina'")
    db.execute("UPDATE faqs SET body = '스팸함을 보세요.' WHERE slug = 'code-missing'")
    for form, text in (("link", url), ("text", f"스팸함을 보세요.\n{url}")):
        preferences.put(db, mina, insert_as=form)
        page = agent.get(f"/inquiries/{ids['o1']}").text
        assert f'data-insert="{text}"' in page
        assert re.search(rf'value="{form}" checked', page)


def test_everything_that_goes_in_and_comes_out_is_noted(agent, ids, db):
    agent.get(f"/inquiries/{ids['o1']}")
    key = scalar(db, "SELECT id FROM suggestions")
    reply = saved_replies.create(db, ACTOR, title="사과", body="죄송합니다.").id
    path = f"/suggestions/{key}/inserted"
    for body in (
        {"slug": "code-missing", "form": "titled"},
        {"slug": "refund", "form": "link", "found": True},
        {"past": ids["a2"]},
        {"past": ids["a2"], "undone": True},
        {"reply": reply},
        {"reply": reply, "undone": True},
    ):
        assert as_script(agent, path, **body).status_code == 204, body
    noted = [
        (e.kind, e.slug or e.past_id or e.reply_id, e.form, e.actor) for e in insertions.of(db, key)
    ]
    assert noted == [
        ("inserted", "code-missing", "titled", "agent:1"),
        ("inserted", "refund", "link", "agent:1"),
        ("inserted", ids["a2"], "text", "agent:1"),
        ("undone", ids["a2"], "text", "agent:1"),
        ("inserted", reply, "text", "agent:1"),
        ("undone", reply, "text", "agent:1"),
    ]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"past": "1"}, 400),
        ({"past": 2**64}, 400),
        ({"reply": True}, 400),
        ({"reply": 99}, 404),
        ({"past": 999}, 404),
        ({"slug": "x", "found": True}, 404),
        ({"slug": "refund"}, 404),  # not suggested there
        ({"slug": "code-missing", "form": "html"}, 400),
    ],
)
def test_an_odd_note_is_refused(agent, ids, db, body, status):
    agent.get(f"/inquiries/{ids['o1']}")
    key = scalar(db, "SELECT id FROM suggestions")
    assert as_script(agent, f"/suggestions/{key}/inserted", **body).status_code == status
    assert insertions.of(db, key) == []


def test_a_dismissal_is_taken_back(agent, ids, db):
    agent.get(f"/inquiries/{ids['o1']}")
    key = scalar(db, "SELECT id FROM suggestions")
    path = f"/suggestions/{key}/dismissed"
    as_script(agent, path, slug="no-show", reason="outdated")
    assert as_script(agent, path, slug="no-show", undone=True).status_code == 204
    row = one(db, "SELECT outcome, reason FROM suggestion_faqs WHERE slug = 'no-show'")
    assert row == {"outcome": None, "reason": ""}
    assert [event.kind for event in insertions.of(db, key)] == ["dismissed", "undone"]
    assert 'data-slug="no-show"' in agent.get(f"/inquiries/{ids['o1']}").text
    assert as_script(agent, path, slug="no-show", undone=True).status_code == 409


def cards(page):
    """Each card in its order, and whether it is dismissed."""
    found = re.findall(r'class="card-faq( dismissed)?" data-slug="([^"]+)"', page)
    return [(slug, bool(gone)) for gone, slug in found]


def suggested_last(db):
    return scalar(db, "SELECT id FROM suggestions ORDER BY rowid DESC LIMIT 1")


def test_what_was_dismissed_can_be_taken_back_after_a_reload_and_nothing_is_promised_of_all(
    agent, ids, db, recommender, monkeypatch
):
    plain = recommender.suggest

    def possible(*given, **more):
        return replace(plain(*given, **more), band="possible", promise=Promise(53, 66, 0.68, 0.89))

    monkeypatch.setattr(recommender, "suggest", possible)
    path = f"/inquiries/{ids['o1']}"
    assert "이 중에 정답이 있을 확률" in agent.get(path).text
    dismissed = f"/suggestions/{suggested_last(db)}/dismissed"
    as_script(agent, dismissed, slug="code-missing", reason="irrelevant")
    page = agent.get(path).text
    assert cards(page) == [("no-show", False), ("code-missing", True)]
    assert "이 중에 정답이 있을 확률" not in page
    assert "data-why>이 문의와 무관함<" in page
    as_script(agent, dismissed, slug="no-show", reason="irrelevant")
    page = agent.get(path).text
    assert [gone for _, gone in cards(page)] == [True, True]
    assert '<h2 id="fits-title" tabindex="-1">추천 없음</h2>' in page
    assert "data-none-left>추천한 FAQ를 모두" in page


@pytest.mark.parametrize(
    ("reason", "then"),
    [
        ("outdated", [("no-show", False), ("code-missing", True)]),
        ("duplicate", [("no-show", False), ("code-missing", True)]),
        ("irrelevant", [("no-show", False), ("code-missing", False)]),
    ],
)
def test_a_dismissed_faq_stays_behind_when_the_customer_writes_again(
    agent, ids, db, space, reason, then
):
    path = f"/inquiries/{ids['o1']}"
    agent.get(path)
    first = suggested_last(db)
    as_script(agent, f"/suggestions/{first}/dismissed", slug="code-missing", reason=reason)
    db.execute("UPDATE suggestions SET release = 'r0'")  # so that a new one is written down
    db.conn.commit()
    write_again(db, space, "o1", "인증번호 때문에 또 여쭤봐요")
    page = agent.get(path).text
    assert cards(page) == then
    assert (
        '<h2 id="fits-title" tabindex="-1">가능한 추천</h2>' in page
    )  # the likely one is not first
    last = suggested_last(db)
    assert last != first
    back = as_script(agent, f"/suggestions/{last}/dismissed", slug="code-missing", undone=True)
    assert back.status_code == 204
    assert cards(agent.get(path).text) == [("code-missing", False), ("no-show", False)]


def test_saved_replies_that_fit_stand_beside_faqs_with_a_counted_promise(agent, ids, db):
    body = "통신사 스팸 차단을 꺼 주세요."
    saved_replies.create(db, ACTOR, title="스팸 차단", body=body)
    assert "스팸 차단</span>" not in agent.get(f"/inquiries/{ids['o1']}").text  # nothing counted
    find_uses(db)
    with write(db):
        row = {"low": 0.05, "n": 40, "right": 31, "encoder_version": "bigrams"}
        db.table("saved_reply_promises").insert(row)
    page = agent.get(f"/inquiries/{ids['o1']}").text
    card = page[page.index('class="card-reply"') :]
    assert f'data-insert="{body}" data-key="3"' in card  # after the two FAQs
    promise = Promise.of(31, 40)
    assert "10번 중 8번 맞음" in card
    assert f"n = {promise.n}" in card.replace("\N{NO-BREAK SPACE}", " ")
