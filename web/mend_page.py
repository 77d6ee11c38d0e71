"""What wants mending among the FAQs: each finding with its evidence, and what can be done."""

from collections.abc import Sequence
from typing import Any, Final

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from support import faq_findings, faqs, settings
from support.database import scalar
from support.errors import InputError, ModelError, NotFoundError
from support.faq_findings import KINDS, Finding
from support.inquiries import past_answers
from support.links import LinkReader

from . import job_beside, wording
from .auth import ADMINS, LEADS, actor, me, own_path, requires
from .database import db, desk
from .faqs_page import said
from .i18n import gettext as _
from .jobs import Job
from .paging import page

bp = Blueprint("mend_page", __name__, url_prefix="/faqs/to-mend")

JOBS: Final = ("links", "pairs")  # that find what is shown here
PER_PAGE: Final = 20
PAIRS: Final = 3  # pairs of inquiries shown of two FAQs that may be one
SETTINGS: Final = "settings_page.show"


@bp.get("")
@requires(*LEADS)
def show() -> ResponseReturnValue:
    """List what wants mending, kind by kind."""
    kind, aside = request.args.get("kind", ""), bool(request.args.get("aside"))
    if kind and kind not in KINDS:
        raise InputError(f"No kind {kind[:20]!r} of findings. There are: {', '.join(KINDS)}.")
    every = faq_findings.findings(db(), known=_known(), every=True)
    found = [item for item in every if bool(item.set_aside) == aside]
    counts = {name: sum(item.kind == name for item in found) for name in KINDS}
    asked = [item for item in found if not kind or item.kind == kind]
    start = (page() - 1) * PER_PAGE
    shown = asked[start : start + PER_PAGE]
    return render_template(
        "to_mend.html",
        findings=shown,
        known={faq.slug: faq for faq in faqs.every(db())},
        answers=_evidence(shown),
        leads_to=_leads_to(shown),
        counts=counts,
        total=len(found),
        set_aside=sum(bool(item.set_aside) for item in every),
        kind=kind,
        aside=aside,
        page=page(),
        more=len(asked) > start + PER_PAGE,
        job=_running(),
        every_days=settings.load(db()).link_check_days,
        checked_at=scalar(db(), "SELECT max(checked_at) FROM faq_link_checks"),
        settings_page=SETTINGS if SETTINGS in current_app.view_functions else "",
        admin=me().role in ADMINS,
        complaints=wording.DISMISSALS,
        pairs=PAIRS,
        **said(),
    )


@bp.post("/look")
@requires(*LEADS)
def look() -> ResponseReturnValue:
    """Look again, in the background: at links, or for FAQs that say one thing."""
    kind = request.form.get("kind", "")
    if kind not in JOBS:
        raise InputError(f"No job {kind[:20]!r} is started here, only {', '.join(JOBS)}.")
    job_beside.begin(kind)
    return redirect(url_for(".show"))


@bp.post("/set-aside")
@requires(*LEADS)
def set_aside() -> ResponseReturnValue:
    """Leave a finding as it is."""
    form = request.form
    subject, reason = form.get("subject", ""), form.get("reason", "")[:300]
    if not subject:
        raise InputError("Say which finding is set aside.")
    faq_findings.set_aside(db(), actor(), form.get("kind", ""), subject, reason=reason)
    flash(_("Set aside. It stands under “Set aside” and can be brought back."), "info")
    return redirect(_here())


@bp.post("/bring-back")
@requires(*LEADS)
def bring_back() -> ResponseReturnValue:
    """Show a finding again."""
    try:
        faq_findings.bring_back(
            db(), actor(), request.form.get("kind", ""), request.form.get("subject", "")
        )
    except NotFoundError:  # in another window
        return redirect(_here())
    flash(_("It is back."), "info")
    return redirect(_here())


def _known() -> Sequence[str] | None:
    """The labels of the classifier in force, where there is one."""
    try:
        classifier = desk().recommender.models().classifier
    except ModelError:
        return None
    return None if classifier is None else classifier.labels


def _evidence(findings: Sequence[Finding]) -> dict[int, Any]:
    """The past answers that findings rest on."""
    ids: list[int] = []
    for item in findings:
        if item.kind == "interchangeable":
            for pair in item.evidence["examples"][:PAIRS]:
                ids += [pair["a"], pair["b"]]
        elif item.kind == "text_changed":
            ids += item.evidence["quoting"][:PAIRS]
    return past_answers(db(), ids)


def _leads_to(findings: Sequence[Finding]) -> dict[str, str]:
    """The FAQ whose page the page of another leads to, under that one's name."""
    reader = LinkReader(settings.load(db()).link_patterns, faqs.aliases(db()))
    found = {}
    for item in findings:
        if item.kind == "link_moved":
            slug = reader.slug(item.evidence["target"])
            if slug and slug != item.slugs[0]:
                found[item.slugs[0]] = slug
    return found


def _running() -> Job | None:
    """The job to show: one that runs, else the newest."""
    found = [job for job in map(job_beside.latest, JOBS) if job is not None]
    found.sort(key=lambda job: (job.live, job.id))
    return found[-1] if found else None


def _here() -> str:
    return own_path(request.form.get("next", "")) or url_for(".show")
