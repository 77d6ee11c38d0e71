"""What an index server says of itself, to tools that know nothing of us; and what it holds up."""

import threading
import time

import grpc
import pytest
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)

from support import index_pb2 as messages
from support.errors import IndexServerError
from support.grpc_index import HEALTH, INQUIRIES, LISTINGS, SERVICE, GrpcIndex, IndexChannel
from web import index_server

DIM = 4
ABOUT = {HEALTH, "grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"}


class Door:
    """Finds nothing; may be held up."""

    def __init__(self):
        self.go = threading.Event()
        self.entered = threading.Semaphore(0)
        self.done = 0

    def by_text(self, *request, **options):
        self.entered.release()
        self.go.wait(60)
        self.done += 1
        return messages.PastMatches() if request[0].__class__ is messages.PastByTextRequest else []


def plain(server):
    return grpc.insecure_channel(f"127.0.0.1:{server.port}")


def test_a_tool_lists_describes_and_calls_without_our_files(serve_index):
    server = serve_index(inquiries=Door(), listings=Door())
    with plain(server) as channel:
        database = ProtoReflectionDescriptorDatabase(channel)
        assert set(database.get_services()) == {SERVICE, LISTINGS, INQUIRIES} | ABOUT
        pool = DescriptorPool(database)
        for name in database.get_services():
            for method in pool.FindServiceByName(name).methods:
                assert method.input_type.full_name
        method = pool.FindServiceByName(SERVICE).FindMethodByName("Describe")
        asked = GetMessageClass(method.input_type)(index="text")
        found = channel.unary_unary(
            f"/{SERVICE}/Describe",
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=GetMessageClass(method.output_type).FromString,
        )(asked, timeout=30)
    assert (found.dim, found.count) == (DIM, 0)


def test_only_what_is_there_is_listed(serve_index):
    with plain(serve_index()) as channel:
        found = ProtoReflectionDescriptorDatabase(channel).get_services()
    assert set(found) == {SERVICE} | ABOUT


def test_newer_tools_ask_the_protocol_by_its_newer_name(serve_index):
    """v1 and v1alpha have the same messages."""
    request = reflection_pb2.ServerReflectionRequest
    asked = [request(list_services=""), request(file_containing_symbol=INQUIRIES), request()]
    with plain(serve_index(inquiries=Door())) as channel:
        call = channel.stream_stream(
            "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
            request_serializer=request.SerializeToString,
            response_deserializer=reflection_pb2.ServerReflectionResponse.FromString,
        )
        listed, described, wrong = call(iter(asked), timeout=30)
    assert INQUIRIES in [found.name for found in listed.list_services_response.service]
    assert b"PastByTextRequest" in described.file_descriptor_response.file_descriptor_proto[0]
    assert wrong.error_response.error_code == grpc.StatusCode.INVALID_ARGUMENT.value[0]


def test_what_there_is_to_call_is_told_to_those_who_show_the_token(serve_index):
    server = serve_index(token="secret")
    with plain(server) as stranger, pytest.raises(grpc.RpcError) as told:
        ProtoReflectionDescriptorDatabase(stranger).get_services()
    assert told.value.code() is grpc.StatusCode.UNAUTHENTICATED
    with plain(server) as stranger, pytest.raises(grpc.RpcError) as told:
        stranger.unary_unary("/none.of/Ours")(b"", timeout=30)
    assert told.value.code() is grpc.StatusCode.UNAUTHENTICATED  # not even what there is not
    watch = health_pb2.HealthCheckRequest.SerializeToString
    with plain(server) as stranger, pytest.raises(grpc.RpcError) as told:
        next(stranger.unary_stream(f"/{HEALTH}/Watch", watch)(
            health_pb2.HealthCheckRequest(), timeout=30))  # fmt: skip
    assert told.value.code() is grpc.StatusCode.UNAUTHENTICATED


def test_a_tool_that_never_hangs_up_is_hung_up_on(serve_index, monkeypatch):
    monkeypatch.setattr(index_server, "TOLD", 0.3)
    server = serve_index()
    with plain(server) as channel:
        call = channel.stream_stream(
            "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
            request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
            response_deserializer=reflection_pb2.ServerReflectionResponse.FromString,
        )
        ended = threading.Event()

        def never():
            ended.wait(60)
            yield from ()

        with pytest.raises(grpc.RpcError):
            list(call(never(), timeout=60))
        ended.set()


