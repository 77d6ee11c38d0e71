"""The certificate that an index server shows."""

import ssl
from dataclasses import dataclass
from pathlib import Path

from support.errors import SettingError


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate and its key, PEM; callers know whom they talk to, and nobody listens in."""

    chain: bytes
    key: bytes

    @classmethod
    def read(cls, chain: Path, key: Path) -> "Certificate":
        """Read both files.

        Raises:
            SettingError: a file is missing, or they do not belong together.
        """
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(chain, key)
            return cls(chain.read_bytes(), key.read_bytes())
        except (OSError, ValueError) as error:  # an SSLError is an OSError
            raise SettingError(
                f"The certificate {chain} and the key {key} cannot be used ({error}). "
                f"Name two PEM files that belong together: --cert CHAIN --key KEY"
            ) from error
