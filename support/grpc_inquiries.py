"""Past answers that an index server finds: numbers travel back, their words are read here.

What leaves is the masked text, its vector, and what must be the same on both sides; nobody's words
come back.
"""

from dataclasses import replace
from typing import Any, Final

from sqlite_utils import Database

from . import index_pb2 as messages
from .database import scalar
from .encoder import SentenceEncoder
from .errors import IndexServerError, OtherVersionError
from .grpc_index import INQUIRIES, IndexChannel, to_bytes
from .inquiries import past_answers
from .similar import READ, LookBack

_MOST_SCORE: Final = 1.01  # 1, but for rounding
BY_MEANING: Final = 1.0  # the share of meaning where an index is of before words were indexed


class RemoteInquiries:
    """Looks back through an index server; each call may come from any thread."""

    def __init__(self, channel: IndexChannel, encoder: SentenceEncoder, mix: float | None) -> None:
        """Take a connection, the encoder in force here, and the share of meaning in scores."""
        self._channel = channel
        self.encoder = encoder
        self._mix = mix

    def look_back(
        self,
        db: Database,
        text: str,
        *,
        top_k: int = 5,
        neighbours_k: int | None = None,
        without: int | None = None,
    ) -> LookBack:
        """As `SimilarInquiries.look_back`.

        Raises:
            EmptyTextError: the text is blank.
            OtherVersionError: the server is of another desk, or has another encoder in force.
            IndexServerError: it is away, too slow, refuses, or answers what cannot be.
        """
        text = text[:READ]
        vector = self.encoder.encode([text])
        mine = version(db, self.encoder.version, self._mix)
        request = messages.PastByTextRequest(
            text=text,
            vector=to_bytes(vector),
            without=without,
            options=messages.PastOptions(top_k=top_k, neighbours_k=neighbours_k, version=mine),
        )
        try:
            found = self._channel.call(f"{INQUIRIES}/ByText", request, messages.PastMatches)
        except ValueError as error:  # what is asked was made here: nobody who asks can mend it
            raise IndexServerError(
                f"The index server {self._channel.target} does not take what it is asked: {error}"
            ) from error
        if found.version != mine:
            raise OtherVersionError(
                f"The index server {self._channel.target} searches {_named(found.version)}; here "
                f"it is {_named(mine)}. Give it the same workspace, and let it follow."
            )
        _check(self._channel.target, found, top_k, neighbours_k or 0)
        past = past_answers(db, [match.inquiry_id for match in found.similar])
        similar = [
            replace(
                past[match.inquiry_id],
                score=match.score,
                count=1 + len(match.alike),
                alike=tuple(match.alike),
            )
            for match in found.similar
            if match.inquiry_id in past  # taken away since the server looked
        ]
        if neighbours_k is None or found.by_words:
            return LookBack(vector, similar, None, by_words=found.by_words)
        heard = [(tuple(near.labels), near.score) for near in found.neighbours]
        return LookBack(vector, similar, heard, tuple(near.inquiry_id for near in found.neighbours))


def version(db: Database, encoder: str, mix: float | None) -> Any:
    """What both sides must have in common, as it travels."""
    return messages.Version(
        desk=scalar(db, "SELECT fingerprint FROM key_mark") or "",
        encoder=encoder,
        mix=BY_MEANING if mix is None else mix,
    )


def _check(target: str, found: Any, top_k: int, neighbours_k: int) -> None:
    """Refuse an answer that no index gives: too much of it, or scores that are none."""
    scores = [match.score for match in (*found.similar, *found.neighbours)]
    if (
        len(found.similar) > top_k
        or len(found.neighbours) > neighbours_k
        or not all(-_MOST_SCORE <= score <= _MOST_SCORE for score in scores)  # nor NaN
    ):
        raise IndexServerError(f"The index server {target} answers what cannot be.")


def _named(version: Any) -> str:
    return f"desk {version.desk[:8]}, encoder {version.encoder[:12]}, mix {version.mix:g}"
