"""What `faqdesk policy` is given: a policy by its name or in a file, thresholds as words."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .common import progress_line, workspace

if TYPE_CHECKING:
    from sqlite_utils import Database

    from listings.moderation.policy import Policy
    from listings.moderation.policy_desk import Ground
    from support.workspace import Workspace


def read_policy(db: "Database", name: str) -> "Policy":
    """A stored policy, or one in a file."""
    from listings.moderation.policy import Policy
    from listings.moderation.policy_store import find
    from support.errors import InputError

    path = Path(name)
    if path.suffix != ".json":
        return find(db, name).policy
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read as JSON: {error}.") from error
    if not isinstance(content, dict):
        raise InputError(f"{path} does not hold an object.")
    return Policy.from_dict(content.get("policy", content))


def asked_thresholds(**given: tuple[str, ...]) -> dict[str, dict[str, float | None]]:
    """Thresholds by class, from words such as `hide=("pro_ads=0.9", "animals=off")`."""
    named: dict[str, dict[str, float | None]] = {}
    for what, texts in given.items():
        for text in texts:
            label, threshold = _asked(text)
            named.setdefault(label, {})[what] = threshold
    return named


def _asked(text: str) -> tuple[str, float | None]:
    """`pro_ads=0.9` or `pro_ads=off`."""
    from listings.moderation.classes import PROBLEMS

    label, _equals, value = text.partition("=")
    if label not in PROBLEMS:
        raise click.BadParameter(f"No class {label!r}. There are: {', '.join(PROBLEMS)}.")
    if value == "off":
        return label, None
    try:
        return label, float(value)
    except ValueError:
        raise click.BadParameter(f"{text!r}: give a probability or off.") from None


def ground_for(db: "Database", *, release: str, problems: float | None) -> "Ground":
    """What policies for a release rest on; "": for the one in force."""
    from listings.moderation.policy_desk import PolicyDesk

    desk = PolicyDesk(workspace())
    with progress_line("Judging past decisions") as progress:
        return desk.ground(db, release=release, problems=problems, progress=progress)


def model_in_force(space: "Workspace") -> str:
    """The version of the model in force; "" where none can be used."""
    from listings.moderation.model import KIND
    from listings.moderation.moderator import model_folder
    from support.artifact import read_artifact
    from support.errors import ModelError

    try:
        return read_artifact(model_folder(space.models), KIND, verify=False).version
    except ModelError:
        return ""


def asleep(space: "Workspace", db: "Database") -> list[str]:
    """Policies in force or in the shadow that hide nothing: the model in force is not theirs."""
    from listings.moderation.policy_store import in_mode

    found = [policy for mode in ("live", "shadow") if (policy := in_mode(db, mode)) is not None]
    model = model_in_force(space)
    return [p.version for p in found if p.policy.hides and p.policy.model != model]
