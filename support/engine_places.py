"""Where an engine runs that others could reach: on this machine alone, or behind TLS and a secret.

Index servers, queues and whatever else does a desk's work elsewhere do as they are told, and hold
its words. An open port of one is an open desk, so none is used and none is offered without both.
"""

import ipaddress
import re
from typing import Final

from .errors import SettingError

_UNIX: Final = ("unix:", "unix-abstract:", "/")
_SCHEMES: Final = re.compile(r"^(?:ipv4|ipv6|dns):(?://[^/]*/)?", re.IGNORECASE)


def is_own(host: str) -> bool:
    """Whether a host is this machine, and nobody elsewhere reaches it."""
    bare = host.strip("[]").rstrip(".").lower()
    if bare == "localhost":
        return True
    try:
        found = ipaddress.ip_address(bare)
    except ValueError:
        return False
    return (getattr(found, "ipv4_mapped", None) or found).is_loopback


def host_of(target: str) -> str:
    """The host of `host:port`, as gRPC writes it too; '' of a socket in the file system.

    Of several addresses the first that is not this machine's.
    """
    if target.startswith(_UNIX):
        return ""
    places = [_host(place) for place in _SCHEMES.sub("", target).split(",")]
    return next((place for place in places if not is_own(place)), places[0])


def _host(place: str) -> str:
    if place.startswith("["):
        return place[1:].partition("]")[0]
    return place.rpartition(":")[0] if place.count(":") == 1 else place


def check_place(engine: str, host: str, *, secret: bool, encrypted: bool, cure: str) -> None:
    """Refuse an engine elsewhere that lets in whoever reaches it, or that others can listen to.

    Args:
        engine: what it is, such as "The index server".
        host: where it runs or listens; '' is a socket in the file system.
        secret: whether callers must show one.
        encrypted: whether what travels is, for a server whose certificate is checked.
        cure: what to do, a sentence.

    Raises:
        SettingError: it is elsewhere, and lacks one of them.
    """
    if not host or is_own(host):
        return
    missing = [
        words
        for words, there in (("a secret that callers show", secret), ("TLS", encrypted))
        if not there
    ]
    if missing:
        raise SettingError(
            f"{engine} on {host} can be reached by others, and lacks {' and '.join(missing)}. "
            f"{cure}"
        )
