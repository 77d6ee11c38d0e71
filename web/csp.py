"""The policy by which a browser guards our pages: nothing from elsewhere, no frame of others."""

from collections.abc import Iterable
from typing import Final

_FRAMED: Final = "frame-ancestors"

CSP: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    f"{_FRAMED} 'none'"
)


def framed_by(policy: str, origins: Iterable[str]) -> str:
    """The same policy for a page that these origins, and no others, may hold in a frame."""
    return policy.replace(f"{_FRAMED} 'none'", f"{_FRAMED} {' '.join(origins)}")


def may_be_framed(policy: str) -> bool:
    """Whether a policy lets anybody hold the page in a frame."""
    return f"{_FRAMED} 'none'" not in policy
