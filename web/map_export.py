"""Inquiries taken away from the map: a region as a table, vectors for the Embedding Projector.

Both are masked as they are kept, and the audit trail says who took them and why.
"""

import io
import tempfile
import zipfile
from typing import Final

from flask import send_file
from flask.typing import ResponseReturnValue

from support import inquiry_map
from support.scratch import scratch

from .auth import LEADS, requires
from .database import db
from .map_page import PROJECTED, bp, drawn, sent_ids
from .taking_away import taken

PACKED: Final = "embedding-projector.zip"


@bp.post("/region.csv")
@requires(*LEADS)
def export() -> ResponseReturnValue:
    """The inquiries of a region as a table, masked; the audit trail says who and why."""
    ids = sent_ids()
    taken("inquiries.exported", what="region.csv", n=len(ids))
    with scratch("map") as folder:
        path = folder / "region.csv"
        inquiry_map.export_region(db(), ids, path)
        body = io.BytesIO(path.read_bytes())
    return send_file(body, "text/csv", as_attachment=True, download_name="region.csv")


@bp.post("/projector.zip")
@requires(*LEADS)
def projector() -> ResponseReturnValue:
    """`vectors.tsv` and `metadata.tsv` for the Embedding Projector, the newest inquiries.

    Masked as they are kept; the audit trail says who took them and why.
    """
    drawn()
    taken("inquiries.exported", what="projector.zip")
    with scratch("map") as folder:
        inquiry_map.export_projector(db(), folder, limit=PROJECTED)
        body = tempfile.TemporaryFile()  # noqa: SIM115 - the answer closes it when it was sent
        with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed:
            for name in ("vectors.tsv", "metadata.tsv"):
                packed.write(folder / name, name)
    body.seek(0)
    return send_file(body, "application/zip", as_attachment=True, download_name=PACKED)
