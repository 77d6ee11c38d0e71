"""One database connection a request, closed when it ends; and the desk's long-lived parts."""

from dataclasses import dataclass

from flask import Flask, current_app, g
from sqlite_utils import Database

from listings.following import CategoryFollower, Follower
from listings.moderation.judging import follow
from listings.moderation.moderator import Moderator
from support.recommender import Recommender
from support.seal import Seal
from support.workspace import Workspace

from .similar_follow import SimilarFollower


@dataclass(frozen=True, slots=True)
class Desk:
    """What every request shares: the workspace, its key, the models that it follows."""

    workspace: Workspace
    seal: Seal
    recommender: Recommender
    categories: CategoryFollower
    similar: SimilarFollower
    moderator: Follower[Moderator]


def desk() -> Desk:
    """The desk of the running application."""
    found: Desk = current_app.extensions["faqdesk"]
    return found


def db() -> Database:
    """This request's connection."""
    if "db" not in g:
        g.db = desk().workspace.database()
    connection: Database = g.db
    return connection


def init_app(app: Flask, workspace: Workspace) -> None:
    """Attach a workspace to an application."""
    app.extensions["faqdesk"] = Desk(
        workspace,
        workspace.seal(),
        Recommender(workspace),
        CategoryFollower(workspace.models),
        SimilarFollower(workspace),
        follow(workspace),
    )

    @app.teardown_appcontext
    def close(_: BaseException | None) -> None:
        connection = g.pop("db", None)
        if connection is not None:
            connection.close()
