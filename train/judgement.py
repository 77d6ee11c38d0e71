"""What came of judging a candidate beside the recipe in force: figures, verdict, words.

Written into the database with the release, and shown from there.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from .metrics import Difference
from .reliability import Bin

METRICS = ("hit@1", "hit@3", "coverage", "share_right", "ece")


@dataclass(frozen=True, slots=True)
class Group:
    """The figures of some of the judged inquiries.

    `n` are all of them; hit rates are over the `in_scope` whose FAQ one of the models knows. `live`
    and `differences` (candidate minus live) are empty where there was nothing to compare with, and
    lack a metric that is not defined there, such as the share right of nothing shown.
    """

    n: int
    in_scope: int
    candidate: Mapping[str, float]
    live: Mapping[str, float] = field(default_factory=dict)
    differences: Mapping[str, Difference] = field(default_factory=dict)
    wins: int = 0  # inquiries that the candidate alone has right first
    losses: int = 0
    ties: int = 0


@dataclass(frozen=True, slots=True)
class Judgement:
    """A candidate's recipe, trained before a cut and judged after it.

    `worse` decides: such a candidate is not published by itself. `why` says what was decided and by
    which rule, `notes` what else should be known. Groups are those inquiries that were shown a
    suggestion before they were answered, and the others.
    """

    cut: str  # ISO: both trained on what was known before
    n: int
    held_out: int  # of n, got no suggestion on purpose
    everything: Group | None  # None: nothing was judged
    shown: Group | None
    unswayed: Group | None
    worse: bool
    why: str
    notes: tuple[str, ...] = ()
    reliability: tuple[Bin, ...] = ()  # of the candidate's first FAQs, over all judged inquiries

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON; the figures of all judged inquiries stand at the top."""
        content = asdict(self)
        everything = content.pop("everything") or {}
        return everything | content


def table(judged: Mapping[str, Any], *, of: str = "inquiries with an FAQ that is known") -> str:
    """A judgement as `as_dict` gives it, for people; `of` says what was judged."""
    lines = [judged["why"], *judged["notes"]]
    groups = [
        ("all", judged),
        ("shown a suggestion", judged["shown"]),
        ("shown none", judged["unswayed"]),
    ]
    for name, group in groups:
        if group and group.get("candidate"):
            lines += ["", *_group(name, group, of)]
    return "\n".join(lines)


def _group(name: str, group: Mapping[str, Any], of: str) -> list[str]:
    head = f"{name}: {group['n']:,}, among them {group['in_scope']:,} {of}"
    if not group["live"]:
        figures = (f"{metric} {group['candidate'][metric]:.3f}" for metric in METRICS)
        return [head, "  " + "  ".join(figures)]
    compared = f"; won {group['wins']}, lost {group['losses']}, tied {group['ties']}"
    lines = [head + compared, f"  {'':13}{'candidate':>10}{'live':>10}   candidate minus live"]
    for metric in METRICS:
        ours, theirs = group["candidate"][metric], group["live"][metric]
        gap = group["differences"].get(metric)
        words = f"{gap['mean']:+.3f} ({gap['low']:+.3f} to {gap['high']:+.3f})" if gap else ""
        lines.append(f"  {metric:13}{ours:10.3f}{theirs:10.3f}   {words}".rstrip())
    return lines
