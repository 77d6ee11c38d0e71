"""A reply by mail, in the thread of the mail that asked.

SMTP has no way to ask whether a mail was taken that nobody answered for: such a one is not sent
again by itself.
"""

import smtplib
import ssl
import time
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final

from .clock import from_iso
from .connection_access import Access, mail_host
from .delivery import Answer, DeliveryError
from .public_net import is_public

TIMEOUT: Final = 30.0  # seconds, of one command
PATIENCE: Final = 120.0  # seconds until the mail must be handed over
MOST_REFERENCES: Final = 20  # the first and the newest are kept


class Mail:
    """Sends through one mail server."""

    def __init__(self, access: Access, *, timeout: float = TIMEOUT) -> None:
        """Take what is needed to get in."""
        self._access = access
        self._timeout = timeout

    def find(self, answer: Answer) -> str | None:
        """Nobody can be asked.

        Raises:
            DeliveryError: always.
        """
        raise DeliveryError("The mail server fell silent after it had the mail.", permanent=True,
                            maybe_out=True)  # fmt: skip

    def send(self, answer: Answer) -> str:
        """Send a mail; returns its Message-ID."""
        if answer.mail is None:
            raise DeliveryError("Nobody knows any more to whom it goes.", permanent=True)
        mail = reply(answer, sender=self._access.sender)
        edge = time.monotonic() + PATIENCE
        try:
            server = self._open()
        except (OSError, smtplib.SMTPException) as error:
            raise _before(error) from error
        try:
            try:
                _take(server.mail(_bare(self._access.sender)))
                _take(server.rcpt(_bare(answer.mail.to)))
                for copy in answer.mail.copies:  # one that is refused does not keep it from others
                    server.rcpt(_bare(copy))
                    if time.monotonic() > edge:  # whoever holds the lease must be done by its end
                        raise TimeoutError("it is too slow")
            except (OSError, smtplib.SMTPException) as error:
                raise _before(error) from error
            _hand_over(server, mail.as_bytes(policy=SMTP))
        finally:
            _leave(server)
        return str(mail["Message-ID"])

    def check(self) -> str:
        """Connect, sign in and leave."""
        try:
            server = self._open()
            try:
                _take(server.noop())
            finally:
                _leave(server)
        except (OSError, smtplib.SMTPException) as error:
            raise _before(error) from error
        return self._access.sender

    def _open(self) -> smtplib.SMTP:
        host, port = mail_host(self._access)
        secure = ssl.create_default_context()
        if self._access.tls == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                host, port, timeout=self._timeout, context=secure
            )
        else:
            server = smtplib.SMTP(host, port, timeout=self._timeout)
        try:
            self._check_peer(server, host)
            if self._access.tls == "starttls":
                server.starttls(context=secure)
            server.ehlo_or_helo_if_needed()
            if self._access.user:
                server.login(self._access.user, self._access.token)
        except BaseException:
            server.close()
            raise
        return server

    def _check_peer(self, server: smtplib.SMTP, host: str) -> None:
        """Refuse a server of a private network, whatever its name resolved to."""
        sock = server.sock
        if not self._access.private and sock is not None and not is_public(sock.getpeername()[0]):
            raise DeliveryError(
                f"{host} is not asked: it is no address of the public network.", permanent=True
            )


def reply(answer: Answer, *, sender: str) -> EmailMessage:
    """The mail that answers, with what keeps it in its thread.

    Args:
        answer: with where it goes.
        sender: from whom it comes.
    """
    assert answer.mail is not None  # noqa: S101 - looked at by the caller
    thread = answer.mail
    mail = EmailMessage()
    mail["From"] = sender
    mail["To"] = _line(thread.to)
    if thread.copies:
        mail["Cc"] = ", ".join(map(_line, thread.copies))
    mail["X-Auto-Response-Suppress"] = "OOF, AutoReply"  # nobody's machine shall answer ours
    subject = _line(thread.subject)
    mail["Subject"] = subject if subject.lower().startswith("re:") else f"Re: {subject}".strip()
    mail["Date"] = format_datetime(from_iso(answer.written_at))
    # The same at every try: whoever gets it twice can tell.
    mail["Message-ID"] = f"<faqdesk.{answer.key}@{_bare(sender).rpartition('@')[2]}>"
    if thread.message_id:
        older = [_line(name) for name in (*thread.references, thread.message_id) if name]
        if len(older) > MOST_REFERENCES:
            older = [older[0], *older[1 - MOST_REFERENCES :]]
        mail["In-Reply-To"] = _line(thread.message_id)
        mail["References"] = " ".join(dict.fromkeys(older))
    mail.set_content(answer.text)
    return mail


def _hand_over(server: smtplib.SMTP, mail: bytes) -> None:
    """The moment from which on nobody knows, until the server says so."""
    try:
        code, words = server.data(mail)
    except smtplib.SMTPDataError as error:  # refused before anything was sent
        raise _before(error) from error
    except (OSError, smtplib.SMTPException) as error:
        raise DeliveryError(
            "The mail server fell silent after it had the mail.", permanent=True, maybe_out=True
        ) from error
    _take((code, words))


def _take(said: tuple[int, bytes]) -> None:
    code, words = said
    if not 200 <= code < 300:
        text = words.decode("utf-8", "replace")[:200]
        raise DeliveryError(f"The mail server says {code} {text}.", permanent=code >= 500)


def _before(error: Exception) -> DeliveryError:
    """What went wrong before the mail was handed over: it did not go out."""
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return DeliveryError("The mail server does not take the login.", permanent=True)
    if isinstance(error, smtplib.SMTPResponseException):
        words = error.smtp_error
        text = words.decode("utf-8", "replace") if isinstance(words, bytes) else str(words)
        code = error.smtp_code
        return DeliveryError(f"The mail server says {code} {text[:200]}.", permanent=code >= 500)
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return DeliveryError(f"The mail server cannot: {error}.", permanent=True)
    return DeliveryError(f"The mail server cannot be reached: {error}.")


def _leave(server: smtplib.SMTP) -> None:
    try:
        server.quit()
    except (OSError, smtplib.SMTPException):
        server.close()


def _bare(address: str) -> str:
    """The address alone of `Name <address>`."""
    return address.rpartition("<")[2].rstrip("> ").strip()


def _line(text: str) -> str:
    return " ".join(text.split())
