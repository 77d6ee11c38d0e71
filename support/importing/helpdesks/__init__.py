"""The helpdesks whose exports are read, by the name of their source."""

from typing import Final

from ..format import Format
from . import channel_talk, chatwoot, freescout, freshdesk, help_scout, zammad, zendesk

FORMATS: Final[dict[str, Format]] = {
    module.FORMAT.name: module.FORMAT
    for module in (zendesk, freshdesk, chatwoot, zammad, help_scout, freescout, channel_talk)
}

__all__ = ["FORMATS"]
