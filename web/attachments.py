"""What customers attached, fetched when somebody who answers looks at it; nothing is kept.

A picture that decodes is shown; everything else is handed over to be saved, and never opened here.
"""

from io import BytesIO

from flask import Blueprint, Response, send_file

from support import attachment_fetch, taking_away

from .auth import ANSWERING, actor, requires
from .database import db, desk

bp = Blueprint("attachments", __name__, url_prefix="/attachments")

KEPT_SECONDS = 600  # in the looker's own browser
# Should a browser draw it all the same, nothing in it runs.
ALONE = "default-src 'none'; sandbox"


@bp.get("/<int(max=9223372036854775807):attachment_id>")
@requires(*ANSWERING)
def show(attachment_id: int) -> Response:
    """Show a picture of a message, or hand another file over."""
    found = attachment_fetch.fetch(db(), desk().seal, attachment_id)
    inquiry_id = attachment_fetch.inquiry_of(db(), attachment_id)
    taking_away.read(db(), actor(), "attachment.opened", inquiry_id, attachment=attachment_id)
    answer = send_file(
        BytesIO(found.data),
        mimetype=found.media_type or "application/octet-stream",
        as_attachment=not found.media_type,
        download_name=found.name,
    )
    answer.headers["Content-Security-Policy"] = ALONE
    answer.cache_control.private = True
    answer.cache_control.max_age = KEPT_SECONDS
    return answer
