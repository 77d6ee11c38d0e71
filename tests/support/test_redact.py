import re
from collections import defaultdict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support import redact_words
from support.redact import MASKS, Redactor, masks_in
from support.redact_fold import fold

TABLE = Path(__file__).with_name("redact_spellings.tsv")
ESCAPES = {"\\r": "\r", "\\n": "\n", "\\u00a0": "\u00a0", "\\u200b": "\u200b"}


def spellings() -> list[tuple[str, bool, str]]:
    rows = []
    for line in TABLE.read_text("utf-8").splitlines()[1:]:
        kind, verdict, text = line.split("\t")
        for escape, char in ESCAPES.items():
            text = text.replace(escape, char)
        rows.append((kind, verdict == "mask", text))
    return rows


def found(kind: str, text: str) -> bool:
    """Whether the kind was found and no long number was left over."""
    redaction = Redactor().redact(text)
    return kind in redaction.counts and not re.search(r"\d{5}|@", redaction.text)


def test_the_table_is_large_enough():
    rows = defaultdict(int)
    for kind, masked, _ in spellings():
        rows[kind] += masked or kind == "none"
    assert sum(rows.values()) >= 300
    assert all(rows[kind] >= 60 for kind in ("resident_number", "phone", "email", "card"))
    assert rows["account"] >= 40
    assert rows["none"] >= 80


@pytest.mark.parametrize("kind", ["resident_number", "phone", "email", "card"])
def test_every_written_spelling_is_found(kind):
    missed = [
        text for k, masked, text in spellings() if k == kind and masked and not found(k, text)
    ]
    assert missed == []


def test_accounts_keep_their_floors(capsys):
    rows = spellings()
    accounts = [text for kind, _, text in rows if kind == "account"]
    recall = sum(found("account", text) for text in accounts) / len(accounts)
    called = [kind for kind, _, text in rows if "account" in Redactor().redact(text).counts]
    precision = called.count("account") / len(called)
    with capsys.disabled():
        print(f"\naccounts: recall {recall:.3f}, precision {precision:.3f} of {len(accounts)}")
    assert recall >= 0.95
    assert precision >= 0.95


@pytest.mark.parametrize("text", [text for kind, _, text in spellings() if kind == "none"])
def test_everything_else_comes_back_identical(text):
    redaction = Redactor().redact(text)
    assert redaction.text == text
    assert redaction.counts == {}


@pytest.mark.parametrize("text", [text for _, _, text in spellings()])
def test_masking_twice_changes_nothing_more(text):
    once = Redactor().redact(text).text
    assert Redactor().redact(once).text == once


def test_the_rest_stays_byte_for_byte():
    text = "\u3000ＡＢＣ 연락처（０１０－１２３４－５６７８）로\r\n\t①번 상품 　a@b.com으로  "
    expected = "\u3000ＡＢＣ 연락처（[전화번호]）로\r\n\t①번 상품 　[이메일]으로  "
    assert Redactor().redact(text).text == expected


def test_counts_each_kind():
    text = "010-1234-5678, 02-123-4567, hong@naver.com, 900101-1234567, 4111 1111 1111 1111"
    redaction = Redactor().redact(text + ", 신한 110-123-456789")
    assert redaction.counts == {
        "phone": 2, "email": 1, "resident_number": 1, "card": 1, "account": 1,
    }  # fmt: skip
    assert not re.search(r"\d", redaction.text)


@pytest.mark.parametrize(
    "spelling",
    [
        "02-555-0100", "02)555-0100", "０２－５５５－０１００", "+82 2 555 0100", "025550100",
        "help@desk.kr", "HELP＠desk.kr", "help 골뱅이 desk 점 kr", "1588-1234", "1588 1234",
        "100-123-456789", "100 123 456789 우리은행",
    ],
)  # fmt: skip
def test_the_desks_own_are_left_however_spelled(spelling):
    redactor = Redactor(allow=["+82-2-555-0100", "Help@desk.kr", "1588.1234", "100123456789"])
    assert redactor.redact(f"문의: {spelling} 입니다").text == f"문의: {spelling} 입니다"
    assert redactor.redact("010-1234-5678").text == "[전화번호]"


def test_a_barcode_and_a_birthday_in_1988():
    redactor = Redactor()
    assert redactor.redact("8801011234568").text == "[주민등록번호]"
    assert redactor.redact("8801043015653").text == "8801043015653"


@pytest.mark.parametrize("word", redact_words.LABEL.split("|"))
@pytest.mark.parametrize("gap", [" ", ": ", "=", "\n", " ("])
def test_no_label_keeps_a_persons_number(word, gap):
    for number, kind in (
        ("01012345678", "phone"), ("02-123-4567", "phone"), ("4111111111111111", "card"),
        ("4111-1111-1111-1111", "card"), ("9001011234567", "resident_number"),
    ):  # fmt: skip
        masked(word + gap, number, " 입니다", kind)


def test_a_query_is_masked_within_its_own_value():
    text = "https://s.com/a/4111111111111111?tel=%2B44%2020%207946%200958&c=4111+1111+1111+1111#b"
    expected = f"https://s.com/a/4111111111111111?tel={MASKS['phone']}&c={MASKS['card']}#b"
    assert Redactor().redact(text).text == expected
    assert Redactor(["+442079460958", "4111111111111111"]).redact(text).text == text


def test_masks_in():
    assert all(masks_in(f"연락처 {mask} 입니다 {mask}") == (mask, mask) for mask in MASKS.values())
    assert masks_in("[주소] 전화번호") == ()


