"""The forwards of every step of one chunk."""

from functools import partial

from torch import Tensor

from polyreel_inference.diffusion.sampling.guidance import compute_branches
from polyreel_inference.diffusion.transformer.context import Context
from polyreel_inference.diffusion.transformer.runtime import Runtime
from polyreel_inference.diffusion.transformer.step_cache import StepCache, plan_reuse, relative_changes
from polyreel_inference.engines.infinitetalk.sampling.chunk_request import ChunkRequest
from polyreel_inference.engines.infinitetalk.sampling.guidance import Branch
from polyreel_inference.engines.infinitetalk.transformer.infinitetalk_transformer import (
    InfiniteTalkTransformer,
)
from polyreel_inference.engines.infinitetalk.transformer.speech import Speech


class Branches:
    """What the branches of a chunk keep from step to step: contexts, speech and the step cache.

    `timesteps`, float32 on the device, are those of all steps. A rank that shares the branches with others
    prepares only what its own ones need, in its first step.
    """

    def __init__(
        self,
        transformer: InfiniteTalkTransformer,
        runtime: Runtime,
        request: ChunkRequest,
        timesteps: Tensor,
    ) -> None:
        self._transformer = transformer
        self._runtime = runtime
        self._request = request
        self._timesteps = timesteps
        self._contexts: dict[bool, Context] = {}
        self._speeches: dict[bool, Speech] = {}
        self._cache: StepCache | None = None

    def velocities(self, latents: Tensor, step: int) -> list[Tensor]:
        """Return those of all branches, each float32 [1, 16, T, h, w], at latents [1, 36, T, h, w]."""
        forwards = [
            partial(self._predict, index, branch, latents, step)
            for index, branch in enumerate(self._request.sampling.branches)
        ]
        return compute_branches(forwards, self._runtime.mesh.guidance)

    def _predict(self, index: int, branch: Branch, latents: Tensor, step: int) -> Tensor:
        cache = None
        if self._request.sampling.step_cache_threshold > 0:
            cache = self._step_cache().branch(index, step)
        return self._transformer.velocity(
            latents,
            self._timesteps[step : step + 1],
            self._context(prompt=branch.prompt),
            self._speech(speaks=branch.speech),
            runtime=self._runtime,
            cache=cache,
        )

    def _context(self, *, prompt: bool) -> Context:
        if prompt not in self._contexts:
            request = self._request
            text = request.text if prompt else request.negative_text
            if text is None:
                raise ValueError("A text scale other than 1 needs a negative text to be guided away from.")
            self._contexts[prompt] = self._transformer.embed(
                text.unsqueeze(0), request.image.unsqueeze(0), runtime=self._runtime
            )
        return self._contexts[prompt]

    def _speech(self, *, speaks: bool) -> Speech:
        if speaks not in self._speeches:
            transformer, request = self._transformer, self._request
            self._speeches[speaks] = (
                transformer.speech(request.windows, request.masks, runtime=self._runtime)
                if speaks
                else transformer.silence(request.windows.shape[1], runtime=self._runtime)
            )
        return self._speeches[speaks]

    def _step_cache(self) -> StepCache:
        if self._cache is None:
            sampling = self._request.sampling
            if sampling.step_cache_coefficients is None:
                raise ValueError("A step cache needs the coefficients that were measured for it.")
            _, modulations = self._transformer.time_embedding(self._timesteps)
            # Ranks exchange heads in every computed step, so they must agree to the last digit.
            changes = self._runtime.mesh.sequence.all_max(relative_changes(modulations))
            plan = plan_reuse(changes, sampling.step_cache_threshold, sampling.step_cache_coefficients)
            self._cache = StepCache(plan)
        return self._cache
