"""Requests that are refused: parameters, roles and broken streams, each with a text a user understands."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest

from polyreel_inference.host.protocol import description_pb2 as kinds
from polyreel_inference.host.protocol import generation_pb2 as wire
from polyreel_inference.host.service import Limits
from tests.host.client import Client, chunk, request_messages, start_message
from tests.host.conftest import StartHost
from tests.host.scripted_engine import ScriptedEngine

TALK = kinds.TASK_KIND_TALK
PAIR = {"image": b"image", "audio": b"audio"}


async def refused(client: Client, messages: list[wire.GenerateRequest]) -> str:
    """The text of the refusal; the engine must be free again afterwards."""
    status, code, retryable, text = await client.failure(messages)
    assert (status, code, retryable) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_INPUT", False)
    assert (await client.describe()).state == kinds.ENGINE_STATE_READY
    return text


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"stepps": 3}, ["stepps", "steps", "prompt"]),
        ({"steps": 0}, ["steps is 0", "between 1 and 50"]),
        ({"steps": 51}, ["steps is 51", "between 1 and 50"]),
        ({"steps": 2.5}, ["steps is 2.5", "whole number"]),
        ({"steps": "3"}, ['steps is "3"', "whole number"]),
        ({"steps": True}, ["steps is true", "whole number"]),
        ({"steps": None}, ["steps is null", "whole number"]),
        ({"steps": [3]}, ["steps is a list"]),
        ({"steps": float("nan")}, ["steps is nan"]),
        ({"scale": float("inf")}, ["scale is inf", "a number"]),
        ({"scale": -0.1}, ["scale is -0.1", "at least 0"]),
        ({"seed": 2.0**60}, ["seed", "2^53"]),
        ({"seed": 2.0**41}, ["seed", "at most"]),
        ({"mode": "both"}, ['mode is "both"', "para, add"]),
        ({"prompt": 3}, ["prompt is 3", "text"]),
        ({"prompt": {"a": 1}}, ["prompt is an object"]),
        ({"sharp": 1}, ["sharp is 1", "true or false"]),
        ({"mode": "x" * 5000}, ["mode is"]),
    ],
)
async def test_parameters(client: Client, parameters: dict[str, Any], words: list[str]) -> None:
    text = await refused(client, [start_message(parameters=parameters)])
    assert all(word in text for word in words), text
    assert len(text) < 300


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({"image": b"i"}, ['"audio" is required']),
        ({"audio": b"a"}, ["One of the inputs", '"image", "video"']),
        ({"image": b"i", "video": b"v", "audio": b"a"}, ["Only one of", '"image", "video"']),
        ({**PAIR, "audio2": b"x"}, ['no input "audio2"', "audio, image, mask, video"]),
        ({**PAIR, "../../etc/passwd": b"x"}, ["no input"]),
        ({**PAIR, "mask": b""}, ['"mask"', "at least one byte"]),
    ],
)
async def test_announced_roles(client: Client, inputs: dict[str, bytes], words: list[str]) -> None:
    text = await refused(client, request_messages(inputs, kind=TALK))
    assert all(word in text for word in words), text


async def test_a_role_announced_twice(client: Client) -> None:
    message = start_message(PAIR, kind=TALK)
    message.start.inputs.add(role="audio", media_type="audio/wav", size_bytes=1)
    assert "twice" in await refused(client, [message])


@pytest.mark.parametrize(
    ("messages", "words"),
    [
        ([], "first message"),
        ([chunk("image", b"x")], "first message"),
        ([wire.GenerateRequest()], "first message"),
        ([start_message(task_id="")], "task id"),
        ([start_message(model="other")], "it has: scripted"),
        ([start_message(kind=kinds.TASK_KIND_LIPSYNC)], "it makes: talk, t2v"),
        ([start_message(kind=kinds.TASK_KIND_UNSPECIFIED)], "this kind of task"),
        ([start_message(), start_message()], "More data"),
        ([start_message(), chunk("image", b"x")], "More data"),
        ([start_message({"image": b"x"})], 'no input "image"'),
        ([start_message(PAIR, kind=TALK)], "5 bytes before"),
        ([start_message(PAIR, kind=TALK), chunk("image", b"ima")], "2 bytes before"),
        ([start_message(PAIR, kind=TALK), chunk("image", b"image!")], "longer than"),
        ([start_message(PAIR, kind=TALK), chunk("audio", b"audio")], 'Expected the input "image"'),
        ([start_message(PAIR, kind=TALK), chunk("image", b"")], "1 to 1048576 bytes"),
        ([start_message(PAIR, kind=TALK), start_message()], "only pieces"),
        ([start_message(PAIR, kind=TALK), wire.GenerateRequest()], "only pieces"),
        ([*request_messages(PAIR, kind=TALK), chunk("audio", b"!")], "More data"),
        (
            [start_message({**PAIR, "image": bytes(2**21)}, kind=TALK), chunk("image", bytes(2**20 + 1))],
            "1 to 1048576 bytes",
        ),
    ],
)
async def test_broken_streams(client: Client, messages: list[wire.GenerateRequest], words: str) -> None:
    assert words in await refused(client, messages)


async def test_inputs_larger_than_allowed(engine: ScriptedEngine, start_host: StartHost) -> None:
    _, client = await start_host(engine, Limits(max_input_bytes=1000))
    message = start_message(PAIR, kind=TALK)
    message.start.inputs[0].size_bytes = 2**63
    status, code, _, text = await client.failure([message])
    assert (status, code) == (grpc.StatusCode.INVALID_ARGUMENT, "INPUT_TOO_LARGE")
    assert "1000" in text


async def test_a_silent_caller_does_not_hold_the_slot(engine: ScriptedEngine, start_host: StartHost) -> None:
    async def fall_silent() -> AsyncIterator[wire.GenerateRequest]:
        yield start_message(PAIR, kind=TALK)
        await asyncio.Event().wait()

    _, client = await start_host(engine, Limits(input_idle_seconds=0.2))
    call = client.stub.Generate(fall_silent())
    assert await call.code() == grpc.StatusCode.UNAVAILABLE
    assert ("polyreel-error-code", "ENGINE_LOST") in tuple(await call.trailing_metadata())
    assert (await client.describe()).state == kinds.ENGINE_STATE_READY
