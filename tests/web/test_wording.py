import pytest

from support.calibration import Promise
from support.faqs import Faq
from support.linear import Contribution
from web import wording


@pytest.mark.parametrize(
    ("right", "n", "words"),
    [
        (53, 66, "right in 8 of 10 like this (n = 66)"),
        (66, 66, "right in 10 of 10 like this (n = 66)"),
        (65, 66, "right in more than 9 of 10 like this (n = 66)"),
        (0, 66, "right in 0 of 10 like this (n = 66)"),
        (1, 66, "right in fewer than 1 of 10 like this (n = 66)"),
        (0, 0, "not measured yet"),
    ],
)
def test_a_promise_is_never_rounded_to_always_or_never(app, right, n, words):
    with app.test_request_context(headers={"Accept-Language": "en"}):
        assert wording.right_in(Promise(right, n, 0.0, 1.0)) == words


def test_only_words_that_speak_for_it_are_named():
    found = (Contribution("환불", 2.0), Contribution("날씨", -1.0), *[Contribution("돈", 0.5)] * 9)
    assert wording.speaking(found) == ["환불", "돈", "돈", "돈"]


def test_a_link_goes_in_with_its_title_in_the_language_asked():
    faq = Faq(slug="refund", title="환불", title_en="Refund", url="https://help.example.com/refund")
    assert wording.as_link(faq, "en") == "Refund\nhttps://help.example.com/refund"
    assert wording.as_link(faq, "ko") == "환불\nhttps://help.example.com/refund"
