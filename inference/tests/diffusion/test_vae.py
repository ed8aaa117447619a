"""The autoencoder group by group beside diffusers' all at once."""

import pytest
import torch

from polyreel_inference.diffusion.vae.channels_last import store_channels_last
from polyreel_inference.diffusion.vae.latent_scale import LatentScale
from polyreel_inference.diffusion.vae.streaming_decoder import StreamingDecoder
from polyreel_inference.diffusion.vae.video_encoder import VideoEncoder, image_condition
from tests.diffusion.tiny_models import random_numbers, single_runtime, tiny_vae

HEIGHT, WIDTH = 16, 24


@torch.no_grad()
def test_decoding_yields_one_frame_and_then_four() -> None:
    vae = tiny_vae()
    latents = random_numbers(16, 4, 2, 3, seed=1)
    groups = list(StreamingDecoder(vae, single_runtime().backend).frames(latents))
    assert [len(group) for group in groups] == [1, 4, 4, 4]
    theirs = vae.decode(LatentScale(vae).restored(latents[None]), return_dict=False)[0]
    torch.testing.assert_close(torch.cat(groups), theirs[0].transpose(0, 1), rtol=0, atol=1e-5)


def test_interleaved_videos_do_not_see_each_other() -> None:
    decoder = StreamingDecoder(tiny_vae(), single_runtime().backend)
    first, second = random_numbers(16, 3, 2, 3, seed=1), random_numbers(16, 3, 2, 3, seed=2)
    alone = torch.cat(list(decoder.frames(first)))
    together = [one for one, _ in zip(decoder.frames(first), decoder.frames(second), strict=True)]
    assert torch.equal(torch.cat(together), alone)


@torch.no_grad()
@pytest.mark.parametrize("frames", [1, 5, 9])
def test_encoding_equals_diffusers(frames: int) -> None:
    vae = tiny_vae()
    video = random_numbers(3, frames, HEIGHT, WIDTH, seed=3).clamp(-1, 1)
    ours = VideoEncoder(vae, single_runtime().backend).encode(video)
    theirs = LatentScale(vae).normalized(vae.encode(video[None]).latent_dist.mode())[0]
    assert ours.shape == (16, (frames - 1) // 4 + 1, HEIGHT // 8, WIDTH // 8)
    torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-5)


@pytest.mark.parametrize("with_last", [False, True])
def test_ends_are_a_video_of_zeros_between_pictures(with_last: bool) -> None:
    encoder = VideoEncoder(tiny_vae(), single_runtime().backend)
    first, last = random_numbers(2, 3, HEIGHT, WIDTH, seed=4).clamp(-1, 1)
    video = torch.zeros(3, 9, HEIGHT, WIDTH)
    video[:, 0] = first
    if with_last:
        video[:, -1] = last
    ends = encoder.encode_ends(first, 9, last if with_last else None)
    assert torch.equal(ends, encoder.encode(video))


def test_the_mask_tells_which_frames_are_given() -> None:
    encoder = VideoEncoder(tiny_vae(), single_runtime().backend)
    first, last = random_numbers(2, 3, HEIGHT, WIDTH, seed=4).clamp(-1, 1)
    condition = image_condition(encoder, first, 9, last)
    assert condition.shape == (20, 3, HEIGHT // 8, WIDTH // 8)
    assert condition[:4, :, 0, 0].tolist() == [[1, 0, 0], [1, 0, 0], [1, 0, 0], [1, 0, 1]]
    assert torch.equal(condition[4:], encoder.encode_ends(first, 9, last))
    assert image_condition(encoder, first, 9)[:4, :, 0, 0].tolist() == [[1, 0, 0]] * 4


@pytest.mark.parametrize("frames", [0, 2, 80])
def test_other_lengths_than_whole_latents_are_refused(frames: int) -> None:
    encoder = VideoEncoder(tiny_vae(), single_runtime().backend)
    with pytest.raises(ValueError, match=r"4n \+ 1"):
        encoder.encode(torch.zeros(3, frames, HEIGHT, WIDTH))
    with pytest.raises(ValueError, match=r"4n \+ 1"):
        encoder.encode_ends(torch.zeros(3, HEIGHT, WIDTH), frames)


def test_scaling_there_and_back() -> None:
    vae = tiny_vae()
    scale, latents = LatentScale(vae), random_numbers(1, 16, 1, 2, 2, seed=5)
    restored = scale.restored(latents)
    channel = 3
    expected = latents[:, channel] * vae.config.latents_std[channel] + vae.config.latents_mean[channel]
    torch.testing.assert_close(restored[:, channel], expected)
    torch.testing.assert_close(scale.normalized(restored), latents)


def test_channels_last_reorders_the_weights_and_decodes_the_same() -> None:
    latents, vae = random_numbers(16, 2, 2, 3, seed=6), tiny_vae()
    plain = torch.cat(list(StreamingDecoder(vae, single_runtime().backend).frames(latents)))
    store_channels_last(vae)
    assert vae.decoder.conv_out.weight.is_contiguous(memory_format=torch.channels_last_3d)
    assert vae.decoder.mid_block.attentions[0].to_qkv.weight.is_contiguous(memory_format=torch.channels_last)
    reordered = torch.cat(list(StreamingDecoder(vae, single_runtime().backend).frames(latents)))
    torch.testing.assert_close(reordered, plain, rtol=0, atol=1e-5)


def test_an_autoencoder_in_bfloat16_stays_close_and_yields_float32() -> None:
    backend, vae = single_runtime().backend, tiny_vae()
    latents, video = random_numbers(16, 3, 2, 3, seed=7), random_numbers(3, 5, HEIGHT, WIDTH, seed=8)
    exact = torch.cat(list(StreamingDecoder(vae, backend).frames(latents)))
    encoded = VideoEncoder(vae, backend).encode(video)
    vae.bfloat16()
    rounded = torch.cat(list(StreamingDecoder(vae, backend).frames(latents)))
    again = VideoEncoder(vae, backend).encode(video)
    for close, reference in ((rounded, exact), (again, encoded)):
        assert close.dtype == torch.float32
        assert 1e-5 < (close - reference).norm() / reference.norm() < 0.1