def test_the_health_of_each_service_is_told(serve_index):
    server = serve_index(inquiries=Door(), token="secret")
    with IndexChannel(f"127.0.0.1:{server.port}") as stranger:
        assert stranger.healthy()
        assert stranger.healthy(SERVICE)
        assert stranger.healthy(INQUIRIES)
        assert not stranger.healthy(LISTINGS)  # it is not there
        assert not stranger.healthy("none")


def test_who_watches_hears_of_the_end(serve_index):
    server = serve_index()
    with plain(server) as channel:
        watch = channel.unary_stream(
            f"/{HEALTH}/Watch",
            request_serializer=health_pb2.HealthCheckRequest.SerializeToString,
            response_deserializer=health_pb2.HealthCheckResponse.FromString,
        )(health_pb2.HealthCheckRequest(service=SERVICE), timeout=60)
        assert next(watch).status == health_pb2.HealthCheckResponse.SERVING
        threading.Thread(target=server.stop).start()
        assert next(watch).status == health_pb2.HealthCheckResponse.NOT_SERVING


def by_text(caller, deadline=None):
    request = messages.PastByTextRequest(text="oak")
    return caller.call(f"{INQUIRIES}/ByText", request, messages.PastMatches)


def test_too_many_calls_are_refused_at_once_and_health_is_still_told(serve_index, monkeypatch):
    monkeypatch.setattr(index_server, "WAITING", 3)
    door = Door()
    server = serve_index(inquiries=door)
    answers, refused = [], []

    def ask(caller):
        try:
            answers.append(by_text(caller))
        except IndexServerError as error:
            refused.append(str(error))

    with IndexChannel(f"127.0.0.1:{server.port}", deadline=60) as caller:
        threads = [threading.Thread(target=ask, args=(caller,)) for _ in range(12)]
        for thread in threads:
            thread.start()
        until(lambda: len(refused) == 12 - index_server.THREADS - 3)
        assert all("RESOURCE_EXHAUSTED" in words for words in refused)
        assert caller.healthy()
        door.go.set()
        for thread in threads:
            thread.join(60)
        assert len(answers) == index_server.THREADS + 3
        assert by_text(caller) is not None


def test_who_gave_up_is_not_worked_for(serve_index):
    """Calls that waited past their deadline, or were cancelled, leave the line."""
    door = Door()
    server = serve_index(inquiries=door)
    target = f"127.0.0.1:{server.port}"

    def ask():
        with IndexChannel(target, deadline=60) as caller:
            by_text(caller)

    def give_up():
        with IndexChannel(target, deadline=0.3) as caller, pytest.raises(IndexServerError):
            by_text(caller)

    threads = [threading.Thread(target=ask) for _ in range(index_server.THREADS)]
    for thread in threads:
        thread.start()
    for _ in threads:
        assert door.entered.acquire(timeout=60)  # every thread of the server is held up
    late = [threading.Thread(target=give_up) for _ in range(8)]
    for thread in late:
        thread.start()
    for thread in late:
        thread.join(60)
    door.go.set()
    for thread in threads:
        thread.join(60)
    assert door.done == index_server.THREADS
    with IndexChannel(target, deadline=60) as caller:
        by_text(caller)
    assert door.done == index_server.THREADS + 1


def test_who_waits_for_an_index_and_gives_up_frees_its_thread(serve_index):
    server = serve_index()
    target = f"127.0.0.1:{server.port}"
    with IndexChannel(target, deadline=60) as caller:
        index = GrpcIndex(caller, "text")
        with server._indexes["text"].lock:
            with IndexChannel(target, deadline=0.5) as hasty:
                request = messages.IndexName(index="text")
                for _ in range(2 * index_server.THREADS):
                    with pytest.raises(IndexServerError, match="DEADLINE"):
                        hasty.call(f"{SERVICE}/Describe", request, messages.IndexDescription)
            until(lambda: server._lanes[0]._given == 0)
        assert len(index) == 0


def test_who_sends_nothing_holds_up_nobody_without_the_token(serve_index):
    """Heads of calls without their messages would each hold a thread until they end."""
    server = serve_index(inquiries=Door(), token="secret")
    never = threading.Event()

    def nothing():
        never.wait(60)
        yield b""

    with plain(server) as stranger:
        calls = [
            stranger.stream_unary(f"/{INQUIRIES}/ByText").future(nothing(), timeout=60)
            for _ in range(3 * index_server.THREADS)
        ]
        for call in calls:
            assert call.exception(timeout=60).code() is grpc.StatusCode.UNAUTHENTICATED
        with IndexChannel(f"127.0.0.1:{server.port}", token="secret", deadline=60) as friend:
            assert len(GrpcIndex(friend, "text")) == 0
        never.set()


def until(true, seconds=60):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)
