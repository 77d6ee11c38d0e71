"""Trains a desk's own models from its own history, and publishes them as one release.

Encoder, index and classifier are valid only as a set: what one step makes anew, the later steps
follow.
"""

import re
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlite_utils import Database

from support import embeddings, faqs, settings
from support.artifact import read_artifact
from support.audit import Actor
from support.encoder import SentenceEncoder
from support.errors import ModelError, ModelMissingError, TooFewLabelsError
from support.releases import Release, current, new_version, newest, publish
from support.workspace import Workspace

from .encoder import EncoderConfig, fit_encoder, import_encoder
from .examples import Example, split_by_fraction
from .faq import FaqConfig, FaqReport, fit_faq
from .index import build_index
from .progress import Progress, silent

_ADDRESS = re.compile(r"https?://\S+")

FEW_TEXTS = 10_000  # below, an encoder has fewer dimensions
HELD_OUT = 0.15  # the newest share of the labelled inquiries, to choose and calibrate on


def train_all(
    workspace: Workspace,
    db: Database,
    *,
    actor: Actor,
    model: str | None = None,
    progress: Progress = silent,
) -> Release:
    """Make encoder, index and classifier, in this order, and publish them.

    With too few labels for a classifier the rest is published: similar past answers need none.

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
    chosen = None if model else imported_encoder(workspace)
    parts = {"encoder": chosen or train_encoder(workspace, db, model=model, progress=progress)}
    encoder = SentenceEncoder.load(workspace.models / "encoder" / parts["encoder"])
    parts["index"] = _write_index(workspace, db, encoder, progress)
    try:
        version, _ = _write_faq(workspace, db, encoder, FaqConfig(), progress)
        parts["faq"] = version
    except TooFewLabelsError as error:
        progress(1, 1, f"no classifier yet: {error}")
    return _publish(workspace, db, parts, encoder, actor, progress)


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
    version = new_version()
    folder = workspace.models / "encoder" / version
    if model:
        import_encoder(model, folder)
    else:
        learn_encoder(texts(db), folder=folder, progress=progress)
    return version


def learn_encoder(found: list[str], *, folder: Path, progress: Progress = silent) -> None:
    """Fit a static encoder of a size that so many texts can teach.

    On the sample's validation split the share of the five nearest with the same FAQ was .18 with
    96 learned dimensions and .06 with the usual 384: of few short texts, the random ones are noise.
    """
    few = EncoderConfig(dim=96, learned=96)
    config = few if len(found) < FEW_TEXTS else EncoderConfig()
    fit_encoder(found, folder=folder, config=config, progress=progress)


def older_encoder(
    db: Database, folder: Path, *, before: str, progress: Progress = silent
) -> SentenceEncoder:
    """An encoder as it would have been at a moment.

    The desk's own encoder reads answers and FAQ links. One that has read those of the inquiries it
    is judged on finds their neighbours too well: weights and thresholds chosen with it promise too
    much (the sample's hit@1 on validation was .40 with such an encoder, .31 without; on test .31).

    Args:
        db: the desk's database.
        folder: the encoder in use; one that was not learned here is taken as it is.
        before: ISO moment.
        progress: told done, total and a message; may raise.
    """
    if "encoder_config" not in read_artifact(folder, "encoder").config:
        return SentenceEncoder.load(folder)
    with TemporaryDirectory() as temporary:
        place = Path(temporary) / "encoder"
        learn_encoder(texts(db, before=before), folder=place, progress=progress)
        return SentenceEncoder.load(place)


def rebuild_index(
    workspace: Workspace,
    db: Database,
    *,
    actor: Actor,
    newer_encoder: bool = False,
    progress: Progress = silent,
) -> Release:
    """Index every past inquiry with the encoder in force, and publish it.

    Args:
        workspace: the desk.
        db: its database.
        actor: who rebuilds.
        newer_encoder: take the newest encoder, in force or not.
        progress: told done, total and a message; may raise.

    Raises:
        ModelMissingError: there is no encoder yet.
    """
    in_force = current(workspace.models)
    parts = dict(in_force.parts) if in_force else {}
    if newer_encoder or "encoder" not in parts:
        # The classifier was calibrated with another one: until trained anew it hears no neighbours.
        parts["encoder"] = newest(workspace.models, "encoder")
    encoder = SentenceEncoder.load(workspace.models / "encoder" / parts["encoder"])
    parts["index"] = _write_index(workspace, db, encoder, progress)
    return _publish(workspace, db, parts, encoder, actor, progress)


def train_faq(
    workspace: Workspace,
    db: Database,
    *,
    actor: Actor,
    config: FaqConfig | None = None,
    progress: Progress = silent,
) -> tuple[Release, FaqReport]:
    """Train the classifier beside the newest encoder, and publish both.

    The index is built first where the newest encoder has none in force; a desk without an encoder
    gets a classifier without neighbours.

    Raises:
        TooFewLabelsError: too few labelled inquiries.
    """
    parts: dict[str, str] = {}
    encoder: SentenceEncoder | None = None
    try:
        parts["encoder"] = newest(workspace.models, "encoder")
    except ModelMissingError:
        pass
    else:
        encoder = SentenceEncoder.load(workspace.models / "encoder" / parts["encoder"])
        in_force = current(workspace.models)
        fits = in_force is not None and in_force.parts.get("encoder") == parts["encoder"]
        if in_force is not None and fits and "index" in in_force.parts:
            parts["index"] = in_force.parts["index"]
        else:
            parts["index"] = _write_index(workspace, db, encoder, progress)
    parts["faq"], report = _write_faq(workspace, db, encoder, config or FaqConfig(), progress)
    return _publish(workspace, db, parts, encoder, actor, progress), report


def examples(db: Database) -> list[Example]:
    """Every inquiry with an FAQ link in an answer, oldest first."""
    sql = """
        SELECT inquiries.id, inquiries.text, inquiries.opened_at,
            group_concat(labels.slug, char(10)) AS slugs
        FROM inquiries JOIN labels ON labels.inquiry_id = inquiries.id
        WHERE inquiries.text <> ''
        GROUP BY inquiries.id ORDER BY inquiries.opened_at, inquiries.id
    """
    return [
        Example(row["text"], tuple(row["slugs"].split("\n")), row["opened_at"], row["id"])
        for row in db.query(sql)
    ]


def faq_texts(db: Database) -> dict[str, str]:
    """What each FAQ says of itself, by slug."""
    return {faq.slug: faq.learning_text for faq in faqs.listed(db) if not faq.discovered}


def texts(db: Database, *, before: str = "9999") -> list[str]:
    """What an encoder learns from, as it stood at a moment; then the FAQ texts.

    One text an inquiry: what was asked, what was answered by then, and the titles of the FAQs
    linked. Read together, the words of customers meet the words of agents: on the sample's
    validation split the share of nearest neighbours with the same FAQ rose from .06 (read apart)
    to .15, on the forum's from .216 to .230.
    """
    titles = {faq.slug: faq.title for faq in faqs.listed(db)}
    sql = """
        SELECT inquiries.text,
            (SELECT group_concat(messages.text, char(10)) FROM messages
             WHERE messages.inquiry_id = inquiries.id AND role = 'agent' AND public = 1
             AND messages.at < :before) AS said,
            (SELECT group_concat(slug, char(10)) FROM labels
             WHERE labels.inquiry_id = inquiries.id AND labels.at < :before) AS slugs
        FROM inquiries WHERE opened_at < :before ORDER BY inquiries.id
    """
    found = []
    for row in db.query(sql, {"before": before}):
        linked = [titles.get(slug, "") for slug in (row["slugs"] or "").split("\n")]
        # An address says nothing: its words would be the same in every answer.
        said = _ADDRESS.sub(" ", row["said"] or "")
        found.append("\n".join(part for part in (row["text"], said, *linked) if part))
    return found + list(faq_texts(db).values())


def imported_encoder(workspace: Workspace) -> str | None:
    """The version of the encoder in force, where it was not learned here but taken by name."""
    in_force = current(workspace.models)
    version = in_force.parts.get("encoder") if in_force else None
    if version is None:
        return None
    try:
        config = read_artifact(workspace.models / "encoder" / version, "encoder").config
    except ModelError:
        return None
    return None if "encoder_config" in config else version


def _publish(
    workspace: Workspace,
    db: Database,
    parts: dict[str, str],
    encoder: SentenceEncoder | None,
    actor: Actor,
    progress: Progress,
) -> Release:
    """Publish, and encode what was answered while the training ran."""
    if encoder is not None:
        embeddings.encode_missing(db, encoder, progress=progress)
    release = publish(workspace, db, parts, actor=actor)
    if encoder is not None:
        embeddings.encode_missing(db, encoder, progress=silent)
    return release


def _write_index(
    workspace: Workspace, db: Database, encoder: SentenceEncoder, progress: Progress
) -> str:
    version = new_version()
    folder = workspace.models / "index" / version
    build_index(db, encoder, folder=folder, progress=progress)
    return version


def _write_faq(
    workspace: Workspace,
    db: Database,
    encoder: SentenceEncoder | None,
    config: FaqConfig,
    progress: Progress,
) -> tuple[str, FaqReport]:
    rules = settings.load(db)
    split = split_by_fraction(examples(db), train=1 - HELD_OUT, validation=HELD_OUT)
    older = encoder
    if encoder is not None and split.validation:
        folder = workspace.models / "encoder" / newest(workspace.models, "encoder")
        older = older_encoder(db, folder, before=split.validation[0].at, progress=progress)
    version = new_version()
    report = fit_faq(
        split.train,
        split.validation,
        folder=workspace.models / "faq" / version,
        config=stated(config, rules),
        encoder=older,
        encoder_version=encoder.version if encoder else None,
        faq_texts=faq_texts(db),
        progress=progress,
    )
    return version, report


def stated(config: FaqConfig, rules: settings.Settings) -> FaqConfig:
    """A configuration with the shares right that the admin states."""
    return replace(config, share_right=rules.share_right, share_right_three=rules.share_right_3)
