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
    assert "지난 답변을 낱말로" in agent.get("/search").text
    assert "지난 답변을 낱말로" in agent.get("/search?q=%20%0a").text


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
