"""`faqdesk backup` and `faqdesk restore`."""

# ruff: noqa: D301 - click looks for the backspace itself, not for an escaped one

import time
from contextlib import closing
from pathlib import Path

import click

from support.workspace import Workspace

from .common import actor, json_option, print_json, progress_line, workspace

_PATH = click.Path(path_type=Path)


@click.command("backup")
@click.argument("place", required=False, type=_PATH, metavar="[FILE|FOLDER]")
@click.option("--with-key", is_flag=True, help="Put the key in too: the file then opens all.")
@click.option("--keep", type=click.IntRange(1), help="Keep this many in the folder; drop older.")
@click.option("--check", is_flag=True, help="Verify the FILE, and change nothing.")
@json_option
def backup_command(
    place: Path | None, with_key: bool, keep: int | None, check: bool, as_json: bool
) -> None:
    """Back the desk up into one file while it runs; daily by the settings backup_*.

    The file holds the database as it was at one moment, the models, indexes, pictures and tables
    that it names, and their SHA-256 sums. It goes to backups/ in the desk's folder where nothing
    is named; another disk is better.

    The key is not in it: a backup that is lost or stolen then shows nobody drafts, unsent answers,
    or the words of open inquiries. Keep a copy of the key apart from the backups. --with-key makes
    a file that needs nothing else, and that must be kept like the key itself.

    \b
    Example:
      faqdesk backup /mnt/backups --keep 14
      faqdesk backup --check /mnt/backups/faqdesk-1f0c22d9-20261122T030000Z.tar
    """
    from support import backup
    from support.bundle import Reader

    dropped: tuple[Path, ...] = ()
    if check:
        if place is None:
            raise click.UsageError("Name the file: faqdesk backup --check FILE")
        with progress_line("Checking") as tell, Reader(place) as reader:
            found = reader.manifest
            reader.check(tell=lambda done: tell(done, found.size, "sums"))
        path, size = place, place.stat().st_size
    else:
        with progress_line("Backing up") as tell:
            began = time.monotonic()
            made = backup.make(
                workspace(), actor=actor(), to=place, with_key=with_key, keep=keep or 0,
                progress=tell,
            )  # fmt: skip
        found, path, size, dropped = made.manifest, made.path, made.size, made.dropped
    told = {
        "file": str(path),
        "bytes": size,
        "made_at": found.made_at,
        "faqdesk": found.faqdesk,
        "releases": dict(found.releases),
        "files": len(found.files),
        "inquiries": found.counts.get("inquiries", 0),
        "key": found.key[:8],
        "with_key": found.has_key,
        "troubles": list(found.troubles),
        "dropped": [str(gone) for gone in dropped],
    }
    if as_json:
        print_json(told if check else told | {"seconds": round(time.monotonic() - began, 1)})
        return
    done = "is whole" if check else "written and read back"
    click.echo(f"{path}: {size:,} bytes, {len(found.files):,} files, {done}.")
    click.echo(
        f"It holds the desk of {found.made_at}: {told['inquiries']:,} inquiries, faqdesk "
        f"{found.faqdesk}, release {found.releases.get('desk', 'none')}."
    )
    where = "in it: keep the file as safe as the key" if found.has_key else "not in it: keep it too"
    click.echo(f"The key (fingerprint {found.key[:8]}) is {where}.")
    for gone in dropped:
        click.echo(f"Dropped: {gone}.")
    for trouble in found.troubles:
        click.echo(f"Amiss when it was made: {trouble}", err=True)


@click.command("restore")
@click.argument("file", required=False, type=_PATH)
@click.option("--to", type=_PATH, help="An empty folder; else the workspace's.")
@click.option("--key", type=_PATH, help="The desk's key file; it is copied beside the folder.")
@click.option("--keep-tokens", is_flag=True, help="Leave API tokens alive, revoked ones too.")
@click.option("--confirm", is_flag=True, help="This desk is the one at work: deliver answers.")
@json_option
def restore_command(
    file: Path | None,
    to: Path | None,
    key: Path | None,
    keep_tokens: bool,
    confirm: bool,
    as_json: bool,
) -> None:
    """Put a backup into an empty folder, checked before anything is in place.

    What was under way is told as interrupted. Everybody signs in anew, invitations and API tokens
    are ended: some may have been revoked since. Whoever was forgotten since is forgotten again.

    Answers that waited to be delivered may have gone out since. They wait, with those sent from
    now on, until somebody says that this is the desk at work and no trial: --confirm. Each is then
    looked for on the other side before it is sent; where nobody can look (mail), a person decides.

    \b
    Example:
      faqdesk restore faqdesk-1f0c22d9-20261122T030000Z.tar --to /srv/desk --key desk.key
      FAQDESK_HOME=/srv/desk faqdesk restore --confirm
    """
    from support import at_work, restore

    space = Workspace.locate(to) if to else workspace()
    if confirm:
        if file is not None:
            raise click.UsageError("Restore first, look at the desk, then confirm it.")
        with closing(space.database()) as db:
            needed = at_work.confirm(db, actor())
        click.echo("Answers go out." if needed else "Nothing waited for it.")
        return
    if file is None:
        raise click.UsageError("Name the backup: faqdesk restore FILE --to FOLDER")
    with progress_line("Restoring") as tell:
        done = restore.restore(
            file, space, actor=actor(), key=key, keep_tokens=keep_tokens, progress=tell
        )
    told = {
        "home": str(done.home),
        "key": str(space.key_path),
        "made_at": done.manifest.made_at,
        "steps": list(done.steps),
        "answers_held": done.held,
        "jobs_interrupted": done.interrupted,
        "tokens_revoked": done.revoked,
        "inquiries_forgotten": done.forgotten,
        "past_answers_found": done.found,
        "troubles": list(done.troubles),
    }
    if as_json:
        print_json(told)
        return
    click.echo(f"The desk of {done.manifest.made_at} is in {done.home}, its key {space.key_path}.")
    if done.steps:
        click.echo(f"Brought up to date: {', '.join(done.steps)}.")
    click.echo(
        f"Jobs interrupted: {done.interrupted}. Tokens revoked: {done.revoked}. Inquiries "
        f"forgotten again: {done.forgotten}. Everybody signs in anew."
    )
    if done.found is not None:
        click.echo(f"Asked for a past inquiry, it found {done.found} answers.")
    for trouble in done.troubles:
        click.echo(f"Amiss: {trouble}", err=True)
    click.echo(
        f"{done.held} answers wait to be delivered; they and new ones go out after: "
        f"faqdesk restore --confirm"
    )
