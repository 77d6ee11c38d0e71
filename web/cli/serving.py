"""`faqdesk serve` and `faqdesk worker`."""

# ruff: noqa: D301 - click looks for the backspace itself, not for an escaped one

import click

from .common import workspace


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 64))
def serve_command(host: str, port: int, workers: int) -> None:
    """Open the console: web processes, and a worker for long jobs beside them.

    \b
    Example:
      faqdesk serve --port 8080
    """
    from web.serve import serve

    serve(workspace(), host=host, port=port, workers=workers)


@click.command("worker")
@click.option("--parent", type=int, hidden=True, help="End with this process.")
def worker_command(parent: int | None) -> None:
    """Work through the job queue; `faqdesk serve` starts one by itself.

    \b
    Example:
      faqdesk worker
    """
    from web.serve import work

    work(workspace(), parent=parent)
