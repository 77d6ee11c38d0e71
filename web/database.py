"""One database connection a request, closed when it ends; and the desk's long-lived parts."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import structlog
from flask import Flask, current_app, g
from sqlite_utils import Database

from listings.following import CategoryFollower, Follower
from listings.moderation.judging import follow
from listings.moderation.moderator import Moderator
from support.errors import WorkspaceError
from support.recommender import Recommender
from support.seal import Seal
from support.workspace import Workspace

from .inquiries_follow import InquiryServer
from .similar_follow import SimilarFollower

log = structlog.get_logger("faqdesk.database")


@dataclass(frozen=True, slots=True)
class Desk:
    """What every request shares: the workspace, its key, the models that it follows."""

    workspace: Workspace
    seal: Seal
    recommender: Recommender
    categories: CategoryFollower
    similar: SimilarFollower
    moderator: Follower[Moderator]
    past: InquiryServer

    @property
    def index_away(self) -> str:
        """Why this process's own indexes answered last; '' where no index server is away."""
        return self.past.away or self.similar.away


def desk() -> Desk:
    """The desk of the running application."""
    found: Desk = current_app.extensions["faqdesk"]
    return found


def db() -> Database:
    """This request's connection."""
    if "db" not in g:
        _look_at_file()
        g.db = desk().workspace.database()
    connection: Database = g.db
    return connection


def _look_at_file() -> None:
    """Notice that the database is another file by now: what is held in memory is of the old one.

    Raises:
        WorkspaceError: it is; this process ends, and its server starts another.
    """
    path, found = desk().workspace.database_path, current_app.extensions
    file = file_of(path)
    if file == 0 or found["faqdesk-file"] in (0, file):  # gone for a moment, or the same
        found["faqdesk-file"] = found["faqdesk-file"] or file
        return
    found["faqdesk-file"] = file
    renew: Callable[[], None] | None = current_app.config.get("RENEW")
    if renew is not None:
        log.error("the database was replaced; starting anew", file=path.name)
        renew()
        raise WorkspaceError(f"{path} was replaced while the desk ran: it starts anew.")


def file_of(path: Path) -> int:
    """Which file lies at a path; 0 where there is none."""
    try:
        return path.stat().st_ino
    except OSError:
        return 0


def init_app(app: Flask, workspace: Workspace) -> None:
    """Attach a workspace to an application."""
    past = InquiryServer()
    app.extensions["faqdesk"] = Desk(
        workspace,
        workspace.seal(),
        Recommender(workspace, through=past.through),
        CategoryFollower(workspace.models),
        SimilarFollower(workspace),
        follow(workspace),
        past,
    )

    app.extensions["faqdesk-file"] = file_of(workspace.database_path)

    @app.teardown_appcontext
    def close(_: BaseException | None) -> None:
        connection = g.pop("db", None)
        if connection is not None:
            connection.close()
