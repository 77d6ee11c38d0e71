import pytest

from support.faqs import Faq
from support.linear import Contribution
from support.promise import Promise
from support.recommender import Suggestion
from web import wording


@pytest.mark.parametrize(
    ("right", "n", "words"),
    [
        (53, 66, "right in 8 of 10 like this (n = 66, 68–90 %)"),
        (66, 66, "right in 10 of 10 like this (n = 66, 94–100 %)"),
        (65, 66, "right in more than 9 of 10 like this (n = 66, 91–100 %)"),
        (0, 66, "right in 0 of 10 like this (n = 66, 0–6 %)"),
        (1, 66, "right in fewer than 1 of 10 like this (n = 66, 0–9 %)"),
        (0, 0, "not measured yet"),
    ],
)
def test_a_promise_is_never_rounded_to_always_or_never(app, right, n, words):
    with app.test_request_context(headers={"Accept-Language": "en"}):
        found = wording.right_in(Promise.of(right, n))
    assert found.replace("\N{NO-BREAK SPACE}", " ").replace("\N{WORD JOINER}", "") == words
    assert found.count(" ") <= words.count(" ") - 4 * bool(n)  # "(n = 66, 68–90 %)" stays whole


@pytest.mark.parametrize(
    ("reason", "more", "korean", "english"),
    [
        ("below_threshold", {}, "기준만큼 확실한 FAQ가 없어요.",
         "No FAQ reaches the certainty this desk asks for."),
        ("below_threshold", {"detail": "unproven"},
         "지난 문의로 시험해 보니 아직 추천할 만큼 자주 맞지 않았어요.",
         "Tried on past inquiries, what the desk has learned was not right often enough yet."),
        ("ambiguous", {}, "여러 FAQ가 엇비슷하게 맞아서 하나를 고르기 어려워요.",
         "Several FAQs fit about equally well, none clearly."),
        ("out_of_scope", {}, "이 문의를 다루는 FAQ가 없는 것 같아요.",
         "No FAQ seems to be about this."),
        ("no_model", {}, "아직 지난 답변을 학습하지 않았어요.",
         "The desk has not learned from its history yet."),
        ("no_model", {"detail": "too_few_labels", "labelled": 12},
         "FAQ를 안내한 지난 답변이 아직 적어요. 지금 12건이고, 67건쯤 필요해요.",
         "Too few past answers link an FAQ: 12 so far, about 67 are needed."),
        ("no_model", {"detail": "too_few_labels", "labelled": 90},
         "같은 FAQ를 안내한 지난 답변이 아직 적어요.",
         "Too few past answers link the same FAQ yet."),
    ],
)  # fmt: skip
def test_silence_says_why_in_the_readers_language(app, reason, more, korean, english):
    found = Suggestion("silent", reason, None, (), (), "", **more)
    for language, words in (("ko", korean), ("en", english)):
        with app.test_request_context(headers={"Accept-Language": language}):
            assert wording.silence(found) == words


def test_what_is_suggested_is_no_silence():
    assert wording.silence(Suggestion("likely", "", 0.8, (), (), "")) == ""


def test_only_words_that_speak_for_it_are_named():
    found = (Contribution("환불", 2.0), Contribution("날씨", -1.0), *[Contribution("돈", 0.5)] * 9)
    assert wording.speaking(found) == ["환불", "돈", "돈", "돈"]


def test_a_link_goes_in_with_its_title_in_the_language_asked():
    url = "https://help.example.com/refund"
    faq = Faq(slug="refund", title="환불", title_en="Refund", url=url)
    for language, title in (("en", "Refund"), ("ko", "환불")):
        titled = f"{title}\n{url}"
        found = wording.forms(faq, language)
        assert found == {"link": url, "titled": titled, "text": titled}  # it has no text yet


def test_the_whole_text_goes_in_with_its_link():
    faq = Faq(slug="refund", title="환불", url="https://help.example.com/refund", body="사흘\n")
    assert wording.forms(faq, "ko")["text"] == "사흘\nhttps://help.example.com/refund"


def test_a_page_without_an_address_goes_in_by_its_title():
    faq = Faq(slug="refund", title="환불", url="")
    assert wording.forms(faq, "ko") == {"link": "환불", "titled": "환불", "text": "환불"}
