"""What an index server says about itself: whether it serves, and what can be called.

Both are gRPC's own protocols (grpc.health.v1, grpc.reflection.v1 and v1alpha) in its own libraries;
tools such as grpcurl speak them.
"""

from collections.abc import Sequence
from typing import Any, Final

from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_health.v1 import health, health_pb2
from grpc_reflection.v1alpha import reflection, reflection_pb2

from support import index_pb2

REFLECTIONS: Final = ("grpc.reflection.v1.ServerReflection", reflection.SERVICE_NAME)
_ALPHA: Final = "grpc.reflection.v1alpha"
_V1: Final = "grpc.reflection.v1"


def health_of(services: Sequence[str]) -> Any:
    """Serves `Check` and `Watch`: of the whole server, and of each of its services."""
    servicer = health.HealthServicer()
    for service in services:
        servicer.set(service, health_pb2.HealthCheckResponse.SERVING)
    return servicer


def reflection_of(services: Sequence[str]) -> Any:
    """Serves `ServerReflectionInfo`, for both of its versions: they differ in nothing but name."""
    pool = DescriptorPool()
    for known in (index_pb2, health_pb2, reflection_pb2):
        file = FileDescriptorProto()
        known.DESCRIPTOR.CopyToProto(file)
        pool.AddSerializedFile(file.SerializeToString())
    # The library brings v1alpha alone, and tools ask for v1 first.
    _rename(file)
    pool.AddSerializedFile(file.SerializeToString())
    return reflection.ReflectionServicer((*services, *REFLECTIONS), pool=pool)


def _rename(file: Any) -> None:
    """Make the file of v1alpha that of v1."""
    file.name = file.name.replace("v1alpha", "v1")
    file.package = _V1
    for message in file.message_type:
        for field in message.field:
            if field.type_name:  # of a message, not of a plain value
                field.type_name = field.type_name.replace(_ALPHA, _V1)
    for service in file.service:
        for method in service.method:
            method.input_type = method.input_type.replace(_ALPHA, _V1)
            method.output_type = method.output_type.replace(_ALPHA, _V1)
