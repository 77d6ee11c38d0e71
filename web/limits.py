"""How large a request may be: an answer is text, but some pages take pictures and tables.

The limit must be known before anything reads the body, and the guard against forged forms is the
first that does.
"""

from tempfile import TemporaryFile
from typing import IO, Final

import flask
from flask import Flask, request

from .database import desk

PICTURE: Final = 33 << 20  # bytes: one picture with its form
PICTURES: Final = 64 << 20  # several of one listing
TABLE: Final = 1 << 30  # a table to label; larger ones are put into the folder of batches
TREE: Final = 16 << 20  # a tree, a mapping table, tasks to import

LARGER: Final = {
    "listings_page.add_picture": PICTURE,
    "api.categorise_listing": PICTURES,
    "api.similar_listings": PICTURES,
    "api.import_files": TABLE,
    "similar_page.ask": PICTURES,
    "batches_page.start": TABLE,
    "categories_page.import_tree": TREE,
    "categories_page.import_mapping": TREE,
    "review_page.import_tasks": TREE,
    "imports_page.receive": TABLE,
    "faqs_page.receive": TREE,
    "replies_page.receive": TREE,
}


class Request(flask.Request):
    """Writes large files that come with a form to the desk's own disk: /tmp may be memory."""

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        if LARGER.get(self.endpoint or "", 0) < TABLE:
            return super()._get_file_stream(
                total_content_length, content_type, filename, content_length
            )
        folder = desk().workspace.home / "uploads"
        folder.mkdir(parents=True, mode=0o700, exist_ok=True)
        return TemporaryFile("rb+", dir=folder)


def init_app(app: Flask) -> None:
    """Let the views that take files take them."""
    app.request_class = Request

    @app.url_value_preprocessor
    def widen(endpoint: str | None, _: dict[str, object] | None) -> None:
        limit = LARGER.get(endpoint or "")
        if limit is not None:
            request.max_content_length = limit
