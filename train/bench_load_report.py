"""What a load did to a desk, for people and for programs, and whether it kept its limits."""

import os
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from .bench_load_books import Books
from .bench_load_clicks import BUSY
from .bench_load_events import Event
from .open_loop import LATE_MS, Did, lateness, times

if TYPE_CHECKING:
    from .bench_load import Plan

CONFLICT = 409  # a colleague was quicker, which is said and no trouble


@dataclass(frozen=True, slots=True)
class Sample:
    """Megabytes at a moment: of the web processes together, and of the worker."""

    at: float
    web: float
    worker: float


def failed(did: Did) -> bool:
    """Whether it got no answer, or one that it should never get."""
    return did.status not in (*BUSY, CONFLICT) and not 0 < did.status < 400


def by_kind(did: Sequence[Did], alone: Mapping[str, float]) -> dict[str, dict[str, Any]]:
    """Counts and milliseconds of each kind, beside what one takes while nobody else asks.

    What was let go is counted and not timed: a refusal is quick.
    """
    groups: dict[str, list[Did]] = defaultdict(list)
    for one in did:
        groups[one.kind].append(one)
    return {
        kind: {
            "asked": len(groups[kind]),
            **times([one for one in groups[kind] if one.status not in BUSY]),
            "alone": alone[kind],
            "conflicts": sum(one.status == CONFLICT for one in groups[kind]),
            "let_go": sum(one.status in BUSY for one in groups[kind]),
            "errors": sum(failed(one) for one in groups[kind]),
        }
        for kind in alone
        if groups[kind]
    }


