"""Which column of a seller's table is the title, the description, the pictures: guessed or told."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from difflib import get_close_matches
from typing import Final

from support.errors import MappingError

# Of each role the names it goes by, the surest first; compared without case, blanks and signs.
NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "title": (
        "title", "제목", "상품명", "product_name", "product_title", "item_name", "listing_title",
        "글제목", "게시글제목", "판매글제목", "상품제목", "물품명", "품명", "상품이름",
        "goods_name", "product_display_name", "item_title", "ad_title", "subject", "name", "이름",
        "product", "item", "상품", "품목", "headline",
    ),
    "description": (
        "description", "설명", "상품설명", "상세설명", "물품설명", "product_description", "desc",
        "내용", "본문", "글내용", "게시글내용", "상품내용", "상세내용", "상세정보",
        "item_description", "long_description", "details", "detail", "body", "content", "text",
    ),
    "image": (
        "image", "images", "사진", "이미지", "image_path", "image_paths", "image_file",
        "image_files", "사진파일", "이미지파일", "상품사진", "상품이미지", "대표이미지", "picture",
        "pictures", "photo", "photos", "img", "imgs", "image_name", "filename", "file_name",
        "파일명", "파일",
    ),
}  # fmt: skip
_SIGNS = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns that are read, as the table names them; "" where there is none."""

    title: str = ""
    description: str = ""
    image: str = ""


def find_columns(
    header: Sequence[str],
    *,
    told: Mapping[str, str] | None = None,
    pictures: bool = False,
) -> Columns:
    """Find the columns to read.

    Args:
        header: the table's columns.
        told: role to column, where somebody said so; an empty column: there is none.
        pictures: whether the column of pictures is to be guessed too, and must be there.

    Raises:
        MappingError: a role or column that was told does not exist, or none looks like a title.
    """
    found: dict[str, str] = {}
    for role, column in (told or {}).items():
        if role not in NAMES:
            raise MappingError(
                f"{role!r} is nothing that a column can be mapped to; one of "
                f"{', '.join(NAMES)} is: --map title=COLUMN"
            )
        found[role] = existing(header, column) if column else ""
    taken = {column for column in found.values() if column}
    for role, names in NAMES.items():
        if role in found or (role == "image" and not pictures):
            continue
        found[role] = guess([name for name in header if name not in taken], names)
        taken.add(found[role])
    if not found["title"] and not found.get("description"):
        raise MappingError(
            f"No column looks like a title. The table has {_listed(header)}. Say which one it is: "
            "--map title=COLUMN"
        )
    if pictures and not found["image"]:
        raise MappingError(
            f"No column looks like the files of pictures. The table has {_listed(header)}. Say "
            "which one it is: --image-column COLUMN"
        )
    return Columns(**{field.name: found.get(field.name, "") for field in fields(Columns)})


def existing(header: Sequence[str], column: str) -> str:
    """A column by its name, as the table writes it.

    Raises:
        MappingError: there is none.
    """
    if column in header:
        return column
    same = [name for name in header if _plain(name) == _plain(column)]
    if len(same) == 1:
        return same[0]
    near = get_close_matches(column, header, n=1)
    hint = f" Was {near[0]!r} meant?" if near else ""
    raise MappingError(f"No column {column!r}; the table has {_listed(header)}.{hint}")


def free_names(header: Sequence[str], wanted: Sequence[str]) -> list[str]:
    """Names for columns to add: all as wanted, or, where one is taken, all with `faqdesk_`."""
    # Without case, as spreadsheets and many databases compare them.
    taken = {name.strip().casefold() for name in header}
    names = list(wanted)
    prefix = ""
    while any(name.casefold() in taken for name in names):
        prefix += "faqdesk_"
        names = [prefix + name for name in wanted]
    return names


def guess(header: Sequence[str], names: Sequence[str]) -> str:
    """The column that goes by one of some names, the surest first; "" where none does."""
    known = {_plain(name): rank for rank, name in enumerate(names)}
    ranks = [
        (known[_plain(name)], place, name)
        for place, name in enumerate(header)
        if _plain(name) in known
    ]
    return min(ranks)[2] if ranks else ""


def _plain(name: str) -> str:
    return _SIGNS.sub("", unicodedata.normalize("NFKC", name).casefold())


def _listed(header: Sequence[str]) -> str:
    some = ", ".join(map(repr, header[:30]))
    return f"{some} and {len(header) - 30} more" if len(header) > 30 else some or "no columns"
