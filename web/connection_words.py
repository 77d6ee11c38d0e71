"""What the page of connections says of each helpdesk: its fields, and where over there they are."""

from dataclasses import dataclass
from typing import Final

from flask_babel import LazyString, lazy_gettext


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the form. `secret`: what is typed is shown to nobody again."""

    name: str
    title: LazyString
    where: LazyString
    secret: bool = False
    example: str = ""


@dataclass(frozen=True, slots=True)
class Words:
    """A kind of connection: what it is called, its fields, and what to set up over there."""

    title: LazyString | str
    fields: tuple[Field, ...]
    over_there: LazyString


_TOKEN: Final = lazy_gettext("API token")

KINDS: Final[dict[str, Words]] = {
    "zendesk": Words(
        "Zendesk",
        (
            Field(
                "address", lazy_gettext("Address"),
                lazy_gettext("As it stands in the browser while you are in Zendesk."),
                example="https://example.zendesk.com",
            ),
            Field(
                "user", lazy_gettext("E-mail of the agent"),
                lazy_gettext("Under whose name the answers appear over there."),
                example="support@example.com",
            ),
            Field(
                "token", _TOKEN,
                lazy_gettext("In the Admin Center: Apps and integrations › APIs › API tokens."),
                secret=True,
            ),
            Field(
                "secret", lazy_gettext("Signing secret of the webhook"),
                lazy_gettext(
                    "Zendesk makes it with the webhook: Apps and integrations › Webhooks › your "
                    "webhook › Reveal secret. It can be put in later."
                ),
                secret=True,
            ),
        ),
        lazy_gettext(
            "In the Admin Center under Apps and integrations › Webhooks, make one with this "
            "address, POST and JSON, for the events “Ticket created” and “Comment added”. Then put "
            "its signing secret in here."
        ),
    ),
    "chatwoot": Words(
        "Chatwoot",
        (
            Field(
                "address", lazy_gettext("Address"),
                lazy_gettext("As it stands in the browser while you are in Chatwoot."),
                example="https://app.chatwoot.com",
            ),
            Field(
                "account", lazy_gettext("Number of the account"),
                lazy_gettext("The number that follows /accounts/ in the browser's address."),
                example="1",
            ),
            Field(
                "token", lazy_gettext("Access token"),
                lazy_gettext(
                    "At the bottom of the profile settings of whoever's name the answers appear "
                    "under."
                ),
                secret=True,
            ),
            Field(
                "secret", lazy_gettext("Secret of the webhook"),
                lazy_gettext(
                    "Chatwoot shows it with the webhook: Settings › Integrations › Webhooks. It "
                    "can be put in later."
                ),
                secret=True,
            ),
        ),
        lazy_gettext(
            "Under Settings › Integrations › Webhooks, add this address for the events “Message "
            "created” and “Conversation status changed”. Then put its secret in here."
        ),
    ),
    "zammad": Words(
        "Zammad",
        (
            Field(
                "address", lazy_gettext("Address"),
                lazy_gettext("As it stands in the browser while you are in Zammad."),
                example="https://example.zammad.com",
            ),
            Field(
                "token", lazy_gettext("Access token"),
                lazy_gettext(
                    "In the profile of whoever's name the answers appear under: Token Access, with "
                    "the permission ticket.agent."
                ),
                secret=True,
            ),
            Field(
                "secret", lazy_gettext("Signature token of the webhook"),
                lazy_gettext(
                    "Left empty, one is made and shown once, to be put into Zammad's webhook."
                ),
                secret=True,
            ),
        ),
        lazy_gettext(
            "Under Manage › Webhook, make one with this address and the token as its HMAC SHA1 "
            "signature token; then, under Manage › Trigger, one on “Article” that notifies it."
        ),
    ),
    "channel-talk": Words(
        lazy_gettext("Channel Talk"),
        (
            Field(
                "user", lazy_gettext("Access key"),
                lazy_gettext("Channel settings › Security and development › API key management."),
            ),
            Field(
                "token", lazy_gettext("Access secret"),
                lazy_gettext("Shown beside the access key when it is made."),
                secret=True,
            ),
            Field(
                "sender", lazy_gettext("Name of the bot"),
                lazy_gettext("Under this name the answers appear in the chat."),
            ),
            Field(
                "secret", lazy_gettext("Token in the webhook's address"),
                lazy_gettext("Left empty, one is made, and stands in the address that is shown."),
                secret=True,
            ),
        ),
        lazy_gettext(
            "Under Channel settings › Security and development › Webhook, add this address, its "
            "token with it, for messages and user chats."
        ),
    ),
    "smtp": Words(
        lazy_gettext("Mail"),
        (
            Field(
                "address", lazy_gettext("Mail server"),
                lazy_gettext("The server that takes outgoing mail, and its port."),
                example="smtp.example.com:587",
            ),
            Field(
                "user", lazy_gettext("Login"),
                lazy_gettext("Empty where the server asks for none."),
            ),
            Field(
                "token", lazy_gettext("Password"),
                lazy_gettext("Of this login; with many providers one made for programs alone."),
                secret=True,
            ),
            Field(
                "sender", lazy_gettext("From"),
                lazy_gettext("The address that customers write to; answers come from it."),
                example="Help <help@example.com>",
            ),
        ),
        lazy_gettext(
            "Mails come in by a pipe of the mail server or a fetcher: each is handed to "
            "`faqdesk connect mail`, bounces too."
        ),
    ),
}  # fmt: skip
