"""A moderation model in force whose held-out rows a test chooses; the rules are its only voice."""

import json

import numpy as np

from listings.ensemble import Fusion
from listings.moderation.classes import CLASSES
from listings.moderation.model import KIND, RULES, ModerationModel
from listings.moderation.policy_rows import EVIDENCE
from listings.moderation.rules import default_rules
from support import releases
from support.artifact import write_artifact
from tests.conftest import ACTOR


def held_out(label, probability=0.02, *, of="pro_ads", unselected=None, category="", id=None):
    """A row as training writes it: so probable for one class, the rest is normal."""
    said = dict.fromkeys(CLASSES, 0.0) | {"normal": 1 - probability}
    said[of] = probability
    return {
        "id": id,
        "label": label,
        "unselected": label == "normal" if unselected is None else unselected,
        "category": category,
        "probabilities": [said[name] for name in CLASSES],
    }


def rows(normals=700, problems=200, *, sure=0.97):
    """Normal listings that chance drew and problems that the model is sure of."""
    return [held_out("normal") for _ in range(normals)] + [
        held_out("pro_ads", sure) for _ in range(problems)
    ]


def write_model(space, db, evidence, *, learned=(), name="m1", publish=True):
    """A release of a model with these held-out rows; gives the release's name."""
    labels = list(CLASSES)
    fusion = Fusion((RULES,), np.ones((1, len(labels)), np.float32), np.zeros(6, np.float32))
    model = ModerationModel(
        labels, texts=[], signals=None, network=None, rules=default_rules(), fusion=fusion
    )

    def files(folder):
        model.save(folder)
        content = {"labels": labels, "rows": evidence, "learned": list(learned)}
        (folder / EVIDENCE).write_text(json.dumps(content), encoding="utf-8")

    folder = space.models / KIND / name
    config = model.config() | {"seed": 0, "data_hash": name}
    write_artifact(folder, kind=KIND, config=config, files=files, metrics={})
    stored = releases.store(space, db, {KIND: name}, actor=ACTOR, line=KIND)
    if publish:
        releases.put_in_force(space, db, stored.name, actor=ACTOR, line=KIND)
    return stored.name
