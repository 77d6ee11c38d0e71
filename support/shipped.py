"""Where the Korean-English sentence encoder that comes with the project lies."""

from importlib.resources import files
from pathlib import Path

from .encoder import SentenceEncoder, StaticEngine


def shipped_folder() -> Path:
    """The model folder of the shipped encoder, in a checkout and in an installed wheel."""
    return Path(str(files("data") / "encoder"))


def load_shipped() -> SentenceEncoder:
    """The shipped encoder.

    Raises:
        ModelMissingError: it was not installed.
        ModelDamagedError: its files are not as they were written.
    """
    return SentenceEncoder.load(shipped_folder())


def shipped_static() -> StaticEngine | None:
    """The shipped encoder's vectors to build upon, or None where it was not installed.

    Raises:
        ModelDamagedError: its files are not as they were written.
    """
    if not (shipped_folder() / "manifest.json").exists():
        return None
    engine = load_shipped().engine
    return engine if isinstance(engine, StaticEngine) else None
