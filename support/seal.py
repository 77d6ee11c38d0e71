"""Seals the words of open inquiries, and turns a customer's id into a keyed hash.

One random key a desk, in a file of its own with mode 0600. Whoever has the database but not the
key can read neither drafts nor originals, nor test whether a given customer is in it.
"""

import base64
import hashlib
import hmac
import os
import secrets
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from .errors import WorkspaceError
from .whole_files import whole_file

KEY_BYTES = 32


class Seal:
    """Encrypts, decrypts and hashes with keys derived from one secret."""

    def __init__(self, secret: bytes) -> None:
        """Take a secret of `KEY_BYTES` random bytes."""
        self._fernet = Fernet(base64.urlsafe_b64encode(_derive(secret, b"seal")))
        self._hash_key = _derive(secret, b"customer")
        self._trail_key = _derive(secret, b"audit trail")
        self.session_secret = _derive(secret, b"session").hex()

    @classmethod
    def create(cls, path: Path) -> "Seal":
        """Make a key file where there is none, readable by its owner alone, and load it."""
        try:
            if not path.exists():
                with whole_file(path, mode=0o600, replaces=False) as file:
                    secret = base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()
                    file.write_text(f"{secret}\n", encoding="ascii")
        except FileExistsError:  # another process was first
            pass
        except OSError as error:
            raise WorkspaceError(f"Cannot write the key file {path}: {error.strerror}.") from error
        return cls.load(path)

    @classmethod
    def load(cls, path: Path) -> "Seal":
        """Read a key file.

        Raises:
            WorkspaceError: it is missing, unreadable or damaged, or others may read it.
        """
        try:
            about = path.stat()
            secret = base64.b64decode(path.read_text(encoding="ascii"), validate=False)
        except (OSError, ValueError) as error:
            raise WorkspaceError(
                f"Cannot read the key file {path}. Put the desk's key there, or name it with "
                f"FAQDESK_KEY_FILE; without it drafts and open inquiries cannot be opened."
            ) from error
        rights, ours = about.st_mode & 0o777, about.st_uid == os.geteuid()
        # What hands secrets over to a service (systemd, Kubernetes) keeps the file for itself and
        # lets the service's group read it.
        if rights & (0o077 if ours else 0o037):
            cure = (
                f"Close it: chmod 600 {path}"
                if ours
                else "It is another user's, who may let this one's group read it: mode 0440."
            )
            raise WorkspaceError(
                f"The key file {path} is open to others of this machine (mode {rights:04o}). {cure}"
            )
        if len(secret) != KEY_BYTES:
            raise WorkspaceError(
                f"The key file {path} holds {len(secret)} bytes, not {KEY_BYTES}: it is damaged. "
                f"Restore it from where you keep it."
            )
        return cls(secret)

    def close_up(self, text: str) -> bytes:
        """Encrypt a text."""
        return self._fernet.encrypt(text.encode())

    def open_up(self, sealed: bytes) -> str:
        """Decrypt what `close_up` made.

        Raises:
            WorkspaceError: it was sealed with another key, or was changed.
        """
        try:
            return self._fernet.decrypt(sealed).decode()
        except InvalidToken as error:
            raise WorkspaceError(
                "A sealed text does not open with this desk's key: the key file is another desk's."
            ) from error

    def fingerprint(self, words: str) -> str:
        """A keyed hash: the same words give the same one, and nobody without the key can guess."""
        message = words.encode("utf-8", "replace")
        return hmac.new(self._hash_key, message, hashlib.sha256).hexdigest()[:32]

    def link(self, words: str) -> str:
        """The keyed hash of an act in the audit trail, which holds that of the act before it."""
        message = words.encode("utf-8", "surrogatepass")
        return hmac.digest(self._trail_key, message, "sha256").hex()

    def customer(self, source: str, customer_id: str) -> str:
        """The keyed hash under which a customer is stored; empty for an unknown one."""
        if not customer_id:
            return ""
        return self.fingerprint(f"{source}\0{customer_id}")


def _derive(secret: bytes, purpose: bytes) -> bytes:
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=b"faqdesk " + purpose).derive(secret)
