"""What a process holds in memory, by what lies there and who else holds it too: `/proc/PID/smaps`.

RSS counts a page for each process that holds it, PSS shares it out among them, and private pages
are what would come free if that process ended. Linux alone tells this.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

MB: Final = 1e6
# What lies behind a mapping, told apart by its file: a desk's models, code, its databases, no file.
KINDS: Final = ("models", "code", "database", "other files", "own memory")
_NAMES: Final = {"Rss:": "rss", "Pss:": "pss", "Private_Clean:": "own", "Private_Dirty:": "own"}


@dataclass(frozen=True, slots=True)
class Memory:
    """Megabytes: resident, its share of what several hold, and private."""

    rss: float = 0.0
    pss: float = 0.0
    own: float = 0.0

    def __add__(self, other: "Memory") -> "Memory":
        return Memory(self.rss + other.rss, self.pss + other.pss, self.own + other.own)

    def as_dict(self) -> dict[str, float]:
        """Rounded to a tenth of a megabyte."""
        return {name: round(getattr(self, name), 1) for name in ("rss", "pss", "own")}


@dataclass(frozen=True, slots=True)
class Held:
    """One process: `kinds` by `KINDS`; `files` are the model files that it holds, by path."""

    pid: int
    kinds: Mapping[str, Memory] = field(default_factory=dict)
    files: Mapping[str, Memory] = field(default_factory=dict)

    @property
    def total(self) -> Memory:
        """All of it."""
        return sum(self.kinds.values(), Memory())


def held(pid: int, *, models: Path) -> Held:
    """Look at a process.

    Args:
        pid: which.
        models: the desk's folder of models.

    Raises:
        OSError: it has ended, or is somebody else's.
    """
    lines = Path(f"/proc/{pid}/smaps").read_text(encoding="utf-8", errors="replace").splitlines()
    kinds: defaultdict[str, Memory] = defaultdict(Memory)
    files: defaultdict[str, Memory] = defaultdict(Memory)
    for path, memory in _mappings(lines):
        kind = _kind(path, models)
        kinds[kind] += memory
        if kind == "models":
            files[Path(path).relative_to(models).as_posix()] += memory
    return Held(pid, dict(kinds), dict(files))


def _mappings(lines: Iterable[str]) -> Iterable[tuple[str, Memory]]:
    """The file of each mapping, '' where there is none, and what is held of it."""
    path, found = "", dict.fromkeys(("rss", "pss", "own"), 0.0)
    for line in lines:
        words = line.split(maxsplit=5)
        if not words[0].endswith(":"):  # 7f12-7f34 r--p 00000000 08:01 4711 /usr/lib/libm.so
            yield path, Memory(**found)
            path = words[5] if len(words) > 5 else ""
            found = dict.fromkeys(found, 0.0)
        elif name := _NAMES.get(words[0]):
            found[name] += int(words[1]) * 1024 / MB
    yield path, Memory(**found)


def _kind(path: str, models: Path) -> str:
    if not path.startswith("/"):  # none, [heap], [stack]
        return "own memory"
    if path.startswith(f"{models}/"):
        return "models"
    name = path.removesuffix(" (deleted)")
    if ".so" in Path(name).name or "/bin/" in name:
        return "code"
    return "database" if name.endswith((".db", ".db-shm", ".db-wal")) else "other files"
