"""Which sender each kind of connection has."""

from .connection_access import Access
from .delivery import Sender
from .delivery_helpdesks import ChannelTalk, Chatwoot, Zammad, Zendesk
from .delivery_mail import Mail
from .errors import InputError


def sender(kind: str, access: Access) -> Sender:
    """The sender of a kind of connection.

    Raises:
        InputError: there is no such kind.
    """
    match kind:
        case "zendesk":
            return Zendesk(access)
        case "chatwoot":
            return Chatwoot(access)
        case "zammad":
            return Zammad(access)
        case "channel-talk":
            return ChannelTalk(access)
        case "smtp":
            return Mail(access)
        case _:
            raise InputError(f"No kind of connection {kind!r}.")
