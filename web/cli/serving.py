"""`faqdesk serve` and `faqdesk worker`."""

# ruff: noqa: D301 - click looks for the backspace itself, not for an escaped one

from pathlib import Path

import click

from .common import workspace

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 64))
@click.option("--cert", type=_FILE, help="PEM: the certificate, then those it was signed with.")
@click.option("--key", type=_FILE, help="PEM: the certificate's private key.")
@click.option(
    "--proxies",
    default=0,
    show_default=True,
    type=click.IntRange(0, 9),
    help="Reverse proxies before it, whose X-Forwarded-For, -Proto and -Host are believed.",
)
def serve_command(
    host: str, port: int, workers: int, cert: Path | None, key: Path | None, proxies: int
) -> None:
    """Open the console: web processes, and a worker for long jobs beside them.

    With a certificate it is served over https; how to stand behind a reverse proxy, and as a
    service, is in docs/running.md.

    \b
    Example:
      faqdesk serve --port 8080
      faqdesk serve --host 0.0.0.0 --port 8443 --cert desk.pem --key desk.key
      faqdesk serve --proxies 1
    """
    from web.serve import serve
    from web.tls import Certificate

    if (cert is None) != (key is None):
        raise click.UsageError("--cert and --key go together.")
    certificate = Certificate(cert, key) if cert and key else None
    serve(
        workspace(),
        host=host,
        port=port,
        workers=workers,
        certificate=certificate,
        proxies=proxies,
    )


@click.command("worker")
@click.option("--parent", type=int, hidden=True, help="End with this process.")
def worker_command(parent: int | None) -> None:
    """Work through the job queue; `faqdesk serve` starts one by itself.

    \b
    Example:
      faqdesk worker
    """
    from web import redis_queue
    from web.serve import work

    if parent is None:
        redis_queue.reach()
    work(workspace(), parent=parent)
