"""Names of models and releases, and the newest model of a kind."""

import secrets
from datetime import UTC, datetime
from pathlib import Path

from .errors import ModelMissingError


def new_version() -> str:
    """A name for a model or release: when it was made, and something no other has."""
    return datetime.now(UTC).strftime("%Y%m%d-%H%M%S-") + secrets.token_hex(2)


def newest(models: Path, kind: str) -> str:
    """The newest version of a kind, published or not.

    Raises:
        ModelMissingError: there is none.
    """
    found = (models / kind).glob("*")
    versions = sorted(path.name for path in found if (path / "config.json").exists())
    if not versions:
        raise ModelMissingError(f"No {kind} in {models}. Make it first: {_cure(kind)}")
    return versions[-1]


def _cure(kind: str) -> str:
    return {"index": "faqdesk index", "encoder": "faqdesk train encoder"}.get(
        kind, f"faqdesk train {kind}"
    )
