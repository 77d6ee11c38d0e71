"""A model is a folder that explains itself.

`config.json` says what it is and what made it, `metrics.json` how good it was, `manifest.json`
holds the SHA-256 sum of every file. A folder is written beside its place, synced, then renamed, so
that a killed run leaves no half model. Knows nothing of what the weights mean.
"""

import contextlib
import hashlib
import json
import os
import platform
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from .clock import now
from .errors import ModelDamagedError, ModelMissingError, ModelVersionError
from .whole_files import sync_to_disk

# What is written of each kind, and the only format of it that is read, 1 where none is named: a
# classifier of format 1 had another calibration, an index no words.
FORMATS = {"faq": 2, "index": 2}
_REPLACED = "-replaced"
_LIBRARIES = ("numpy", "scipy", "tokenizers", "safetensors", "fasttext", "scikit-learn")


@dataclass(frozen=True, slots=True)
class Artifact:
    """One model folder whose files are as they were written."""

    folder: Path
    config: dict[str, Any]
    metrics: dict[str, Any]

    @property
    def version(self) -> str:
        """Twelve hexadecimal digits that change when any file does."""
        return version_of(self.folder)


def version_of(folder: Path) -> str:
    """The version of a model folder, by its manifest: see `Artifact.version`."""
    return hashlib.sha256((folder / "manifest.json").read_bytes()).hexdigest()[:12]


def write_artifact(
    folder: Path,
    *,
    kind: str,
    config: Mapping[str, Any],
    files: Callable[[Path], None],
    metrics: Mapping[str, Any],
) -> Artifact:
    """Write a model folder, whole or not at all; one that is already there is replaced.

    Args:
        folder: where the model shall be.
        kind: such as `faq` or `encoder`; also the word after `faqdesk train`.
        config: what serving must know; `data_hash` and `seed` belong in it.
        files: writes the weights into the folder that it is given.
        metrics: measured figures, plain JSON.
    """
    folder = folder.absolute()
    folder.parent.mkdir(parents=True, exist_ok=True)
    sweep(folder.parent)
    temporary = Path(tempfile.mkdtemp(prefix=f".tmp-{os.getpid()}-", dir=folder.parent))
    try:
        files(temporary)
        full = {
            "kind": kind,
            "format_version": FORMATS.get(kind, 1),
            "created_at": now(),
            "libraries": _libraries(),
            **config,
        }
        _write_json(temporary / "config.json", full)
        _write_json(temporary / "metrics.json", dict(metrics))
        sums = {path: _sha256(temporary / path) for path in _paths(temporary)}
        _write_json(temporary / "manifest.json", {"kind": kind, "sha256": sums})
        for path in temporary.rglob("*"):
            sync_to_disk(path)
        sync_to_disk(temporary)
        _put(temporary, folder)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    return Artifact(folder, full, dict(metrics))


def read_artifact(
    folder: Path, kind: str, *, verify: bool = True, skip: tuple[str, ...] = ()
) -> Artifact:
    """Read a model folder's description after checking its files.

    Only files that the manifest names lie in it, and no links: what was put there is found before
    anything of it is loaded.

    Args:
        folder: the model folder.
        kind: what it must be.
        verify: also compare every file's SHA-256 sum; without it only presence is checked.
        skip: beginnings of file names that the caller can do without.

    Raises:
        ModelMissingError: there is no such folder.
        ModelDamagedError: a file is missing, is not as it was written, or is none of the model's.
        ModelVersionError: it is of another kind, or another version of faqdesk wrote it.
    """
    if not folder.is_dir():
        raise ModelMissingError(f"No {kind} model in {folder}. Train it: faqdesk train {kind}")
    again = f"Train it again (faqdesk train {kind}) or bring the folder back from a backup."
    manifest = _read_json(folder / "manifest.json", again)
    config = _read_json(folder / "config.json", again)
    found, written = config.get("kind"), config.get("format_version")
    if found != kind:
        raise ModelVersionError(
            f"{folder} holds a model of kind {found!r}, not {kind!r}. Name the folder of a {kind} "
            f"model, or train one: faqdesk train {kind}"
        )
    if written != (read := FORMATS.get(kind, 1)):
        newer = isinstance(written, int) and written > read
        raise ModelVersionError(
            f"{folder} is of format {written!r}, this faqdesk reads {read}. "
            f"{'Update faqdesk, or train again' if newer else 'Train again'}: faqdesk train"
        )
    sums = manifest.get("sha256")
    if not isinstance(sums, dict):
        raise ModelDamagedError(f"{folder}/manifest.json lists no files. {again}")
    found = set(_plain_files(folder, again)) - {"manifest.json"}
    kept = {name for name in found | set(sums) if not (skip and name.startswith(skip))}
    for name in sorted(kept):
        path = folder / name
        if name not in found:
            raise ModelDamagedError(f"{path} is missing. {again}")
        if name not in sums:
            raise ModelDamagedError(f"{path} is none of this model's files. Take it away.")
        if verify and _sha256(path) != sums[name]:
            raise ModelDamagedError(f"{path} is not as it was written. {again}")
    return Artifact(folder, config, _read_json(folder / "metrics.json", again))


def _put(temporary: Path, folder: Path) -> None:
    """Rename into place; one that is there steps aside first, for rename refuses a full folder."""
    old: Path | None = None
    if folder.exists():
        old = folder.with_name(f".tmp-{os.getpid()}-{folder.name}{_REPLACED}")
        os.replace(folder, old)
    try:
        os.replace(temporary, folder)
    except BaseException:
        if old:
            os.replace(old, folder)
        raise
    sync_to_disk(folder.parent)
    if old:
        shutil.rmtree(old, ignore_errors=True)


def sweep(parent: Path) -> None:
    """Remove what killed writers left here; bring back a folder that had stepped aside."""
    for left in parent.glob(".tmp-*"):
        owner, _, name = left.name.removeprefix(".tmp-").partition("-")
        if owner.isdigit() and int(owner) != os.getpid() and _alive(int(owner)):
            continue
        place = parent / name.removesuffix(_REPLACED)
        if name.endswith(_REPLACED) and not place.exists():
            os.replace(left, place)
        elif left.is_dir():
            shutil.rmtree(left, ignore_errors=True)
        else:
            left.unlink(missing_ok=True)


def names_in(kind: Path) -> set[str]:
    """The names of the model folders of a kind, also of one that stepped aside just now."""
    found = set()
    for name in os.listdir(kind):
        if name.startswith(".tmp-") and name.endswith(_REPLACED):
            found.add(name.removeprefix(".tmp-").partition("-")[2].removesuffix(_REPLACED))
        elif not name.startswith("."):
            found.add(name)
    return found


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _libraries() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for name in _LIBRARIES:
        with contextlib.suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def _paths(folder: Path) -> Iterator[str]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path.relative_to(folder).as_posix()


def _plain_files(folder: Path, again: str) -> Iterator[str]:
    """The files of a model folder, each by its path in it; anything else is refused."""
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise ModelDamagedError(f"{path} is no plain file. Take it away. {again}")
        if path.is_file():
            yield path.relative_to(folder).as_posix()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def _read_json(path: Path, again: str) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ModelDamagedError(f"{path} is missing. {again}") from None
    except (OSError, ValueError) as error:
        raise ModelDamagedError(f"{path} cannot be read: {error}. {again}") from error
    if not isinstance(content, dict):
        raise ModelDamagedError(f"{path} does not hold an object. {again}")
    return content
