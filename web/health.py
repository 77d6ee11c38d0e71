"""`/healthz`: the process lives. `/readyz`: it can answer, and with which release."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from support.database import scalar

from .database import db, desk

bp = Blueprint("health", __name__)


@bp.get("/healthz")
def healthz() -> ResponseReturnValue:
    """Say that the process lives."""
    return {"status": "ok"}


@bp.get("/readyz")
def readyz() -> ResponseReturnValue:
    """Say whether the database answers and the models are loaded; 503 where the database is not.

    A desk without models is ready: it answers inquiries without suggestions.
    """
    scalar(db(), "SELECT 1")
    models = desk().recommender.models()
    return {
        "status": "degraded" if models.degraded else "ok",
        "release": models.release.name if models.release else None,
        "degraded": models.degraded,
    }
