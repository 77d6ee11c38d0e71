"""The demo's moderation: a past, a small model, a shadow policy, and a watch that has looked.

Each step looks at what is there: killed half way, the next call goes on.
"""

from collections.abc import Callable, Sequence

from sqlite_utils import Database

from support.audit import Actor
from support.database import scalar
from support.release import current
from support.workspace import Workspace

from .demo_history import lay_out_new, lay_out_old

LINE = "moderation"

Progress = Callable[[int, int, str], None]


def prepare_moderation(space: Workspace, db: Database, actor: Actor, progress: Progress) -> None:
    """Lay the sample's past out, learn from the older part, judge and watch the newer.

    Args:
        space: the sample's desk.
        db: its database.
        actor: who makes the demo.
        progress: told how far it is; may raise.
    """
    lay_out_old(space, db, actor, progress)
    if current(space.models, line=LINE) is None:
        from train.moderation_candidate import train_moderation
        from train.moderation_voices import ModerationConfig

        config = ModerationConfig(texts=("linear",), network=False)
        train_moderation(space, db, actor=actor, config=config, progress=progress)
    if not scalar(db, "SELECT 1 FROM moderation_modes"):
        _put_in_the_shadow(space, db, actor)

    def judge(ids: Sequence[int]) -> None:
        from listings.moderation import judging

        moderator = judging.follow(space).held()
        for start in range(0, len(ids), judging.PAGE):
            judging.judge(space, db, ids[start : start + judging.PAGE], moderator=moderator)
            progress(min(start + judging.PAGE, len(ids)), len(ids), "judging listings")

    lay_out_new(space, db, actor, judge, progress)
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
