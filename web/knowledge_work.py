"""What each kind of job about the desk's knowledge does: gaps, map, pairs, links, saved replies.

The engines behind them are imported when one runs.
"""

import os
from dataclasses import asdict
from typing import Any

from sqlite_utils import Database

from support.audit import Actor
from support.workspace import Workspace

from .job_run import Progress, Work


def gaps(
    workspace: Workspace, db: Database, actor: Actor, arguments: dict[str, Any], progress: Progress
) -> dict[str, Any]:
    """Look for what is asked again and again without an FAQ."""
    from train.gaps import find_gaps

    smallest = int(arguments.get("smallest", 3))
    return asdict(find_gaps(workspace, db, smallest=smallest, progress=progress))


def map_(
    workspace: Workspace, db: Database, actor: Actor, arguments: dict[str, Any], progress: Progress
) -> dict[str, Any]:
    """Lay the map out, or place what is new on it."""
    from train.inquiry_map import make_map

    anew = bool(arguments.get("anew"))
    threads = os.cpu_count() or 1
    return asdict(make_map(workspace, db, anew=anew, threads=threads, progress=progress))


def pairs(
    workspace: Workspace, db: Database, actor: Actor, arguments: dict[str, Any], progress: Progress
) -> dict[str, Any]:
    """Look for FAQs that are used interchangeably."""
    from train.faq_pairs import find_pairs

    return asdict(find_pairs(workspace, db, progress=progress))


def links(
    workspace: Workspace, db: Database, actor: Actor, arguments: dict[str, Any], progress: Progress
) -> dict[str, Any]:
    """Ask the help centre whether its pages are still there."""
    from support.link_check import LinkChecker, check_links

    checker = LinkChecker(private=bool(arguments.get("private")))
    report = check_links(db, actor=actor, checker=checker, progress=progress)
    return {name: value for name, value in asdict(report).items() if name != "found"}


def replies(
    workspace: Workspace, db: Database, actor: Actor, arguments: dict[str, Any], progress: Progress
) -> dict[str, Any]:
    """Find the answers that hold a saved reply, and count how often suggesting one is right."""
    from support import models, saved_reply_advice, saved_reply_uses
    from support.errors import ModelMissingError

    similar = models.load(workspace.models).similar
    if similar is None:
        raise ModelMissingError("There is no encoder yet. Train it first: faqdesk train")
    uses = saved_reply_uses.find_uses(db, progress=progress)
    counted = saved_reply_advice.measure(db, similar, progress=progress)
    return {"uses": uses, "counted": counted}


KNOWLEDGE_WORKS: dict[str, Work] = {
    "gaps": gaps,
    "map": map_,
    "pairs": pairs,
    "links": links,
    "replies": replies,
}
