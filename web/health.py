"""`/healthz`: the process lives. `/readyz`: it can answer, and with which release."""

import structlog
from flask import Blueprint
from flask.typing import ResponseReturnValue

from support.database import scalar
from support.errors import ModelError

from .database import db, desk

bp = Blueprint("health", __name__)

log = structlog.get_logger("faqdesk.health")


@bp.get("/healthz")
def healthz() -> ResponseReturnValue:
    """Say that the process lives."""
    return {"status": "ok"}


@bp.get("/readyz")
def readyz() -> ResponseReturnValue:
    """Say whether the database answers and the models are loaded; 503 where the database does not.

    A desk without models is ready: it answers inquiries without suggestions. What is wrong with
    them names folders of this machine, so it goes to the log alone.
    """
    scalar(db(), "SELECT 1")
    release, degraded = None, ""
    try:
        models = desk().recommender.models()
        release, degraded = models.release, models.degraded
    except ModelError as error:
        degraded = str(error)
    if degraded:
        log.warning("degraded", why=degraded)
    status = "degraded" if degraded else "ok"
    return {"status": status, "release": release.name if release else None}
