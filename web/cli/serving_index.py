"""`faqdesk serve-index`: vectors and similar listings for other processes and machines."""

# ruff: noqa: D301 - click looks for the backspace itself, not for an escaped one

import os
import signal
from contextlib import closing
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import click

from support.errors import SettingError

from .common import progress_line, workspace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from web.index_server import NamedIndex
    from web.index_services import InquiryDoor, ListingDoor


@click.command("serve-index")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8050, show_default=True, type=click.IntRange(0, 65535))
@click.option(
    "--cert",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Certificate chain, PEM: what travels is encrypted.",
)
@click.option("--key", type=click.Path(path_type=Path, dir_okay=False), help="Its key, PEM.")
@click.option(
    "--vectors",
    type=click.Path(path_type=Path, file_okay=False),
    help="Serve the vectors of this model folder alone, as `vectors`; no workspace is needed.",
)
def serve_index_command(
    host: str, port: int, cert: Path | None, key: Path | None, vectors: Path | None
) -> None:
    """Serve the desk's vectors, similar listings and past answers over gRPC.

    Callers show the token in FAQDESK_INDEX_TOKEN and name the authority of the certificate in
    FAQDESK_INDEX_CA. Without token and certificate it serves this machine alone.

    \b
    Example:
      faqdesk serve-index --port 8050
      faqdesk serve-index --host 0.0.0.0 --cert chain.pem --key key.pem
    """
    from support.grpc_index import TOKEN
    from web.index_server import Certificate, IndexServer

    if (cert is None) != (key is None):
        raise click.UsageError("Name both --cert and --key, or neither.")
    certificate = Certificate.read(cert, key) if cert and key else None
    indexes, listings, inquiries = _saved(vectors) if vectors else _desk()
    server = IndexServer(
        indexes,
        listings=listings,
        inquiries=inquiries,
        host=host,
        port=port,
        token=os.environ.get(TOKEN, ""),
        certificate=certificate,
    )

    def end(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, end)
    server.start()
    beside = ", similar listings and past answers" if listings else ""
    click.echo(f"Serving {', '.join(indexes)}{beside} on {host}:{server.port}")
    try:
        server.wait()
    except KeyboardInterrupt:
        click.echo("Stopping: calls under way are answered first.", err=True)
    finally:
        server.stop()


def _desk() -> "tuple[Mapping[str, NamedIndex], ListingDoor | None, InquiryDoor | None]":
    from web.index_desk import DeskIndexes, OwnInquiries
    from web.similar_follow import OwnListings

    space = workspace()
    listings, inquiries = OwnListings(space), OwnInquiries(space)
    indexes = DeskIndexes(listings, inquiries)
    with closing(space.database()) as db, progress_line("Reading"):
        listings.desk().similar.refresh(db)
        for found in indexes.values():  # brought up to date: nobody waits for it later
            len(found.index)
    return indexes, listings, inquiries


def _saved(
    folder: Path,
) -> "tuple[Mapping[str, NamedIndex], ListingDoor | None, InquiryDoor | None]":
    from support.artifact import read_artifact
    from support.faiss_index import FaissIndex
    from web.index_server import named

    if not folder.is_dir():
        raise SettingError(f"No folder {folder}. Name one that holds a saved vector index.")
    # The engine ends the process on a file that is not whole.
    read_artifact(folder, "index")
    index = FaissIndex.load(folder)
    return {"vectors": named(index, index.dim)}, None, None
