from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class IndexName(_message.Message):
    __slots__ = ("index",)
    INDEX_FIELD_NUMBER: _ClassVar[int]
    index: str
    def __init__(self, index: _Optional[str] = ...) -> None: ...

class IndexDescription(_message.Message):
    __slots__ = ("dim", "count")
    DIM_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    dim: int
    count: int
    def __init__(self, dim: _Optional[int] = ..., count: _Optional[int] = ...) -> None: ...

class Done(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class AddRequest(_message.Message):
    __slots__ = ("index", "ids", "vectors")
    INDEX_FIELD_NUMBER: _ClassVar[int]
    IDS_FIELD_NUMBER: _ClassVar[int]
    VECTORS_FIELD_NUMBER: _ClassVar[int]
    index: str
    ids: bytes
    vectors: bytes
    def __init__(self, index: _Optional[str] = ..., ids: _Optional[bytes] = ..., vectors: _Optional[bytes] = ...) -> None: ...

class RemoveRequest(_message.Message):
    __slots__ = ("index", "ids")
    INDEX_FIELD_NUMBER: _ClassVar[int]
    IDS_FIELD_NUMBER: _ClassVar[int]
    index: str
    ids: bytes
    def __init__(self, index: _Optional[str] = ..., ids: _Optional[bytes] = ...) -> None: ...

class SearchRequest(_message.Message):
    __slots__ = ("index", "vectors", "top_k", "limited", "allow")
    INDEX_FIELD_NUMBER: _ClassVar[int]
    VECTORS_FIELD_NUMBER: _ClassVar[int]
    TOP_K_FIELD_NUMBER: _ClassVar[int]
    LIMITED_FIELD_NUMBER: _ClassVar[int]
    ALLOW_FIELD_NUMBER: _ClassVar[int]
    index: str
    vectors: bytes
    top_k: int
    limited: bool
    allow: bytes
    def __init__(self, index: _Optional[str] = ..., vectors: _Optional[bytes] = ..., top_k: _Optional[int] = ..., limited: _Optional[bool] = ..., allow: _Optional[bytes] = ...) -> None: ...

class SearchResponse(_message.Message):
    __slots__ = ("ids", "scores")
    IDS_FIELD_NUMBER: _ClassVar[int]
    SCORES_FIELD_NUMBER: _ClassVar[int]
    ids: bytes
    scores: bytes
    def __init__(self, ids: _Optional[bytes] = ..., scores: _Optional[bytes] = ...) -> None: ...

class FetchRequest(_message.Message):
    __slots__ = ("index", "ids")
    INDEX_FIELD_NUMBER: _ClassVar[int]
    IDS_FIELD_NUMBER: _ClassVar[int]
    index: str
    ids: bytes
    def __init__(self, index: _Optional[str] = ..., ids: _Optional[bytes] = ...) -> None: ...

class FetchResponse(_message.Message):
    __slots__ = ("vectors",)
    VECTORS_FIELD_NUMBER: _ClassVar[int]
    vectors: bytes
    def __init__(self, vectors: _Optional[bytes] = ...) -> None: ...

class FilePart(_message.Message):
    __slots__ = ("name", "data")
    NAME_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    name: str
    data: bytes
    def __init__(self, name: _Optional[str] = ..., data: _Optional[bytes] = ...) -> None: ...

class Options(_message.Message):
    __slots__ = ("top_k", "ways", "at_least")
    TOP_K_FIELD_NUMBER: _ClassVar[int]
    WAYS_FIELD_NUMBER: _ClassVar[int]
    AT_LEAST_FIELD_NUMBER: _ClassVar[int]
    top_k: int
    ways: _containers.RepeatedScalarFieldContainer[str]
    at_least: float
    def __init__(self, top_k: _Optional[int] = ..., ways: _Optional[_Iterable[str]] = ..., at_least: _Optional[float] = ...) -> None: ...

class ByListingRequest(_message.Message):
    __slots__ = ("listing_id", "options")
    LISTING_ID_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    listing_id: int
    options: Options
    def __init__(self, listing_id: _Optional[int] = ..., options: _Optional[_Union[Options, _Mapping]] = ...) -> None: ...

class ByTextRequest(_message.Message):
    __slots__ = ("text", "options")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    text: str
    options: Options
    def __init__(self, text: _Optional[str] = ..., options: _Optional[_Union[Options, _Mapping]] = ...) -> None: ...

class ByPictureRequest(_message.Message):
    __slots__ = ("picture", "options")
    PICTURE_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    picture: bytes
    options: Options
    def __init__(self, picture: _Optional[bytes] = ..., options: _Optional[_Union[Options, _Mapping]] = ...) -> None: ...

class Reason(_message.Message):
    __slots__ = ("by", "score", "probability", "picture", "other_picture", "bits", "words")
    BY_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    PROBABILITY_FIELD_NUMBER: _ClassVar[int]
    PICTURE_FIELD_NUMBER: _ClassVar[int]
    OTHER_PICTURE_FIELD_NUMBER: _ClassVar[int]
    BITS_FIELD_NUMBER: _ClassVar[int]
    WORDS_FIELD_NUMBER: _ClassVar[int]
    by: str
    score: float
    probability: float
    picture: int
    other_picture: int
    bits: int
    words: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, by: _Optional[str] = ..., score: _Optional[float] = ..., probability: _Optional[float] = ..., picture: _Optional[int] = ..., other_picture: _Optional[int] = ..., bits: _Optional[int] = ..., words: _Optional[_Iterable[str]] = ...) -> None: ...

