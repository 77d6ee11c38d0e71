"""`faqdesk policy`: policies of moderation proposed, measured, tried, put in shadow and live."""

# ruff: noqa: D301 - click looks for the backspace itself, not for an escaped one

from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from .common import actor, json_option, print_json, progress_line, workspace
from .policies_asked import asked_thresholds, asleep, ground_for, read_policy
from .policies_report import measured as measured_lines
from .policies_report import tell_ground, thresholds, unproven
from .policies_report import wanting as why_not

if TYPE_CHECKING:
    from listings.moderation.policy_store import StoredPolicy

_POLICY = click.argument("policy")
_PROBLEMS = click.option(
    "--problems",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    metavar="SHARE",
    help="The marketplace's share of problem listings, such as 0.03. "
    "Without it, as the random sample counts.",
)
_RELEASE = click.option(
    "--release", default="", help="A release of the line moderation; without it, that in force."
)
_NOTE = click.option("--note", default="", help="What the policy is for.")
_REASON = click.option("--reason", default="", help="Why, for those who look it up later.")
_THRESHOLD = "CLASS=SHARE"


@click.group("policy")
def policy_command() -> None:
    """Choose what moderation may do by itself, with bounds; try it; put it in force.

    A policy hides nothing before past decisions prove that it spares normal listings. POLICY is a
    version (p3-1f0c9a2e), its number (p3), `live` or `shadow`.

    \b
    Example:
      faqdesk policy propose --problems 0.05
      faqdesk policy backtest p1
      faqdesk policy shadow p1
      faqdesk policy live p1 --reason "two weeks in the shadow"
    """


@policy_command.command("list")
@json_option
def list_policies(as_json: bool) -> None:
    """List every policy, newest first: mode, when and by whom it was made, whether it hides.

    \b
    Example:
      faqdesk policy list --json
    """
    from listings.moderation.policy_store import mode_changes, policies

    db = workspace().database()
    found = policies(db)
    if as_json:
        changes = [asdict(change) for change in mode_changes(db)]
        print_json({"policies": [_as_dict(item) for item in found], "modes": changes})
        return
    if not found:
        click.echo("No policy yet: nothing is judged. Make one: faqdesk policy propose")
    for item in found:
        hides = "hides" if item.policy.hides else "hides nothing"
        click.echo(
            f"{item.version:13} {item.mode:7} {item.created_at[:16]}  {hides:13}  "
            f"model {item.policy.model or '-'}  {item.note}".rstrip()
        )


@policy_command.command("show")
@_POLICY
@json_option
def show_policy(policy: str, as_json: bool) -> None:
    """Show a policy: thresholds, rules, what they rest on, its backtests.

    \b
    Example:
      faqdesk policy show live
    """
    from listings.moderation.backtest import results
    from listings.moderation.policy_store import find

    db = workspace().database()
    found = find(db, policy)
    tried = results(db, found.id)
    if as_json:
        print_json(_as_dict(found) | {"backtests": tried})
        return
    click.echo(f"{found.version}: {found.mode}, made {found.created_at} by {found.created_by}")
    if found.note:
        click.echo(f"  {found.note}")
    click.echo(f"  for the model {found.policy.model or '(none)'}")
    for line in thresholds(found.policy):
        click.echo(line)
    if found.evidence.get("measured"):
        click.echo("proven when it was made")
        for line in measured_lines(found.evidence["measured"], why_not(found.evidence)):
            click.echo(f"  {line}")
    click.echo(f"tried on past decisions {len(tried)} times")


@policy_command.command("propose")
@_RELEASE
@_PROBLEMS
@_NOTE
@click.option("--dry-run", is_flag=True, help="Only say what would be proposed.")
@json_option
def propose_policy(
    release: str, problems: float | None, note: str, dry_run: bool, as_json: bool
) -> None:
    """Choose the loosest thresholds that keep the bounds, and store them as a new policy.

    They rest on listings that the model was not taught, and on decisions made since. Where too few
    of them are normal ones that chance chose, hiding stays off and it says how many are missing.

    \b
    Example:
      faqdesk policy propose --problems 0.05 --note "first one"
      faqdesk policy propose --release 20261103-081500-a1b2 --dry-run
    """
    from listings.moderation import policy_desk

    db = workspace().database()
    ground = ground_for(db, release=release, problems=problems)
    chosen = policy_desk.propose(ground, policy_desk.template(db, ground.model))
    stored = None
    if not dry_run:
        stored = policy_desk.keep_proposed(db, actor(), ground, chosen, note=note)
    evidence = chosen.evidence()
    if as_json:
        data = {"policy": chosen.policy.as_dict(), "evidence": evidence | ground.about()}
        print_json({"version": stored.version if stored else None} | data)
        return
    tell_ground(ground)
    for line in thresholds(chosen.policy):
        click.echo(line)
    for line in measured_lines(evidence["measured"], why_not(evidence)):
        click.echo(line)
    for name in ("settle", "review"):
        said = unproven(name, evidence[name])
        if said:
            click.echo(said)
    for label in chosen.classes_off:
        click.echo(f"{label} hides nothing: what it hid was too often no problem.")
    for name in chosen.categories_off:
        click.echo(f"Nothing is hidden in {name}: too many normal listings would be.")
    if stored:
        click.echo(f"Stored as {stored.version}. Try it: faqdesk policy backtest {stored.version}")


