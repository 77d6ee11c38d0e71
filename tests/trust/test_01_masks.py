"""Check 1, its masks: whichever way a number is spelled, what goes into memory has not got it.

Spellings are put together by chance: wide digits, what people put between groups, signs that
nobody sees, references to characters, tags in the middle of a number, words for digits.
"""

import html
import re
import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st

from support.importing.conversation import RawConversation, RawMessage
from support.importing.prepare import Preparer
from support.redact_spoken import spoken_digits
from tests import soaking

PREPARER = Preparer((), {}, ())
WIDE = str.maketrans("0123456789-.@", "０１２３４５６７８９－．＠")
MATHEMATICAL = str.maketrans("0123456789", "𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗")
SPOKEN = str.maketrans("0123456789", "공일이삼사오육칠팔구")
UNSEEN = ["\u200b", "\u200c", "\u2060", "\ufeff", "\u00ad"]
TAGS = ["<b></b>", "<span>", "</span>", "<wbr>", "<!-- -->", '<a href="tel:x">']
FILLED = [
    "제 번호는 {} 입니다",
    "{}",
    "연락처({})로 주세요",
    "Call me at {} please",
    "확인:{},\n감사",
]


@st.composite
def residents(draw) -> list[str]:
    """Resident numbers in their groups; the last six digits say nothing since October 2020."""
    year, month, day = draw(st.integers(0, 99)), draw(st.integers(1, 12)), draw(st.integers(1, 28))
    last = draw(st.integers(1, 8)) * 10**6 + draw(st.integers(0, 999_999))
    return [f"{year:02}{month:02}{day:02}", str(last)]


@st.composite
def phones(draw) -> list[str]:
    first = draw(st.sampled_from(["010", "011", "016", "02", "031", "064", "070"]))
    middle = draw(st.integers(200, 9999)) if first != "010" else draw(st.integers(2000, 9999))
    return [first, str(middle), f"{draw(st.integers(0, 9999)):04}"]


@st.composite
def cards(draw) -> list[str]:
    digits = [draw(st.sampled_from("4569"))] + [
        draw(st.sampled_from("0123456789")) for _ in range(14)
    ]
    total = sum(
        sum(divmod(int(d) * (2 if place % 2 == 0 else 1), 10)) for place, d in enumerate(digits)
    )
    whole = "".join(digits) + str(-total % 10)
    return [whole[at : at + 4] for at in range(0, 16, 4)]


GROUPS = st.one_of(residents(), phones(), cards())


@st.composite
def spelled(draw) -> tuple[str, str]:
    """A number's digits, and one way to write it."""
    groups = draw(GROUPS)
    between = draw(st.sampled_from(["-", " ", ".", " - ", "–", "－", ""]))
    written = between.join(groups)
    written = written.translate(draw(st.sampled_from([{}, WIDE, MATHEMATICAL])))
    if draw(st.booleans()):
        at = draw(st.integers(1, len(written) - 1))
        written = written[:at] + draw(st.sampled_from(UNSEEN)) + written[at:]
    return "".join(groups), written


@st.composite
def marked_up(draw) -> tuple[str, str]:
    """The same as HTML: some signs as references, a tag in the middle."""
    digits, written = draw(spelled())
    number = {
        0: lambda sign: sign,
        1: lambda sign: f"&#{ord(sign)};",
        2: lambda sign: f"&#x{ord(sign):x};",
    }
    out = "".join(number[draw(st.integers(0, 2))](sign) for sign in written)
    if draw(st.booleans()):
        at = len(out) if "&" in out else draw(st.integers(0, len(out)))
        out = out[:at] + draw(st.sampled_from(TAGS)) + out[at:]
    return digits, f"<p>{out}</p>"


def kept(text: str) -> str:
    """All that an import would keep of an inquiry that says something in every field."""
    raw = RawConversation(
        source_id="1", opened_at="2026-01-01T00:00:00Z", subject=text, category=text,
        channel=text, language=text, tags=[text],
        messages=[
            RawMessage("1", "customer", text, "2026-01-01T00:00:00Z", attachments=[(text, "")]),
            RawMessage("2", "agent", text, "2026-01-01T00:00:00Z", author=text),
        ],
    )  # fmt: skip
    found = PREPARER.prepare(raw)
    said = [(m.text, m.raw.author, m.raw.attachments) for m in found.messages]
    return repr((found.subject, found.text, raw.category, raw.channel, raw.tags, said))


def folded(text: str) -> str:
    """A text's digits in a row, however they are written."""
    plain = unicodedata.normalize("NFKC", html.unescape(text))
    return spoken_digits(plain)


def filled(data: tuple[str, str], frame: str) -> tuple[str, str]:
    return data[0], frame.format(data[1])


@settings(max_examples=soaking.many(150, 20_000), deadline=None)
@given(spelled(), st.sampled_from(FILLED))
def test_however_it_is_written(data, frame):
    digits, text = filled(data, frame)
    assert digits not in folded(kept(text)), text


@settings(max_examples=soaking.many(150, 20_000), deadline=None)
@given(marked_up(), st.sampled_from(FILLED))
def test_however_it_is_marked_up(data, frame):
    digits, text = filled(data, frame)
    assert digits not in folded(kept(text)), text


@settings(max_examples=soaking.many(100, 10_000), deadline=None)
@given(st.one_of(residents(), phones()), st.sampled_from(["", " ", "-", "에 "]), st.data())
def test_however_it_is_read_aloud(groups, between, data):
    said = [data.draw(st.sampled_from([g, g.translate(SPOKEN)])) for g in groups]
    said[-1], said[-2] = groups[-1].translate(SPOKEN), groups[-2].translate(SPOKEN)
    text = f"번호는 {between.join(said)} 이에요"
    assert "".join(groups) not in folded(kept(text)), text


@settings(max_examples=soaking.many(100, 10_000), deadline=None)
@given(
    st.from_regex(r"[a-z][a-z0-9]{2,10}([._+-][a-z0-9]{1,6})?", fullmatch=True),
    st.from_regex(r"[a-z]{2,8}(-[a-z]{2,5})?\.(com|co\.kr|net|org)", fullmatch=True),
    st.sampled_from(["@", "＠", " @ ", "&#64;", "&commat;", "(at)", "<b></b>@", "@\u200b"]),
    st.sampled_from(FILLED),
)
def test_mail_addresses(local, domain, at, frame):
    text = frame.format(local + at + domain)
    out = html.unescape(kept(text))
    assert "[이메일]" in out, text
    assert not re.search(re.escape(domain), unicodedata.normalize("NFKC", out)), text
