"""The helpdesks whose pages may hold ours: each by its origin, exactly.

An origin is scheme, host and port, as a browser names who sent a message. There are no wildcards:
under `*.example.com` a forgotten host of anybody's would do.
"""

import re
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from .errors import SettingError

_HOST = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
_SOURCE = re.compile(r"[\w.:-]{1,64}")
_PORTS = {"https": 443, "http": 80}


def read(lines: Iterable[str]) -> Mapping[str, str]:
    """Origins, each with the name of the source there; "" where the helpdesk's own name will do.

    Args:
        lines: `https://helpdesk.example.com` or `https://helpdesk.example.com=name`.

    Raises:
        SettingError: a line is no origin, or a name cannot be one.
    """
    found = {}
    for line in lines:
        address, equals, name = line.partition("=")
        if equals and not _SOURCE.fullmatch(name.strip()):
            raise SettingError(
                f"embed_parents: {name.strip()!r} cannot name a source: letters, digits, . : - _"
            )
        found[_origin(address.strip())] = name.strip()
    return found


def line(address: str, source: str = "") -> str:
    """The line that lets the page at an address hold ours; what stands behind its host is cut.

    Raises:
        SettingError: it is no address, or `source` cannot name one.
    """
    try:
        parts = urlsplit(address.strip())
    except ValueError:
        parts = urlsplit("")
    bare = f"{parts.scheme}://{parts.netloc}" if parts.netloc else address.strip()
    made = f"{bare}={source.strip()}" if source.strip() else bare
    ((origin, name),) = read([made]).items()
    return f"{origin}={name}" if name else origin


def _origin(address: str) -> str:
    """An address as a browser writes its origin: small letters, no usual port, no slash."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    host = (parts.hostname or "").lower()
    more = parts.path.rstrip("/") or parts.query or parts.fragment or "@" in parts.netloc
    if not address.isprintable() or parts.scheme not in _PORTS or not _HOST.fullmatch(host) or more:
        raise SettingError(
            f"embed_parents: {address!r} is no origin. Write what stands in the browser's address "
            f"before the first single slash, such as https://acme.zendesk.com"
        )
    unusual = port not in (None, _PORTS[parts.scheme])
    return f"{parts.scheme}://{host}:{port}" if unusual else f"{parts.scheme}://{host}"