@pytest.mark.parametrize("mask", MASKS.values())
def test_a_mask_speaks_for_nothing_beside_it(mask):
    text = f"{mask} 12345678901 {mask}"
    assert Redactor().redact(text).text == text


# Each is far longer than any message, and made to be slow for patterns that backtrack.
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1" * 100_000, {}),
        ("-" * 100_000, {}),
        ("a@" * 50_000, {}),
        ("1-" * 50_000, {}),
        ("a" * 100_000, {}),
        ("at " * 30_000, {}),
        ("(+" * 50_000, {}),
        ("010-" * 25_000, {}),
        ("http://a?" + "%2B1" * 25_000, {}),
        ("www.a?" * 20_000, {}),
        ("주문 123456," * 10_000, {}),
        ("f" * 100_000, {}),
        ("a." * 50_000 + "@", {}),
        ("주문번호" * 25_000, {}),
        ("1*" * 50_000, {}),
        ("일이 " * 30_000 + "끝", None),
        ("a@b.com " * 12_000, {"email": 12_000}),
        ("010-1234-5678 " * 7_000, {"phone": 7_000}),
    ],
    ids=lambda value: repr(value)[:12],
)
def test_hostile_texts(text, expected):
    redaction = Redactor().redact(text)
    if expected is not None:
        assert redaction.counts == expected
    if not expected:
        assert redaction.text == text or expected is None
    assert Redactor().redact(redaction.text).text == redaction.text


# --- properties -----------------------------------------------------------------------------------

HYPHENS = "-–—−‐－ㅡ"
SEPARATORS = st.sampled_from([*HYPHENS, " ", "　", "\u00a0", " - ", "\n"])
FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")
WIDE = st.booleans()
HANGUL = st.text("가나다라마바사아자차카타파하", max_size=8)


def wide(text: str, yes: bool) -> str:
    return text.translate(FULL_WIDTH) if yes else text


def digits(count: int) -> st.SearchStrategy[str]:
    return st.text("0123456789", min_size=count, max_size=count)


def masked(before: str, number: str, after: str, kind: str) -> None:
    redaction = Redactor().redact(before + number + after)
    assert redaction.text == before + MASKS[kind] + after
    assert Redactor().redact(redaction.text).text == redaction.text


@given(
    HANGUL, st.integers(0, 99), st.integers(1, 12), st.integers(1, 28), digits(7),
    st.one_of(SEPARATORS, st.just("")), WIDE, HANGUL,
)  # fmt: skip
def test_any_resident_number(before, year, month, day, tail, separator, is_wide, after):
    number = f"{year:02}{month:02}{day:02}{separator}{tail}"
    if not separator and number.startswith("880"):
        return  # may be a barcode
    masked(before, wide(number, is_wide), after, "resident_number")


@given(
    HANGUL, st.sampled_from(["010", "011", "016", "019"]), digits(4), digits(4),
    st.one_of(SEPARATORS, st.just("")), WIDE, HANGUL,
)  # fmt: skip
def test_any_mobile_number(before, prefix, middle, last, separator, is_wide, after):
    masked(before, wide(separator.join((prefix, middle, last)), is_wide), after, "phone")


@given(
    digits(4), digits(4), st.sampled_from(["", " ", "-", " - "]),
    st.sampled_from(["", "입니다", "이에요", " 이 번호로", "로 연락주세요"]),
)  # fmt: skip
def test_any_mobile_number_read_aloud(middle, last, separator, after):
    spoken = str.maketrans("0123456789", "공일이삼사오육칠팔구")
    number = separator.join(part.translate(spoken) for part in ("010", middle, last))
    masked("번호는 ", number, after, "phone")


@given(
    HANGUL.map(lambda text: text + " "),
    st.from_regex(r"[a-z][a-z0-9]{0,9}([._-][a-z0-9]{1,5})?", fullmatch=True),
    st.sampled_from(["naver.com", "gmail.com", "mail.example.co.kr"]),
    st.sampled_from(["@", "＠", " @ ", "(at)", " 골뱅이 ", "골뱅이"]),
    HANGUL,
)
def test_any_address(before, local, domain, at, after):
    masked(before, local + at + domain, after, "email")


@given(HANGUL, st.lists(digits(4), min_size=4, max_size=4), st.sampled_from([*HYPHENS, " "]), WIDE)
def test_any_card_in_fours(before, groups, separator, is_wide):
    if all(group[:2] in ("19", "20") for group in groups) or groups[0].startswith("0"):
        return
    masked(before, wide(separator.join(groups), is_wide), "", "card")


def test_born_in_1982_or_a_country_code():
    redactor = Redactor()
    assert redactor.redact("8201010000000").text == "[주민등록번호]"
    assert redactor.redact("+8201012345678").text == "[전화번호]"
    assert redactor.redact("82-010-1234-5678").text == "[전화번호]"


@given(st.text(alphabet="0123456789-. ()+@공일이에at골뱅comk계좌국민[]\n１①", max_size=80))
def test_idempotent_and_masks_only_what_it_counts(text):
    redaction = Redactor().redact(text)
    again = Redactor().redact(redaction.text)
    assert again.text == redaction.text
    assert again.counts == {}
    assert (redaction.text == text) == (not redaction.counts)


@given(st.text())
def test_the_folded_copy_is_as_long_as_the_text(text):
    assert len(fold(text)) == len(text)
    assert fold(fold(text)) == fold(text)


@given(st.text())
def test_any_text_is_accepted(text):
    assert Redactor().redact(text).text is not None
