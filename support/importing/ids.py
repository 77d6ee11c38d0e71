"""What conversations and messages are called in the desk: the source's own ids, or keyed hashes.

A webhook, a mail that comes in and an export have to call the same thing by the same name.
"""

import re
from collections.abc import Callable
from typing import Final

from ..seal import Seal
from .conversation import GENERATED

DESCRIPTION: Final = ":description"  # ends the id of what a Zendesk ticket begins with
# A number that a helpdesk deals out. No telephone number begins so, and one in twenty of these
# would pass for a card's.
_DEALT_OUT: Final = re.compile(rf"[1-9][0-9]{{0,19}}(?:{DESCRIPTION})?")
_HASHED: Final = re.compile(r"[0-9a-f]{32}")


def safe_id(source_id: str, mask: Callable[[str], str], seal: Seal, *, dealt: bool = False) -> str:
    """An id that tells nothing.

    One made up from a row's words, or that holds a telephone number or an address, could be guessed
    back into them, and is kept as a keyed hash.

    Args:
        source_id: as the source gives it.
        mask: masks personal data.
        seal: the desk's key.
        dealt: the source deals ids out itself, as helpdesks do; people type no such.
    """
    if dealt and _DEALT_OUT.fullmatch(source_id):
        return source_id
    if source_id.startswith(GENERATED) or mask(source_id) != source_id:
        return seal.fingerprint(source_id)
    return source_id


def is_hashed(source_id: str) -> bool:
    """Whether an id may be one that `safe_id` hashed."""
    return _HASHED.fullmatch(source_id) is not None
