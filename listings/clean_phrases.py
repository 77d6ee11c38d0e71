"""Boilerplate of sellers: phrases about selling, not about what is sold.

Two sources: a short list written down here, and segments that many different listings share,
learned from the listings themselves. A segment that is found in one category above all says
something of what is sold, and stays, however common.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from .clean_text import folded

MIN_CHARACTERS: Final = 6  # letters and digits of a segment that may be learned
SELLER_TITLES: Final = 5  # different titles of one seller that must share it ...
SELLER_SHARE: Final = 0.6  # ... and the share of that seller's
ALL_TITLES: Final = 20  # different titles of anybody's ...
ALL_SHARE: Final = 0.002  # ... and the share of all
ONE_CATEGORY: Final = 0.8  # of a segment's listings in one top category: it tells the category

_WRITTEN: Final = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        # Delivery
        r"[\[(]?\s*(?:전\s?품목\s?)?무료\s?배송\s*[\])]?",
        r"[\[(]?\s*(?:당일|오늘|빠른|국내|해외)\s?(?:발송|출고|배송)\s*[\])]?",
        r"(?:택배비|배송비|택포)\s?(?:포함|별도|무료|미포함|착불)",
        r"(?:택배|직거래|직택|반값택배)\s?(?:거래)?\s?(?:만\s?)?(?:가능|환영|선호|합니다|해요|x|불가)",
        # Haggling
        r"(?:쿨거래|쿨거)\s?(?:시)?\s?(?:네고|에눌|할인)?\s?(?:가능|환영|해드려요|해드립니다)?",
        r"(?:네고|에눌|가격\s?제안|찔러보기)\s?(?:는|은)?\s?(?:x|no|불가|사절|금지|안\s?받아요|안\s?합니다|가능|환영|소폭\s?가능)",
        # State of the sale
        r"[\[(<]?\s*(?:판매\s?완료|예약\s?중|예약\s?완료|급처(?:분)?|급매|끌올)\s*[\])>]?",
        r"(?:교환|환불|반품)(?:\s?[,/및·과]\s?(?:교환|환불|반품)){0,4}\s?(?:은|는|이)?\s?(?:절대\s?)?(?:불가|안\s?됩니다|x)",
        r"(?:궁금(?:하신|한)\s?(?:점|사항)은?\s?)?(?:편하게\s?)?(?:문의|연락|챗|채팅|쪽지|톡)\s?(?:주세요|주시면\s?\S{1,8}|바랍니다|부탁드려요|부탁드립니다)",
        r"(?:상점|가게|프로필)\s?(?:에|의)?\s?(?:다른|더\s?많은)\s?(?:상품|물건)\S{0,8}(?:\s?\S{1,6}){0,2}\s?(?:구경|많아요|있어요|봐주세요)\S*",
        # English
        r"\b(?:free|fast|quick)\s+(?:uk\s+)?(?:delivery|postage|shipping|p\s?&\s?p)\b",
        r"\b(?:collection|pick\s?-?up|collect|cash)\s+(?:only|in\s+person\s+only)\b",
        r"\b(?:cash|payment)\s+on\s+(?:collection|delivery|pick\s?-?up)\b",
        r"\bbuyer\s+(?:to\s+collect|collects|must\s+collect)\b",
        r"\bno\s+(?:time\s?-?wasters?|offers?|silly\s+offers|swaps?|returns?|refunds?)(?:\s+please)?\b",
        r"\b(?:from\s+a\s+)?(?:smoke|pet)(?:\s+(?:and|&)\s+(?:smoke|pet))?\s*-?\s*free\s+home\b",
        r"\b(?:please\s+)?(?:see|check(?:\s+out)?|have\s+a\s+look\s+at)\s+my\s+other\s+(?:ads?|items?|listings?|adverts?)\b",
        r"\b(?:any\s+questions?,?\s+)?(?:please\s+)?(?:feel\s+free\s+to\s+)?(?:message|text|call|contact|ask)\s+(?:me\s+)?(?:for\s+(?:more\s+)?(?:info|information|details)|if\s+interested|with\s+any\s+questions?)\b",
        r"\b(?:or\s+nearest\s+offer|o\.?n\.?o\.?|o\.?b\.?o\.?|open\s+to\s+offers)(?=\W|$)",
        r"\bfirst\s+come,?\s+first\s+served\b",
    )
)  # fmt: skip
_BLANKS = re.compile(r"\s{2,}")
_ENDS = re.compile(r"\n+|(?<=[.!?])\s+|(?<=[다요음함]\.)|(?<=[!?])(?=\S)")


def without_written(text: str) -> str:
    """The phrases written down here, away; a text without any stays as it is."""
    # Over long runs of blanks, patterns that begin with some take time by the square.
    folded_blanks = less = _BLANKS.sub(lambda run: "\n\n"[: run[0].count("\n")] or " ", text)
    for pattern in _WRITTEN:
        less = pattern.sub(" ", less)
    return text if less == folded_blanks else less


def segments(text: str) -> list[str]:
    """Lines and sentences."""
    return [part for piece in _ENDS.split(text) if (part := piece.strip())]


@dataclass(frozen=True, slots=True)
class Phrases:
    """Segments that were learned to be boilerplate, by their folded form."""

    everyone: frozenset[str] = frozenset()
    by_seller: dict[str, frozenset[str]] = field(default_factory=dict)

    def without(self, description: str, *, seller: str = "") -> str:
        """A description without learned segments."""
        gone = set(self.found(description, seller=seller))
        if not gone:
            return description
        kept: list[str] = []
        end = 0
        for part in segments(description):
            at = description.index(part, end)
            if part not in gone:
                # What stood between the segments stays as it was.
                kept.append(description[end : at + len(part)] if kept else part)
            end = at + len(part)
        return "".join(kept).strip()

    def found(self, description: str, *, seller: str = "") -> list[str]:
        """The learned segments of a description."""
        known = self.by_seller.get(seller, frozenset()) if seller else frozenset()
        if not known and not self.everyone:
            return []
        return [
            part
            for part in segments(description)
            if (key := folded(part)) in self.everyone or key in known
        ]


@dataclass(frozen=True, slots=True)
class Example:
    """What learning reads of one listing."""

    title: str
    description: str
    seller: str = ""
    top_category: str = ""


def learn_phrases(examples: Iterable[Example]) -> Phrases:
    """Find segments of descriptions that many differently titled listings share.

    A repost has its first one's title: however often it is put up, it counts once.
    """
    titles: dict[str, set[int]] = defaultdict(set)
    categories: dict[str, Counter[str]] = defaultdict(Counter)
    of_sellers: dict[tuple[str, str], set[int]] = defaultdict(set)
    seller_titles: dict[str, set[int]] = defaultdict(set)
    every: set[int] = set()
    overall: Counter[str] = Counter()
    for example in examples:
        title = hash(folded(example.title))
        if example.seller:
            seller_titles[example.seller].add(title)
        fresh = title not in every
        every.add(title)
        if fresh and example.top_category:
            overall[example.top_category] += 1
        for key in {folded(part) for part in segments(example.description)}:
            if len(key) < MIN_CHARACTERS:
                continue
            if title not in titles[key] and example.top_category:
                categories[key][example.top_category] += 1
            titles[key].add(title)
            if example.seller:
                of_sellers[example.seller, key].add(title)
    needed = max(ALL_TITLES, ALL_SHARE * len(every))
    everyone = frozenset(
        key
        for key, found in titles.items()
        if len(found) >= needed and not _tells(categories[key], overall)
    )
    by_seller: dict[str, set[str]] = defaultdict(set)
    for (seller, key), found in of_sellers.items():
        many = len(found) >= SELLER_TITLES
        if many and len(found) >= SELLER_SHARE * len(seller_titles[seller]):
            by_seller[seller].add(key)
    return Phrases(everyone, {seller: frozenset(keys) for seller, keys in by_seller.items()})


def _tells(found: Counter[str], overall: Counter[str]) -> bool:
    """Whether a segment is found in one category far more than chance would have it."""
    if not found:
        return False
    (category, most), total = found.most_common(1)[0], sum(found.values())
    usual = overall[category] / max(1, sum(overall.values()))
    return most >= ONE_CATEGORY * total and usual < ONE_CATEGORY * most / total
