"""The same network out of diffusers' UNetMotionModel, each norm over the frames it has in LatentSync."""

from pathlib import Path
from typing import Any, cast

import torch
from diffusers import UNetMotionModel
from torch import Tensor, nn

from tests.checkpoints import latentsync_sizes as sizes

_RENAMES = {
    "temporal_transformer.": "",
    "attention_blocks.0.pos_encoder.": "pos_embed.",
    "attention_blocks.0.": "attn1.",
    "attention_blocks.1.": "attn2.",
    "norms.0.": "norm1.",
    "norms.1.": "norm2.",
    "ff_norm.": "norm3.",
}


class _OverAllFrames(nn.Module):
    """Normalises [B * F, C, h, w] as if the frames of a chunk were one tall picture."""

    def __init__(self, norm: nn.GroupNorm, frames: int) -> None:
        super().__init__()
        self.norm, self.frames = norm, frames

    def forward(self, x: Tensor) -> Tensor:
        chunks = []
        for chunk in x.split(self.frames):
            tall = torch.cat(list(chunk), dim=1)[None]
            chunks += self.norm(tall)[0].chunk(self.frames, dim=1)
        return torch.stack(chunks)


class _OverOneFrame(nn.Module):
    """Normalises each frame of [B, C, F, h, w] alone."""

    def __init__(self, norm: nn.GroupNorm) -> None:
        super().__init__()
        self.norm = norm

    def forward(self, x: Tensor) -> Tensor:
        return torch.stack([self.norm(frame) for frame in x.unbind(2)], dim=2)


def reference_unet(path: Path, frames: int) -> Any:
    """Load the published file at `path` into diffusers' network, for chunks of `frames` frames."""
    unet = UNetMotionModel(**sizes.UNET_MODULE)
    renamed = {}
    for name, value in torch.load(path, weights_only=True)["state_dict"].items():
        own = name
        if ".motion_modules." in name:
            for published, theirs in _RENAMES.items():
                own = own.replace(published, theirs)
        if not own.endswith("attn2.pos_encoder.pe"):
            renamed[own] = value
    unet.load_state_dict(renamed)
    for name, module in list(unet.named_modules()):
        if not isinstance(module, nn.GroupNorm):
            continue
        owner_name, _, leaf = name.rpartition(".")
        if "motion_modules" in owner_name:
            setattr(unet.get_submodule(owner_name), leaf, _OverOneFrame(module))
        elif "attentions" not in owner_name:
            setattr(unet.get_submodule(owner_name), leaf, _OverAllFrames(module, frames))
    return unet.eval()


@torch.no_grad()
def reference_noise(unet: Any, x: Tensor, timestep: int, audio: Tensor, frames: int) -> Tensor:
    """Call it with the arguments of ours: x [B * frames, 13, h, w], audio [B * frames, tokens, width]."""
    clips = x.unflatten(0, (-1, frames)).transpose(1, 2)
    sample = unet(clips, torch.tensor(timestep), encoder_hidden_states=audio).sample
    return cast(Tensor, sample.transpose(1, 2).flatten(0, 1))
