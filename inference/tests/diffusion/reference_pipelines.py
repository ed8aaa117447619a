"""diffusers' own pipelines on the tiny models, with states of encoders given instead of computed."""

from typing import Any

import torch
from diffusers import UniPCMultistepScheduler, WanImageToVideoPipeline, WanPipeline
from torch import Tensor

from tests.checkpoints.kinds import KINDS
from tests.diffusion.tiny_models import reference_transformer, text_states, tiny_vae

FRAMES, HEIGHT, WIDTH = 9, 32, 48
SHAPE = (16, 3, HEIGHT // 8, WIDTH // 8)
STEPS, SHIFT, GUIDANCE, SEED = 5, 3.0, 5.0, 42


class _GivenImageStates(WanImageToVideoPipeline):
    """Sees what it is given in place of an image encoder; diffusers takes states only without a picture."""

    states: Tensor

    def encode_image(self, image: object, device: object = None) -> Tensor:
        return self.states


def reference(
    kind: str,
    *,
    pictures: Tensor | None = None,
    image_states: Tensor | None = None,
    output_type: str = "latent",
    **arguments: Any,
) -> Tensor:
    """Return diffusers' latents [16, T, h, w], or its frames [frames, 3, height, width] in 0..1 for "pt".

    `pictures` [1 or 2, 3, height, width] in 0..1 are the first and the last frame.
    """
    tiny = KINDS[kind]
    experts = [reference_transformer(kind, expert) for expert in range(tiny.experts)]
    pipeline = (WanPipeline if pictures is None else _GivenImageStates)(
        tokenizer=None,
        text_encoder=None,
        vae=tiny_vae(),
        scheduler=UniPCMultistepScheduler(
            prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=SHIFT
        ),
        transformer=experts[0],
        transformer_2=experts[1] if tiny.experts == 2 else None,
        boundary_ratio=tiny.boundary,
    )
    pipeline.set_progress_bar_config(disable=True)
    if pictures is not None:
        arguments["image"] = pictures[:1]
        arguments["last_image"] = pictures[1:] if len(pictures) == 2 else None
    if image_states is not None:
        pipeline.states = image_states.reshape(-1, 257, image_states.shape[-1])
    settings = {"guidance_scale": GUIDANCE, "num_inference_steps": STEPS, **arguments}
    result: Tensor = pipeline(
        prompt_embeds=text_states(1),
        negative_prompt_embeds=text_states(2),
        height=HEIGHT,
        width=WIDTH,
        num_frames=FRAMES,
        generator=torch.Generator().manual_seed(SEED),
        output_type=output_type,
        return_dict=False,
        **settings,
    )[0]
    return result[0]
