"""Customers' pictures, fetched when somebody who answers looks at them; nothing is kept."""

from flask import Blueprint, Response

from support import attachment_fetch

from .auth import ANSWERING, requires
from .database import db, desk

bp = Blueprint("attachments", __name__, url_prefix="/attachments")

KEPT_SECONDS = 600  # in the looker's own browser


@bp.get("/<int(max=9223372036854775807):attachment_id>")
@requires(*ANSWERING)
def show(attachment_id: int) -> Response:
    """Show a picture of a message."""
    found = attachment_fetch.fetch(db(), desk().seal, attachment_id)
    answer = Response(found.data, mimetype=found.media_type)
    answer.cache_control.private = True
    answer.cache_control.max_age = KEPT_SECONDS
    return answer
