"""The life of the process and its slots: who may start a job now, and what Describe and health say."""

import asyncio

from polyreel_inference.host.errors import EngineError, ErrorCode, SlotsBusy
from polyreel_inference.host.protocol import description_pb2 as wire


class Slots:
    """Counts running jobs and knows whether new ones are taken. For the event loop only."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._taken = 0
        self._phase = wire.ENGINE_STATE_LOADING
        self.message = "The engine is loading."
        self._free = asyncio.Event()
        self._free.set()

    @property
    def state(self) -> wire.EngineState:
        """READY turns into BUSY while all slots are taken."""
        if self._phase == wire.ENGINE_STATE_READY and self._taken >= self._count:
            return wire.ENGINE_STATE_BUSY
        return self._phase

    @property
    def serving(self) -> bool:
        """Whether load balancers should send jobs here: loaded, and neither failed nor draining."""
        return self._phase == wire.ENGINE_STATE_READY

    @property
    def any_taken(self) -> bool:
        """Whether a job runs."""
        return self._taken > 0

    def loaded(self) -> None:
        """The engine has loaded."""
        if self._phase == wire.ENGINE_STATE_LOADING:
            self._phase, self.message = wire.ENGINE_STATE_READY, ""

    def failed(self, message: str) -> None:
        """The engine could not load; `message` tells an operator why."""
        self._phase, self.message = wire.ENGINE_STATE_FAILED, message

    def drain(self) -> None:
        """Take no new jobs from now on."""
        self._phase, self.message = wire.ENGINE_STATE_DRAINING, ""

    async def until_free(self) -> None:
        """Wait until no job runs."""
        await self._free.wait()

    def require_serving(self) -> None:
        """Raise `EngineError` ENGINE_UNAVAILABLE unless jobs are taken at all."""
        if not self.serving:
            words = {
                wire.ENGINE_STATE_LOADING: "The engine is still loading.",
                wire.ENGINE_STATE_DRAINING: "The engine is shutting down.",
            }
            text = words.get(self._phase, "The engine could not be started.")
            raise EngineError(ErrorCode.ENGINE_UNAVAILABLE, text)

    def take(self) -> "Slot":
        """Take a slot at once; nothing queues here. Raises `EngineError` when there is none."""
        self.require_serving()
        if self._taken >= self._count:
            raise SlotsBusy
        self._taken += 1
        self._free.clear()
        return Slot(self)

    def give_back(self) -> None:
        """Called by `Slot`."""
        self._taken -= 1
        if self._taken == 0:
            self._free.set()


class Slot:
    """One taken slot."""

    def __init__(self, slots: Slots) -> None:
        self._slots: Slots | None = slots

    def release(self) -> None:
        """Give the slot back; a second call does nothing."""
        if self._slots is not None:
            self._slots.give_back()
            self._slots = None
