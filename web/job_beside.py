"""A job beside the page whose contents it makes: started there, its progress shown there."""

from typing import Any

from support.errors import ConflictError

from . import jobs
from .auth import actor
from .database import db, desk
from .jobs import Job


def latest(kind: str) -> Job | None:
    """The newest job of a kind, if there was one lately."""
    return next((job for job in jobs.listed(db()) if job.kind == kind), None)


def begin(kind: str, arguments: dict[str, Any] | None = None) -> None:
    """Start a job; where such a one waits or runs already, that one is watched instead."""
    try:
        jobs.enqueue(desk().workspace, db(), actor(), kind, arguments or {}, alone=True)
    except ConflictError:
        return
