"""wav2vec 2.0 as InfiniteTalk listens through it: the states of every layer, once per frame of video."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import Wav2Vec2Model

from polyreel_inference.diffusion.weights.loader import load_module
from polyreel_inference.engines.infinitetalk.audio.cores import own_cores
from polyreel_inference.engines.infinitetalk.audio.speech import FRAMES_PER_SECOND, SPEECH_RATE, frames_of
from polyreel_inference.engines.infinitetalk.audio.speech_features import SpeechFeatures
from polyreel_inference.engines.infinitetalk.audio.wav2vec2_folder import (
    normalizes_volume,
    read_config,
    wav2vec2_names,
    weight_files,
)
from polyreel_inference.host.errors import EngineError, ErrorCode
from polyreel_inference.media.audio import Samples

_SMALLEST_VARIANCE = 1e-7


class SpeechEncoder:
    """A wav2vec 2.0 base model on the CPU in float32. `model` is the module."""

    def __init__(self, model: Wav2Vec2Model, normalize: bool = True) -> None:
        self.model = model
        self._normalize = normalize
        self._features = SpeechFeatures(model)

    @classmethod
    def load(cls, folder: Path) -> "SpeechEncoder":
        """Load a copy of chinese-wav2vec2-base. Raises `WeightsError` for anything else."""
        config = read_config(folder)
        model = load_module(
            lambda: Wav2Vec2Model(config),
            weight_files(folder),
            wav2vec2_names,
            dtype=torch.float32,
            device="cpu",
        )
        return cls(model, normalizes_volume(folder))

    def encode(self, speech: Samples, check: Callable[[], None] = lambda: None) -> Tensor:
        """Return the states of speech [samples] at 16 kHz: float32 [frames, 12, 768] on the CPU.

        There is one frame per whole 1/25 second. `check` is called for every ten seconds of speech and after
        every layer, to raise when the job is cancelled. Raises `EngineError` (AUDIO_TOO_SHORT) when there is
        no frame.
        """
        frames = frames_of(len(speech))
        if frames < 1:
            raise EngineError(
                ErrorCode.AUDIO_TOO_SHORT,
                f"The speech lasts {len(speech) / SPEECH_RATE:.3f} seconds; at least"
                f" {1 / FRAMES_PER_SECOND} are needed.",
            )
        with own_cores(), torch.no_grad():
            features = self._features(torch.from_numpy(self._normalized(speech)), check)
            timed = functional.interpolate(
                features.T[None], size=frames, mode="linear", align_corners=True
            ).transpose(1, 2)
            return self._states_of_layers(self.model.feature_projection(timed)[0], check)

    def _normalized(self, speech: Samples) -> Samples:
        if not self._normalize:
            return speech
        wide = speech.astype(np.float64)
        wide -= wide.mean()
        scaled: Samples = (wide / np.sqrt(wide.var() + _SMALLEST_VARIANCE)).astype(np.float32)
        return scaled

    def _states_of_layers(self, states: Tensor, check: Callable[[], None]) -> Tensor:
        # Releases of transformers differ in whether and how they return the states of all layers.
        layers: nn.ModuleList = self.model.encoder.layers
        heard = torch.empty(states.shape[1], len(layers), states.shape[2])

        def listen(index: int) -> Any:
            def keep(_module: nn.Module, _arguments: Any, output: Any) -> None:
                check()
                heard[:, index] = (output[0] if isinstance(output, tuple) else output)[0]

            return keep

        hooks = [layer.register_forward_hook(listen(index)) for index, layer in enumerate(layers)]
        try:
            self.model.encoder(states)
        finally:
            for hook in hooks:
                hook.remove()
        return heard
