"""Which column of a table of listings is which, and one of its rows as a listing.

Titles and descriptions go by the names that batch labelling knows them by (`listings.columns`).
"""

import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from support import clock
from support.errors import InputError, MappingError

from . import columns
from .categories import canonical, joined
from .store import GENERATED, Collected

# Of each role the names it goes by, the surest first; compared without case, blanks and signs.
NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "id": (
        "id", "external_id", "listing_id", "item_id", "product_id", "ad_id", "uid", "uuid",
        "상품번호", "글번호", "게시글번호", "상품id", "번호",
    ),
    "title": columns.NAMES["title"],
    "description": columns.NAMES["description"],
    "price": ("price", "가격", "판매가", "판매가격", "희망가격", "lprice", "amount", "cost"),
    "currency": ("currency", "통화"),
    "category": (
        "category", "category_path", "카테고리", "카테고리경로", "분류", "categories",
        "product_category", "path", "breadcrumb", "breadcrumbs",
    ),
    "images": (
        "images", "image", "pictures", "picture", "photos", "photo", "사진", "이미지", "상품사진",
        "상품이미지", "대표이미지", "image_urls", "image_url", "image_paths", "image_path",
        "image_files", "image_file", "img", "imgs", "filename", "file_name", "파일명",
    ),
    "seller": ("seller", "seller_id", "판매자", "셀러", "작성자", "mall_name", "shop", "user_id"),
    "brand": ("brand", "브랜드", "maker", "제조사"),
    "url": ("url", "link", "링크", "주소", "permalink"),
    "posted_at": (
        "posted_at", "created_at", "등록일", "등록일시", "작성일", "작성일시", "게시일", "created",
        "date",
    ),
    "seller_since": (
        "seller_since", "seller_created_at", "account_created_at", "member_since", "가입일",
        "가입일시",
    ),
}  # fmt: skip
# Levels of a category in columns of their own, the top one first.
_LEVELS: Final = (
    ("category1", "category2", "category3", "category4"),
    ("cat1", "cat2", "cat3", "cat4"),
    ("대분류", "중분류", "소분류", "세분류"),
)
_SIGNS = re.compile(r"[\W_]+")
_BETWEEN = re.compile(r"(?:(?<!\s)\s+)?[;|\n]\s*")
_SUFFIX: Final = r"\.(?:jpe?g|png|webp|gif|bmp|avif)"
_SEVERAL = re.compile(rf"(?i){_SUFFIX}\s*(?:,|\s)\s*(?=\S+{_SUFFIX})")


@dataclass(frozen=True, slots=True)
class ListingColumns:
    """The columns that are read, by role; a role has several where they are levels of a path."""

    by_role: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def as_dict(self) -> dict[str, list[str]]:
        """Plain JSON, for the report."""
        return {role: list(names) for role, names in self.by_role.items()}

    def text(self, row: Mapping[str, Any], role: str) -> str:
        """A row's cell, as text."""
        value = self._value(row, role)
        if isinstance(value, list):
            return ", ".join(str(item) for item in value)
        return str(value or "").strip()

    def category(self, row: Mapping[str, Any], *, separator: str | None) -> str:
        """A row's category, canonical."""
        names = self.by_role.get("category", ())
        if len(names) > 1:
            return joined(str(row.get(name) or "") for name in names)
        value = self._value(row, "category")
        if isinstance(value, list):
            return joined(str(level) for level in value)
        return canonical(str(value or ""), separator=separator)

    def images(self, row: Mapping[str, Any]) -> tuple[str, ...]:
        """A row's pictures: addresses or names of files."""
        value = self._value(row, "images")
        if isinstance(value, str) and value.strip().startswith("["):
            with suppress(ValueError, RecursionError):  # a name may begin with a bracket
                value = json.loads(value)
        if isinstance(value, list):
            names = [str(name).strip() for name in value]
        else:
            text = _SEVERAL.sub(lambda end: end[0].rstrip(", \t") + "\n", str(value or "").strip())
            names = _BETWEEN.split(text)
        return tuple(dict.fromkeys(name for name in names if name))

    def _value(self, row: Mapping[str, Any], role: str) -> Any:
        names = self.by_role.get(role, ())
        return row.get(names[0]) if names else None


