"""What an engine is: the one abstract class engines implement, and the values they exchange with the host."""

from abc import ABC, abstractmethod
from argparse import ArgumentParser, Namespace
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Protocol, Self

TaskKind = Literal["talk", "lipsync", "t2v", "i2v"]
ParameterType = Literal["string", "integer", "number", "boolean"]
Stage = Literal["loading", "generating", "encoding"]


@dataclass(frozen=True)
class Parameter:
    """One parameter of a kind of task.

    `default` is used when a request leaves the parameter out; None means that the engine derives the value
    from the inputs, as `description` (one sentence for users: meaning, unit, what absence means) says.
    `minimum` and `maximum` are inclusive bounds of numbers; `choices` are the allowed words of a string.
    """

    name: str
    type: ParameterType
    description: str
    default: str | int | float | bool | None = None
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class InputRole:
    """One input of a kind of task. Roles with the same non-empty `group` are alternatives.

    At most one role of a group may be given, and exactly one when any role of the group is required.
    """

    role: str
    required: bool = False
    group: str = ""


@dataclass(frozen=True)
class Kind:
    """One kind of task a model can run."""

    kind: TaskKind
    inputs: tuple[InputRole, ...]
    parameters: tuple[Parameter, ...]


@dataclass(frozen=True)
class Model:
    """A model by the name under which requests choose it."""

    name: str
    kinds: tuple[Kind, ...]


@dataclass(frozen=True)
class EngineDescription:
    """What an engine can do. `slots` (at least 1) jobs may run at the same time."""

    engine: str
    version: str
    models: tuple[Model, ...]
    device: str
    slots: int


@dataclass(frozen=True)
class InputFile:
    """One received input: the file at `path` holds exactly `size_bytes` bytes."""

    role: str
    path: Path
    media_type: str
    size_bytes: int


@dataclass(frozen=True)
class Job:
    """One attempt at a task.

    `parameters` passed validation and carry the defaults; parameters the engine has to derive are missing.
    `inputs` are keyed by role. `workspace` is a directory of this job alone, removed when the job has ended.
    """

    task_id: str
    attempt: int
    kind: TaskKind
    model: str
    parameters: dict[str, Any]
    inputs: dict[str, InputFile]
    workspace: Path


class OpenOutput(Protocol):
    """An output that is sent while it is made. Every method raises `Cancelled` once the job is cancelled.

    As a context manager it is closed at the end; left by an exception it stays incomplete, and the job fails.
    """

    def write(self, data: bytes) -> None:
        """Append bytes, any number of them; returns when they were handed to the client's stream."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Reporter(Protocol):
    """The engine's way to talk while a job runs. Every method raises `Cancelled` once the job is cancelled.

    Methods may block while the client reads slowly; they are called from the thread that runs `generate`,
    `check_cancelled` also from others.
    """

    def progress(
        self,
        stage: Stage,
        fraction: float,
        *,
        step: int = 0,
        steps: int = 0,
        chunk: int = 0,
        chunks: int = 0,
        message: str = "",
        remaining_seconds: float | None = None,
    ) -> None:
        """Report that `fraction` (0 to 1) of the whole job is done; a fraction never falls on the wire."""

    def preview(self, media_type: str, data: bytes) -> None:
        """Send an intermediate picture of at most 256 KiB; listeners may miss it."""

    def output(self, role: str, media_type: str, path: Path) -> None:
        """Send the finished file at `path`; returns when all of it was handed to the client's stream.

        `role` is "result" (exactly once per job), "mask" or "poster". The file may be removed afterwards.
        """

    def open_output(self, role: str, media_type: str) -> OpenOutput:
        """Begin an output whose bytes follow as they are made; `role` as for `output`.

        Progress and previews may be reported while it is open, but no other output can be sent until it is
        closed. It needs at least one byte.
        """

    def check_cancelled(self) -> None:
        """Raise `Cancelled` when the job was cancelled; cheap enough to call once per frame or step."""


class UnusableOptions(Exception):
    """The command line asks for an engine that cannot be; the message tells the operator why."""


class Engine(ABC):
    """A family of models on one device: a pure function from input files to output files.

    Nothing may leak from one job into the next. `load`, `resolve`, `generate` and `close` run in threads of
    the host, at most `slots` at a time; with one slot it is always the same thread, as some accelerator
    libraries demand.
    """

    @classmethod  # noqa: B027 - most engines have no options
    def add_options(cls, parser: ArgumentParser) -> None:
        """Add the engine's own options of the command line to those of the host."""

    @classmethod
    def from_options(cls, options: Namespace) -> Self:  # noqa: ARG003 - for engines that have options
        """Make the engine that the command line asks for. Raises `UnusableOptions`."""
        return cls()

    @property
    def follows(self) -> bool:
        """Whether this process only helps the one that serves: it then runs `follow` instead of a server."""
        return False

    def follow(self) -> None:  # noqa: B027 - an engine of one process has nobody to follow
        """Take part in the jobs of the serving process, between `load` and `close`, until that one ends."""

    @abstractmethod
    def describe(self) -> EngineDescription:
        """Tell what the engine can do. Answers at once, also before `load`, and always the same."""

    @abstractmethod
    def load(self) -> None:
        """Prepare weights and caches, blocking. Called once; raising makes the process FAILED."""

    @abstractmethod
    def resolve(self, job: Job) -> dict[str, Any]:
        """Return all parameters in effect: derived values filled in, roundings applied.

        Called in a thread after the inputs have arrived and before `generate`. Raises `EngineError` when the
        parameters contradict each other or do not fit the inputs.
        """

    @abstractmethod
    def generate(self, job: Job, reporter: Reporter) -> str:
        """Run the job, blocking, and send exactly one "result" by `reporter.output` or `open_output`.

        Returns text for the user that belongs to the result, "" for none. Raises `EngineError` for failures
        the user should understand, and lets `Cancelled` of the reporter pass.
        """

    @abstractmethod
    def close(self) -> None:
        """Free everything `load` took. Called once, after the last job has ended."""