class Match(_message.Message):
    __slots__ = ("listing_id", "probability", "reasons")
    LISTING_ID_FIELD_NUMBER: _ClassVar[int]
    PROBABILITY_FIELD_NUMBER: _ClassVar[int]
    REASONS_FIELD_NUMBER: _ClassVar[int]
    listing_id: int
    probability: float
    reasons: _containers.RepeatedCompositeFieldContainer[Reason]
    def __init__(self, listing_id: _Optional[int] = ..., probability: _Optional[float] = ..., reasons: _Optional[_Iterable[_Union[Reason, _Mapping]]] = ...) -> None: ...

class Matches(_message.Message):
    __slots__ = ("matches",)
    MATCHES_FIELD_NUMBER: _ClassVar[int]
    matches: _containers.RepeatedCompositeFieldContainer[Match]
    def __init__(self, matches: _Optional[_Iterable[_Union[Match, _Mapping]]] = ...) -> None: ...

class Version(_message.Message):
    __slots__ = ("desk", "encoder", "mix")
    DESK_FIELD_NUMBER: _ClassVar[int]
    ENCODER_FIELD_NUMBER: _ClassVar[int]
    MIX_FIELD_NUMBER: _ClassVar[int]
    desk: str
    encoder: str
    mix: float
    def __init__(self, desk: _Optional[str] = ..., encoder: _Optional[str] = ..., mix: _Optional[float] = ...) -> None: ...

class PastOptions(_message.Message):
    __slots__ = ("top_k", "neighbours_k", "version")
    TOP_K_FIELD_NUMBER: _ClassVar[int]
    NEIGHBOURS_K_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    top_k: int
    neighbours_k: int
    version: Version
    def __init__(self, top_k: _Optional[int] = ..., neighbours_k: _Optional[int] = ..., version: _Optional[_Union[Version, _Mapping]] = ...) -> None: ...

class PastByTextRequest(_message.Message):
    __slots__ = ("text", "vector", "without", "options")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    VECTOR_FIELD_NUMBER: _ClassVar[int]
    WITHOUT_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    text: str
    vector: bytes
    without: int
    options: PastOptions
    def __init__(self, text: _Optional[str] = ..., vector: _Optional[bytes] = ..., without: _Optional[int] = ..., options: _Optional[_Union[PastOptions, _Mapping]] = ...) -> None: ...

class PastByInquiryRequest(_message.Message):
    __slots__ = ("inquiry_id", "options")
    INQUIRY_ID_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    inquiry_id: int
    options: PastOptions
    def __init__(self, inquiry_id: _Optional[int] = ..., options: _Optional[_Union[PastOptions, _Mapping]] = ...) -> None: ...

class PastMatch(_message.Message):
    __slots__ = ("inquiry_id", "score", "alike")
    INQUIRY_ID_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    ALIKE_FIELD_NUMBER: _ClassVar[int]
    inquiry_id: int
    score: float
    alike: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, inquiry_id: _Optional[int] = ..., score: _Optional[float] = ..., alike: _Optional[_Iterable[int]] = ...) -> None: ...

class Neighbour(_message.Message):
    __slots__ = ("inquiry_id", "score", "labels")
    INQUIRY_ID_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    inquiry_id: int
    score: float
    labels: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, inquiry_id: _Optional[int] = ..., score: _Optional[float] = ..., labels: _Optional[_Iterable[str]] = ...) -> None: ...

class PastMatches(_message.Message):
    __slots__ = ("version", "similar", "neighbours", "by_words")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    SIMILAR_FIELD_NUMBER: _ClassVar[int]
    NEIGHBOURS_FIELD_NUMBER: _ClassVar[int]
    BY_WORDS_FIELD_NUMBER: _ClassVar[int]
    version: Version
    similar: _containers.RepeatedCompositeFieldContainer[PastMatch]
    neighbours: _containers.RepeatedCompositeFieldContainer[Neighbour]
    by_words: str
    def __init__(self, version: _Optional[_Union[Version, _Mapping]] = ..., similar: _Optional[_Iterable[_Union[PastMatch, _Mapping]]] = ..., neighbours: _Optional[_Iterable[_Union[Neighbour, _Mapping]]] = ..., by_words: _Optional[str] = ...) -> None: ...