def find_columns(header: Sequence[str], *, told: Mapping[str, str] | None = None) -> ListingColumns:
    """Find the columns of a table of listings.

    Args:
        header: the table's columns.
        told: role to column, where somebody said so; "" for none, several joined by commas for
            the levels of a category.

    Raises:
        MappingError: a role or column that was told is not there, or none looks like a title.
    """
    found: dict[str, tuple[str, ...]] = {}
    for role, names in (told or {}).items():
        if role not in NAMES:
            raise MappingError(
                f"{role!r} is nothing that a column can be mapped to; one of {', '.join(NAMES)} "
                f"is: --map title=COLUMN"
            )
        several = [names] if names in header or role != "category" else names.split(",")
        found[role] = tuple(columns.existing(header, name.strip()) for name in several if name)
    taken = {name for names in found.values() for name in names}
    if "category" not in found and (levels := _level_columns(header)):
        found["category"] = levels
        taken.update(levels)
    for role, names_of_role in NAMES.items():
        if role not in found and (name := guess(header, names_of_role, taken)):
            found[role] = (name,)
            taken.add(name)
    if not found.get("title") and not found.get("description"):
        raise MappingError(
            f"No column looks like a title; there are {', '.join(map(repr, header[:30]))}. Say "
            f"which one it is: --map title=COLUMN"
        )
    return ListingColumns(found)


def to_listing(
    row: Mapping[str, Any],
    found: ListingColumns,
    *,
    source: str,
    tree: str = "",
    currency: str = "",
    separator: str | None = None,
) -> Collected:
    """One row as a listing.

    Raises:
        InputError: it has neither title nor description, or its category is no path.
    """
    title, description = found.text(row, "title"), found.text(row, "description")
    if not title and not description:
        raise InputError("neither title nor description")
    # Without an id, what the row says is its id: the same row again is the same listing.
    words = json.dumps({key: str(row[key]) for key in sorted(row)}, ensure_ascii=False)
    generated = GENERATED + hashlib.sha256(words.encode("utf-8", "replace")).hexdigest()
    return Collected(
        source=source,
        external_id=found.text(row, "id") or generated,
        title=title,
        description=description,
        price_text=found.text(row, "price"),
        currency=found.text(row, "currency") or currency,
        seller=found.text(row, "seller"),
        tree=tree,
        category=found.category(row, separator=separator),
        brand=found.text(row, "brand"),
        url=found.text(row, "url"),
        posted_at=_moment(found.text(row, "posted_at")),
        seller_since=_moment(found.text(row, "seller_since")),
        pictures=found.images(row),
    )


def _moment(text: str) -> str:
    """A time as the desk writes it; "" for what cannot be read: no listing is lost for it."""
    try:
        return clock.parse(text) if text else ""
    except ValueError:
        return ""


def _level_columns(header: Sequence[str]) -> tuple[str, ...]:
    plain = {_plain(name): name for name in header}
    for names in _LEVELS:
        if _plain(names[0]) in plain and _plain(names[1]) in plain:
            return tuple(plain[_plain(name)] for name in names if _plain(name) in plain)
    return ()


def guess(header: Sequence[str], names: Sequence[str], taken: set[str]) -> str:
    """The column that goes by one of some names, the surest first; "" where none does."""
    plain = {_plain(name): name for name in reversed(header) if name not in taken}
    return next((plain[_plain(name)] for name in names if _plain(name) in plain), "")


def _plain(name: str) -> str:
    return _SIGNS.sub("", unicodedata.normalize("NFKC", name).casefold())
