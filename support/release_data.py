"""What a release learned from and how sure it is, as its model's folder tells.

Reads the folder's description alone, not the weights: cheap enough for a list of releases.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from .artifact import read_artifact
from .errors import ModelError, ModelMissingError
from .held_out import HeldOutRows
from .shelf import Stored
from .workspace import Workspace

KINDS: Final = ("faq", "category", "moderation")  # those that learn labels, one a line


@dataclass(frozen=True, slots=True)
class Learned:
    """The data of a model: `n` inquiries or listings, and the `labels` that it knows.

    `first` and `last` are when its oldest and newest inquiry were asked, empty where that was not
    kept; `bands` are the thresholds with what they promised when chosen.
    """

    kind: str
    n: int
    labels: int
    first: str
    last: str
    data_hash: str
    settings: Mapping[str, Any]
    bands: Mapping[str, Mapping[str, Any]]  # likely and possible


def learned(workspace: Workspace, stored: Stored) -> Learned | None:
    """What a release learned from; None where it has no model of labels that can be read."""
    kind = next((kind for kind in KINDS if kind in stored.parts), None)
    if kind is None:
        return None
    folder = workspace.models / kind / stored.parts[kind]
    try:
        artifact = read_artifact(folder, kind, verify=False)
    except ModelError:
        return None
    metrics, config = artifact.metrics, artifact.config
    voices = metrics.get("voices") or [{}]
    known = int(metrics.get("train", 0)) + int(metrics.get("validation", 0))
    return Learned(
        kind=kind,
        n=known or sum(config.get("counts", {}).values()),
        labels=len(config.get("labels", ())),
        first=str(metrics.get("first", "")),
        last=str(metrics.get("last", "")),
        data_hash=str(config.get("data_hash", "")),
        settings=config.get("settings", {}),
        bands={name: voices[0][name] for name in ("likely", "possible") if name in voices[0]},
    )


def held_out(workspace: Workspace, stored: Stored) -> HeldOutRows | None:
    """Its predictions for inquiries that it had not learned from; None where it keeps none."""
    version = stored.parts.get("faq")
    try:
        return HeldOutRows.load(workspace.models / "faq" / version) if version else None
    except ModelMissingError:
        return None
