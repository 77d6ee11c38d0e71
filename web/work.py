"""What each kind of job does: training, indexing, forgetting what is due."""

from contextlib import suppress
from typing import Any

import structlog
from sqlite_utils import Database

from support import settings, upgrading
from support.answering import forget_originals
from support.audit import Actor
from support.database import settle
from support.errors import JobCancelledError, WorkspaceError
from support.forgetting import clean
from support.retention import forget_closed
from support.word_index import forget_words
from support.workspace import Workspace

from .backup_work import BACKUP_WORKS
from .import_work import IMPORT_WORKS
from .job_run import Progress, Work
from .knowledge_work import KNOWLEDGE_WORKS

log = structlog.get_logger("faqdesk.work")


def train(
    workspace: Workspace, db: Database, actor: Actor, arguments: dict[str, Any], progress: Progress
) -> dict[str, Any]:
    """Train encoder, index and classifier; publish them unless they are worse."""
    from train.candidate import train_candidate

    outcome = train_candidate(workspace, db, actor=actor, progress=progress)
    with suppress(JobCancelledError):  # too late: it is done
        progress(1, 1, outcome.message)
    return {
        "release": outcome.release.name,
        "published": outcome.published,
        "message": outcome.message,
    }


def replay(
    workspace: Workspace, db: Database, actor: Actor, arguments: dict[str, Any], progress: Progress
) -> dict[str, Any]:
    """Replay a stored release beside the one in force on recent inquiries."""
    from train.replay import replay as play

    found = play(workspace, db, str(arguments["release"]), actor=actor, progress=progress)
    return {"release": found.release, "against": found.against, "counts": dict(found.counts)}


def index(
    workspace: Workspace, db: Database, actor: Actor, arguments: dict[str, Any], progress: Progress
) -> dict[str, Any]:
    """Encode what is not encoded yet and write a new snapshot."""
    from train.desk import rebuild_index

    release = rebuild_index(workspace, db, actor=actor, progress=progress)
    return {"release": release.name}


def forget(
    workspace: Workspace, db: Database, actor: Actor, arguments: dict[str, Any], progress: Progress
) -> dict[str, Any]:
    """Drop the original words of inquiries that have been closed long enough, then all of them."""
    rules = settings.load(db)
    upgrading.forget(workspace.database_path)
    found: dict[str, Any] = {
        "forgotten": forget_originals(db, days=rules.originals_days),
        "deleted": forget_closed(db, days=rules.inquiries_days, progress=progress),
    }
    # What is deleted is overwritten in the database; its log and its words are cleaned apart.
    if found["deleted"]:
        forget_words(db)
    settle(db)
    try:
        clean(workspace, db, workspace.seal())
    except WorkspaceError as error:  # a backup's folder that is read only: no reason to do no more
        found["amiss"] = str(error)
        log.error("who was forgotten is still in a copy", why=str(error))
    return found


def train_category(
    workspace: Workspace, db: Database, actor: Actor, arguments: dict[str, Any], progress: Progress
) -> dict[str, Any]:
    """Learn categories from the labelled listings; publish the model unless it is worse."""
    from train.category_candidate import train_category as learn
    from train.category_voices import CategoryConfig

    config = CategoryConfig.from_dict(arguments["config"]) if "config" in arguments else None
    tree = arguments.get("tree") or None
    outcome = learn(workspace, db, actor=actor, tree=tree, config=config, progress=progress)
    with suppress(JobCancelledError):  # too late: it is done
        progress(1, 1, outcome.message)
    report = outcome.report
    return {
        "release": outcome.release.name,
        "published": outcome.published,
        "message": outcome.message,
        "labels": report.labels,
        "n_train": report.n_train,
        "left_out": report.left_out,
    }


def label(
    workspace: Workspace, db: Database, actor: Actor, arguments: dict[str, Any], progress: Progress
) -> dict[str, Any]:
    """Label a batch and put its rows to look at into the review queue."""
    from listings.batch_run import run

    restart = bool(arguments.get("restart"))
    return run(workspace, db, int(arguments["batch"]), restart=restart, progress=progress)


def review(
    workspace: Workspace, db: Database, actor: Actor, arguments: dict[str, Any], progress: Progress
) -> dict[str, Any]:
    """Look through the desk's own listings for those that somebody should look at."""
    from listings.batch_run import tree_of
    from listings.categorise import CategoryClassifier
    from listings.following import folder_in_force
    from listings.review_fill import fill_from_listings

    folder = folder_in_force(workspace.models)
    queued = fill_from_listings(
        db,
        workspace.home / "images",
        CategoryClassifier.load(folder),
        tree=tree_of(db, folder),
        progress=progress,
    )
    return {"queued": queued}


def watch(
    workspace: Workspace, db: Database, actor: Actor, arguments: dict[str, Any], progress: Progress
) -> dict[str, Any]:
    """Look at new listings for sellers who come back; what is found waits in the queue."""
    from .watching import watch as look

    found = look(workspace, db, progress=progress)
    return {"looked": found.looked, "links": found.links, "alerts": found.alerts}


def moderate(
    workspace: Workspace, db: Database, actor: Actor, arguments: dict[str, Any], progress: Progress
) -> dict[str, Any]:
    """Judge and watch new listings."""
    from .moderating import moderate_new

    everything = bool(arguments.get("everything"))
    return moderate_new(workspace, db, everything=everything, progress=progress).as_dict()


def train_moderation(
    workspace: Workspace, db: Database, actor: Actor, arguments: dict[str, Any], progress: Progress
) -> dict[str, Any]:
    """Learn from what people decided; the model stays a candidate where another is in force."""
    from train.moderation_candidate import train_moderation as learn

    outcome = learn(workspace, db, actor=actor, progress=progress)
    with suppress(JobCancelledError):  # too late: it is done
        progress(1, 1, outcome.message)
    return {
        "release": outcome.release.name,
        "published": outcome.published,
        "message": outcome.message,
        "labels": outcome.report.labels,
        "n_train": outcome.report.n_train,
    }


def propose_policy(
    workspace: Workspace, db: Database, actor: Actor, arguments: dict[str, Any], progress: Progress
) -> dict[str, Any]:
    """Propose a policy for the model in force, and try it on past decisions."""
    from listings.moderation import policy_desk

    desk = policy_desk.PolicyDesk(workspace)
    ground = desk.ground(db, problems=arguments.get("problems"), progress=progress)
    chosen = policy_desk.propose(ground, policy_desk.template(db, ground.model))
    note = str(arguments.get("note", ""))
    stored = policy_desk.keep_proposed(db, actor, ground, chosen, note=note)
    if ground.evidence.rows:
        policy_desk.keep_backtest(db, actor, desk, ground, stored)
    return {"policy": stored.version, "hides": stored.policy.hides}


WORKS: dict[str, Work] = {
    "train": train,
    "index": index,
    "forget": forget,
    "replay": replay,
    "train-category": train_category,
    "label": label,
    "review": review,
    "moderate": moderate,
    "train-moderation": train_moderation,
    "watch": watch,
    "propose-policy": propose_policy,
    **KNOWLEDGE_WORKS,
    **IMPORT_WORKS,
    **BACKUP_WORKS,
}
