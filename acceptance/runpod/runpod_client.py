"""Drives the unmodified `runpod` package and prints what it saw as one line of JSON.

Usage: RUNPOD_ENDPOINT_BASE_URL=http://host:port/v2 runpod_client.py
"""

import asyncio
import json
import sys
from typing import Any

import runpod
from requests import HTTPError
from runpod import AsyncioEndpoint, http_client

SHORT = {"width": 128, "height": 128, "max_frame": 25}
LONG = {"wav_path": "/my_volume/long.wav", "width": 256, "height": 256}
DEADLINE = 240
"""Seconds within which every job here must have ended."""


def synchronous() -> dict[str, Any]:
    endpoint = runpod.Endpoint("sdk-python")
    job = endpoint.run(SHORT)
    output = job.output(timeout=DEADLINE)
    seen: dict[str, Any] = {"status": job.status(), "output": output, "streamed": list(job.stream())}
    seen["run_sync"] = endpoint.run_sync({"input": SHORT}, timeout=DEADLINE)
    try:
        endpoint.run({"input": {"width": "wide"}})
    except HTTPError as error:
        seen["refusal"] = str(error)
    unwanted = endpoint.run(LONG)
    seen["cancelled"] = unwanted.cancel()
    unwanted.output(timeout=DEADLINE)
    seen["after_cancel"] = unwanted.status()
    seen["purged"] = endpoint.purge_queue()
    seen["health"] = endpoint.health()
    return seen


async def asynchronous() -> dict[str, Any]:
    async with http_client.AsyncClientSession() as session:
        endpoint = AsyncioEndpoint("sdk-python-asyncio", session)
        job = await endpoint.run(SHORT)
        output = await job.output(timeout=DEADLINE)
        streamed = [chunk async for chunk in job.stream()]
        seen: dict[str, Any] = {"status": await job.status(), "output": output, "streamed": streamed}
        unwanted = await endpoint.run(LONG)
        seen["cancelled"] = await unwanted.cancel()
        await unwanted.output(timeout=DEADLINE)
        seen["after_cancel"] = await unwanted.status()
        seen["purged"] = await endpoint.purge_queue()
        seen["health"] = await endpoint.health()
        return seen


runpod.api_key = "key"
json.dump({"synchronous": synchronous(), "asynchronous": asyncio.run(asynchronous())}, sys.stdout)
