"""One transformer during one request."""

from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor

from polyreel_inference.diffusion.denoise_request import DenoiseRequest
from polyreel_inference.diffusion.sampling.guidance import compute_branches, guided
from polyreel_inference.diffusion.transformer.context import Context
from polyreel_inference.diffusion.transformer.runtime import Runtime
from polyreel_inference.diffusion.transformer.step_cache import StepCache, plan_reuse, relative_changes
from polyreel_inference.diffusion.transformer.wan_transformer import WanTransformer


class Expert:
    """A transformer and what it keeps from step to step of one request: contexts and the step cache.

    `timesteps`, float32 on the device, are those the transformer is responsible for. `batched` computes both
    branches of guidance in one forward, which pays where a single one does not fill the device. Nothing is
    computed before the first step.
    """

    def __init__(
        self,
        transformer: WanTransformer,
        runtime: Runtime,
        request: DenoiseRequest,
        timesteps: Tensor,
        *,
        guidance_scale: float,
        coefficients: Sequence[float] | None = None,
        batched: bool = False,
    ) -> None:
        self._transformer = transformer
        self._runtime = runtime
        self._request = request
        self._timesteps = timesteps
        self._scale = guidance_scale
        self._coefficients = coefficients
        texts = [request.text]
        if guidance_scale > 1:
            if request.negative_text is None:
                raise ValueError("A guidance scale above 1 needs a negative text to be guided away from.")
            texts.append(request.negative_text)
        # Ranks that share the branches compute one each: nothing is left to batch.
        together = batched and runtime.mesh.guidance.size == 1
        self._branches = [torch.stack(texts)] if together else [text.unsqueeze(0) for text in texts]
        self._contexts: dict[int, Context] = {}
        self._cache: StepCache | None = None

    def velocity(self, latents: Tensor, step: int) -> Tensor:
        """Return the guided velocity, float32 [1, 16, T, h, w], in this expert's step `step` (from 0).

        `latents` are [1, input channels, T, h, w], condition included.
        """
        branches = [partial(self._predict, index, latents, step) for index in range(len(self._branches))]
        velocities = torch.cat(compute_branches(branches, self._runtime.mesh.guidance))
        if len(velocities) == 1:
            return velocities
        return guided(velocities[:1], velocities[1:], self._scale)

    def _predict(self, index: int, latents: Tensor, step: int) -> Tensor:
        text = self._branches[index]
        if index not in self._contexts:
            image = self._request.image
            images = None if image is None else image.expand(len(text), -1, -1)
            self._contexts[index] = self._transformer.embed(text, images, runtime=self._runtime)
        cache = None
        if self._request.step_cache_threshold > 0:
            cache = self._step_cache().branch(index, step)
        return self._transformer.denoise(
            latents.expand(len(text), -1, -1, -1, -1),
            self._timesteps[step : step + 1],
            self._contexts[index],
            runtime=self._runtime,
            cache=cache,
        )

    def _step_cache(self) -> StepCache:
        if self._cache is None:
            if self._coefficients is None:
                raise ValueError("No step cache is known for this model: its threshold has to be 0.")
            _, modulations = self._transformer.time_embedding(self._timesteps)
            # Ranks exchange heads in every computed step, so they must agree to the last digit.
            changes = self._runtime.mesh.sequence.all_max(relative_changes(modulations))
            plan = plan_reuse(changes, self._request.step_cache_threshold, self._coefficients)
            self._cache = StepCache(plan)
        return self._cache
