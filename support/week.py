"""The week on one page: what the suggestions were worth, with counts and intervals beside shares.

By FAQ, by agent, by day, and by the release that suggested, so that a change of models can be read
as before and after. Every share says of how many it is one, and where the truth lies with 95 %.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from typing import Final

import numpy as np
from scipy.special import bdtr
from sqlite_utils import Database

from . import agents, faqs
from .clock import from_iso, iso
from .promise import Promise
from .share_change import Change, change_of
from .week_rows import Answered, answered

_SURE: Final = 0.95


@dataclass(frozen=True, slots=True)
class Minutes:
    """A median of minutes with the exact 95 % interval of it; 0 where nothing was counted."""

    median: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True)
class Figures:
    """What some answered inquiries say.

    coverage: of those a suggestion was looked for, how many were shown a Likely one; `coverage_3`
    counts the Possible ones too. accepted: of those shown one and answered with an FAQ, how many
    were answered with one shown; `first_right`: with the one shown first. misses: of those answered
    with an FAQ, how many with one that was not shown. gaps: of all, how many without any FAQ.
    """

    n: int
    held_out: int  # got no suggestion on purpose; in `n`, and in no share but `gaps`
    coverage: Promise
    coverage_3: Promise
    accepted: Promise
    first_right: Promise
    misses: Promise
    gaps: Promise
    minutes: Minutes


@dataclass(frozen=True, slots=True)
class FaqLine:
    """What happened to one FAQ.

    `first` says how often it was right where it was suggested first and an FAQ was sent; `likely`
    the same where it was shown as Likely.
    """

    slug: str
    title: str
    sent: int
    suggested: int
    accepted: int
    missed: int
    first: Promise
    likely: Promise
    dismissed: dict[str, int]  # reason to count


@dataclass(frozen=True, slots=True)
class Part:
    """Some of the inquiries by name: an agent, a day, a release."""

    name: str
    figures: Figures


@dataclass(frozen=True, slots=True)
class Model(Part):
    """What one release did; `since` is when it last came into force, '' where nobody knows."""

    since: str


@dataclass(frozen=True, slots=True)
class Week:
    """A report of a span of time, `until` not included, and the span of equal length before it."""

    since: str
    until: str
    figures: Figures
    before: Figures
    by_faq: tuple[FaqLine, ...]
    by_agent: tuple[Part, ...]
    by_day: tuple[Part, ...]
    by_release: tuple[Model, ...]  # of both spans, in the order in which they came into force
    waiting: int  # open inquiries, whenever asked
    oldest: str  # when the longest waiting one was opened; '' where none waits


def report(db: Database, *, since: str, until: str, zone: tzinfo) -> Week:
    """Sum up what was answered on the desk.

    Args:
        db: the desk's database.
        since: ISO moment in UTC.
        until: ISO moment in UTC, not included.
        zone: whose days are counted.
    """
    span = from_iso(until) - from_iso(since)
    earlier = iso(from_iso(since) - span)
    rows = answered(db, since=since, until=until)
    before = answered(db, since=earlier, until=since)
    sql = "SELECT count(*) AS n, min(opened_at) AS oldest FROM inquiries WHERE status = 'open'"
    waiting = next(iter(db.query(sql)))
    return Week(
        since=since,
        until=until,
        figures=figures(rows),
        before=figures(before),
        by_faq=_by_faq(db, rows),
        by_agent=_by_agent(db, rows),
        by_day=_by_day(rows, since, until, zone),
        by_release=_by_release(db, [*before, *rows], until),
        waiting=waiting["n"],
        oldest=waiting["oldest"] or "",
    )


def figures(rows: Sequence[Answered]) -> Figures:
    """Sum up some answered inquiries."""
    asked = [row for row in rows if row.asked]
    judged = [row for row in asked if row.judged]
    shown = [row for row in judged if row.shown]
    return Figures(
        n=len(rows),
        held_out=sum(bool(row.band) and not row.asked for row in rows),
        coverage=_share(asked, lambda row: row.band == "likely"),
        coverage_3=_share(asked, lambda row: row.band != "silent"),
        accepted=_share(shown, lambda row: row.accepted),
        first_right=_share(shown, lambda row: row.first_right),
        misses=_share(judged, lambda row: bool(row.missed)),
        gaps=_share(rows, lambda row: not row.sent),
        minutes=median([row.minutes for row in rows]),
    )


def median(values: Iterable[float]) -> Minutes:
    """The median and, from order statistics, an interval that holds the true one with 95 %."""
    found = sorted(values)
    n = len(found)
    if not n:
        return Minutes(0.0, 0.0, 0.0, 0)
    middle = (found[(n - 1) // 2] + found[n // 2]) / 2
    # So many of the smallest may lie on one side of the true median: a binomial of one half. Of
    # five or fewer even the extremes promise less than 95 %; they are what there is.
    below = bdtr(np.arange(n // 2 + 1), n, 0.5)
    k = max(1, int((below <= (1 - _SURE) / 2).sum()))
    return Minutes(middle, found[k - 1], found[n - k], n)


def week_of(present: datetime, *, back: int = 0) -> tuple[str, str]:
    """The week, Monday to Monday in the reader's zone, that holds a moment; ISO moments in UTC.

    Args:
        present: a moment with its zone.
        back: so many weeks earlier.
    """
    midnight = present.replace(hour=0, minute=0, second=0, microsecond=0)
    monday = midnight - timedelta(days=midnight.weekday() + 7 * back)
    return iso(monday), iso(monday + timedelta(days=7))


def changes(week: Week) -> dict[str, Change]:
    """What the release that came into force last changed, by figure; empty where there is one."""
    if len(week.by_release) < 2:
        return {}
    old, new = (model.figures for model in week.by_release[-2:])
    names = ("coverage", "coverage_3", "accepted", "first_right", "misses")
    return {name: change_of(getattr(old, name), getattr(new, name)) for name in names}


def _share(rows: Sequence[Answered], holds: Callable[[Answered], bool]) -> Promise:
    return Promise.of(sum(map(holds, rows)), len(rows))


def _parts(rows: Sequence[Answered], name: Callable[[Answered], str]) -> tuple[Part, ...]:
    """The figures of each name, the one with most inquiries first."""
    found: dict[str, list[Answered]] = {}
    for row in rows:
        found.setdefault(name(row), []).append(row)
    order = sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))
    return tuple(Part(key, figures(mine)) for key, mine in order)


def _by_agent(db: Database, rows: Sequence[Answered]) -> tuple[Part, ...]:
    """The figures of each agent; where two go by one name, their logins say who is who."""
    people = {str(agent.id): agent for agent in agents.listed(db)}
    names = Counter(agent.name for agent in people.values())
    found = []
    for part in _parts(rows, lambda row: str(row.agent_id)):
        who = people[part.name]
        name = f"{who.name} ({who.login})" if names[who.name] > 1 else who.name
        found.append(replace(part, name=name))
    return tuple(found)


def _by_day(rows: Sequence[Answered], since: str, until: str, zone: tzinfo) -> tuple[Part, ...]:
    """Every day of the span, those without work too."""
    found: dict[str, list[Answered]] = {}
    day = from_iso(since).astimezone(zone)
    while day < from_iso(until):
        found[day.date().isoformat()] = []
        day += timedelta(days=1)
    for row in rows:
        moment = datetime.fromisoformat(row.answered_at)
        key = moment.astimezone(zone).date().isoformat()
        found.setdefault(key, []).append(row)
    return tuple(Part(key, figures(found[key])) for key in sorted(found))


def _by_release(db: Database, rows: Sequence[Answered], until: str) -> tuple[Model, ...]:
    found: dict[str, list[Answered]] = {}
    for row in rows:
        if row.release:
            found.setdefault(row.release, []).append(row)
    # By the last time: after a rollback the older model is what the newer one is followed by.
    sql = "SELECT release, max(at) AS since FROM publications WHERE at < ? GROUP BY release"
    since = {row["release"]: row["since"] for row in db.query(sql, [until])}
    order = sorted(found, key=lambda name: (since.get(name, ""), found[name][0].answered_at))
    return tuple(Model(name, figures(found[name]), since.get(name, "")) for name in order)


def _by_faq(db: Database, rows: Sequence[Answered]) -> tuple[FaqLine, ...]:
    """Every FAQ that was sent or suggested, the most sent first, then the most suggested."""
    sent: dict[str, int] = {}
    suggested: dict[str, int] = {}
    accepted: dict[str, int] = {}
    missed: dict[str, int] = {}
    first: dict[str, list[bool]] = {}
    likely: dict[str, list[bool]] = {}
    dismissed: dict[str, dict[str, int]] = {}
    for row in rows:
        for slug in row.sent:
            sent[slug] = sent.get(slug, 0) + 1
        for item in row.shown:
            suggested[item.slug] = suggested.get(item.slug, 0) + 1
            accepted[item.slug] = accepted.get(item.slug, 0) + (item.slug in row.sent)
            if item.outcome == "dismissed":
                reasons = dismissed.setdefault(item.slug, {})
                reasons[item.reason] = reasons.get(item.reason, 0) + 1
        if row.judged:
            for slug in row.missed:
                missed[slug] = missed.get(slug, 0) + 1
            if row.shown:
                first.setdefault(row.shown[0].slug, []).append(row.first_right)
                if row.band == "likely":
                    likely.setdefault(row.shown[0].slug, []).append(row.first_right)
    slugs = sorted(
        sent.keys() | suggested.keys(),
        key=lambda slug: (-sent.get(slug, 0), -suggested.get(slug, 0), slug),
    )
    known = faqs.named(db, slugs)
    return tuple(
        FaqLine(
            slug=slug,
            title=known[slug].title if slug in known else slug,
            sent=sent.get(slug, 0),
            suggested=suggested.get(slug, 0),
            accepted=accepted.get(slug, 0),
            missed=missed.get(slug, 0),
            first=Promise.of(sum(first.get(slug, [])), len(first.get(slug, []))),
            likely=Promise.of(sum(likely.get(slug, [])), len(likely.get(slug, []))),
            dismissed=dismissed.get(slug, {}),
        )
        for slug in slugs
    )