@dataclass(frozen=True, slots=True)
class LoadReport:
    """All that is known of one run."""

    plan: "Plan"
    inquiries: int
    seconds: float
    processor: float | None  # seconds that the web processes worked; None: they were replaced
    kinds: Mapping[str, Mapping[str, Any]]
    did: tuple[Did, ...]
    events: tuple[Event, ...]
    memory: tuple[Sample, ...]
    books: Books
    asked_anew: int
    unsaid: int
    trouble: tuple[str, ...]

    @property
    def errors(self) -> int:
        """Requests that were not answered as they should; refusals that told no time to return."""
        return sum(map(failed, self.did)) + self.unsaid

    @property
    def let_go(self) -> int:
        """Requests that were answered with 429 or 503."""
        return sum(one.status in BUSY for one in self.did)

    @property
    def overall(self) -> dict[str, float]:
        """p50, p95, p99 and max in milliseconds of all that was not let go."""
        return times([one for one in self.did if one.status not in BUSY])

    @property
    def lateness(self) -> dict[str, float]:
        """How late the generator itself was, in milliseconds."""
        return lateness(self.did)

    def broken(self, *, p99: float | None, errors: int, let_go: int | None) -> list[str]:
        """Which limits the run broke, in words; what nobody may break is among them.

        Args:
            p99: milliseconds of all requests together; None: any.
            errors: requests that may fail.
            let_go: requests that may be answered with 429 or 503; None: any.
        """
        found = []
        if self.lateness.get("p99", 0.0) > LATE_MS:
            found.append(
                f"The generator was late (p99 {self.lateness['p99']:.0f} ms, over {LATE_MS:.0f}): "
                f"the figures are its own. Give it a quieter machine, or ask less."
            )
        if p99 is not None and self.overall.get("p99", 0.0) > p99:
            found.append(f"p99 {self.overall['p99']:.0f} ms, over {p99:g}.")
        if self.errors > errors:
            found.append(f"{self.errors} errors, over {errors}.")
        if let_go is not None and self.let_go > let_go:
            found.append(f"{self.let_go} requests let go, over {let_go}.")
        if not self.books.balanced:
            found.append("Something acknowledged is lost or doubled, or the database is damaged.")
        if self.plan.events and len(self.events) < 4:
            found.append("Not all that an operator does was done.")
        return found

    def as_dict(self) -> dict[str, Any]:
        """One JSON object."""
        seconds, statuses = self.seconds, Counter(one.status for one in self.did)
        served = sum(1 for one in self.did if not failed(one) and one.status not in BUSY)
        return {
            **asdict(self.plan),
            "answered_inquiries": self.inquiries,
            "loop": "open",
            "cores": len(os.sched_getaffinity(0)),
            "seconds": round(seconds, 1),
            "asked_a_second": round(len(self.did) / max(one.due for one in self.did), 2),
            "served_a_second": round(served / seconds, 2),
            "sends_a_second": round(self.books.sends / seconds, 2),
            "processor_share": None if self.processor is None
            else round(self.processor / seconds, 2),
            "statuses": {str(status): n for status, n in sorted(statuses.items())},
            "all": {**self.overall, "let_go": self.let_go, "errors": self.errors},
            "asked_anew": self.asked_anew,
            "generator_late_ms": self.lateness,
            "kinds": {name: dict(kind) for name, kind in self.kinds.items()},
            "events": [
                {**asdict(event), "at": round(event.at, 1), "seconds": round(event.seconds, 2),
                 **self._around(event)}
                for event in self.events
            ],
            "memory_mb": self._memory(),
            "acknowledged": self.books.as_dict(),
            "trouble": list(self.trouble[:10]),
        }  # fmt: skip

    def table(self) -> str:
        """For people."""
        found = self.as_dict()
        lines = [
            f"{self.inquiries:,} answered inquiries; {self.plan.agents} agents in an open loop, "
            f"{self.plan.times:g} times a busy hour, for {self.plan.minutes:g} min on "
            f"{found['cores']} cores",
            f"asked {found['asked_a_second']:.1f} a second, served "
            f"{found['served_a_second']:.1f}; {found['sends_a_second']:.2f} answers sent a second",
            "",
            f"{'':18}{'asked':>8}{'p50 ms':>9}{'p95 ms':>9}{'p99 ms':>9}{'max ms':>9}"
            f"{'alone':>8}{'409':>6}{'let go':>8}{'errors':>8}",
        ]
        everything = {"asked": len(self.did), **found["all"]}
        for name, kind in [*self.kinds.items(), ("all", everything)]:
            lines.append(
                f"{name:18}{kind['asked']:8,}"
                + "".join(f"{kind.get(cut, 0):9.1f}" for cut in ("p50", "p95", "p99", "max"))
                + (f"{kind['alone']:8.1f}{kind['conflicts']:6}" if "alone" in kind else " " * 14)
                + f"{kind['let_go']:8}{kind['errors']:8}"
            )
        memory, late = found["memory_mb"], self.lateness
        lines.append("")
        for event in found["events"]:
            lines.append(
                f"{event['name']:20} at {event['at']:6.1f} s, took {event['seconds']:6.2f} s: "
                f"{event['asked']} asked around it, max {event['max_ms']:.0f} ms, "
                f"{event['status_5xx']} with 5xx, {event['errors']} errors"
            )
        kept = self.books
        lines += [
            f"memory, web MB: {memory['web']}; worker MB: {memory['worker']}",
            f"answers acknowledged {kept.sends}: lost {kept.lost}, doubled {kept.doubled}; handed "
            f"in {kept.handed_in}: lost {kept.handed_in_lost}; webhooks {kept.webhooks}: lost "
            f"{kept.webhooks_lost}; integrity check: {kept.database}",
            f"the generator was late by {late.get('p50', 0):.1f} ms (p50), "
            f"{late.get('p99', 0):.1f} (p99), {late.get('max', 0):.0f} (max); asked anew over a "
            f"closed line: {self.asked_anew}",
            *self.trouble[:10],
        ]
        return "\n".join(lines)

    def _around(self, event: Event) -> dict[str, Any]:
        """What befell the requests that were under way while something was done."""
        near = [one for one in self.did if event.covers(one.due) or event.covers(one.ended)]
        return {
            "asked": len(near),
            "max_ms": round(max((one.took_ms for one in near), default=0.0), 1),
            "status_5xx": sum(one.status >= 500 for one in near),
            "errors": sum(map(failed, near)),
        }

    def _memory(self) -> dict[str, dict[str, float]]:
        """Megabytes at the start, at the end, at most, and before the server was started anew."""
        if not self.memory:
            return {"web": {}, "worker": {}}
        restart = next((event.at for event in self.events if "restart" in event.name), None)
        before = [one for one in self.memory if restart is None or one.at < restart]
        found = {}
        for part in ("web", "worker"):
            held = [getattr(one, part) for one in self.memory]
            found[part] = {"start": held[0], "end": held[-1], "most": max(held)}
            if restart is not None and before:
                found[part]["before_restart"] = getattr(before[-1], part)
        return found
