"""Trains a desk's own models from its own history, and publishes them as one release.

Encoder, index and classifier are valid only as a set: what one step makes anew, the later steps
follow. Candidates and their judging are in `candidate.py`.
"""

from sqlite_utils import Database

from support import embeddings
from support.audit import Actor
from support.encode_shards import encode_in_shards
from support.encoder import SentenceEncoder
from support.releases import Release, in_force, newest, publish
from support.shard_runs import Spread
from support.workspace import Workspace

from .as_of import AsOf
from .candidate import train_candidate, write_encoder, write_index
from .desk_encoder import imported_encoder, learn_encoder, older_encoder
from .faq_config import FaqConfig
from .faq_report import FaqReport
from .history import examples, faq_texts, texts
from .progress import Progress, silent
from .recipe import stated

__all__ = [
    "examples",
    "faq_texts",
    "imported_encoder",
    "learn_encoder",
    "older_encoder",
    "rebuild_index",
    "stated",
    "texts",
    "train_all",
    "train_encoder",
    "train_faq",
]


def train_all(
    workspace: Workspace,
    db: Database,
    *,
    actor: Actor,
    model: str | None = None,
    progress: Progress = silent,
) -> Release:
    """Make encoder, index and classifier, in this order, and publish them unjudged.

    Args:
        workspace: the desk.
        db: its database.
        actor: who trains.
        model: a sentence-transformers model to use instead of learning an encoder; one that is in
            force already stays.
        progress: told done, total and a message; may raise.

    Raises:
        TooFewLabelsError: there is hardly any text at all.
    """
    return train_candidate(
        workspace, db, actor=actor, model=model, judging="unjudged", progress=progress
    ).release


def train_encoder(
    workspace: Workspace,
    db: Database,
    *,
    model: str | None = None,
    progress: Progress = silent,
) -> str:
    """Learn an encoder from the desk's texts, or take one by name or folder.

    It is in force only once an index and a classifier follow it.

    Returns:
        Its version.
    """
    return write_encoder(workspace, model or AsOf(workspace, db, workspace.models), progress)


def train_faq(
    workspace: Workspace,
    db: Database,
    *,
    actor: Actor,
    config: FaqConfig | None = None,
    progress: Progress = silent,
) -> tuple[Release, FaqReport]:
    """Train the classifier beside the newest encoder, and publish both unjudged.

    The index is built first where the newest encoder has none in force; a desk without an encoder
    gets a classifier without neighbours.

    Raises:
        TooFewLabelsError: too few labelled inquiries.
    """
    outcome = train_candidate(
        workspace, db, actor=actor, config=config, keep_encoder=True, judging="unjudged",
        progress=progress,
    )  # fmt: skip
    assert outcome.report is not None  # noqa: S101 - too few labels were refused
    return outcome.release, outcome.report


def rebuild_index(
    workspace: Workspace,
    db: Database,
    *,
    actor: Actor,
    newer_encoder: bool = False,
    spread: Spread | None = None,
    progress: Progress = silent,
) -> Release:
    """Index every past inquiry with the encoder in force, and publish it.

    Killed, the next call goes on: what is encoded stays so, and with `spread` so do the parts of
    a large index that are built.

    Args:
        workspace: the desk.
        db: its database.
        actor: who rebuilds.
        newer_encoder: take the newest encoder, in force or not.
        spread: who encodes and builds what is too much for one process; None: this process all.
        progress: told done, total and a message; may raise.

    Raises:
        ModelMissingError: there is no encoder yet.
        ConflictError: a release of other models came into force meanwhile.
    """
    start = in_force(workspace.models)
    parts = dict(start.parts) if start else {}
    if newer_encoder or "encoder" not in parts:
        # The classifier was calibrated with another one: until trained anew it hears no neighbours.
        parts["encoder"] = newest(workspace.models, "encoder")
    folder = workspace.models / "encoder" / parts["encoder"]
    encoder = SentenceEncoder.load(folder)
    if spread is not None:
        encode_in_shards(db, encoder, folder, spread=spread, progress=progress)
    parts["index"] = write_index(workspace, db, encoder, progress, spread=spread)
    embeddings.encode_missing(db, encoder, progress=progress)
    release = publish(
        workspace, db, parts,
        actor=actor,
        expected=start,
        no_classifier=start.no_classifier if start else "",
    )  # fmt: skip
    embeddings.encode_missing(db, encoder, progress=silent)
    return release
