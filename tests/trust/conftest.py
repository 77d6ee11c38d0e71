"""The desk of `tests/web`, here too: its people, its history, its stub of a recommender."""

from tests.web.conftest import (  # noqa: F401 - fixtures
    _compiled_once,
    app,
    browser,
    chromium,
    context,
    db,
    guarded_app,
    model_desk,
    recommender,
    sign_in,
    space,
)
