"""Zendesk's triggers in the place of its events: the JSON that an admin pastes, and its reader.

A trigger sends what its body says, filled in by Zendesk. Placeholders are those of Zendesk's own
reference, but for one. Pure: JSON in, an event's parts out.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from .errors import InputError

MARK: Final = "faqdesk-trigger"
# `latest_public_comment.id` stands in no reference; it is seen filled in by Zendesk in use. Where
# it comes empty, the ticket and the minute of its change stand in for it.
TEMPLATE: Final = """{
  "faqdesk-trigger": 1,
  "ticket": "{{ticket.id}}",
  "requester": "{{ticket.requester.id}}",
  "via": "{{ticket.via}}",
  "updated_at": "{{ticket.updated_at_with_timestamp}}",
  "comment": "{{ticket.latest_public_comment.id}}",
  "author": "{{ticket.latest_public_comment.author.id}}",
  "author_name": "{{ticket.latest_public_comment.author.name}}",
  "author_role": "{{current_user.role}}",
  "subject": "{{ticket.title}}",
  "text": "{{ticket.latest_public_comment.value}}"
}"""
# How Zendesk escapes what people typed is on no page. A body that is no JSON, or in which somebody
# wrote a part of their own, is read by its lines: all before `text` are one line each.
_LINE: Final = re.compile(r'^ {2}"([a-z_-]+)": "?(.*?)"?,?$', re.MULTILINE)
_TEXT: Final = re.compile(r'^ {2}"text": "(.*)"\s*}\s*$', re.DOTALL | re.MULTILINE)


def read(body: bytes) -> Mapping[str, Any] | None:
    """What a trigger of our template told; None where the body is none of one.

    Raises:
        InputError: it is one, and cannot be read.
    """
    raw = body.decode("utf-8", "replace").replace("\r\n", "\n")
    if f'"{MARK}"' not in raw[:40]:
        return None
    try:
        # A line's end stands as it is, perhaps.
        found = json.loads(raw, strict=False, object_pairs_hook=_each_once)
    except ValueError:
        text = _TEXT.search(raw)
        if text is None:
            raise InputError("The trigger's body is no JSON, and not our template.") from None
        found = dict(_LINE.findall(raw[: text.start()])) | {"text": text[1]}
    return found if isinstance(found, dict) else None


def written_by_customer(told: Mapping[str, Any]) -> bool:
    """Whether the requester wrote it, or another one who is no agent."""
    role = str(told.get("author_role", "")).lower()
    return told.get("author") == told.get("requester") or role.startswith("end")


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a part stands there twice")
    return found
