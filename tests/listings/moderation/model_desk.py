"""A moderation model in force whose held-out rows a test chooses."""

import hashlib
import json
import shutil
import tempfile
from functools import cache
from pathlib import Path

from listings.moderation.classes import CLASSES
from listings.moderation.model import KIND
from listings.moderation.policy_rows import EVIDENCE
from support import releases
from tests.conftest import ACTOR
from tests.train.moderation_rows import examples
from train.moderation import fit_moderation
from train.moderation_voices import ModerationConfig


def held_out(
    label, probability=0.02, *, of="pro_ads", unselected=True, category="", id=None, revision=1
):
    """A row as training writes it: so probable for one class, the rest is normal."""
    said = dict.fromkeys(CLASSES, 0.0) | {"normal": 1 - probability}
    said[of] = probability
    return {
        "id": id,
        "revision": revision,
        "label": label,
        "unselected": unselected,
        "category": category,
        "probabilities": [said[name] for name in CLASSES],
    }


def rows(normals=700, problems=200, *, sure=0.97):
    """Normal listings and problems that the model is sure of, both drawn by chance."""
    return [held_out("normal") for _ in range(normals)] + [
        held_out("pro_ads", sure) for _ in range(problems)
    ]


def write_model(space, db, evidence, *, learned=(), name="m1", publish=True):
    """A release of a model with these held-out rows, or this evidence; gives the release's name."""
    folder = space.models / KIND / name
    shutil.copytree(_trained(), folder)
    if not isinstance(evidence, dict):
        said = {"labels": list(CLASSES), "learned": list(learned), "name": name}
        evidence = said | {"rows": evidence}
    _write_evidence(folder, evidence)
    stored = releases.store(space, db, {KIND: name}, actor=ACTOR, line=KIND)
    if publish:
        releases.put_in_force(space, db, stored.name, actor=ACTOR, line=KIND)
    return stored.name


def _write_evidence(folder, content):
    """Write other evidence into a model's folder, which stays whole."""
    (folder / EVIDENCE).write_text(json.dumps(content), encoding="utf-8")
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest["sha256"][EVIDENCE] = hashlib.sha256((folder / EVIDENCE).read_bytes()).hexdigest()
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


@cache
def _trained() -> Path:
    """The folder of a small model; made once."""
    folder = Path(tempfile.mkdtemp(prefix="faqdesk-model-")) / "model"
    config = ModerationConfig(texts=("linear",), network=False, num_folds=2)
    fit_moderation(examples(), folder=folder, config=config)
    return folder
