"""Masks personal data in a text: resident numbers, phones, e-mail, cards and bank accounts.

Every pattern runs on a folded copy of the text in which each odd character (full-width or circled
digit, long dash, no-break space) stands as the one plain character it looks like. The copy is as
long as the text, so a match there is a match here and all else stays byte for byte. The patterns
repeat only a bounded number of times: time grows with the length of the text alone.

Personal names and street addresses are not found, and a checksum is never asked of a resident
number: those issued since October 2020 have none.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import chain
from typing import Final

MASKS: Final = {
    "resident_number": "[주민등록번호]",
    "phone": "[전화번호]",
    "email": "[이메일]",
    "card": "[카드번호]",
    "account": "[계좌번호]",
}

# What is already decided is blanked out with this private character. It counts as a digit wherever
# a pattern looks at its neighbours, so that a second run over the masks decides as the first did.
_TAKEN: Final = "\ue000"
_MASK = re.compile("|".join(map(re.escape, MASKS.values())))
_MAX_PASSES: Final = 8  # nearly every text is settled after the first


@dataclass(frozen=True, slots=True)
class Redaction:
    """A masked text, and how many of each kind were masked (kinds found only)."""

    text: str
    counts: dict[str, int]


def holds_mask(text: str) -> bool:
    """Say whether a text holds one of the masks."""
    return _MASK.search(text) is not None


def _fold_table() -> dict[str, str]:
    """Map each odd character to the one plain character it stands for."""
    table = {_TAKEN: "\ue001"}
    blocks = (
        range(0x80, 0x3400), range(0xA000, 0xABFF), range(0xFE00, 0x10000),
        range(0x1D400, 0x1D800), range(0x1F100, 0x1F16A), range(0x1FBF0, 0x1FBFA),
    )  # fmt: skip
    for code in chain.from_iterable(blocks):
        char = chr(code)
        digit = unicodedata.digit(char, None)
        if digit is not None:
            table[char] = str(digit)
        elif unicodedata.category(char) == "Pd":
            table[char] = "-"
        elif unicodedata.category(char) in ("Zs", "Cf"):
            table[char] = " "
        elif code >= 0x2100:
            plain = unicodedata.normalize("NFKC", char)
            if len(plain) == 1 and plain.isascii():
                table[char] = plain
    table |= dict.fromkeys("−ㅡ─━―‐ー⁃﹘\u00ad", "-") | dict.fromkeys("·ㆍ・。", ".")
    table |= dict.fromkeys("∼〜～", "~") | dict.fromkeys("\u2028\u2029\x85\x0b\x0c", "\n")
    return table | dict.fromkeys("\ufe0f\u20e3\u115f\u1160\u3164\uffa0", " ")


_FOLD = _fold_table()
# In two: one class that reaches beyond the basic plane is thirty times slower to search for.
_ODD = re.compile("[" + re.escape("".join(char for char in _FOLD if char < "\U00010000")) + "]")
_ODD_ASTRAL = re.compile("[\U0001d400-\U0001d7ff\U0001f100-\U0001f169\U0001fbf0-\U0001fbf9]")


def _fold(text: str) -> str:
    if text.isascii():
        return text
    folded = _ODD.sub(lambda odd: _FOLD[odd[0]], text)
    return _ODD_ASTRAL.sub(lambda odd: _FOLD.get(odd[0], odd[0]), folded)


# --- e-mail: from each at-sign outwards ---------------------------------------------------

_LOCAL: Final = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._%+-"
_PROVIDER: Final = (
    "gmail|naver|daum|hanmail|kakao|nate|hotmail|outlook|yahoo|icloud|live|msn|googlemail|proton"
    "|protonmail|korea|empas|paran|네이버|다음|한메일|지메일|카카오|네이트|핫메일|아웃룩|야후"
    "|아이클라우드|구글"
)
_TLD: Final = (
    "com|net|org|kr|io|me|edu|gov|info|biz|co|jp|cn|de|uk|fr|it|nl|us|eu|ca|au|dev|app|컴|넷|케이알"
)
# Every branch opens with a plain letter: that lets the engine skip over the rest of the text.
_AT = re.compile(
    r"@|%40|골뱅이|앳|a[tT](?<![A-Za-z]..)(?![A-Za-z])|A[tT](?<![A-Za-z]..)(?![A-Za-z])"
)
_DOT: Final = (
    r"(?:\.|[ ]?[(\[][ ]?(?:\.|dot|점)[ ]?[)\]][ ]?|[ ]dot[ ]|[ ]?(?:점|쩜|닷)[ ]?"
    r"|[ ]\.[ ]?|\.[ ](?=(?:com|net|org|kr|co)\b))"
)
_DOMAIN = re.compile(
    rf"(?:(?:[a-z0-9\-]{{1,63}}|[가-힣]{{1,20}}?){_DOT}){{1,6}}"
    r"(?P<tld>[a-z]{2,24}(?![a-z0-9])|한국|컴|넷|케이알)"
    rf"|(?:{_PROVIDER})(?![a-z0-9.가-힣])",
    re.IGNORECASE,
)
_KNOWN_TLD = re.compile(_TLD, re.IGNORECASE)
_PROVIDER_DOMAIN = re.compile(rf"(?:{_PROVIDER}){_DOT}", re.IGNORECASE)
_SPELLED_DOT = re.compile(r"dot|점|쩜|닷", re.IGNORECASE)
# "look at gmail.com" names a site; these words before a bare " at " are nobody's address.
_PLAIN: Final = """
    a account accounts address addresses all an and another any app are available back
    browser but by check domain email emails ending errors every for found from go have help
    here his her in inbox info is it its just like log login look looked looking mail mails
    me messages mine my new no not of old on one only or our out page password problem
    server servers service set settings sign site some support team than that the their them
    there these they things this those to two up us use using via was web webmail website
    were with work working works you your
