"""`bench infinitetalk`: the whole measurement, from options to a report."""

import sys
from argparse import ArgumentParser, Namespace
from dataclasses import dataclass
from time import perf_counter

import numpy as np
import torch
from transformers import Wav2Vec2Config, Wav2Vec2Model

from polyreel_inference.diffusion.memory.policy import memory_policy
from polyreel_inference.diffusion.model_folder.architectures import Architecture
from polyreel_inference.diffusion.transformer.runtime import Runtime
from polyreel_inference.engines.infinitetalk.audio.speech import SPEECH_RATE
from polyreel_inference.engines.infinitetalk.audio.speech_encoder import SpeechEncoder
from polyreel_inference.engines.infinitetalk.bench.arithmetic import arithmetic_table
from polyreel_inference.engines.infinitetalk.bench.chunk import measure_steps, random_chunk
from polyreel_inference.engines.infinitetalk.bench.figures import Figures
from polyreel_inference.engines.infinitetalk.bench.options import add_options
from polyreel_inference.engines.infinitetalk.bench.report import TABLE_HEAD, as_json, as_table_row, as_text
from polyreel_inference.engines.infinitetalk.bench.setting import BASE, Setting, read_setting
from polyreel_inference.engines.infinitetalk.sampling.chunk_denoiser import ChunkDenoiser
from polyreel_inference.engines.infinitetalk.transformer.audio_projection import AudioSizes
from polyreel_inference.engines.infinitetalk.transformer.infinitetalk_transformer import (
    InfiniteTalkTransformer,
)
from polyreel_inference.serving.bench.device_peaks import peak_tflops
from polyreel_inference.serving.bench.encoding import EncodingBench
from polyreel_inference.serving.bench.news import tell
from polyreel_inference.serving.bench.random_modules import random_module
from polyreel_inference.serving.bench.setup import open_runtime, option_words, random_transformer
from polyreel_inference.serving.bench.step_figures import StepFigures

_SPEECH_SECONDS = 4


class InfiniteTalkBenchmark:
    """Measures InfiniteTalk with random weights; under torchrun every rank takes part and rank 0 reports.

    `base` and `audio` are the sizes of the model, by default the published ones.
    """

    def __init__(self, base: Architecture = BASE, audio: AudioSizes | None = None) -> None:
        self._base, self._audio = base, audio

    def add_options(self, parser: ArgumentParser) -> None:
        """Add the options of `bench infinitetalk`."""
        add_options(parser)

    def run(self, options: Namespace) -> None:
        """Measure and print. Raises `UnusableOptions` for what cannot be measured here."""
        if options.arithmetic:
            sys.stdout.write(arithmetic_table() + "\n")
            return
        setting = read_setting(options, self._base, self._audio)
        runtime = open_runtime(options)
        figures = _figures(options, setting, runtime)
        if runtime.mesh.ranks.is_leader:
            sys.stdout.write(f"{as_text(figures)}\n\n{TABLE_HEAD}\n{as_table_row(figures)}\n")
            if options.json is not None:
                options.json.write_text(as_json(figures), encoding="utf-8")
        runtime.mesh.close()


@dataclass(frozen=True)
class _Encoding:
    """Seconds of what the leading rank does beside denoising."""

    text: float | None = None
    image: float | None = None
    speech: float | None = None
    condition: float | None = None
    motion: float | None = None
    decode: float | None = None


def _figures(options: Namespace, setting: Setting, runtime: Runtime) -> Figures:
    backend, mesh = runtime.backend, runtime.mesh
    encoding = _encoding(options, setting, runtime) if mesh.ranks.is_leader else _Encoding()
    backend.free_memory()
    steps = _steps(options, setting, runtime)
    return Figures(
        width=setting.width,
        height=setting.height,
        frames=setting.frames,
        speakers=setting.people,
        forwards=setting.forwards,
        chunk_steps=setting.steps,
        new_seconds=setting.new_seconds,
        device=backend.description,
        dtype=str(backend.dtype).removeprefix("torch."),
        options=option_words(options, runtime),
        ranks=mesh.sequence.size * mesh.guidance.size,
        step_flops=setting.flops.step(setting.sampling(1).branches),
        peak_tflops=peak_tflops(backend.description),
        steps=steps,
        text_encoder_seconds=encoding.text,
        image_encoder_seconds=encoding.image,
        speech_encoder_seconds=encoding.speech,
        vae_condition_seconds=encoding.condition,
        vae_motion_seconds=encoding.motion,
        vae_decode_seconds=encoding.decode,
    )


def _steps(options: Namespace, setting: Setting, runtime: Runtime) -> StepFigures:
    memory = memory_policy(options.offload, runtime.backend.device)
    transformer = random_transformer(
        lambda: InfiniteTalkTransformer(setting.audio, **setting.base.transformer_config()),
        options,
        runtime,
        memory,
    )
    request = random_chunk(setting, options.warm_up + options.steps)
    return measure_steps(ChunkDenoiser(transformer, runtime), request, runtime.backend, options.warm_up)


def _encoding(options: Namespace, setting: Setting, runtime: Runtime) -> _Encoding:
    bench = EncodingBench(
        setting.width,
        setting.height,
        setting.frames,
        runtime.backend,
        memory_policy(options.offload, runtime.backend.device),
    )
    measured: dict[str, float | None] = {}
    if "text-encoder" not in options.skip:
        measured["text"] = bench.text_encoder(2 if setting.forwards == 3 else 1)
    if "image-encoder" not in options.skip:
        measured["image"] = bench.image_encoder()
    if "speech-encoder" not in options.skip:
        measured["speech"] = _speech_seconds()
    if "vae" not in options.skip:
        # In the type the engine loads it in by itself.
        vae = bench.vae(conditioned=True, motion_frames=setting.motion_frames, dtype=torch.float32)
        measured |= {"condition": vae.condition, "motion": vae.motion, "decode": vae.decode}
    return _Encoding(**measured)


def _speech_seconds() -> float:
    """Seconds for one second of speech by wav2vec 2.0 base, on the CPU as the engine runs it."""
    tell("speech encoder")
    model = random_module(lambda: Wav2Vec2Model(Wav2Vec2Config()), torch.device("cpu"), torch.float32)
    encoder = SpeechEncoder(model)
    sound = np.random.default_rng(0).standard_normal(_SPEECH_SECONDS * SPEECH_RATE, dtype=np.float32)
    encoder.encode(sound[:SPEECH_RATE])
    started = perf_counter()
    encoder.encode(sound)
    return (perf_counter() - started) / _SPEECH_SECONDS