@policy_command.command("measure")
@_POLICY
@click.option("--hide", multiple=True, metavar=_THRESHOLD, help="Another threshold, or CLASS=off.")
@click.option("--settle", multiple=True, metavar=_THRESHOLD, help="Likewise, with enough reports.")
@click.option("--review", multiple=True, metavar=_THRESHOLD, help="Likewise, for people to look.")
@_RELEASE
@_PROBLEMS
@click.option("--store", is_flag=True, help="Keep it as a new policy.")
@_NOTE
@json_option
def measure_policy(
    policy: str,
    hide: tuple[str, ...],
    settle: tuple[str, ...],
    review: tuple[str, ...],
    release: str,
    problems: float | None,
    store: bool,
    note: str,
    as_json: bool,
) -> None:
    """Count what thresholds would do on past decisions, and what that proves.

    POLICY may also be a JSON file, as `faqdesk policy show --json` prints `policy`. Bounds hold
    however often you try: they are a little wider than those of a proposed policy.

    \b
    Example:
      faqdesk policy measure live --hide pro_ads=0.9 --hide animals=off
      faqdesk policy measure thresholds.json --problems 0.03 --store
    """
    from listings.moderation import policy_desk

    db = workspace().database()
    ground = ground_for(db, release=release, problems=problems)
    named = asked_thresholds(hide=hide, settle=settle, review=review)
    made = policy_desk.changed(read_policy(db, policy), named, model=ground.model)
    measured, standing = policy_desk.by_hand(ground, made)
    stored = policy_desk.keep_by_hand(db, actor(), ground, made, note=note) if store else None
    wanting = (standing.reason, standing.missing)
    if stored:  # one that would be proposed is proven as that
        wanting = why_not(stored.evidence)
    found = stored.evidence["measured"] if stored else measured.as_dict()
    if as_json:
        print_json(
            {
                "version": stored.version if stored else None,
                "policy": made.as_dict(),
                "measured": found,
                "reason": wanting[0],
                "missing": wanting[1],
            }
            | ground.about()
        )
        return
    tell_ground(ground)
    for line in (*thresholds(made), *measured_lines(found, wanting)):
        click.echo(line)
    if stored:
        click.echo(f"Stored as {stored.version}. Try it: faqdesk policy backtest {stored.version}")


@policy_command.command("backtest")
@_POLICY
@_PROBLEMS
@json_option
def backtest_policy(policy: str, problems: float | None, as_json: bool) -> None:
    """Try a policy on past decisions and set it against the live one, class by class.

    A win is a problem that more is done about, or a normal listing that is left alone; a loss is
    the other way round. A policy that hides must have been tried before it goes live. One that was
    made for a candidate is tried with the candidate: so is a model, before it is in force.

    \b
    Example:
      faqdesk policy backtest p3
    """
    from listings.moderation import policy_desk
    from listings.moderation.policy_store import find

    space = workspace()
    db = space.database()
    desk = policy_desk.PolicyDesk(space)
    found = find(db, policy)
    with progress_line("Judging past decisions") as progress:
        ground = desk.ground_of(db, found, problems=problems, progress=progress)
    result = policy_desk.keep_backtest(db, actor(), desk, ground, found)
    if as_json:
        print_json({"policy": found.version} | result.as_dict())
        return
    against = result.against or "doing nothing"
    click.echo(f"{found.version} against {against}, on {result.rows:,} past decisions")
    click.echo(f"{'':18}{'n':>7}{'hide':>7}{'review':>8}{'pass':>7}{'wins':>7}{'losses':>8}")
    for label, counts in result.classes.items():
        click.echo(
            f"  {label:16}{counts.rows:7,}{counts.hide:7,}{counts.review:8,}{counts.passed:7,}"
            f"{counts.wins:7,}{counts.losses:8,}"
        )
    click.echo(f"{result.wins:,} wins, {result.losses:,} losses")


def _mode_command(mode: str, words: str, example: str) -> Callable[..., None]:
    def change(policy: str, reason: str, as_json: bool) -> None:
        from listings.moderation.policy_store import find, set_mode

        space = workspace()
        db = space.database()
        found = set_mode(db, actor(), find(db, policy).id, mode, reason=reason)
        if as_json:
            print_json(_as_dict(found))
        else:
            click.echo(f"{found.version} is {'off' if mode == 'off' else f'in the mode {mode}'}.")
            if found.version in asleep(space, db):
                click.echo(
                    "It was made for another model than the one in force: until that is published, "
                    "it hides nothing."
                )

    change.__doc__ = f"{words}\n\n    \b\n    Example:\n      {example}\n    "
    return change


for _mode, _words, _example in (
    ("shadow", "Let a policy judge without doing anything, beside the live one.",
     "faqdesk policy shadow p3"),
    ("live", "Let a policy act; it is refused where a bound is not proven or it was not tried.",
     'faqdesk policy live p3 --reason "two weeks in the shadow"'),
    ("off", "Let a policy neither judge nor act.", "faqdesk policy off live"),
):  # fmt: skip
    policy_command.command(_mode)(
        _POLICY(_REASON(json_option(_mode_command(_mode, _words, _example))))
    )


def _as_dict(found: "StoredPolicy") -> dict[str, Any]:
    return asdict(found) | {"policy": found.policy.as_dict()}
