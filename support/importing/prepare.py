"""One conversation, ready to store: HTML to text, personal data masked, FAQ links read.

Pure and picklable, so that an import can run it on every core. After this step only `original`
holds what was really written, and only open inquiries keep it, sealed.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from ..html import to_plain_text
from ..links import LinkPattern, LinkReader
from ..redact import Redactor
from ..text import normalize
from .conversation import RawConversation, RawMessage


@dataclass(slots=True)
class PreparedMessage:
    """One message, masked."""

    raw: RawMessage
    text: str
    original: str
    slugs: tuple[str, ...]  # canonical, each once
    slug_urls: tuple[str, ...]  # the link that each slug was read from


@dataclass(slots=True)
class Prepared:
    """One inquiry, masked, with its labels."""

    raw: RawConversation
    subject: str
    text: str
    messages: list[PreparedMessage]
    masked: Counter[str] = field(default_factory=Counter)

    @property
    def slugs(self) -> tuple[str, ...]:
        """The FAQs linked in public answers, in order, each once."""
        return tuple(dict.fromkeys(slug for message in self.messages for slug in message.slugs))

    @property
    def answer(self) -> PreparedMessage | None:
        """The answer to show beside the inquiry.

        The one marked as its solution, else the first that links an FAQ, else the first.
        """
        answers = [m for m in self.messages if m.raw.role == "agent" and m.raw.public]
        for message in answers:
            if self.raw.answer_source_id and message.raw.source_id == self.raw.answer_source_id:
                return message
        return next((m for m in answers if m.slugs), answers[0] if answers else None)

    @property
    def status(self) -> str:
        """As the source says, else by whether somebody answered."""
        return self.raw.status or ("answered" if self.answer else "open")


def question(subject: str, said: Iterable[tuple[str, bool, str]]) -> str:
    """What an inquiry asks: its subject, and what the customer wrote before the first answer.

    Args:
        subject: masked.
        said: role, whether it is public, and masked text of each message, in order.
    """
    first: list[str] = []
    for role, public, text in said:
        if role == "agent" and public:
            break
        if role == "customer":
            first.append(text)
    body = "\n".join(part for part in first if part)
    return f"{subject}\n{body}".strip() if not body.startswith(subject) else body


class Preparer:
    """Prepares conversations by one desk's rules."""

    def __init__(
        self,
        patterns: tuple[LinkPattern, ...],
        aliases: Mapping[str, str],
        allow: tuple[str, ...],
    ) -> None:
        """Take the desk's link patterns, FAQ aliases and never-masked numbers."""
        self._links = LinkReader(patterns, aliases)
        self._redactor = Redactor(allow)

    def prepare(self, raw: RawConversation) -> Prepared:
        """Mask a conversation and read its labels."""
        masked: Counter[str] = Counter()
        subject = self._line(normalize(raw.subject), masked)
        # People write numbers into any field.
        for name in ("category", "channel", "language"):
            setattr(raw, name, self._line(getattr(raw, name), masked))
        raw.tags = [self._line(tag, masked) for tag in raw.tags]
        raw.url = self._clean(raw.url)
        messages = [self._message(message, masked) for message in raw.messages]
        text = question(subject, ((m.raw.role, m.raw.public, m.text) for m in messages))
        if messages and subject != normalize(raw.subject):
            # The subject's own words are kept with the first message's, sealed like them.
            original = f"{normalize(raw.subject)}\n\n{messages[0].original}"
            messages[0] = replace(messages[0], original=original)
        return Prepared(raw, subject, text, messages, masked)

    def prepare_all(self, raws: list[RawConversation]) -> list[Prepared]:
        """Prepare a batch."""
        return [self.prepare(raw) for raw in raws]

    def masked(self, words: str) -> str:
        """Words about a row, such as why it was rejected, fit to be kept."""
        return self._redactor.redact(words).text

    def message(self, raw: RawMessage) -> PreparedMessage:
        """Mask one message, such as an answer about to be stored."""
        return self._message(raw, Counter())

    def _message(self, raw: RawMessage, masked: Counter[str]) -> PreparedMessage:
        plain = to_plain_text(raw.text)
        raw.author = self._line(raw.author, masked)
        raw.attachments = [
            (self._line(name, masked), self._clean(url)) for name, url in raw.attachments
        ]
        # An answer is there to be used again, with its links; a question is there to be read.
        words = plain.spelled if raw.role == "agent" else plain.text
        text = self._mask(words, masked)
        # Only an agent's public words are evidence; a customer may paste any link.
        evidence = raw.role == "agent" and raw.public
        found: dict[str, str] = {}
        for link in plain.links if evidence else ():
            slug = self._links.slug(link)
            if slug and self.masked(slug) == slug:
                found.setdefault(slug, self._links.address(slug, link))
        return PreparedMessage(raw, text, words, tuple(found), tuple(found.values()))

    def _clean(self, url: str) -> str:
        """An address; one that holds personal data leads nowhere once it is masked: none."""
        return url if self.masked(url) == url else ""

    def _line(self, text: str, masked: Counter[str]) -> str:
        """A field beside the messages: no HTML, but where that would hide personal data."""
        if "<" in text or "&" in text:
            plain = to_plain_text(text).text
            if self.masked(plain) != plain:
                text = plain
        return self._mask(text, masked)

    def _mask(self, text: str, masked: Counter[str]) -> str:
        redaction = self._redactor.redact(text)
        masked.update(redaction.counts)
        return redaction.text
