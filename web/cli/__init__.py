"""The command line. Each command parses, calls and prints; errors become exit codes here."""

import importlib
import os
import sqlite3
import sys

import click

from support.errors import FaqdeskError

from .no_pandas import read_sqlite_utils

# Where each command lives. Modules are imported only when their command is asked for, so that
# `faqdesk --help` does not wait for numpy.
COMMANDS = {
    "init": ("workspace", "Make a workspace."),
    "demo": ("demo", "Make the sample marketplace's desk."),
    "import": ("importing", "Import a helpdesk's export, mail, or a table."),
    "imports": ("imports", "List imports; take a whole one back."),
    "import-faqs": ("importing", "Import the help centre's pages."),
    "collect": ("collecting", "Collect listings and clean them."),
    "train": ("training", "Train encoder, index and FAQ classifier."),
    "index": ("training", "Build the index of past inquiries."),
    "vectors": ("vectors", "Show and fill the vector engine that is set."),
    "models": ("models", "List, publish and roll back releases; prune old ones."),
    "tune": ("tuning", "Show what another threshold would have done; set it."),
    "week": ("week", "Sum up a week: what suggestions were worth, what to do next."),
    "evaluate": ("evaluating", "Measure the FAQ classifier on held-out history."),
    "faqs": ("faqs", "Make, edit, rename and merge FAQs; take changes back."),
    "replies": ("replies", "Keep the team's saved replies; suggest them like FAQs."),
    "gaps": ("gaps", "Find what is asked again and again without an FAQ."),
    "map": ("inquiry_map", "Draw all inquiries as points, what is alike together."),
    "inquiries": ("inquiries", "List what waits and what was answered; tag and snooze."),
    "suggest": ("asking", "Suggest FAQs for a text."),
    "search": ("asking", "Find past answers to similar inquiries."),
    "label": ("labelling", "Add categories to a table of listings."),
    "moderate": ("judging", "Judge a table of listings: which break the rules."),
    "review": ("reviewing", "Fill the review queue; Label Studio's tasks, out and in."),
    "moderation": ("moderation", "Take handled reports over; judge new listings."),
    "policy": ("policies", "Choose what moderation does by itself; try it; put it in force."),
    "similar": (
        "similar_listings",
        "Find listings that show one thing; watch for returning sellers.",
    ),
    "connect": ("connecting", "Hear from a helpdesk, and answer through it; answer mail."),
    "serve": ("serving", "Open the console."),
    "serve-index": ("serving_index", "Serve the index of similar listings over gRPC."),
    "worker": ("serving", "Work through the job queue."),
    "agent": ("people", "Add agents, change passwords."),
    "token": ("people", "Make and revoke API tokens."),
    "forget": ("forgetting", "Forget a person: what they asked, and all that came of it."),
    "settings": ("workspace", "Show and change the desk's settings."),
    "audit": ("auditing", "Read who did what, when."),
    "upgrade": ("workspace", "Bring a desk of an earlier faqdesk up to date."),
    "backup": ("backing", "Back the desk up into one file while it runs; check one."),
    "restore": ("backing", "Put a backup into an empty folder."),
    "status": ("workspace", "Show what the desk holds and which release is in force."),
    "bench": ("bench", "Measure quality and speed."),
}

EPILOG = """\b
Exit codes: 0 done; 1 faqdesk refused, and said why; 2 the command line was wrong;
3 no model or workspace yet; 4 done, but some rows could not be read (label, moderate);
130 interrupted.

The workspace is ./workspace, or the folder named by FAQDESK_HOME.

\b
Example:
  faqdesk import history.csv
  faqdesk train
  faqdesk serve
"""


class LazyGroup(click.Group):
    """Knows its commands by name and loads one when it is run."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command, in the order a new desk needs them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load a command; None where there is no such one."""
        if cmd_name not in COMMANDS:
            return None
        read_sqlite_utils()
        module = importlib.import_module(f"web.cli.{COMMANDS[cmd_name][0]}")
        command: click.Command = getattr(module, cmd_name.replace("-", "_") + "_command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without loading them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, words) for name, (_, words) in COMMANDS.items()])


@click.command(cls=LazyGroup, epilog=EPILOG)
@click.version_option(package_name="faqdesk")
def faqdesk() -> None:
    """FAQ links and similar past answers beside the inquiry an agent is answering."""


def main() -> None:
    """Run the command line; turn what faqdesk refuses into a line and an exit code."""
    os.umask(0o077)  # what it writes holds customers' words: for its owner alone
    try:
        faqdesk.main(prog_name="faqdesk", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted.", err=True)
        sys.exit(130)
    except FaqdeskError as error:
        click.echo(f"faqdesk: {error}", err=True)
        sys.exit(exit_code(error))
    except sqlite3.Error as error:
        click.echo(
            f"faqdesk: The database refused: {error}. Look at the disk's space, at the folder's "
            f"rights, and for another command at work; then try again.",
            err=True,
        )
        sys.exit(1)
    except OSError as error:  # a full disk, a missing right
        click.echo(f"faqdesk: {' '.join(str(error).split())}", err=True)
        sys.exit(1)


def exit_code(error: FaqdeskError) -> int:
    """1 for a refusal, 3 where the cure is to make a model or workspace first."""
    from support.errors import ModelMissingError, WorkspaceError

    return 3 if isinstance(error, ModelMissingError | WorkspaceError) else 1
