"""Which helpdesks may hold our page: read as a browser writes origins, and nothing looser."""

import pytest

from support import parents, settings
from support.audit import Actor
from support.errors import SettingError


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("https://acme.zendesk.com", {"https://acme.zendesk.com": ""}),
        (" https://Acme.Zendesk.com:443/ ", {"https://acme.zendesk.com": ""}),
        ("http://localhost:3000=chat", {"http://localhost:3000": "chat"}),
        ("http://10.0.0.7:80 = old.chatwoot", {"http://10.0.0.7": "old.chatwoot"}),
    ],
)
def test_an_origin_is_read_as_a_browser_writes_it(line, found):
    assert parents.read([line]) == found


@pytest.mark.parametrize(
    "line",
    [
        *("acme.zendesk.com", "https://", "https://*.zendesk.com", "*", "'self'", "ftp://host"),
        *(
            "https://host/path",
            "https://host?q",
            "https://me@host",
            "https://host:x",
            "https://a b",
        ),
        *(
            "https://a b",
            "https://host; script-src *",
            "https://host=",
            "https://host=a b",
            "https://ho\nst",
        ),
        *("https://[::1", "javascript:alert(1)", "data:", "null", "https://host#x"),
    ],
)
def test_what_is_no_origin_is_refused_and_named(line):
    with pytest.raises(SettingError, match="embed_parents"):
        parents.read([line])


def test_the_setting_refuses_what_is_no_origin(db):
    with pytest.raises(SettingError):
        settings.change(db, Actor("cli:test"), embed_parents="*.zendesk.com")
    kept = settings.change(
        db, Actor("cli:test"), embed_parents="https://a.example,https://b.example=b"
    )
    assert kept.embed_parents == ("https://a.example", "https://b.example=b")
