"""A private app for Zendesk, as a zip that an admin uploads there: our sidebar beside each ticket.

Its page is ours, so that nothing of it lies with Zendesk: the manifest names our address, as
Zendesk describes for apps whose pages come from a server, and the package holds what every app has
to: manifest.json, two pictures, and the words under which it is listed.
"""

import io
import json
import zipfile
from importlib.metadata import version
from importlib.resources import files
from typing import Any, Final
from urllib.parse import urlsplit

FRAMEWORK: Final = "2.0"
LOGOS: Final = ("logo.png", "logo-small.png")  # 320 and 128 pixels, in static/zendesk
_MADE_AT: Final = (2026, 1, 1, 0, 0, 0)  # the same desk, the same bytes
_LONGEST: Final = 200

WORDS: Final = {
    "en": (
        "What fits a ticket, from your own desk",
        "FAQ links and earlier answers that fit the ticket, each with how often such a suggestion "
        "was right.",
        "An admin of the desk allows this Zendesk under Desk, Connections, Sidebar. Agents press "
        "Connect in the sidebar once a day.",
    ),
    "ko": (
        "티켓에 맞는 답변을 우리 데스크에서",
        "티켓에 맞는 FAQ 링크와 지난 답변을, 그런 제안이 얼마나 자주 맞았는지와 함께 보여 줘요.",
        "데스크 관리자가 데스크 › 연결 › 사이드바에서 이 Zendesk를 허용해요. 상담원은 하루에 한 번 "
        "사이드바에서 연결을 눌러요.",
    ),
}


def package(address: str, *, desk_name: str, email: str = "") -> bytes:
    """The zip.

    Args:
        address: of the sidebar's page, https.
        desk_name: under which agents know the desk.
        email: whom to write to about the app, which Zendesk asks for; empty: somebody at the desk.
    """
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as packed:
        _put(packed, "manifest.json", _json(manifest(address, desk_name=desk_name, email=email)))
        for language in WORDS:
            _put(packed, f"translations/{language}.json", _json(_words(language, desk_name)))
        for name in LOGOS:
            _put(packed, f"assets/{name}", (files("web") / "static/zendesk" / name).read_bytes())
    return body.getvalue()


def manifest(address: str, *, desk_name: str, email: str = "") -> dict[str, Any]:
    """What the app is, and where its page stands."""
    parts = urlsplit(address)
    return {
        "name": desk_name,
        "author": {
            "name": desk_name,
            "email": " ".join(email.split())[:_LONGEST] or somebody_at(address),
            "url": f"{parts.scheme}://{parts.netloc}",
        },
        "defaultLocale": "en",
        "private": True,
        "singleInstall": True,
        "location": {"support": {"ticket_sidebar": {"url": address, "flexible": True}}},
        "version": version("faqdesk"),
        "frameworkVersion": FRAMEWORK,
    }


def somebody_at(address: str) -> str:
    """An e-mail address at the desk's own host."""
    return f"support@{urlsplit(address).hostname}"


def _words(language: str, desk_name: str) -> dict[str, Any]:
    short, long, steps = WORDS[language]
    return {
        "app": {
            "name": desk_name,
            "short_description": short,
            "long_description": long,
            "installation_instructions": steps,
        }
    }


def _put(packed: zipfile.ZipFile, name: str, body: bytes) -> None:
    about = zipfile.ZipInfo(name, _MADE_AT)
    about.compress_type = zipfile.ZIP_DEFLATED
    about.external_attr = 0o644 << 16
    packed.writestr(about, body)


def _json(value: object) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode()
