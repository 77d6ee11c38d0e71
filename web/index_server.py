"""The gRPC index server: vector indexes by name, similar listings, and past answers.

Every call is judged before it works, and before its message is read: a token where one is asked
for, a free place in the line, and time left until its deadline. The only file of this package that
imports grpc.
"""

import hmac
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from threading import Timer
from typing import Any, Final

import grpc
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2

from support import index_pb2 as messages
from support.engine_places import check_place
from support.errors import FaqdeskError, IndexServerError, InputError, NotFoundError, SettingError
from support.grpc_index import HEALTH, INQUIRIES, LISTINGS, MOST_BYTES, SERVICE, TOKEN

from .index_about import REFLECTIONS, health_of, reflection_of
from .index_certificate import Certificate
from .index_lanes import Lane
from .index_services import (
    InquiryDoor,
    ListingDoor,
    Method,
    NamedIndex,
    VectorMethods,
    inquiry_methods,
    listing_methods,
    named,
)

__all__ = ["Certificate", "IndexServer", "NamedIndex", "named"]

THREADS: Final = 4
WAITING: Final = 60  # calls that may wait for a thread; as many as are worked off within a second
GRACE: Final = 5.0  # seconds that calls under way have when the server stops
TOLD: Final = 60.0  # seconds that a tool may ask what there is, before it has to call anew
# What is answered without the token: whoever looks after machines asks it, and learns nothing else.
_FREE: Final = f"/{HEALTH}/Check"


class IndexServer:
    """Serves indexes until it is stopped.

    Args:
        indexes: by name, looked up at each call.
        listings: finds similar listings; None: that service says it is not there.
        inquiries: finds past answers to similar inquiries; None: likewise.
        host: where to listen; elsewhere than on this machine a token and a certificate are needed.
        port: 0 takes a free one; `port` tells which.
        token: what callers must show; '' lets in whoever reaches the port.
        certificate: encrypts what travels; None: nothing is encrypted.

    Raises:
        SettingError: others could read along or write; the port is taken.
    """

    def __init__(
        self,
        indexes: Mapping[str, NamedIndex],
        *,
        listings: ListingDoor | None = None,
        inquiries: InquiryDoor | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        token: str = "",
        certificate: Certificate | None = None,
    ) -> None:
        check_place(
            "An index server", host or "every address", secret=bool(token),
            encrypted=certificate is not None,
            cure=f"Set {TOKEN} and name --cert and --key, or listen on 127.0.0.1.",
        )  # fmt: skip
        self._indexes = indexes
        there = {SERVICE: True, LISTINGS: listings is not None, INQUIRIES: inquiries is not None}
        self._services = [name for name, is_there in there.items() if is_there]
        self._health = health_of(self._services)
        self._lanes = (
            Lane("calls", threads=THREADS, waiting=WAITING),
            # What lasts, and what has to be answered while others work, stands in no one's way.
            Lane("snapshot", threads=1, waiting=3),
            Lane("health", threads=1, waiting=20),
            Lane("reflection", threads=2, waiting=2),
        )
        self._refusing = ThreadPoolExecutor(1, thread_name_prefix="index-refuse")
        self._server = grpc.server(
            self._lanes[0],
            interceptors=[_Doorman(token, self._refusing)],
            options=[
                ("grpc.max_receive_message_length", MOST_BYTES),
                ("grpc.max_send_message_length", MOST_BYTES),
                # Two servers on one port would share its callers, each with half of the vectors.
                ("grpc.so_reuseport", 0),
            ],
        )
        self._server.add_generic_rpc_handlers(self._handlers(listings, inquiries))
        place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        try:
            if certificate is None:
                self.port = int(self._server.add_insecure_port(place))
            else:
                pair = grpc.ssl_server_credentials([(certificate.key, certificate.chain)])
                self.port = int(self._server.add_secure_port(place, pair))
        except RuntimeError as error:
            raise SettingError(f"Cannot listen on {host}:{port}; name another --port.") from error

    def start(self) -> None:
        """Begin to answer."""
        self._server.start()

    def wait(self) -> None:
        """Wait until it is stopped."""
        self._server.wait_for_termination()

    def stop(self) -> None:
        """Take no more calls, and wait for those under way."""
        self._health.enter_graceful_shutdown()
        self._server.stop(GRACE).wait()
        for lane in (*self._lanes, self._refusing):
            lane.shutdown(wait=False)

    def _handlers(
        self, listings: ListingDoor | None, inquiries: InquiryDoor | None
    ) -> tuple[Any, ...]:
        calls, snapshots, health, reflection = self._lanes
        vectors = VectorMethods(self._indexes)
        served = {
            SERVICE: {name: _one(*method, calls) for name, method in vectors.methods().items()},
            LISTINGS: _all(listing_methods(listings), calls),
            INQUIRIES: _all(inquiry_methods(inquiries), calls),
            HEALTH: self._health_handlers(health),
        }
        served[SERVICE]["Snapshot"] = grpc.unary_stream_rpc_method_handler(
            _in(snapshots, _parts(vectors.snapshot)),
            request_deserializer=messages.IndexName.FromString,
            response_serializer=messages.FilePart.SerializeToString,
        )
        about = reflection_of((*self._services, HEALTH))
        told = grpc.stream_stream_rpc_method_handler(
            _in(reflection, _for_a_while(about.ServerReflectionInfo)),
            request_deserializer=reflection_pb2.ServerReflectionRequest.FromString,
            response_serializer=reflection_pb2.ServerReflectionResponse.SerializeToString,
        )
        served |= {name: {"ServerReflectionInfo": told} for name in REFLECTIONS}
        return tuple(
            grpc.method_handlers_generic_handler(name, methods) for name, methods in served.items()
        )

    def _health_handlers(self, lane: Lane) -> dict[str, Any]:
        servicer = self._health

        def watch(request: Any, context: Any, tell: Any = None) -> Any:
            return servicer.Watch(request, context, tell)

        watch.experimental_non_blocking = True  # type: ignore[attr-defined] # it holds no thread
        kinds = {
            "request_deserializer": health_pb2.HealthCheckRequest.FromString,
            "response_serializer": health_pb2.HealthCheckResponse.SerializeToString,
        }
        check = _in(lane, lambda request, context: servicer.Check(request, context))
        return {
            "Check": grpc.unary_unary_rpc_method_handler(check, **kinds),
            "Watch": grpc.unary_stream_rpc_method_handler(_in(lane, watch), **kinds),
        }


