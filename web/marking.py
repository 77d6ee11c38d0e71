"""Words that were searched for, marked where they stand in a text."""

import re

from markupsafe import Markup, escape

MOST = 12  # words that are marked


def marked(text: str, words: str) -> Markup:
    """A text as HTML, with each of the words typed in `<mark>`, also inside longer ones."""
    wanted = sorted({word for word in words.split()[:MOST] if word}, key=len, reverse=True)
    if not wanted:
        return escape(text)
    pattern = re.compile("|".join(re.escape(word) for word in wanted), re.IGNORECASE)
    parts, end = [], 0
    for found in pattern.finditer(text):
        parts += [escape(text[end : found.start()]), Markup("<mark>%s</mark>") % found[0]]
        end = found.end()
    return Markup("").join([*parts, escape(text[end:])])