"""
_PLAIN_WORDS = frozenset(_PLAIN.split())


def _hangul_tail(text: str, end: int) -> int:
    start = end
    while start > max(0, end - 10) and "가" <= text[start - 1] <= "힣":
        start -= 1
    return start


def _email_at(folded: str, at: re.Match[str], floor: int) -> tuple[int, int, str] | None:
    """Return start, end and plain spelling of the address around an at-sign, None if none is."""
    sign = at[0].lower()
    head = folded[max(floor, at.start() - 70) : at.start()]
    bare = head.rstrip(" ([{<")
    local = bare[len(bare.rstrip(_LOCAL)) :].lstrip("-.%+")[-64:]
    start = at.start() - len(head) + len(bare) - len(local)
    after = at.end()
    while after < min(len(folded), at.end() + 4) and folded[after] in " )]}>":
        after += 1
    spaced = len(head) - len(bare), after - at.end()
    if (sign == "at" and not all(spaced)) or max(spaced) > 3:
        return None
    domain = _DOMAIN.match(folded, after)
    if domain is None:
        return None
    if not local:
        if sign not in "@골뱅이" or spaced[0]:
            return None
        start = max(_hangul_tail(folded, at.start()), floor)
        local = folded[start : at.start()]
        if not local:
            return None
    tld = domain["tld"]
    spelled = _SPELLED_DOT.search(domain[0]) is not None
    if sign == "at" and not spelled and folded[at.start() - 1] == " ":
        # "john at gmail.com", but not "the page at mozilla.org".
        if local.lower() in _PLAIN_WORDS or not _PROVIDER_DOMAIN.match(domain[0]):
            return None
    elif sign == "@" and spaced[0] and not spaced[1]:
        # "thanks @john.doe" is a handle, "from @live.com" a whole domain.
        if not tld or not _KNOWN_TLD.fullmatch(tld) or local.lower() in _PLAIN_WORDS:
            return None
    elif sign == "@" and spaced[1] and not (tld and _KNOWN_TLD.fullmatch(tld)):
        return None
    plain = re.sub(r"[ ()\[\]]", "", _SPELLED_DOT.sub(".", domain[0]))
    return start, domain.end(), f"{local}@{plain}".lower()


# --- numbers: one pattern a spelling ------------------------------------------------------

_S: Final = r"[ \t\r\n.\-~/_()\[\]]"  # between the groups of one number
_LEFT: Final = rf"(?<![0-9A-Za-z])(?<![\d{_TAKEN}][\-.])"  # not inside a longer number or word
_WORD: Final = (
    r"(?:(?<![0-9A-Za-z_])|(?<=tel)|(?<=fax)|(?<=hp)|(?<=phone)|(?<=mobile)|(?<=cell))(?<!0\.)"
)
_RIGHT: Final = r"(?![0-9_])(?![A-Za-z]{0,8}\d)"  # a hash goes on with letters and digits

_BIRTH: Final = r"\d[ ]?\d[ ]?(?:0[ ]?[1-9]|1[ ]?[0-2])[ ]?(?:0[ ]?[1-9]|[12][ ]?\d|3[ ]?[01])"
_STAR: Final = r"[0-9*xX●○•■□◯◎#]"
_RESIDENT = re.compile(
    rf"(?<![0-9A-Za-z])(?:{_BIRTH}[ \t\r\n\-~/_:()\[\]]{{1,5}}|{_BIRTH.replace('[ ]?', '')}\.)"
    rf"(?:\d(?:[ ]?{_STAR}){{6}}|{_STAR}{{7}})(?!\d)"
    rf"|(?<![0-9A-Za-z]){_BIRTH}\d?[*●○•■□◯◎#xX]{{6,7}}(?!\d)"
)
_RESIDENT_BARE = re.compile(rf"(?<![0-9A-Za-z_]){_BIRTH}(?:[ ]?\d){{7}}{_RIGHT}")

_OPEN: Final = r"(?:[(](?=\d{2,4}[ ]?[)]))?"  # only together with its closing bracket
_M: Final = r"(?:[ \t\r\n.\-~,/_()\[\]*:|]{0,5}|[ ]?(?:에|다시|대시|하이픈)[ ]?)"
_M1: Final = _M.replace("{0,5}", "{1,5}")
_MOBILE = re.compile(
    r"(?<!\d)(?:01[016-9]|(?<![A-Za-z])[0Oo][1lI|][0Oo])"
    rf"(?:{_M1}\d{{3,4}}{_M}|\d{{3,4}}{_M1})\d{{4}}(?!\d)"
    r"|(?<!\d)01[016-9](?:[ .\-]{1,3}\d{2}){4}(?!\d)"
    r"|(?<!\d)0[ .\-]{0,3}1[ .\-]{0,3}[016-9](?:[ .\-]{1,5}\d){7,8}(?!\d)"
    r"|(?<![0-9A-Za-z])(?:[(](?=[+0 ]{0,4}82[ ]?[)]))?"
    r"(?:\+[ ]?|00[ \-]?|(?<!\d[ \-.])(?!820\d{10}(?!\d)))82[)]?"
    r"[ .\-]{0,4}(?:[(]0[)][ .\-]{0,2}|0)?1[016-9]"
    r"[ .\-]{0,5}\d{3,4}[ .\-]{0,5}\d{4}(?!\d|[ \-.]\d{4}(?!\d))"
)
_AREA: Final = r"(?:02|03[1-3]|04[1-4]|05[1-5]|06[1-4]|0[678]0|050[2-9]?|0303|0130)"
_PHONE = re.compile(
    rf"{_WORD}01[016-9]\d{{7,8}}{_RIGHT}"
    rf"|(?:{_LEFT}|(?<=tel)|(?<=fax)|(?<=hp)){_OPEN}{_AREA}"
    rf"(?:{_S}{{1,5}}\d{{3,4}}{_S}{{0,5}}|\d{{3,4}}{_S}{{1,5}})\d{{4}}(?!\d)"
    rf"|{_WORD}(?<!\d\.){_AREA}\d{{7,8}}{_RIGHT}"
    r"|(?<![0-9A-Za-z+])(?:[(](?=\+?\d{1,5}[ ]?[)]))?(?:\+|00(?=[1-9]\d{0,2}[ \-]))[(]?[1-9]"
    r"(?:[ .\-()/]{0,3}\d){7,14}(?!\.?\d|-[0-9A-Za-z])"
    rf"|{_LEFT}(?:1[ .\-])?(?:[(][2-9]\d\d[)][ ]?|[2-9]\d\d[ .\-])[2-9]\d\d[ .\-]\d{{4}}(?![\d\-])"
    rf"|(?<![0-9A-Za-z\-./{_TAKEN}])(?:{_OPEN}1[568]\d\d[\-)][ ]?"
    r"|1(?:5[2-9]{2}|600|611|644|66[0-8]|670|688|8[0135]{2}|877|899)"
    r"(?:[ .~]|[ ][\-~][ ]?|[\-~][ ]))"
    r"\d{4}(?![\d\-]|[ ]?(?:원|년|개|명|만|m|px|k|g|세기))",
    re.IGNORECASE,
)
_DECIMAL = re.compile(r"\+\d+\.\d{6,}")
_RANGE = re.compile(r"(1[568]\d\d)([ ]?[\-~][ ]?)((?:1[5-9]|2[0-4])\d\d)")
_HOTLINE = re.compile(rf"{_WORD}1[568]\d{{6}}{_RIGHT}")
_HOTLINE_WORD = re.compile(
    r"(?:전화|대표|센터|연락처|문의|번호|tel|call|phone)[^\d\n]{0,8}\Z", re.IGNORECASE
)

_CARD_GROUPED = re.compile(
    rf"{_LEFT}\d{{4}}(?P<gap>[ ]?[\-./ \n][ ]?)[\d*xX●]{{4}}(?:(?P=gap)[\d*xX●]{{4}}){{2}}"
    r"(?:(?P=gap)\d{3})?(?![\d\-])"
    rf"|{_LEFT}3\d{{3}}[ \-.]\d{{6}}[ \-.]\d{{4,5}}(?![\d\-])"
)
_CARD = re.compile(rf"(?<![0-9A-Za-z_])(?<!\d[\-.])\d(?:[ \-.]?\d){{12,18}}{_RIGHT}")
_CARD_START = re.compile(r"[4569]|3[04-9]|2[2-7]")
_CARD_GROUPS = re.compile(
    r"\d{13,19}|(?:\d{4}[ \-]){3}\d{1,7}|\d{4}([ \-])\d{6}\1\d{4,5}"
    r"|\d{6}[ \-]\d{7,13}|\d{8}[ \-]\d{8}"
)
_YEARS = re.compile(r"(?:(?:19|20)\d\d[ \n\-./]{0,3}){3,4}")

_NUMBER = re.compile(
    r"(?<![0-9A-Za-z_.])(?<!\d[\-.])(?:\d{10,16}|\d{2,6}(?:[ ]?[\-. ][ ]?\d{1,8}){1,4})"
    rf"{_RIGHT}(?![ ]?원)"
)
_BANK: Final = (
    r"은행|뱅크|카뱅|신한|농협|우체국|새마을|신협|수협|씨티|계좌|입금|송금|이체|예금주|통장"
    r"|\b(?:account|acct|a/c|bank|iban|deposit)\b"
)
_WEAK_BANK: Final = (
    r"국민|우리|하나|기업|토스|산업|제일|부산|대구|광주|전북|경남|제주|케이|\bkb|\bnh|\bibk|\bsc"
)
_BANK_BEFORE = re.compile(
    rf"(?:{_BANK})[^\d\n{_TAKEN}]{{0,20}}\Z|(?:{_WEAK_BANK})[ :()\-]{{0,3}}\Z", re.IGNORECASE
)
_BANK_AFTER = re.compile(
    rf"[^\d\n{_TAKEN}]{{0,12}}(?:{_BANK})|[ (]{{0,3}}(?:{_WEAK_BANK})", re.IGNORECASE
)
_THREE_GROUPS = re.compile(
    r"\d{3,6}-\d{2,7}-\d{3,8}|\d{3}-\d{4}-\d{4}-\d{2}|\d{3}-\d{6}-\d{2}-\d{3}"
)
_JOINED_BEFORE, _JOINED_AFTER = re.compile(r"[0-9A-Za-z]-\Z"), re.compile("-[0-9A-Za-z]")
# A company's registration number is public; a year opens an order number sooner than an account.
_NOT_ACCOUNT = re.compile(r"\d{3}-\d{2}-\d{5}|(?:19|20)\d\d-(?:0[1-9]|1[0-2])(?:[0-3]\d)?-\d+")

# --- what is left as it stands ------------------------------------------------------------

_LABEL: Final = (
    r"주문|결제|승인|거래|상품|문의|접수|예약|운송장|송장|택배|등기|배송|바코드|시리얼|일련|모델|제품"
    r"|품번|사업자|사업자등록|신고|고유|쿠폰|order|tracking|parcel|invoice|barcode|ean|gtin|isbn|upc"
    r"|imei|serial|bug|ticket|case|build|buildid|version|버전|faq|error|오류|에러|message-id"
)
_URL = re.compile(r"https?://[^\s<>\"']{1,2000}|www\.[^\s<>\"']{1,2000}")
_KEEP = re.compile(
    r"(?<![0-9A-Za-z])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![0-9A-Za-z])"
    r"|(?<![0-9A-Za-z])(?=[0-9]{0,40}[a-f])[0-9a-f]{16,128}(?![0-9A-Za-z])"
    r"|(?<![\d\-])(?:19|20)\d\d[\-./](?:0?[1-9]|1[0-2])[\-./](?:3[01]|[12]\d|0?[1-9])(?![\d\-])"
    r"(?:[ T]{1,2}\d{1,2}:\d\d(?::\d\d)?)?"
    r"|(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])"
    rf"|(?:{_LABEL})[ ]?(?:번호|코드|넘버|아이디|no\.?|number|num|id)?"
    r"[ \t\n:=#()\[\]은는이가\-]{0,6}"
    r"[A-Za-z]{0,4}\d[\d\-]{5,40}(?:[ ]?[,/][ ]?\d[\d\-]{5,40}){0,20}",
    re.IGNORECASE,
)
_BARCODE_WORD = re.compile(r"(?:바코드|barcode|ean|gtin|상품)[^\d\n]{0,10}\Z", re.IGNORECASE)

# --- numbers read aloud: 공일공 일이삼사 오육칠팔 ------------------------------------------

_SPOKEN_DIGITS: Final = str.maketrans(
    "공영ㅇ〇零일一이二삼三사四오五육륙六칠七팔八구九", "000001122334455666778899"
)
_N: Final = "[0-9공영ㅇ〇零일一이二삼三사四오五육륙六칠七팔八구九]"
_Z: Final = "[0공영ㅇ〇零]"
_B: Final = r"(?:[ \-.~,]{0,3}|[ ]?(?:에|다시|대시)[ ]?)"
_SPOKEN = re.compile("[공영ㅇ〇零일一이二삼三사四오五육륙六칠七팔八구九]")
_SPOKEN_RUN = re.compile(rf"{_N}(?:[ \-.~,에다시대]{{0,4}}{_N}){{8}}")
_SPOKEN_MOBILE = re.compile(
    rf"(?<!\d){_Z}{_B}[1일一]{_B}[01공영ㅇ〇零일一6-9육륙칠팔구](?:{_B}{_N}){{8}}(?!\d)"
)
_SPOKEN_LANDLINE = re.compile(
    rf"(?<!\d){_Z}{_B}(?:[2이二]|[3삼三]{_B}[1-3일이삼]|[4사]{_B}[1-4일이삼사]"
    rf"|[5오]{_B}[1-5일이삼사오]|[6육]{_B}[1-4일이삼사]"
    rf"|[7칠]{_B}{_Z})(?:{_B}{_N}){{7,8}}(?!\d)"
)
_SPOKEN_RESIDENT = re.compile(rf"(?<!\d){_N}(?:{_B}{_N}){{12}}(?!\d)")
_SPOKEN_CARD = re.compile(rf"(?<!\d){_N}(?:{_B}{_N}){{15}}(?!\d)")
# Six digits this near to one another may be something; only there do the slower patterns look.
_CLUSTER = re.compile(
    r"[0-9](?:[ \t\r\n.\-~,/_()\[\]*:|+xX●○•■□◯◎#에다시대하이픈]{0,14}[0-9]){5,}+"
)
_BEFORE, _AFTER = 50, 30  # how far around it they look for words such as 주문번호 or 은행
_BIRTH_ONLY = re.compile(_BIRTH)


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)


def _luhn(digits: str) -> bool:
    odd = sum(map(int, digits[-1::-2]))
    return (odd + sum(sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])) % 10 == 0


def _is_barcode(found: re.Match[str]) -> bool:
    """Tell a Korean barcode from a resident number of 1988 written without a hyphen."""
    digits = _digits(found[0])
    if not digits.startswith("880"):
        return False
    check = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    # A seventh digit of 3, 4, 7, 8 says born in 2088, one of 9, 0 in 1888: nobody who asks us.
    unborn = digits[6] in "347890"
    before = found.string[max(0, found.start() - 20) : found.start()]
    return check % 10 == 0 and (unborn or _BARCODE_WORD.search(before) is not None)


def _is_resident(found: re.Match[str]) -> bool:
    # Thirteen digits after the name of a bank are the account's: masked as such further down.
    before = found.string[max(0, found.start() - 30) : found.start()]
    of_bank = _BANK_BEFORE.search(before) is not None and not before[-1].isalpha()
    return not of_bank and not _is_barcode(found)


def _is_grouped_card(found: re.Match[str]) -> bool:
    return not _YEARS.fullmatch(found[0])


def _is_card(found: re.Match[str]) -> bool:
    digits = _digits(found[0])
    if not _CARD_START.match(digits) or not _luhn(digits):
        return False
    if not _CARD_GROUPS.fullmatch(found[0]):
        return False
    # The short ones only as the card schemes really issue them: barcodes are as long.
    return len(digits) > 14 or digits[0] == ("4" if len(digits) == 13 else "3")


def _is_account(found: re.Match[str]) -> bool:
    digits, text = _digits(found[0]), found.string
    if not 10 <= len(digits) <= 16:
        return False
    if _BANK_BEFORE.search(text[max(0, found.start() - 30) : found.start()]):
        return True
    if _BANK_AFTER.match(text[found.end() : found.end() + 20]):
        return True
    if _JOINED_BEFORE.search(
        text[max(0, found.start() - 2) : found.start()]
    ) or _JOINED_AFTER.match(text, found.end()):
        return False  # a piece of a longer code
    shape = _THREE_GROUPS.fullmatch(found[0]) and not (
        _NOT_ACCOUNT.fullmatch(found[0]) or _YEARS.fullmatch(found[0])
    )
    return bool(shape) and len(digits) <= 14


def _is_phone(found: re.Match[str]) -> bool:
    span = _RANGE.fullmatch(found[0])
    if span and span[1] < span[3] and (span[2] != "-" or span[1][2:] == span[3][2:] == "00"):
        return _is_hotline(found)  # an afternoon or a lifetime, unless it stands after 대표번호
    return not _DECIMAL.fullmatch(found[0])


def _is_hotline(found: re.Match[str]) -> bool:
    return (
        _HOTLINE_WORD.search(found.string[max(0, found.start() - 16) : found.start()]) is not None
    )


def _is_spoken(found: re.Match[str]) -> bool:
    return not found[0].isascii()


def _is_spoken_resident(found: re.Match[str]) -> bool:
    digits = _digits(found[0].translate(_SPOKEN_DIGITS))
    return _BIRTH_ONLY.match(digits) is not None and len(_SPOKEN.findall(found[0])) >= 6


def _is_spoken_card(found: re.Match[str]) -> bool:
    return len(_SPOKEN.findall(found[0])) >= 8


_Accept = Callable[[re.Match[str]], bool]
_Rule = tuple[str, re.Pattern[str], _Accept | None]

# In this order: what a rule has taken no later rule sees. These two hold inside URLs too.
_EVERYWHERE: Final[tuple[_Rule, ...]] = (
    ("resident_number", _RESIDENT, None),
    ("phone", _MOBILE, None),
)
_RULES: Final[tuple[_Rule, ...]] = (
    ("", _KEEP, None),
    ("resident_number", _RESIDENT_BARE, _is_resident),
    ("card", _CARD_GROUPED, _is_grouped_card),
    ("phone", _PHONE, _is_phone),
    ("phone", _HOTLINE, _is_hotline),
    ("card", _CARD, _is_card),
    ("account", _NUMBER, _is_account),
)
_SPOKEN_RULES: Final[tuple[_Rule, ...]] = (
    ("card", _SPOKEN_CARD, _is_spoken_card),
    ("resident_number", _SPOKEN_RESIDENT, _is_spoken_resident),
    ("phone", _SPOKEN_MOBILE, _is_spoken),
    ("phone", _SPOKEN_LANDLINE, _is_spoken),
)


def _key(spelling: str) -> str:
    """Bring a number to its digits, a Korean country code to the leading zero."""
    digits = _digits(spelling.translate(_SPOKEN_DIGITS)).removeprefix("00")
    if digits.startswith("82") and 10 <= len(digits) <= 13:
        digits = "0" + digits[2:].lstrip("0")
    return digits


def _windows(folded: str) -> list[tuple[int, int]]:
    """List the stretches around clusters of digits, in order and without overlap."""
    windows: list[tuple[int, int]] = []
    for cluster in _CLUSTER.finditer(folded):
        start, stop = max(0, cluster.start() - _BEFORE), min(len(folded), cluster.end() + _AFTER)
        if windows and start <= windows[-1][1]:
            start = windows.pop()[0]
        windows.append((start, stop))
    return windows


class Redactor:
    """Masks personal data, all but the desk's own numbers and addresses."""

    def __init__(self, allow: Iterable[str] = ()) -> None:
        """Remember what is never masked.

        Args:
            allow: public phone numbers, accounts and e-mail addresses, in any spelling.
        """
        self._allowed: set[str] = set()
        for entry in map(_fold, allow):
            at = _AT.search(entry)
            address = _email_at(entry, at, 0) if at else None
            if address:
                self._allowed.add(address[2])
            elif key := _key(entry):
                self._allowed.add(key)

    def redact(self, text: str) -> Redaction:
        """Mask a text; masking the result again changes nothing."""
        counts: dict[str, int] = {}
        for _ in range(_MAX_PASSES):
            found = self._find(text)
            if not found:
                break
            pieces: list[str] = []
            end = 0
            for start, stop, kind in found:
                pieces += (text[end:start], MASKS[kind])
                counts[kind] = counts.get(kind, 0) + 1
                end = stop
            text = "".join((*pieces, text[end:]))
        return Redaction(text, counts)

    def _find(self, text: str) -> list[tuple[int, int, str]]:
        """List what is to be masked as (start, end, kind), in order and without overlap."""
        folded = _fold(text)
        if "[" in folded:
            folded = _MASK.sub(lambda mask: _TAKEN * len(mask[0]), folded)
        found: list[tuple[int, int, str]] = []
        folded = self._take_emails(folded, found)
        windows = _windows(folded)
        if windows:
            folded = self._take(_EVERYWHERE, folded, windows, found)
            folded = _URL.sub(lambda url: _TAKEN * len(url[0]), folded)
            folded = self._take(_RULES, folded, windows, found)
        if not folded.isascii() and _SPOKEN_RUN.search(folded):
            self._take(_SPOKEN_RULES, folded, [(0, len(folded))], found)
        found.sort()
        return found

    def _take_emails(self, folded: str, found: list[tuple[int, int, str]]) -> str:
        pieces: list[str] = []
        end = 0
        for at in _AT.finditer(folded):
            address = _email_at(folded, at, end) if at.start() >= end else None
            if address is None:
                continue
            start, stop, plain = address
            if plain not in self._allowed:
                found.append((start, stop, "email"))
            pieces += (folded[end:start], _TAKEN * (stop - start))
            end = stop
        return "".join((*pieces, folded[end:])) if pieces else folded

    def _take(
        self,
        rules: tuple[_Rule, ...],
        folded: str,
        windows: list[tuple[int, int]],
        found: list[tuple[int, int, str]],
    ) -> str:
        """Apply rules inside the windows; return the folded text with what they took blanked."""
        pieces: list[str] = []
        end = 0
        for start, stop in windows:
            window = folded[start:stop]
            for kind, pattern, accept in rules:

                def take(
                    match: re.Match[str],
                    kind: str = kind,
                    accept: _Accept | None = accept,
                    start: int = start,
                ) -> str:
                    if accept is not None and not accept(match):
                        return match[0]
                    if kind and _key(match[0]) not in self._allowed:
                        found.append((start + match.start(), start + match.end(), kind))
                    return _TAKEN * len(match[0])

                window = pattern.sub(take, window)
            pieces += (folded[end:start], window)
            end = stop
        return "".join((*pieces, folded[end:]))
