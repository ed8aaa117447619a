"""Two real processes under torchrun, called as a worker calls them."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import psutil

from polyreel_inference.engines.wan.engine import WanEngine
from polyreel_inference.host.protocol import description_pb2 as kinds
from tests.host.client import Client, request_messages
from tests.wan.running import frames_of, run

INFERENCE = Path(__file__).resolve().parents[2]
GROUP = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m"]
SMALL: dict[str, Any] = {"width": 64, "height": 64, "frames": 5, "steps": 2, "prompt": "waves", "seed": 1}


class Group:
    """A started group: torchrun, its processes and what they say."""

    def __init__(self, launcher: asyncio.subprocess.Process) -> None:
        self.launcher = launcher

    async def lines(self) -> AsyncIterator[dict[str, Any]]:
        """Log lines of the engine's processes, without what torchrun says itself."""
        assert self.launcher.stdout is not None
        while text := await self.launcher.stdout.readline():
            if text.startswith(b"{"):
                yield json.loads(text)

    async def until(self, message: str) -> None:
        """Read on to the line that says `message`."""
        async for line in self.lines():
            if line["msg"] == message:
                return
        raise AssertionError(f'the group ended without saying "{message}"')

    def follower(self) -> psutil.Process:
        """The process of rank 1."""
        children = psutil.Process(self.launcher.pid).children()
        return next(child for child in children if child.environ().get("RANK") == "1")


@asynccontextmanager
async def group(folder: Path, model: Path) -> AsyncIterator[tuple[Group, Client]]:
    """Serve the model by two processes that share the tokens."""
    words = ["polyreel_inference", "serve", "wan", "--device", "cpu", "--model", f"t2v={model}"]
    options = ["--ulysses_size", "2", "--port-file", str(folder / "port"), "--workspace-dir", str(folder)]
    launcher = await asyncio.create_subprocess_exec(
        *GROUP,
        *words,
        *options,
        cwd=INFERENCE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    started = Group(launcher)
    try:
        await started.until("ready")
        client = Client(f"127.0.0.1:{(folder / 'port').read_text().strip()}")
        yield started, client
        await client.channel.close()
    finally:
        if launcher.returncode is None:
            launcher.terminate()
        # Reading to the end closes the pipe together with the processes.
        await launcher.communicate()


def request(**changes: Any) -> Any:
    return request_messages({}, parameters=SMALL | changes, kind=kinds.TASK_KIND_T2V, model="t2v")


async def test_a_group_makes_the_video_of_one_process_and_ends_when_a_rank_is_lost(
    tmp_path: Path, checkpoints: Path, engine: WanEngine
) -> None:
    alone, other = (
        run(engine, tmp_path / f"seed {seed}", "t2v", **SMALL | {"seed": seed}) for seed in (1, 2)
    )
    async with group(tmp_path, checkpoints / "t2v") as (started, client):
        outcome = await client.generate(request())
        assert (await client.describe()).device == "2 x cpu"
        result = tmp_path / "result.mp4"
        result.write_bytes(outcome.outputs["result"])
        exact = alone.frames.astype(float)
        # Not equal: one level that is rounded the other way changes how the encoder codes all around it.
        assert abs(frames_of(result) - exact).mean() < abs(other.frames - exact).mean() / 10
        call = client.call(request(steps=100, frames=81))
        while (await call.read()).progress.step < 1:
            pass
        started.follower().kill()
        assert await call.code() == grpc.StatusCode.UNAVAILABLE
        assert ("polyreel-error-code", "ENGINE_LOST") in tuple(await call.trailing_metadata())
        await started.until("stopped")
        assert await started.launcher.wait() != 0
