"""What helpdesks call the ways in which customers come, as this desk calls them."""

from typing import Final

_WORDS: Final = {
    "email": "email", "mail": "email", "web": "web", "web form": "web",
    "web widget": "web", "web_service": "web", "webwidget": "web",
    "web_widget": "web", "widget": "web", "portal": "web", "chat": "web", "api": "app",
    "native": "app", "app": "app", "mobile_sdk": "app", "mobile": "app", "phone": "phone",
    "voice": "phone", "none": "none",
}  # fmt: skip


def channel(word: str) -> str:
    """The desk's word for a helpdesk's; one that it does not know stays, in small letters."""
    word = word.strip().lower()
    return _WORDS.get(word, word or "none")
