"""The engines that the contract of `VectorIndex` is held over, opened with what an index holds."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import count

from support.faiss_index import FaissIndex
from support.grpc_index import GrpcIndex, IndexChannel
from support.milvus_index import MilvusIndex, MilvusPlace
from support.overlay_index import OverlayIndex
from support.vector_index import VectorIndex
from tests import soaking
from web.index_server import IndexServer, named

# The real server takes an environment of its own and many seconds: `make soak` has it.
SERVED = ("server", "overlay over server") if soaking.SHARE else ()
ENGINES = ("faiss", "grpc", "lite", "overlay over faiss", "overlay over lite", *SERVED)
Opens = Callable[[FaissIndex], VectorIndex]

_names = count()


@contextmanager
def opened(engine: str, place: Callable[[str], MilvusPlace]) -> Iterator[Opens]:
    """Gives what opens an index as an engine has it.

    Args:
        engine: one of `ENGINES`.
        place: where the Milvus of a name is, `lite` or `server`.
    """
    with ExitStack() as stack:

        def behind_grpc(index: FaissIndex) -> VectorIndex:
            server = IndexServer({"things": named(index, index.dim)})
            server.start()
            stack.callback(server.stop)
            channel = stack.enter_context(IndexChannel(f"127.0.0.1:{server.port}"))
            return GrpcIndex(channel, "things")

        def in_milvus(index: FaissIndex, where: str) -> VectorIndex:
            found = MilvusIndex(place(where), f"things_{next(_names)}", dim=index.dim)
            stack.callback(found.close)
            stack.callback(found.drop)
            if len(index):
                found.add(index.ids(), index.vectors(index.ids()))
            return found

        def opens(index: FaissIndex) -> VectorIndex:
            *over, base = engine.split(" over ")
            if base == "grpc":
                return behind_grpc(index)
            below = index if base == "faiss" else in_milvus(index, base)
            return OverlayIndex(below, index.dim) if over else below

        yield opens
