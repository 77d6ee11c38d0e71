"""E-mail addresses: from each at-sign outwards, however at-sign and dots are spelled.

hong@naver.com, hong(at)naver.com, hong 골뱅이 네이버 닷컴; but not "look at gmail.com", a page of a
site, nor "thanks @john.doe", a handle. Reads folded text; masks nothing itself.
"""

import re
from typing import Final

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
AT = re.compile(
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


def address_at(folded: str, at: re.Match[str], floor: int) -> tuple[int, int, str] | None:
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
