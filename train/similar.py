"""Learns what photos of one thing have in common, from the desk's own listings, and publishes it.

Photos of one listing show one thing: nobody labels anything.
"""

from pathlib import Path
from typing import Final

import numpy as np
from sqlite_utils import Database

from listings.picture_batches import read_batches
from listings.similar.picture_space import KIND, SIDE
from support import releases
from support.artifact import write_artifact
from support.audit import Actor
from support.errors import TooFewLabelsError
from support.release import Release
from support.workspace import Workspace

from .picture_space import LEAST_PHOTOS, fit_space
from .progress import Progress, silent

MOST_PHOTOS: Final = 20_000  # to learn from, those of listings with several first


def train_similar(
    workspace: Workspace, db: Database, *, actor: Actor, seed: int = 0, progress: Progress = silent
) -> Release:
    """Train the space of pictures and put it in force.

    Args:
        workspace: the desk.
        db: its database.
        actor: who trains.
        seed: of what is drawn.
        progress: told done, total and a message; may raise.

    Raises:
        TooFewLabelsError: the desk has too few pictures that can be read.
    """
    sql = """
        SELECT p.listing_id, p.file FROM listing_pictures AS p WHERE p.file <> ''
        ORDER BY (SELECT count(*) FROM listing_pictures AS q
            WHERE q.listing_id = p.listing_id AND q.file <> '') > 1 DESC, p.id DESC LIMIT ?
    """
    rows = db.conn.execute(sql, [MOST_PHOTOS]).fetchall()
    images = workspace.home / "images"
    squares, groups = [], []
    for batch in read_batches([images / file for _, file in rows], side=SIDE):
        squares.append(batch.pixels)
        groups += [rows[place][0] for place in batch.positions.tolist()]
        progress(len(groups), len(rows), "reading photos")
    if len(groups) < LEAST_PHOTOS:
        raise TooFewLabelsError(
            f"The desk holds {len(groups)} photos; {LEAST_PHOTOS} are the least. Collect listings "
            f"with pictures: faqdesk collect"
        )
    space = fit_space(np.concatenate(squares), groups, seed=seed, progress=progress)
    several = len(groups) - len(set(groups))
    version = releases.new_version()
    write_artifact(
        Path(workspace.models) / KIND / version,
        kind=KIND,
        config={"dim": space.dim, "seed": seed},
        files=space.save,
        metrics={"photos": len(groups), "listings": len(set(groups)), "pairs": several},
    )
    return releases.publish(workspace, db, {KIND: version}, actor=actor, line=KIND)
