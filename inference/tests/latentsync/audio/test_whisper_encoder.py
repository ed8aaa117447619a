"""The states of Whisper's encoder equal those of transformers on the same weights."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from transformers import WhisperConfig
from transformers.models.whisper.modeling_whisper import WhisperEncoder as TheirEncoder

from polyreel_inference.engines.latentsync.checkpoint.latentsync_folder import LatentSyncFolder
from polyreel_inference.engines.latentsync.checkpoint.loading import load_whisper
from tests.checkpoints.latentsync import LatentSyncFiles

_RENAMES = {
    "blocks.": "layers.",
    "attn.query": "self_attn.q_proj",
    "attn.key": "self_attn.k_proj",
    "attn.value": "self_attn.v_proj",
    "attn.out": "self_attn.out_proj",
    "attn_ln": "self_attn_layer_norm",
    "mlp.0": "fc1",
    "mlp.2": "fc2",
    "mlp_ln": "final_layer_norm",
    "ln_post": "layer_norm",
    "positional_embedding": "embed_positions.weight",
}


@pytest.fixture(scope="module")
def theirs(files: LatentSyncFiles) -> Any:
    stored = torch.load(files.whisper, weights_only=True)["model_state_dict"]
    renamed = {}
    for name, value in stored.items():
        if not name.startswith("encoder."):
            continue
        own = name.removeprefix("encoder.")
        for published, theirs in _RENAMES.items():
            own = own.replace(published, theirs)
        renamed[own] = value.float()
    encoder = TheirEncoder(WhisperConfig(d_model=384, encoder_layers=4, encoder_attention_heads=6))
    encoder.load_state_dict(renamed)
    return encoder.eval()


def test_the_states_of_every_layer_equal_transformers(folder: LatentSyncFolder, theirs: Any) -> None:
    mel = torch.randn(80, 3000, generator=torch.Generator().manual_seed(3))
    states: list[Tensor] = []

    def keep(_module: nn.Module, arguments: tuple[Tensor, ...], output: Any) -> None:
        if not states:
            states.append(arguments[0])
        states.append(output[0] if isinstance(output, tuple) else output)

    for layer in theirs.layers:
        layer.register_forward_hook(keep)
    with torch.no_grad():
        theirs(mel[None])
    expected = torch.stack(states, dim=2)[0]
    checks: list[None] = []
    found = load_whisper(folder)(mel, lambda: checks.append(None))

    assert found.shape == (1500, 5, 384)
    assert len(checks) == 4
    torch.testing.assert_close(found, expected, rtol=0, atol=2e-5 * float(expected.abs().max()))
