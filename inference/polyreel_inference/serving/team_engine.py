"""What engines have in common whose ranks do each job together."""

from abc import abstractmethod
from typing import Any, ClassVar, TypeVar

from polyreel_inference import __version__
from polyreel_inference.devices.backend import Backend
from polyreel_inference.devices.process_memory import give_back_heap
from polyreel_inference.host.engine import Engine, EngineDescription, Job, Model, Reporter
from polyreel_inference.parallel.gate import Check, Gate
from polyreel_inference.parallel.mesh import Mesh
from polyreel_inference.parallel.ranks import Ranks
from polyreel_inference.parallel.team import Team
from polyreel_inference.serving.failures import explained

Part = TypeVar("Part")


class TeamEngine(Engine):
    """One job at a time: rank 0 serves and hands out the work for the device, the other ranks follow."""

    name: ClassVar[str]
    """The engine's name on the command line and in descriptions."""

    advice: ClassVar[str] = "ask for a smaller size or fewer frames"
    """Half a sentence for users: how to ask for a job that takes less memory."""

    def __init__(self, backend: Backend, ranks: Ranks) -> None:
        self._backend, self._ranks = backend, ranks
        self._team: Team | None = None

    @property
    def follows(self) -> bool:
        """See `Engine.follows`."""
        return not self._ranks.is_leader

    def describe(self) -> EngineDescription:
        """See `Engine.describe`."""
        several = f"{self._ranks.size} x " if self._ranks.size > 1 else ""
        device = several + self._backend.description
        return EngineDescription(self.name, __version__, self.models(), device, slots=1)

    def load(self) -> None:
        """Connect the ranks and read the weights. Raises `WeightsError` that names what does not fit."""
        mesh = self.connect()
        # Before the weights: a rank that fails to read them is then missed at once.
        self._team = Team(mesh, self._backend, self.work)
        self.load_weights(mesh)
        give_back_heap()

    def follow(self) -> None:
        """See `Engine.follow`."""
        loaded(self._team).follow()

    def generate(self, job: Job, reporter: Reporter) -> str:
        """See `Engine.generate`."""
        try:
            return self.make(job, reporter)
        except Exception as error:
            if (answer := explained(error, self._backend, self.advice)) is None:
                raise
            raise answer from error
        finally:
            # An engine that waits for jobs should not keep the frames of the last one.
            give_back_heap()

    def close(self) -> None:
        """Let the followers end and forget the weights."""
        if self._team is not None:
            self._team.close()
            self._team = None
        self.forget_weights()
        self._backend.free_memory()

    def on_all_ranks(self, order: Any, check: Check) -> Any:
        """Do the `work` on all ranks and return rank 0's result; see `Team.run`."""
        return loaded(self._team).run(order, check)

    @abstractmethod
    def models(self) -> tuple[Model, ...]:
        """Return what requests can ask for; needs no weights."""

    @abstractmethod
    def connect(self) -> Mesh:
        """Connect all ranks in the form that the options ask for."""

    @abstractmethod
    def load_weights(self, mesh: Mesh) -> None:
        """Read what this rank needs. Raises `WeightsError` that names what does not fit."""

    @abstractmethod
    def forget_weights(self) -> None:
        """Let go of what `load_weights` has read."""

    @abstractmethod
    def work(self, order: Any, gate: Gate) -> Any:
        """Do what every rank does for an order, passing the gate before each denoising step."""

    @abstractmethod
    def make(self, job: Job, reporter: Reporter) -> str:
        """Do the job as `Engine.generate` tells. Errors of device and ranks may pass: they are explained."""


def loaded(part: Part | None) -> Part:
    """Return the part. Raises `RuntimeError` before `load` and after `close`."""
    if part is None:
        raise RuntimeError("the engine is not loaded")
    return part
