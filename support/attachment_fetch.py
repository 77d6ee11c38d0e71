"""A customer's file, fetched from where it lies for the moment that somebody looks at it.

Nothing of it is kept. Only the public network is asked, and the helpdesk that the message came
from, which alone is told who we are. A picture is one that can be decoded, and is shown as it was
drawn, without what a camera wrote beside it; all else is only bytes.
"""

import io
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import urljoin, urlsplit

import urllib3
from sqlite_utils import Database
from urllib3.util import Timeout

from . import connections
from .connection_access import Access
from .database import one, scalar
from .delivery_helpdesks import USER_AGENT, Helpdesk
from .delivery_ways import sender
from .errors import AddressError, NotFoundError, PictureError
from .picture_decoder import decode
from .public_net import host_of, pools, read_within
from .seal import Seal

LARGEST: Final = 10 << 20  # bytes
SECONDS: Final = 20.0
REDIRECTS: Final = 3  # Chatwoot leads to its storage
_TIMEOUT: Final = Timeout(connect=5, read=10)
LONGEST: Final = 2560  # pixels of a side that is shown; screenshots are smaller
_MOVES: Final = (301, 302, 303, 307, 308)


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file's name and bytes. `media_type` is that of a picture; empty of all else."""

    name: str
    data: bytes
    media_type: str


def fetch(db: Database, seal: Seal, attachment_id: int) -> Fetched:
    """Fetch what was attached to a message.

    Args:
        db: the desk's database.
        seal: its key.
        attachment_id: which one.

    Raises:
        NotFoundError: there is none, it is too large, or cannot be had.
    """
    sql = """
        SELECT a.name, a.url, c.id AS connection_id, c.kind FROM attachments a
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
    name = str(row["name"] or "attachment")
    if picture := drawn(data):
        return Fetched(f"{PurePosixPath(name).stem}.jpg", picture, "image/jpeg")
    return Fetched(name, data, "")


def inquiry_of(db: Database, attachment_id: int) -> int:
    """The inquiry that a file came with."""
    sql = "SELECT inquiry_id FROM messages JOIN attachments a ON message_id = messages.id "
    return int(scalar(db, sql + "WHERE a.id = ?", [attachment_id]))


def drawn(data: bytes) -> bytes:
    """The picture in a file, written anew as a JPEG without anything beside it; b"" if none is."""
    try:
        found = decode(data, name="It", at_least=LONGEST, side=LONGEST)
    except PictureError:
        return b""
    from PIL import Image  # only when somebody looks at one

    written = io.BytesIO()
    picture = Image.frombytes("RGB", (found.width, found.height), found.data)
    # Screenshots are read: letters keep their edges where colours are not made coarser.
    picture.save(written, "JPEG", quality=92, subsampling=0)
    return written.getvalue()


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
            data = read_within(answer, most=LARGEST + 1, seconds=SECONDS)
        if len(data) > LARGEST:
            raise ValueError("too large")
        return data
    raise ValueError("too many redirects")


def _origin(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url)
    return parts.scheme.lower(), (parts.hostname or "").lower(), parts.port
