"""What people may choose for themselves, and their browsers, in words."""

import re

from flask_babel import lazy_gettext

from .i18n import gettext as _

THEMES = {
    "system": lazy_gettext("As the system"),
    "light": lazy_gettext("Light"),
    "dark": lazy_gettext("Dark"),
}
KEYS = {
    "on": lazy_gettext("On: plain keys work outside text fields"),
    "off": lazy_gettext("Off: only together with Alt"),
}
INSERTING = {
    "link": lazy_gettext("The link alone"),
    "titled": lazy_gettext("The title with the link"),
    "text": lazy_gettext("The full text"),
}

# The first that fits counts: nearly every browser also names those that it is like.
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Whale/", "Whale"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("HeadlessChrome", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


def browser(user_agent: str) -> str:
    """What a browser says of itself, in two words; its first word where nobody knows it."""
    app = next((words for mark, words in _BROWSERS if mark in user_agent), "")
    system = next((words for mark, words in _SYSTEMS if mark in user_agent), "")
    if app and system:
        return _("%(browser)s on %(system)s", browser=app, system=system)
    first = re.match(r"[\w.-]{1,30}", user_agent)
    return app or system or (first[0] if first else _("an unknown browser"))
