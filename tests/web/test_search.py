import pytest


def found(client, text):
    answer = client.get("/search", query_string={"q": text})
    assert answer.status_code == 200
    words, _, near = answer.text.partition('id="near-title"')
    return words, near


def test_words_are_found_inside_longer_korean_words(agent):
    words, _ = found(agent, "환불")
    assert "환불받고싶어요" in words
    assert "환불을 받고 싶어요" in words  # the badge of its FAQ


def test_likeness_finds_what_words_do_not(agent):
    words, near = found(agent, "인증번호가 안 오는데요 왜죠")
    assert "모두 든 지난 답변이 없어요" in words
    assert near.index("문자 인증번호가 계속 안 오는데요") < near.index("환불받고싶어요")


def test_open_inquiries_are_not_answers(agent):
    words, near = found(agent, "오늘 날씨가 좋네요")
    assert "오늘 날씨가 좋네요</span>" not in words + near


def test_nothing_asked_says_what_can_be_asked(agent):
    assert "문의를 통째로 붙여 넣으세요" in agent.get("/search").text
    assert "문의를 통째로 붙여 넣으세요" in agent.get("/search?q=%20%0a").text


@pytest.mark.parametrize(
    "text",
    [
        "'; DROP TABLE inquiries; --",
        '" OR "',
        "* NEAR(",
        "?!",
        "<script>alert(1)</script>",
        "\x00",
        "ㅋㅋㅋ",
        "가",
        "x" * 100_000,
        "환불 " * 20_000,
        "😀",
        "\ud7ff\ufffe",
        "AND OR NOT",
        "-",
        "{}[]()",
    ],
)
def test_odd_texts_are_safe(agent, text):
    page = agent.get("/search", query_string={"q": text})
    assert page.status_code == 200
    assert "<script>alert" not in page.text


def test_a_long_text_is_cut_and_says_so(agent):
    assert "앞부분만 살펴봤어요" in agent.get("/search", query_string={"q": "환불 " * 2000}).text
    assert "앞부분만 살펴봤어요" not in agent.get("/search?q=환불").text


def test_without_models_words_still_work(agent, recommender):
    recommender.similar = None
    words, near = found(agent, "환불")
    assert "환불받고싶어요" in words
    assert "학습하면 보여 드려요" in near


def test_what_is_pasted_is_masked_before_it_stands_in_an_address(agent):
    answer = agent.post("/search", data={"q": "제 번호는 010-2345-6789\n환불 언제 되나요?"})
    assert answer.status_code == 303
    assert "2345" not in answer.headers["Location"]
    page = agent.get(answer.headers["Location"]).text
    assert "[전화번호]\n환불 언제" in page
    assert "환불받고싶어요" in page


def test_a_long_inquiry_is_cut_where_an_address_ends(agent):
    answer = agent.post("/search", data={"q": "환불이 안 돼요. " * 500})
    assert len(answer.headers["Location"]) < 8000
    assert "앞부분만 살펴봤어요" in agent.get(answer.headers["Location"]).text
    short = agent.post("/search", data={"q": "환불", "language": "en", "channel": ""})
    assert short.headers["Location"] == "/search?q=%ED%99%98%EB%B6%88&language=en"
    assert agent.post("/search").headers["Location"] == "/search"


def test_faqs_are_found_by_likeness_and_by_words(agent):
    page = agent.get("/search", query_string={"q": "인증번호가 안 와요"}).text
    faqs = page.partition('id="faqs-title"')[2].partition("</section>")[0]
    assert faqs.index("인증번호가 오지 않아요") < faqs.index("상대가 나오지 않았어요")
    assert "이런 경우 10번 중 8번" in faqs
    assert 'href="/answered?faq=code-missing"' in faqs
    assert 'data-copy="인증번호가 오지 않아요&#10;https://help.example.com' in faqs
    assert "이 낱말이 든 답변" not in faqs
    words = agent.get("/search", query_string={"q": "나오지"}).text.partition('id="faqs-title"')[2]
    assert "상대가 나오지 않았어요" in words.partition("</section>")[0]


def test_filters_narrow_both_kinds_of_answers(agent):
    words, near = found(agent, "refund")
    assert "Where is my refund?" in words + near
    page = agent.get("/search?q=refund&language=ko").text
    assert "Where is my refund?" not in page
    assert "환불받고싶어요" in page
    assert "환불받고싶어요" not in agent.get("/search?q=환불&category=nothing").text
    assert "환불받고싶어요" in agent.get("/search?q=환불&period=30").text
    assert agent.get("/search?q=환불&period=x").status_code == 400


def test_all_that_hold_the_words_are_one_step_away(agent, sign_in):
    page = agent.get("/search?q=환불&channel=email").text
    assert 'href="/answered?words=%ED%99%98%EB%B6%88&amp;channel=email"' in page
    assert 'href="/answered' not in sign_in("mo").get("/search?q=환불").text


def test_a_whole_inquiry_is_not_taken_for_words_to_look_for(agent):
    page = agent.get("/search", query_string={"q": "어제부터 인증번호가 전혀 안 와서요 " * 6}).text
    assert 'id="words-title"' not in page
    assert "문자 인증번호가 계속 안 오는데요" in page