class _Doorman(grpc.ServerInterceptor):  # type: ignore[misc] # grpc ships no types
    """Turns away who shows no token, and who would wait too long; no message is read for that.

    A refusal takes no thread of those that work: who sends headers and nothing more holds up
    nobody.
    """

    def __init__(self, token: str, refusing: Executor) -> None:
        self._token = token
        self._stranger, self._too_many = (
            grpc.stream_unary_rpc_method_handler(_in(refusing, work)) for work in (_ask, _defer)
        )

    def intercept_service(self, continuation: Callable[[Any], Any], call: Any) -> Any:
        """Find who answers a call."""
        if self._token and call.method != _FREE:
            shown = dict(call.invocation_metadata or ()).get("authorization", "")
            if isinstance(shown, bytes):
                shown = ""
            if not hmac.compare_digest(shown.encode(), f"Bearer {self._token}".encode()):
                return self._stranger
        handler = continuation(call)
        if handler is None:
            return None
        work = handler.unary_unary or handler.unary_stream or handler.stream_stream
        return self._too_many if work.experimental_thread_pool.full else handler


def _ask(_: Any, context: Any) -> None:
    context.abort(grpc.StatusCode.UNAUTHENTICATED, "This server asks for a token.")


def _defer(_: Any, context: Any) -> None:
    words = "Too many calls wait already. Ask again in a moment."
    context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, words)


def _in(lane: Executor, work: Callable[..., Any]) -> Callable[..., Any]:
    """The work, to be done by a lane's threads."""
    work.experimental_thread_pool = lane  # type: ignore[attr-defined]
    return work


def _all(methods: Mapping[str, Method], lane: Lane) -> dict[str, Any]:
    return {name: _one(*method, lane) for name, method in methods.items()}


def _one(work: Callable[..., Any], kind: Any, lane: Lane) -> Any:
    """What answers a method that has one message for one."""

    def answer(request: Any, context: Any) -> Any:
        _in_time(context)
        try:
            return work(request, context.is_active)
        except Exception as error:
            raise _abort(context, error) from error

    return grpc.unary_unary_rpc_method_handler(
        _in(lane, answer),
        request_deserializer=kind.FromString,
        response_serializer=lambda message: message.SerializeToString(),
    )


def _parts(work: Callable[..., Iterator[Any]]) -> Callable[[Any, Any], Iterator[Any]]:
    """What answers a method in parts."""

    def answer(request: Any, context: Any) -> Iterator[Any]:
        _in_time(context)
        try:
            yield from work(request, context.is_active)
        except Exception as error:
            raise _abort(context, error) from error

    return answer


def _for_a_while(work: Callable[..., Iterator[Any]]) -> Callable[[Any, Any], Iterator[Any]]:
    """What answers as long as it is asked, but no longer than `TOLD`: it holds a thread."""

    def answer(requests: Any, context: Any) -> Iterator[Any]:
        timer = Timer(TOLD, context.cancel)
        timer.daemon = True
        timer.start()
        try:
            yield from work(requests, context)
        finally:
            timer.cancel()

    return answer


def _in_time(context: Any) -> None:
    """Refuse a call whose caller waits no longer: it stood in line too long."""
    left = context.time_remaining()
    if left is not None and left <= 0:
        context.abort(grpc.StatusCode.DEADLINE_EXCEEDED, "The deadline has passed.")


def _abort(context: Any, error: Exception) -> Exception:
    """End a call as its error says; what nobody foresaw says nothing of the machine."""
    if isinstance(error, NotFoundError):
        context.abort(grpc.StatusCode.NOT_FOUND, str(error))
    if isinstance(error, ValueError | InputError):
        context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
    if isinstance(error, IndexServerError):
        context.abort(grpc.StatusCode.CANCELLED, str(error))
    if isinstance(error, FaqdeskError):
        context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))
    return error
