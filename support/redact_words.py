"""The words around a number that say what it is: 은행, 주문번호, 바코드, timestamp.

Each question takes a match and looks a few characters to its left or right. What the number itself
looks like is for `redact_numbers` and `redact_accounts` to say.
"""

import re
from typing import Final

from .redact_fold import TAKEN

_LEFT, _RIGHT = 30, 20  # how far the questions look

# What stands right after one of these is the shop's number, whatever it looks like.
NUMBERED: Final = (
    r"(?:주문|운송장|송장|접수|예약)[ ]?번호"
    r"|(?<![a-z])(?:order|tracking|ticket)(?:[ _\-]{0,2}(?:number|num|no\b\.?)|[ ]?(?=\#))"
)
CODED: Final = r"바코드|(?<![a-z])(?:barcode|ean|gtin|isbn|upc|imei)"  # these have a check digit

# After one of these it is most likely the shop's, unless it looks like a person's.
LABEL: Final = (
    r"주문|결제|승인|거래|상품|문의|접수|예약|운송장|송장|택배|등기|배송|바코드|시리얼|일련|모델|제품"
    r"|품번|사업자|사업자등록|신고|고유|쿠폰|order|tracking|parcel|invoice|barcode|ean|gtin|isbn|upc"
    r"|imei|serial|bug|ticket|case|build|buildid|version|버전|faq|error|오류|에러|message-id"
)

_BANK: Final = (
    r"은행|뱅크|카뱅|신한|농협|우체국|새마을|신협|수협|씨티|계좌|입금|송금|이체|예금주|통장"
    r"|\b(?:account|acct|a/c|bank|iban|deposit)\b"
)
_WEAK_BANK: Final = (
    r"국민|우리|하나|기업|토스|산업|제일|부산|대구|광주|전북|경남|제주|케이|\bkb|\bnh|\bibk|\bsc"
)
_BANK_BEFORE = re.compile(
    rf"(?:{_BANK})[^\d\n{TAKEN}]{{0,20}}\Z|(?:{_WEAK_BANK})[ :()\-]{{0,3}}\Z", re.IGNORECASE
)
_BANK_AFTER = re.compile(
    rf"[^\d\n{TAKEN}]{{0,12}}(?:{_BANK})|[ (]{{0,3}}(?:{_WEAK_BANK})", re.IGNORECASE
)
_BARCODE = re.compile(r"(?:바코드|barcode|ean|gtin|상품)[^\d\n]{0,10}\Z", re.IGNORECASE)
_HOTLINE = re.compile(
    r"(?:전화|대표|센터|연락처|문의|번호|tel|call|phone)[^\d\n]{0,8}\Z", re.IGNORECASE
)
_RESIDENT = re.compile(
    r"(?:주민(?:등록)?번호|외국인등록번호|\brrn|\bresident (?:registration )?number)"
    r"[ :=()\-은는이가]{0,4}\Z",
    re.IGNORECASE,
)
_TIME = re.compile(
    r"(?:time|stamp|date|epoch|millis|(?<![a-z])ms|시각|일시)[\"')\]]{0,2}[ ]?[:=]?[ ]?\Z",
    re.IGNORECASE,
)


def _before(found: re.Match[str]) -> str:
    return found.string[max(0, found.start() - _LEFT) : found.start()]


def after_bank(found: re.Match[str]) -> bool:
    """Say whether a bank, or a word such as 계좌 or 입금, stands before a number."""
    return _BANK_BEFORE.search(_before(found)) is not None


def before_bank(found: re.Match[str]) -> bool:
    """Say whether such a word stands after it."""
    return _BANK_AFTER.match(found.string[found.end() : found.end() + _RIGHT]) is not None


def after_barcode(found: re.Match[str]) -> bool:
    """Say whether a word such as 바코드 stands before a number."""
    return _BARCODE.search(_before(found)) is not None


def after_hotline(found: re.Match[str]) -> bool:
    """Say whether a word such as 대표 or 전화 stands before a number."""
    return _HOTLINE.search(_before(found)) is not None


def after_resident(found: re.Match[str]) -> bool:
    """Say whether 주민번호 or its like stands right before a number."""
    return _RESIDENT.search(_before(found)) is not None


def after_time(found: re.Match[str]) -> bool:
    """Say whether a word or a key such as "time": stands right before a number."""
    return _TIME.search(_before(found)) is not None
