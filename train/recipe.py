"""A recipe: what a release was made by, so that the same can be made again of other history."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from sqlite_utils import Database

from support import settings
from support.artifact import read_artifact
from support.database import scalar
from support.errors import ModelError
from support.releases import Release
from support.workspace import Workspace

from .desk_encoder import learned_here
from .faq_config import FaqConfig, narrow

LEARNED = "learned"  # the encoder learns from the desk's own texts
NO_ENCODER = "none"
# Counts up when the same settings make another model than before; releases of an older one are
# refitted with today's code.
CODE = 2


@dataclass(frozen=True, slots=True)
class Recipe:
    """Settings of the classifier, and where the encoder comes from."""

    config: FaqConfig
    encoder: str = LEARNED  # or `none`, or the version of a model folder taken as it is
    code: int = CODE

    def as_dict(self, chosen: Mapping[str, Any]) -> dict[str, Any]:
        """Plain JSON, with the settings that were chosen."""
        return {
            "code": self.code,
            "encoder": self.encoder,
            "config": _fixed(self.config),
            "settings": dict(chosen),
        }

    def narrowed(self, chosen: Mapping[str, Any]) -> "Recipe":
        """The recipe with every choice made already: the settings that a run chose."""
        return replace(self, config=narrow(self.config, chosen))

    def same(self, other: "Recipe") -> bool:
        """Whether both make the same model of the same history; seeds aside."""
        return _unseeded(self) == _unseeded(other)


def live_recipe(workspace: Workspace, db: Database, release: Release) -> Recipe | None:
    """What a release was made by; None where it has no classifier that can be read."""
    folder = release.folder(workspace.models, "faq")
    if folder is None:
        return None
    try:
        chosen = read_artifact(folder, "faq").config.get("settings", {})
        encoder = _encoder_of(workspace, release)
    except ModelError:
        return None
    stored = _stored(db, release)
    config = FaqConfig()
    known = _fixed(config)
    found = {name: v for name, v in stored.get("config", {}).items() if name in known}
    config = narrow(replace(config, **found), chosen)
    return Recipe(config, encoder, int(stored.get("code", 0)))


def stated(config: FaqConfig, rules: settings.Settings) -> FaqConfig:
    """A configuration with the shares right that the admin states."""
    return replace(config, share_right=rules.share_right, share_right_three=rules.share_right_3)


def _encoder_of(workspace: Workspace, release: Release) -> str:
    folder = release.folder(workspace.models, "encoder")
    if folder is None:
        return NO_ENCODER
    return LEARNED if learned_here(folder) else folder.name


def _stored(db: Database, release: Release) -> dict[str, Any]:
    text = scalar(db, "SELECT recipe FROM releases WHERE name = ?", [release.name])
    found: dict[str, Any] = json.loads(text) if text else {}
    return found


def _fixed(config: FaqConfig) -> dict[str, Any]:
    """The settings that are given and not chosen from; seed and stated shares are no part of it."""
    given = {item.name: getattr(config, item.name) for item in fields(config)}
    passing = ("seed", "share_right", "share_right_three")
    return {
        name: value
        for name, value in given.items()
        if isinstance(value, bool | int | float) and name not in passing
    }


def _unseeded(recipe: Recipe) -> dict[str, Any]:
    config = asdict(recipe.config) | {"seed": 0, "share_right": 0, "share_right_three": 0}
    config["fasttext"] = [setting | {"seed": 0} for setting in config["fasttext"]]
    return {"config": config, "encoder": recipe.encoder, "code": recipe.code}
