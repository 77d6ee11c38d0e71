"""Pictures of stored listings, for whichever page shows them."""

from flask import Response, send_file

from support.database import scalar
from support.errors import NotFoundError

from .database import db, desk
from .listings_page import shown

# A picture goes by the hash of its content: what was shown once need not be sent again.
KEPT_SECONDS = 3600


def stored_picture(sha256: str) -> Response:
    """A picture by its hash.

    Raises:
        NotFoundError: there is none.
    """
    file = scalar(
        db(), "SELECT file FROM listing_pictures WHERE sha256 = ? AND file <> ''", [sha256]
    )
    path = desk().workspace.home / "images" / str(file)
    if file is None or not path.is_file():
        raise NotFoundError("There is no such picture.")
    answer = shown(send_file(path, mimetype="image/jpeg", conditional=True))
    answer.cache_control.private = True
    answer.cache_control.max_age = KEPT_SECONDS
    return answer
