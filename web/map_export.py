"""Inquiries taken away from the map: a region as a table, vectors for the Embedding Projector.

Both are masked as they are kept, and the audit trail says who took them and why.
"""

import io
import tempfile
import zipfile
from pathlib import Path
from typing import Final

from flask import request, send_file
from flask.typing import ResponseReturnValue

from support import audit, inquiry_map, standing
from support.database import write
from support.errors import InputError

from .auth import LEADS, actor, requires
from .database import db
from .i18n import gettext as _
from .map_page import PROJECTED, bp, drawn, sent_ids

PACKED: Final = "embedding-projector.zip"


@bp.post("/region.csv")
@requires(*LEADS)
def export() -> ResponseReturnValue:
    """The inquiries of a region as a table, masked; the audit trail says who and why."""
    ids, reason = sent_ids(), _reason()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "region.csv"
        n = inquiry_map.export_region(db(), ids, path)
        body = io.BytesIO(path.read_bytes())
    _told("region.csv", n, reason)
    return send_file(body, "text/csv", as_attachment=True, download_name="region.csv")


@bp.post("/projector.zip")
@requires(*LEADS)
def projector() -> ResponseReturnValue:
    """`vectors.tsv` and `metadata.tsv` for the Embedding Projector, the newest inquiries.

    Masked as they are kept; the audit trail says who took them and why.
    """
    drawn()
    reason = _reason()
    with tempfile.TemporaryDirectory() as folder:
        n = inquiry_map.export_projector(db(), Path(folder), limit=PROJECTED)
        body = tempfile.TemporaryFile()  # noqa: SIM115 - the answer closes it when it was sent
        with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed:
            for name in ("vectors.tsv", "metadata.tsv"):
                packed.write(Path(folder) / name, name)
    body.seek(0)
    _told("projector.zip", n, reason)
    return send_file(body, "application/zip", as_attachment=True, download_name=PACKED)


def _reason() -> str:
    """Why inquiries are taken away, as it may be kept.

    Raises:
        InputError: it is not said.
    """
    reason = standing.masked(db(), request.form.get("reason", ""))
    if not reason:
        raise InputError(_("Say why the table is needed; the audit trail keeps it."))
    return reason


def _told(what: str, n: int, reason: str) -> None:
    """Write down that inquiries leave the desk."""
    with write(db()):
        detail = {"what": what, "n": n, "reason": reason}
        audit.record(db(), actor(), "inquiries.exported", "desk", detail=detail)
