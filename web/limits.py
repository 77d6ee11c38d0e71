"""How large a request may be: an answer is text, but some pages take pictures and tables.

The limit must be known before anything reads the body, and the guard against forged forms is the
first that does.
"""

from typing import Final

from flask import Flask, request

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
    "faqs_page.receive": TREE,
    "replies_page.receive": TREE,
}


def init_app(app: Flask) -> None:
    """Let the views that take files take them."""

    @app.url_value_preprocessor
    def widen(endpoint: str | None, _: dict[str, object] | None) -> None:
        limit = LARGER.get(endpoint or "")
        if limit is not None:
            request.max_content_length = limit
