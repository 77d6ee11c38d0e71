"""`faqdesk bench load`: how a desk holds a busy hour, and where it breaks."""

# ruff: noqa: D301 - click looks for the backspace itself, not for an escaped one

from pathlib import Path

import click
from sqlite_utils import Database

from support import connections
from support.audit import Actor
from support.connection_access import Access
from support.errors import FaqdeskError
from support.workspace import Workspace

from .common import json_option, print_json, progress_line

_ACTOR = Actor("cli:bench")


@click.command("load")
@click.option(
    "--agents", default=200, show_default=True, type=click.IntRange(1, 2_000), help="People."
)
@click.option(
    "--minutes", default=10.0, show_default=True, type=click.FloatRange(0.05), help="How long."
)
@click.option(
    "--rate-times",
    default=1.0,
    show_default=True,
    type=click.FloatRange(0.01),
    help="So many times what a busy hour asks.",
)
@click.option(
    "--inquiries", default=10_000, show_default=True, type=click.IntRange(1), help="Answered ones."
)
@click.option("--quiet", is_flag=True, help="Without what an operator does in the middle.")
@click.option("--p99", type=click.FloatRange(0), help="Milliseconds; the run fails beyond.")
@click.option(
    "--errors",
    default=0,
    show_default=True,
    type=click.IntRange(0),
    help="Requests that may go wrong; the run fails beyond.",
)
@click.option(
    "--let-go",
    type=click.IntRange(0),
    help="Requests that may be answered with 429 or 503; without it any, as long as they say when "
    "to come again.",
)
@click.option("--seed", default=0, show_default=True, help="Of what is asked, and when.")
@click.option(
    "--desk",
    type=click.Path(path_type=Path, file_okay=False),
    help="Keep the desk in this folder, and take the one that is there; else it is thrown away.",
)
@json_option
def load(
    agents: int,
    minutes: float,
    rate_times: float,
    inquiries: int,
    quiet: bool,
    p99: float | None,
    errors: int,
    let_go: int | None,
    seed: int,
    desk: Path | None,
    as_json: bool,
) -> None:
    """Load a desk with agents, programs and webhooks in an open loop; exit 1 beyond a limit.

    Each agent answers thirty inquiries an hour, and asks for all that goes with it: some 550
    requests. Moments are drawn beforehand; an answer's time counts from the moment its request
    should have started. In the middle the index is swapped, a release published and taken back, and
    the server ended by SIGTERM and started anew. At the end every answer that was acknowledged is
    looked for in the database.

    \b
    Example:
      faqdesk bench load --p99 500 --let-go 0
      faqdesk bench load --minutes 1 --rate-times 3 --quiet --json
    """
    from train.bench_load import Plan, bench_load

    from .bench_sample import sample_desk

    plan = Plan(
        inquiries=inquiries,
        agents=agents,
        minutes=minutes,
        times=rate_times,
        events=not quiet,
        seed=seed,
    )
    with progress_line("Load") as progress:
        found = bench_load(sample_desk, doors, plan, keep=desk, progress=progress)
    if as_json:
        print_json(found.as_dict())
    else:
        click.echo(found.table())
    if broken := found.broken(p99=p99, errors=errors, let_go=let_go):
        raise FaqdeskError(" ".join(broken))


def doors(space: Workspace, db: Database) -> tuple[str, str]:
    """Let a program and a helpdesk in: its token, and the secret that webhooks are signed with."""
    from web import tokens

    _, token = tokens.create(
        db, _ACTOR, name="load", scopes=("suggest", "search", "inquiries"),
        per_minute=tokens.MOST_PER_MINUTE,
    )  # fmt: skip
    secret = "only for the benchmark"  # noqa: S105 - the desk is thrown away
    access = Access(secret=secret)
    connections.connect(
        db, space.seal(), _ACTOR, name="zammad", kind="zammad", access=access, delivers=False
    )
    return token, secret
