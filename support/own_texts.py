"""The desk's own texts, FAQs and saved replies: what looks like a person's data is refused.

They are learned from and sent to everybody, so a customer's number has no place in them; masked,
they would say nonsense. The desk's own numbers and addresses stand in its setting `allow`.
"""

from collections.abc import Mapping
from typing import Final

from sqlite_utils import Database

from . import settings
from .errors import InputError
from .redact import MASKS, Redactor

PERSONAL: Final = "holds what looks like a person's data"  # by which pages know the error again


class OwnTexts:
    """Looks for personal data in texts that people write for the desk."""

    def __init__(self, db: Database) -> None:
        """Take the desk's numbers that are never masked."""
        self._redactor = Redactor(settings.load(db).allow)

    def refuse_personal(
        self, fields: Mapping[str, str], *, before: Mapping[str, object] | None = None
    ) -> None:
        """Refuse fields that hold personal data.

        Args:
            fields: what shall be kept, by name.
            before: what is kept by now: a field that stays as it is may.

        Raises:
            InputError: one does; names the field and the kind, not what stands there.
        """
        for name, value in fields.items():
            kinds = () if before and before.get(name) == value else self.kinds(value)
            if kinds:
                masks = ", ".join(MASKS[kind] for kind in kinds)
                raise InputError(
                    f"{name} {PERSONAL} ({masks}). Leave it out; if it is the desk's own, first "
                    f"add it to what is never masked: faqdesk settings allow=..."
                )

    def kinds(self, text: str) -> tuple[str, ...]:
        """The kinds of personal data in a text."""
        return tuple(self._redactor.redact(text).counts)

    def masked(self, text: str) -> str:
        """A text that somebody published elsewhere, without personal data."""
        return self._redactor.redact(text).text
