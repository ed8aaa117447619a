"""What the health service says."""

from typing import Any

from grpc_health.v1 import health_pb2, health_pb2_grpc

from polyreel_inference.host.protocol import SERVICE_NAME
from tests.host.client import Client

SERVING, NOT_SERVING = health_pb2.HealthCheckResponse.SERVING, health_pb2.HealthCheckResponse.NOT_SERVING


async def health(client: Client, service: str = SERVICE_NAME) -> int:
    """Ask for the state of a service."""
    stub: Any = health_pb2_grpc.HealthStub(client.channel)
    answer = await stub.Check(health_pb2.HealthCheckRequest(service=service))
    return int(answer.status)
