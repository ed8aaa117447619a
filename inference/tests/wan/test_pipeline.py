"""From prompt and pictures to frames, beside diffusers' pipelines loaded from the same folders."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import DiffusionPipeline, UniPCMultistepScheduler, WanImageToVideoPipeline, WanPipeline
from torch import Tensor

from polyreel_inference.diffusion.denoise_request import DenoiseRequest
from polyreel_inference.diffusion.denoiser import Denoiser
from polyreel_inference.diffusion.memory.encoder_placement import OffloadedEncoders, ResidentEncoders
from polyreel_inference.diffusion.model_folder.wan_folder import WanFolder
from polyreel_inference.diffusion.sampling.flow_schedule import distilled_schedule
from polyreel_inference.diffusion.sampling.sampler import SamplingMethod
from polyreel_inference.diffusion.transformer.runtime import Runtime
from polyreel_inference.engines.wan import pipeline as wan
from polyreel_inference.host.errors import EngineError, ErrorCode
from polyreel_inference.parallel.gate import Check, SingleGate
from tests.checkpoints.comparison import assert_same_numbers
from tests.checkpoints.kinds import KINDS
from tests.checkpoints.layouts import write_diffusers
from tests.diffusion.tiny_models import random_numbers, single_runtime

PROMPT, NEGATIVE = "A fox &amp; a hare  in the snow", "blurred"
REQUEST = wan.VideoRequest(
    prompt=PROMPT,
    negative_prompt=NEGATIVE,
    width=48,
    height=32,
    frames=9,
    seed=11,
    steps=3,
    shift=3.0,
    guidance_scale=5.0,
)


class _Model:
    """A loaded folder and what its denoiser was asked."""

    def __init__(self, folder: Path, *, offload: bool = False) -> None:
        self.asked: list[DenoiseRequest] = []
        self.steps: list[int] = []
        runtime: Runtime = single_runtime()
        opened, backend = WanFolder.open(folder), runtime.backend
        experts = [opened.load_transformer(index, backend) for index in range(opened.experts)]
        self._denoiser = Denoiser(experts, runtime)
        # The published text encoder is bfloat16 on disk; diffusers is compared with in float32.
        text_encoder = opened.load_text_encoder(backend, torch.float32)
        self.image_encoder = opened.load_image_encoder(backend)
        vae = opened.load_vae(backend)
        placement = OffloadedEncoders(backend.device) if offload else ResidentEncoders(backend.device)
        for part in (text_encoder, self.image_encoder):
            if part is not None:
                placement.place(part.model)
        placement.place(vae)

        def with_denoise(denoise: wan.Denoise, method: SamplingMethod = "unipc") -> wan.WanPipeline:
            return wan.WanPipeline(
                text_encoder,
                self.image_encoder,
                vae,
                denoise,
                backend=backend,
                placement=placement,
                method=method,
                boundary=opened.sampling().boundary,
            )

        self.with_denoise = with_denoise
        self.pipeline = self.with_denoise(self._denoise)

    def _denoise(self, request: DenoiseRequest, check: Check) -> Tensor:
        self.asked.append(request)
        return self._denoiser.run(request, SingleGate(check))

    def frames(self, request: wan.VideoRequest) -> Tensor:
        return torch.cat(list(self.pipeline.frames(request, self.steps.append)))


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("checkpoints")
    return {kind: write_diffusers(root / kind, kind) for kind in ("t2v", "i2v", "flf2v", "i2v-a14b")}


class _SameImageStates(WanImageToVideoPipeline):
    """Sees by our image encoder: diffusers' image processor crops pictures, Wan's own does not."""

    states: Tensor

    def encode_image(self, image: object, device: object = None) -> Tensor:
        return self.states


def _reference(folder: Path, kind: type[DiffusionPipeline], **arguments: Any) -> Tensor:
    states = arguments.pop("states", None)
    pipeline = kind.from_pretrained(folder, dtype=torch.float32)
    pipeline.scheduler = UniPCMultistepScheduler.from_config(
        pipeline.scheduler.config, flow_shift=REQUEST.shift
    )
    pipeline.set_progress_bar_config(disable=True)
    if states is not None:
        pipeline.states = states
    result: Tensor = pipeline(
        prompt=PROMPT,
        negative_prompt=NEGATIVE,
        height=REQUEST.height,
        width=REQUEST.width,
        num_frames=REQUEST.frames,
        num_inference_steps=REQUEST.steps,
        guidance_scale=REQUEST.guidance_scale,
        generator=torch.Generator().manual_seed(REQUEST.seed),
        output_type="pt",
        return_dict=False,
        **arguments,
    )[0]
    return result[0] * 2 - 1


def _picture(seed: int) -> Tensor:
    """A picture [3, height, width] in 0..1."""
    return random_numbers(3, REQUEST.height, REQUEST.width, seed=seed).sigmoid()


def test_a_prompt_becomes_the_frames_of_diffusers(folders: dict[str, Path]) -> None:
    model = _Model(folders["t2v"])
    assert_same_numbers(model.frames(REQUEST), _reference(folders["t2v"], WanPipeline))
    assert model.steps == [0, 1, 2]


@pytest.mark.parametrize("kind", ["i2v", "flf2v", "i2v-a14b"])
def test_pictures_become_the_frames_of_diffusers(folders: dict[str, Path], kind: str) -> None:
    model = _Model(folders[kind])
    pictures = [_picture(1), _picture(2)][: max(1, KINDS[kind].images)]
    signed = [picture * 2 - 1 for picture in pictures]
    request = replace(REQUEST, image=signed[0], last_image=signed[1] if len(signed) == 2 else None)
    given: dict[str, Any] = {"image": pictures[0][None]}
    if len(pictures) == 2:
        given["last_image"] = pictures[1][None]
    if model.image_encoder is not None:
        given["states"] = torch.stack([model.image_encoder.encode(picture) for picture in signed])
    assert_same_numbers(model.frames(request), _reference(folders[kind], _SameImageStates, **given))


def test_fragments_begin_where_the_one_before_ended(folders: dict[str, Path]) -> None:
    model = _Model(folders["i2v"])
    first = replace(REQUEST, image=_picture(1) * 2 - 1)
    joined = model.frames(replace(first, fragments=3))
    assert len(joined) == 9 + 8 + 8
    assert model.steps == list(range(9))
    assert [asked.seed for asked in model.asked] == [11, 12, 13]
    second = replace(first, image=joined[8], seed=12)
    parts = [model.frames(first), model.frames(second)[1:]]
    torch.testing.assert_close(joined[:17], torch.cat(parts), rtol=0, atol=1e-6)


def test_fragments_of_one_frame_are_refused(folders: dict[str, Path]) -> None:
    model = _Model(folders["i2v"])
    with pytest.raises(ValueError, match="at least 5 frames"):
        model.frames(replace(REQUEST, image=_picture(1), frames=1, fragments=2))


def test_a_last_picture_ends_the_last_fragment(folders: dict[str, Path]) -> None:
    model = _Model(folders["i2v-a14b"])
    request = replace(REQUEST, image=_picture(1) * 2 - 1, last_image=_picture(2) * 2 - 1, fragments=2)
    model.frames(request)
    masks = [asked.condition[3, -1, 0, 0].item() for asked in model.asked if asked.condition is not None]
    assert masks == [0, 1]


def test_other_ranks_get_tensors_of_the_cpu_and_no_text(folders: dict[str, Path]) -> None:
    model = _Model(folders["i2v"])
    model.frames(replace(REQUEST, image=_picture(1) * 2 - 1, guidance_scale=1.0, negative_prompt=None))
    (asked,) = model.asked
    assert asked.negative_text is None
    assert asked.shape == (16, 3, 4, 6)
    for value in vars(asked).values():
        assert not isinstance(value, str) or value == "unipc"
        assert not isinstance(value, Tensor) or value.device.type == "cpu"


def test_offloaded_encoders_give_the_same_frames(folders: dict[str, Path]) -> None:
    request = replace(REQUEST, image=_picture(1) * 2 - 1)
    assert torch.equal(
        _Model(folders["i2v"], offload=True).frames(request), _Model(folders["i2v"]).frames(request)
    )


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_numbers_that_left_their_range_do_not_become_a_black_video(
    folders: dict[str, Path], number: float
) -> None:
    model = _Model(folders["t2v"])

    def denoise(request: DenoiseRequest, check: Check) -> Tensor:
        latents = torch.zeros(request.shape)
        latents[3, 1, 0, 2] = number
        return latents

    pipeline = model.with_denoise(denoise)
    with pytest.raises(EngineError, match="left the range") as failed:
        next(pipeline.frames(REQUEST, model.steps.append))
    assert (failed.value.code, failed.value.retryable) == (ErrorCode.INTERNAL, False)


@pytest.mark.parametrize("shift", [1.0, 5.0, 16.0])
def test_distilled_experts_share_the_steps_as_they_were_trained(
    folders: dict[str, Path], shift: float
) -> None:
    """LightX2V changes experts after 2 of 4 steps at shift 5 and, with a last picture, at 16."""
    asked: list[DenoiseRequest] = []

    def denoise(request: DenoiseRequest, check: Check) -> Tensor:
        asked.append(request)
        return torch.zeros(request.shape)

    pipeline = _Model(folders["i2v-a14b"]).with_denoise(denoise, "distilled")
    request = replace(REQUEST, image=_picture(1), steps=4, shift=shift, guidance_scale=1.0)
    next(pipeline.frames(request, lambda _: None))
    timesteps = distilled_schedule(4, shift).timesteps
    assert (timesteps >= (asked[0].boundary or 0) * 1000).tolist() == [True, True, False, False]


class _Cancelled(Exception):
    pass


def test_a_cancelled_video_leaves_nothing_behind(folders: dict[str, Path]) -> None:
    model = _Model(folders["t2v"])

    def check(done: int) -> None:
        if done == 2:
            raise _Cancelled

    alone = model.frames(REQUEST)
    with pytest.raises(_Cancelled):
        list(model.pipeline.frames(replace(REQUEST, seed=5, prompt="another"), check))
    assert torch.equal(model.frames(REQUEST), alone)
