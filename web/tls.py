"""The certificate that the console is served with: looked at before anything is started."""

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.errors import InputError


@dataclass(frozen=True, slots=True)
class Certificate:
    """Two PEM files: the chain, the server's own certificate first, and its private key."""

    chain: Path
    key: Path

    def options(self) -> dict[str, Any]:
        """Gunicorn's settings for it.

        Raises:
            InputError: a file cannot be read, or the key is not that of the certificate.
        """
        try:
            ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(
                self.chain, self.key, password=lambda: b""
            )
        except OSError as error:  # an SSLError is one too
            why = error.strerror or str(error)
            raise InputError(
                f"Cannot serve with {self.chain} and {self.key}: {why}. Both are PEM, the key "
                f"without a password and that of the first certificate."
            ) from error
        return {"certfile": str(self.chain), "keyfile": str(self.key)}
