"""Our forward beside diffusers' own."""

import pytest
import torch
from torch import Tensor, nn

from polyreel_inference.diffusion.transformer.block import BlockExtension
from polyreel_inference.diffusion.transformer.wan_transformer import WanTransformer
from tests.checkpoints.kinds import HEAD_DIMENSION, HEADS, KINDS, LAYERS
from tests.diffusion.tiny_models import (
    image_states,
    our_transformer,
    random_numbers,
    reference_transformer,
    single_runtime,
    text_states,
)


def _inputs(kind: str, batch: int = 1) -> tuple[Tensor, Tensor, Tensor | None]:
    latents = random_numbers(batch, KINDS[kind].input_channels, 3, 6, 10, seed=1)
    return latents, text_states(2, batch), image_states(kind, 3, batch)


def _reference(kind: str, latents: Tensor, timestep: Tensor, text: Tensor, image: Tensor | None) -> Tensor:
    if image is not None and KINDS[kind].images == 2:
        image = image.reshape(-1, 257, image.shape[-1])
    result: Tensor = reference_transformer(kind)(latents, timestep, text, image, return_dict=False)[0]
    return result


@torch.no_grad()
@pytest.mark.parametrize("kind", ["t2v", "i2v", "flf2v", "i2v-a14b"])
def test_forward_equals_diffusers(kind: str) -> None:
    latents, text, image = _inputs(kind, batch=2)
    timestep = torch.tensor([937.5, 20.0])
    ours = our_transformer(kind)(latents, timestep, text, image, runtime=single_runtime())
    reference = _reference(kind, latents, timestep, text, image)
    assert reference.std() > 0.1
    torch.testing.assert_close(ours, reference, rtol=0, atol=1e-5)


@torch.no_grad()
def test_one_timestep_serves_a_whole_batch() -> None:
    latents, text, image = _inputs("i2v", batch=2)
    ours = our_transformer("i2v")(latents, torch.tensor([500.0]), text, image, runtime=single_runtime())
    reference = _reference("i2v", latents, torch.tensor([500.0, 500.0]), text, image)
    torch.testing.assert_close(ours, reference, rtol=0, atol=1e-5)


@torch.no_grad()
def test_kept_keys_give_what_new_keys_give() -> None:
    latents, text, image = _inputs("i2v")
    runtime, model = single_runtime(), our_transformer("i2v")
    context = model.embed(text, image, runtime=runtime)
    for timestep in (torch.tensor([800.0]), torch.tensor([300.0])):
        kept = model.denoise(latents, timestep, context, runtime=runtime)
        assert torch.equal(kept, model(latents, timestep, text, image, runtime=runtime))


@torch.no_grad()
def test_grids_and_requests_do_not_influence_each_other() -> None:
    runtime, model, timestep = single_runtime(), our_transformer("t2v"), torch.tensor([400.0])
    latents, text, _ = _inputs("t2v")
    other = random_numbers(1, 16, 2, 8, 4, seed=9)
    alone = our_transformer("t2v")(latents, timestep, text, runtime=runtime)
    first = model(latents, timestep, text, runtime=runtime)
    model(other, timestep, text_states(8), runtime=runtime)
    again = model(latents, timestep, text, runtime=runtime)
    assert torch.equal(first, alone)
    assert torch.equal(again, alone)


class _Watcher(BlockExtension):
    def __init__(self) -> None:
        self.seen: list[tuple[Tensor, Tensor]] = []
        self.returned: list[tuple[nn.Module, Tensor | None]] = []

    def attended(self, query: Tensor, key: Tensor) -> Tensor:
        self.seen.append((query, key))
        return query

    def after_context(self, block: nn.Module, x: Tensor, seen: Tensor | None) -> Tensor:
        self.returned.append((block, seen))
        return x + x.roll(1, dims=-1)

    def tensors(self) -> tuple[Tensor, ...]:
        return ()

    def signature(self) -> None:
        return None

    def reading(self, tensors: tuple[Tensor, ...]) -> "_Watcher":
        return self


@torch.no_grad()
def test_extension_sees_rotated_queries_and_changes_the_tokens() -> None:
    runtime, model = single_runtime(), our_transformer("t2v")
    latents, text, _ = _inputs("t2v")
    context, timestep = model.embed(text, None, runtime=runtime), torch.tensor([400.0])
    watcher = _Watcher()
    extended = model.denoise(latents, timestep, context, runtime=runtime, extension=watcher)
    plain = model.denoise(latents, timestep, context, runtime=runtime)
    assert (extended - plain).abs().max() > 1e-3
    assert len(watcher.seen) == LAYERS
    for block, (query, key), (extended_block, returned) in zip(
        model.blocks, watcher.seen, watcher.returned, strict=True
    ):
        assert extended_block is block
        assert returned is query
        assert query.shape == key.shape == (1, 3 * 3 * 5, HEADS, HEAD_DIMENSION)
    attention = model.blocks[0].attn1
    # The first token stands at the origin, where rotation is no rotation.
    query = watcher.seen[0][0]
    x = _first_block_input(model, latents, timestep)
    expected = attention.norm_q(attention.to_q(x)).unflatten(2, (HEADS, -1))
    torch.testing.assert_close(query[:, 0], expected[:, 0], rtol=0, atol=1e-5)
    assert (query[:, 1:] - expected[:, 1:]).abs().max() > 1e-3


def _first_block_input(model: WanTransformer, latents: Tensor, timestep: Tensor) -> Tensor:
    x = model.patch_embedding(latents).flatten(2).transpose(1, 2)
    _, time = model.time_embedding(timestep)
    shift, scale = (model.blocks[0].scale_shift_table + time)[:, :2].unbind(1)
    modulated: Tensor = nn.functional.layer_norm(x, (x.shape[-1],), eps=1e-6) * (1 + scale) + shift
    return modulated


@torch.no_grad()
@pytest.mark.parametrize("kind", ["t2v", "i2v", "flf2v"])
def test_weights_in_bfloat16_stay_close_and_the_result_is_float32(kind: str) -> None:
    model, timestep = our_transformer(kind), torch.tensor([600.0])
    latents, text, image = _inputs(kind)
    exact = model(latents, timestep, text, image, runtime=single_runtime())
    for name, parameter in model.named_parameters():
        if not any(part in name for part in WanTransformer.float32_parts):
            parameter.data = parameter.data.bfloat16()
    half = model(latents, timestep, text, image, runtime=single_runtime(torch.bfloat16))
    assert half.dtype == torch.float32
    error = (half - exact).norm() / exact.norm()
    assert 1e-5 < error < 0.02
