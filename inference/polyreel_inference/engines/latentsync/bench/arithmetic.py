"""How much arithmetic a chunk is: counted, not measured."""

from collections.abc import Callable
from typing import Any

import torch
from diffusers import AutoencoderKL
from torch.utils.flop_counter import FlopCounterMode

from polyreel_inference.devices.cpu import CpuBackend
from polyreel_inference.engines.latentsync.frame_order import MODEL_FPS
from polyreel_inference.engines.latentsync.network.unet import UNet
from polyreel_inference.engines.latentsync.network.unet_sizes import CHUNK_FRAMES, INPUT_CHANNELS, UNetSizes
from polyreel_inference.engines.latentsync.sampling.chunk_denoiser import DEEP_CACHE_INTERVAL
from polyreel_inference.engines.latentsync.synthesis.chunk import VAE_FACTOR
from polyreel_inference.serving.bench.report import table_row

_STEPS = 20
_TOKENS = 50
_HEAD = (
    "| crop | UNet forward | the same from the cache | encode, 16 crops | decode, 16 crops | guidance |"
    " TFLOP a second of video | with DeepCache |\n|---|---:|---:|---:|---:|---|---:|---:|"
)


def arithmetic_table(unet: UNetSizes, autoencoder: dict[str, Any], sides: tuple[int, ...]) -> str:
    """Return a table in Markdown of 20 steps in TFLOP, for crops of these sides."""
    # Tensors of the meta device have shapes but no numbers.
    with torch.device("meta"), torch.inference_mode():
        networks = UNet(unet, CpuBackend().attention), AutoencoderKL(**autoencoder)
        rows = [row for side in sides for row in _rows(*networks, side, unet.cross_attention_dim)]
    return "\n".join([_HEAD, *rows])


def _rows(unet: UNet, autoencoder: AutoencoderKL, side: int, width: int) -> list[str]:
    inputs = torch.empty(CHUNK_FRAMES, INPUT_CHANNELS, side // VAE_FACTOR, side // VAE_FACTOR)
    heard, time = torch.empty(CHUNK_FRAMES, _TOKENS, width), torch.empty(1)
    _, deep = unet(inputs, time, heard, CHUNK_FRAMES)
    whole = _tflop(lambda: unet(inputs, time, heard, CHUNK_FRAMES))
    cached = _tflop(lambda: unet.reuse(deep, inputs, time, heard, CHUNK_FRAMES))
    encode = _tflop(lambda: autoencoder.encode(torch.empty(CHUNK_FRAMES, 3, side, side)))
    decode = _tflop(lambda: autoencoder.decode(inputs[:, :4]))
    full_steps = -(-_STEPS // DEEP_CACHE_INTERVAL)
    rows = []
    for guidance, forwards in (("no", 1), ("yes", 2)):
        around = 2 * encode + decode
        plain = around + forwards * _STEPS * whole
        quick = around + forwards * (full_steps * whole + (_STEPS - full_steps) * cached)
        parts = (f"{part:.2f}" for part in (whole, cached, encode, decode))
        second = (f"{chunk * MODEL_FPS / CHUNK_FRAMES:.0f}" for chunk in (plain, quick))
        rows.append(table_row(str(side), *parts, guidance, *second))
    return rows


def _tflop(action: Callable[[], object]) -> float:
    with FlopCounterMode(display=False) as counter:
        action()
    return float(counter.get_total_flops() / 1e12)
