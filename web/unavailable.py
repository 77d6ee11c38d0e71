"""The page of a desk that cannot answer right now: it asks the database nothing."""

from flask import Response, current_app, g, make_response, request, session

from support.agents import LANGUAGES


def speak() -> None:
    """Speak as the browser or the page's script asks: who it is would be asked of the database."""
    if "language" not in g:
        best = request.accept_languages.best_match(LANGUAGES, default="ko")
        chosen = session.get("language")
        g.language = chosen if chosen in LANGUAGES else best


def page(*, title: object, words: object, typed: str, seconds: int) -> Response:
    """What is wrong and what was typed, as 503; a page that was only looked at loads itself anew.

    Args:
        title: in the reader's language.
        words: why, likewise.
        typed: what stood in the form, to be copied.
        seconds: after which it is worth to come again.
    """
    # Not by `render_template`, whose context looks up who asks.
    shown = current_app.jinja_env.get_template("unavailable.html").render(
        title=title, words=words, typed=typed, seconds=seconds, reload=request.method == "GET"
    )
    response = make_response(shown, 503)
    response.headers["Retry-After"] = str(seconds)
    return response
