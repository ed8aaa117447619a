"""`bench wan`: the whole measurement, from options to a report."""

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping

from polyreel_inference.diffusion.denoiser import Denoiser
from polyreel_inference.diffusion.memory.policy import MemoryPolicy, memory_policy
from polyreel_inference.diffusion.model_folder.architectures import ARCHITECTURES, Architecture
from polyreel_inference.diffusion.transformer.runtime import Runtime
from polyreel_inference.diffusion.transformer.wan_transformer import WanTransformer
from polyreel_inference.engines.wan.bench.arithmetic import arithmetic_table
from polyreel_inference.engines.wan.bench.denoising import measure_denoising, random_request
from polyreel_inference.engines.wan.bench.diffusers_steps import measure_diffusers
from polyreel_inference.engines.wan.bench.figures import Figures
from polyreel_inference.engines.wan.bench.options import add_options
from polyreel_inference.engines.wan.bench.report import TABLE_HEAD, as_json, as_table_row, as_text
from polyreel_inference.engines.wan.bench.setting import Setting, read_setting
from polyreel_inference.host.engine import UnusableOptions
from polyreel_inference.serving.bench.device_peaks import peak_tflops
from polyreel_inference.serving.bench.encoding import EncodingBench
from polyreel_inference.serving.bench.setup import open_runtime, option_words, random_transformer
from polyreel_inference.serving.bench.step_figures import StepFigures


class WanBenchmark:
    """Measures a Wan model of random weights; under torchrun every rank takes part and rank 0 reports."""

    def __init__(self, architectures: Mapping[str, Architecture] = ARCHITECTURES) -> None:
        self._architectures = architectures

    def add_options(self, parser: ArgumentParser) -> None:
        """Add the options of `bench wan`."""
        add_options(parser, self._architectures)

    def run(self, options: Namespace) -> None:
        """Measure and print. Raises `UnusableOptions` for what cannot be measured here."""
        if options.arithmetic:
            sys.stdout.write(arithmetic_table(self._architectures.values()) + "\n")
            return
        setting = read_setting(options, self._architectures)
        runtime = open_runtime(options)
        figures = _Measurement(options, setting, runtime).figures()
        if runtime.mesh.ranks.is_leader:
            sys.stdout.write(f"{as_text(figures)}\n\n{TABLE_HEAD}\n{as_table_row(figures)}\n")
            if options.json is not None:
                options.json.write_text(as_json(figures), encoding="utf-8")
        runtime.mesh.close()


class _Measurement:
    """One run of the benchmark on this rank."""

    def __init__(self, options: Namespace, setting: Setting, runtime: Runtime) -> None:
        self._options = options
        self._setting = setting
        self._runtime = runtime
        self._backend = runtime.backend
        self._memory: MemoryPolicy = memory_policy(options.offload, runtime.backend.device)

    def figures(self) -> Figures:
        """Measure everything that was not left out."""
        setting, backend, compares = self._setting, self._backend, self._compares()
        text, image, vae_encode, vae_decode = self._encoding()
        ours, theirs = self._steps(compares=compares)
        ranks = self._runtime.mesh.sequence.size * self._runtime.mesh.guidance.size
        return Figures(
            model=setting.architecture.name,
            width=setting.width,
            height=setting.height,
            frames=setting.frames,
            experts=setting.architecture.experts,
            forwards=setting.forwards,
            steps=setting.steps,
            device=backend.description,
            dtype=str(backend.dtype).removeprefix("torch."),
            options=option_words(self._options, self._runtime),
            ranks=ranks,
            step_flops=setting.step_flops,
            peak_tflops=peak_tflops(backend.description),
            ours=ours,
            diffusers=theirs,
            text_encoder_seconds=text,
            image_encoder_seconds=image,
            vae_encode_seconds=vae_encode,
            vae_decode_seconds=vae_decode,
        )

    def _encoding(self) -> tuple[float | None, float | None, float | None, float | None]:
        skipped, bench = self._options.skip, self._encoding_bench()
        text = image = encode = decode = None
        if not self._runtime.mesh.ranks.is_leader:
            return text, image, encode, decode
        if "text-encoder" not in skipped:
            text = bench.text_encoder(self._setting.forwards)
        if "image-encoder" not in skipped and self._setting.architecture.clip:
            image = bench.image_encoder()
        if "vae" not in skipped:
            seconds = bench.vae(conditioned=self._setting.architecture.takes_image)
            encode, decode = seconds.condition, seconds.decode
        self._backend.free_memory()
        return text, image, encode, decode

    def _encoding_bench(self) -> EncodingBench:
        setting = self._setting
        return EncodingBench(setting.width, setting.height, setting.frames, self._backend, self._memory)

    def _steps(self, *, compares: bool) -> tuple[StepFigures, StepFigures | None]:
        options, setting, backend = self._options, self._setting, self._backend
        transformers = [self._transformer() for _ in range(setting.architecture.experts)]
        request = random_request(setting, options.warm_up + options.steps)
        ours = measure_denoising(Denoiser(transformers, self._runtime), request, backend, options.warm_up)
        theirs = None
        if compares:
            backend.free_memory()
            theirs = measure_diffusers(transformers, request, backend, options.warm_up)
        return ours, theirs

    def _transformer(self) -> WanTransformer:
        config = self._setting.architecture.transformer_config()
        return random_transformer(
            lambda: WanTransformer(**config), self._options, self._runtime, self._memory
        )

    def _compares(self) -> bool:
        """Whether diffusers is timed too: it has one device, all weights on it and none of them rounded."""
        options = self._options
        alone = self._runtime.mesh.ranks.size == 1
        comparable = alone and options.quantize == "none" and options.offload != "blocks"
        if options.compare == "diffusers" and not comparable:
            raise UnusableOptions(
                "diffusers is compared on one device, with unquantised weights and without block offload."
            )
        return comparable and (
            options.compare == "diffusers" or (options.compare == "auto" and self._backend.name == "cuda")
        )
