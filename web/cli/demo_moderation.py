"""The demo's moderation: a past, a small model, a shadow policy, and a watch that has looked.

Each step looks at what is there: killed half way, the next call goes on.
"""

from collections.abc import Callable
from datetime import UTC, datetime

from sqlite_utils import Database

from support.audit import Actor
from support.database import scalar
from support.release import current
from support.workspace import Workspace

from .demo_history import lay_out_history

LINE = "moderation"

Progress = Callable[[int, int, str], None]


def prepare_moderation(space: Workspace, db: Database, actor: Actor, progress: Progress) -> None:
    """Lay the sample's past out, learn from it, judge and watch what nobody has decided on.

    Args:
        space: the sample's desk.
        db: its database.
        actor: who makes the demo.
        progress: told how far it is; may raise.
    """
    lay_out_history(space, db, actor, datetime.now(UTC), progress)
    if current(space.models, line=LINE) is None:
        from train.moderation_candidate import train_moderation
        from train.moderation_voices import ModerationConfig

        config = ModerationConfig(texts=("linear",), network=False)
        train_moderation(space, db, actor=actor, config=config, progress=progress)
    if not scalar(db, "SELECT 1 FROM moderation_policies"):
        _put_in_the_shadow(space, db, actor)
    _judge(space, db, progress)
    from web.watching import watch

    watch(space, db, progress=progress)


def _put_in_the_shadow(space: Workspace, db: Database, actor: Actor) -> None:
    """A policy that judges and does nothing: the sample is too small to prove that it may hide."""
    from listings.moderation import policy_desk, policy_store

    desk = policy_desk.PolicyDesk(space)
    ground = desk.ground(db)
    chosen = policy_desk.propose(ground, policy_desk.template(db, ground.model))
    stored = policy_desk.keep_proposed(db, actor, ground, chosen, note="도란장터")
    policy_store.set_mode(db, actor, stored.id, "shadow", reason="demo")


def _judge(space: Workspace, db: Database, progress: Progress) -> None:
    """Judge what nobody has decided on and no policy has judged."""
    from listings.moderation.judging import PAGE, follow, judge

    sql = """
        SELECT l.id FROM listings l WHERE l.seller <> ''
        AND NOT EXISTS (SELECT 1 FROM moderation_verdicts v WHERE v.listing_id = l.id)
        AND NOT EXISTS (
            SELECT 1 FROM moderation_cases c
            JOIN moderation_decisions d ON d.case_id = c.id WHERE c.listing_id = l.id
        ) ORDER BY l.id
    """
    ids = [row[0] for row in db.conn.execute(sql)]
    moderator = follow(space).held() if ids else None
    for start in range(0, len(ids), PAGE):
        assert moderator is not None  # noqa: S101 - there are some
        judge(space, db, ids[start : start + PAGE], moderator=moderator)
        progress(min(start + PAGE, len(ids)), len(ids), "judging listings")
