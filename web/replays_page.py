"""What would change with a release: replays, the inquiries that differ, two releases compared."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from support import faqs, release_data, replays, shelf
from support.errors import InputError
from support.links import LinkReader
from support.promise import Promise
from support.release import LINES
from support.replays import OUTCOMES, Replay, Shown
from support.shelf import Stored

from . import counted, jobs, model_charts, model_words, paging
from .auth import LEADS, actor, requires
from .database import db, desk
from .i18n import gettext as _
from .models_page import find, flat, live, words

bp = Blueprint("replays_page", __name__, url_prefix="/models")

FILTERS = tuple(name for name in OUTCOMES if name != "same")


@bp.post("/<name>/replay")
@requires(*LEADS)
def start(name: str) -> ResponseReturnValue:
    """Replay a release beside the one in force, in the background."""
    release = find(name)
    if release.line != "desk" or release.name == live("desk"):
        raise InputError(f"{name} cannot be replayed: only what may take the live one's place.")
    arguments = {"release": name}
    jobs.enqueue(desk().workspace, db(), actor(), "replay", arguments, alone=True)
    flash(_("The replay has begun; it goes on in the background."), "info")
    return redirect(url_for("models_page.one", name=name))


@bp.get("/<name>/differences")
@requires(*LEADS)
def differences(name: str) -> ResponseReturnValue:
    """List the inquiries on which a release and the one beside it differ."""
    release = find(name)
    played = replays.listed(db(), name)
    found = _chosen(played, request.args.get("replay", ""))
    outcome = request.args.get("outcome", "")
    if outcome and outcome not in FILTERS:
        raise InputError(f"No outcome {outcome!r}. There are: {', '.join(FILTERS)}.")
    slug = request.args.get("faq", "")
    rows: list[Shown] = []
    if found:
        rows = replays.differing(
            db(), found.id, outcome=outcome, slug=slug, **paging.window()
        )  # fmt: skip
    shown = rows[: paging.PER_PAGE]
    return render_template(
        "model_differences.html",
        release=release,
        live=live("desk"),
        replay=found,
        played=played,
        rows=shown,
        more=len(rows) > paging.PER_PAGE,
        page=paging.page(),
        outcome=outcome,
        faq=slug,
        filters=FILTERS,
        slugs=replays.slugs(db(), found.id) if found else [],
        title=_titles(shown, replays.slugs(db(), found.id) if found else []),
        replaying=any(job.live and job.kind == "replay" for job in jobs.listed(db())),
        **words(),
    )


@bp.get("/compare")
@requires(*LEADS)
def compare() -> ResponseReturnValue:
    """Show two releases of the desk side by side."""
    space = desk().workspace
    listed = shelf.listed(space, db(), line="desk")
    names = [item.name for item in listed]
    now = live("desk")
    other = next((name for name in names if name != now), now)
    chosen = (request.args.get("a", other), request.args.get("b", now or other))
    pair = tuple(next((item for item in listed if item.name == name), None) for name in chosen)
    both = [item for item in pair if item]
    rows = [item for item in (release_data.held_out(space, each) for each in both) if item]
    return render_template(
        "models_compare.html",
        listed=listed,
        chosen=chosen,
        pair=both if len(both) == 2 else [],
        table=_table(both[0], both[1]) if len(both) == 2 else [],
        settings=_settings(both[0], both[1]) if len(both) == 2 else [],
        coverage=model_charts.draw_coverage(rows) if len(rows) == len(both) == 2 else "",
        replay=_between(both) if len(both) == 2 else None,
        lines=LINES,
        **words(),
    )


def _chosen(played: list[Replay], asked: str) -> Replay | None:
    """The replay that is asked for, else the newest."""
    if paging.is_number(asked):
        return next((item for item in played if item.id == int(asked)), None) or replays.get(
            db(), int(asked)
        )
    return next(iter(played), None)


def _titles(rows: list[Shown], slugs: list[str]) -> Any:
    """A slug of then as the title of today's FAQ."""
    reader = LinkReader((), faqs.aliases(db()))
    then = {
        *slugs,
        *(slug for row in rows for slug in (row.pair.ours.slug, row.pair.theirs.slug, *row.sent)),
    }
    today = {slug: reader.canonical(slug) for slug in then}
    known = faqs.named(db(), today.values())

    def title(slug: str) -> str:
        faq = known.get(today.get(slug, slug))
        return faq.title if faq else slug

    return title


def _table(one: Stored, other: Stored) -> list[tuple[str, str, str]]:
    """What is known of both, row by row; what is not known stays empty."""
    sides = [_column(item) for item in (one, other)]
    return [(str(name), sides[0][name], sides[1][name]) for name in sides[0]]


def _column(item: Stored) -> dict[str, str]:
    data = release_data.learned(desk().workspace, item)
    judged = item.judgement.get("candidate", {})
    n, scope = item.judgement.get("n", 0), item.judgement.get("in_scope", 0)

    def measured(name: str, of: int) -> str:
        if name not in judged or not of:
            return ""
        found = Promise.of(round(judged[name] * of), of)
        return f"{counted.percent(found)} ({counted.of(found)}, {counted.interval(found)})"

    cut = item.judgement.get("cut", "")
    return {
        _("State"): str(model_words.STATES[item.state]),
        _("Made"): model_words.made(item),
        _("Inquiries"): counted.number(data.n) if data else "",
        _("FAQs"): counted.number(data.labels) if data else "",
        _("Newest inquiry"): model_words.asked(data.last) if data else "",
        _("Hash of the data"): data.data_hash[:12] if data else "",
        _("Size"): model_words.size(item),
        _("Judged on what came after"): model_words.asked(cut),
        str(model_words.METRICS["hit@1"]): measured("hit@1", scope),
        str(model_words.METRICS["hit@3"]): measured("hit@3", scope),
        str(model_words.METRICS["coverage"]): measured("coverage", n),
        str(model_words.METRICS["share_right"]): measured(
            "share_right", round(judged.get("coverage", 0) * n)
        ),
    }


def _settings(one: Stored, other: Stored) -> list[tuple[str, str, str]]:
    """The settings that differ, of the recipe and of what training chose."""
    sides = [dict(flat(item.recipe)) for item in (one, other)]
    names = sorted({*sides[0], *sides[1]})
    rows = [(name, sides[0].get(name, ""), sides[1].get(name, "")) for name in names]
    return [row for row in rows if row[1] != row[2]]


def _between(both: list[Stored]) -> Replay | None:
    """A replay of one of the two beside the other."""
    names = [item.name for item in both]
    found = replays.between(db(), *names) or replays.between(db(), *reversed(names))
    return next(iter(found), None)
