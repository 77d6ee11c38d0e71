"""Which engine holds the vectors: the embedded one, or the Milvus that one setting names.

The only place that reads the setting. What a collection is called and how far it goes stands in
desk.db (`vector_collections`); who speaks to the engine is `milvus_index`.
"""

import os
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from .engine_places import check_place
from .errors import SettingError
from .milvus_collection import MilvusPlace

VECTORS: Final = "FAQDESK_VECTORS"  # faiss, http(s)://host:19530, or a path that ends in .db
TOKEN: Final = "FAQDESK_VECTORS_TOKEN"  # noqa: S105 - the name of a variable
AUTHORITY: Final = "FAQDESK_VECTORS_CA"  # a PEM file: whose certificate the engine shows
FAISS: Final = "faiss"

_CURE: Final = (
    f"Set {VECTORS}=faiss, or name a Milvus as http://localhost:19530 or https://host:19530, or a "
    f"file of milvus-lite that ends in .db."
)


def place(given: Mapping[str, str] | None = None, *, processes: bool = False) -> MilvusPlace | None:
    """Where the vectors are kept beside desk.db; None: in snapshots of the embedded engine.

    Args:
        given: variables by name; None: the environment's.
        processes: whether several processes will ask at once.

    Raises:
        SettingError: the setting says nothing that can be, or names an engine elsewhere that lets
            in whoever reaches it or is talked to in the clear; or a file where several processes
            ask; or the authority's certificate cannot be read.
    """
    given = os.environ if given is None else given
    named = given.get(VECTORS, "").strip()
    if named.lower() in ("", FAISS):
        return None
    if "://" in named:
        return _server(named, given.get(TOKEN, "").strip(), given.get(AUTHORITY, "").strip())
    if not named.endswith(".db"):
        raise SettingError(f"{VECTORS}={named} names no engine. {_CURE}")
    if processes:
        raise SettingError(
            f"{VECTORS}={named} is a file of milvus-lite, which one process opens at a time: the "
            f"console and its worker are several. Name a Milvus server (http://localhost:19530), "
            f"or set {VECTORS}=faiss."
        )
    return MilvusPlace(os.path.abspath(named))


def embedded(config: Mapping[str, Any]) -> bool:
    """Whether an index holds its vectors itself, by its `config.json`."""
    return str(config.get("engine", FAISS)) == FAISS


def _server(named: str, token: str, authority: str) -> MilvusPlace:
    parts = urlsplit(named)
    try:
        port = parts.port
    except ValueError:
        port = 0
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise SettingError(f"{VECTORS}={_bare(named)} names no engine. {_CURE}")
    if "@" in parts.netloc:
        raise SettingError(
            f"{VECTORS} may hold no password: it would stand in logs and in the desk. Put "
            f"user:password, or a token, in {TOKEN}."
        )
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise SettingError(f"{VECTORS}={_bare(named)} says more than a host and a port. {_CURE}")
    check_place(
        "The Milvus", parts.hostname, secret=bool(token), encrypted=parts.scheme == "https",
        cure=f"Name it as https://host:19530 in {VECTORS}, its token or user:password in {TOKEN}, "
        f"and its certificate's authority in {AUTHORITY} where it is not a public one.",
    )  # fmt: skip
    if authority and not os.access(authority, os.R_OK):
        raise SettingError(
            f"The authority's certificate {authority} cannot be read. Name a PEM file in "
            f"{AUTHORITY}."
        )
    return MilvusPlace(named.rstrip("/"), token=token, certificate=authority)


def _bare(named: str) -> str:
    """An address as it may be told: what stands before an @ is a secret."""
    scheme, _, rest = named.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}"
