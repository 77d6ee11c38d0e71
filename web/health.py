"""`/healthz`: the process lives. `/readyz`: it can answer, with which release, and what fails."""

import structlog
from flask import Blueprint
from flask.typing import ResponseReturnValue

from support.database import scalar

from .database import db, desk
from .worker_state import troubles

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
    them names folders of this machine, so it goes to the log alone. Without its worker, or with a
    door that fails, it is ready too: taking it away from who answers would help nobody.
    """
    scalar(db(), "SELECT 1")
    models = desk().recommender.models()
    if models.degraded:
        log.warning("degraded", why=models.degraded)
    failing = troubles(desk().workspace, db())
    # This process may know it before the worker looks.
    if getattr(models.similar, "why_by_words", "") and "vectors_away" not in failing:
        failing = (*failing, "vectors_away")
    if desk().index_away:  # its own index answers for it
        failing = (*failing, "index_away")
    if failing:
        log.warning("failing", what=failing)
    return {
        "status": "degraded" if models.degraded or failing else "ok",
        "release": models.release.name if models.release else None,
        "failing": failing,
    }
