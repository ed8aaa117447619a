"""An engine whose behaviour each test writes itself."""

import threading
from collections.abc import Callable
from typing import Any

from polyreel_inference.host.engine import (
    Engine,
    EngineDescription,
    InputRole,
    Job,
    Kind,
    Model,
    Parameter,
    Reporter,
)

PARAMETERS = (
    Parameter("prompt", "string", "What to show. Absent: nothing."),
    Parameter("steps", "integer", "Denoising steps.", default=3, minimum=1, maximum=50),
    Parameter("scale", "number", "Guidance.", default=1.5, minimum=0.0),
    Parameter("mode", "string", "How two tracks are joined.", default="para", choices=("para", "add")),
    Parameter("sharp", "boolean", "Whether to sharpen.", default=False),
    Parameter("seed", "integer", "Absent: random.", maximum=2**40),
)


def echo(job: Job, reporter: Reporter) -> str:
    """Send the inputs back as the result."""
    reporter.progress("generating", 0.5, step=1, steps=2)
    result = job.workspace / "result.bin"
    with result.open("wb") as file:
        for given in job.inputs.values():
            file.write(given.path.read_bytes())
        file.write(b"end")
    reporter.output("result", "application/octet-stream", result)
    return f"{len(job.inputs)} inputs"


class ScriptedEngine(Engine):
    """Runs `behaviour` for each job; `load_gate` holds loading until it is set."""

    def __init__(self, behaviour: Callable[[Job, Reporter], str] = echo, slots: int = 1) -> None:
        self.behaviour = behaviour
        self.slots = slots
        self.load_gate = threading.Event()
        self.load_gate.set()
        self.load_error: Exception | None = None
        self.close_error: Exception | None = None
        self.jobs: list[Job] = []
        self.closed = False

    def describe(self) -> EngineDescription:
        talk = Kind(
            "talk",
            (
                InputRole("image", required=True, group="picture"),
                InputRole("video", required=True, group="picture"),
                InputRole("audio", required=True),
                InputRole("mask"),
            ),
            PARAMETERS,
        )
        models = (Model("scripted", (talk, Kind("t2v", (), PARAMETERS))),)
        return EngineDescription("scripted", "1.2.3", models, "cpu", self.slots)

    def load(self) -> None:
        self.load_gate.wait()
        if self.load_error is not None:
            raise self.load_error

    def resolve(self, job: Job) -> dict[str, Any]:
        return {**job.parameters, "seed": job.parameters.get("seed", 7)}

    def generate(self, job: Job, reporter: Reporter) -> str:
        self.jobs.append(job)
        return self.behaviour(job, reporter)

    def close(self) -> None:
        self.closed = True
        if self.close_error is not None:
            raise self.close_error
