"""A customer's picture, fetched from where it lies for the moment that somebody looks at it.

Nothing of it is kept. Only the public network is asked, and the helpdesk that the message came
from, which alone is told who we are. What comes back is a picture by its first bytes, or nothing.
"""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urljoin, urlsplit

import urllib3
from sqlite_utils import Database
from urllib3.util import Timeout

from . import connections
from .connection_access import Access
from .database import one
from .delivery_helpdesks import USER_AGENT, Helpdesk
from .delivery_ways import sender
from .errors import AddressError, NotFoundError
from .public_net import host_of, pools
from .seal import Seal

LARGEST: Final = 10 << 20  # bytes
REDIRECTS: Final = 3  # Chatwoot leads to its storage
_TIMEOUT: Final = Timeout(connect=5, read=10)
_MOVES: Final = (301, 302, 303, 307, 308)


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture's bytes, and what kind it is."""

    data: bytes
    media_type: str


def fetch(db: Database, seal: Seal, attachment_id: int) -> Picture:
    """Fetch a picture of a message.

    Args:
        db: the desk's database.
        seal: its key.
        attachment_id: which one.

    Raises:
        NotFoundError: there is none, it is no picture, too large, or cannot be had.
    """
    sql = """
        SELECT a.url, c.id AS connection_id, c.kind FROM attachments a
        JOIN messages m ON m.id = a.message_id JOIN inquiries i ON i.id = m.inquiry_id
        LEFT JOIN connections c ON c.source = i.source AND c.active = 1 WHERE a.id = ?
    """
    row = one(db, sql, [attachment_id])
    if row is None or not row["url"]:
        raise NotFoundError(f"No attachment {attachment_id} that could be fetched.")
    access, kind = Access(), ""
    if row["connection_id"] is not None:
        access, kind = connections.access(db, seal, row["connection_id"]), row["kind"]
    try:
        data = _get(row["url"], access, kind)
    except (AddressError, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
        raise NotFoundError(f"Attachment {attachment_id} cannot be had.") from error
    media_type = kind_of(data)
    if not media_type:
        raise NotFoundError(f"Attachment {attachment_id} is no picture.")
    return Picture(data, media_type)


def kind_of(data: bytes) -> str:
    """The media type of a picture by its first bytes; '' where it is none that browsers draw."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return ""


def _get(url: str, access: Access, kind: str) -> bytes:
    for _ in range(REDIRECTS + 1):
        theirs = _origin(url) == _origin(access.address)
        private = theirs and access.private
        host_of(url, private=private)
        headers = {"User-Agent": USER_AGENT}
        if theirs:
            desk = sender(kind, access)
            headers |= desk.headers() if isinstance(desk, Helpdesk) else {}
        found = pools(private=private, timeout=_TIMEOUT, retries=False)
        answer = found.request("GET", url, headers=headers, redirect=False, preload_content=False)
        with answer:
            if answer.status in _MOVES:
                url = urljoin(url, answer.headers.get("Location", ""))
                continue
            if answer.status != 200:
                raise ValueError(f"status {answer.status}")
            data = answer.read(LARGEST + 1)
        if len(data) > LARGEST:
            raise ValueError("too large")
        return bytes(data)
    raise ValueError("too many redirects")


def _origin(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url)
    return parts.scheme.lower(), (parts.hostname or "").lower(), parts.port
