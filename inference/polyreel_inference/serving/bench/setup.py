"""What every measurement of a diffusion engine can choose, and what it runs on by that."""

import os
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from typing import TypeVar

import torch

from polyreel_inference.devices.attention.selector import ATTENTION_NAMES
from polyreel_inference.devices.errors import DeviceUnavailable
from polyreel_inference.devices.select import open_backend
from polyreel_inference.diffusion.memory.policy import OFFLOADS, MemoryPolicy
from polyreel_inference.diffusion.transformer.compiled import compile_blocks
from polyreel_inference.diffusion.transformer.runtime import Runtime
from polyreel_inference.diffusion.transformer.wan_transformer import WanTransformer
from polyreel_inference.host.engine import UnusableOptions
from polyreel_inference.parallel.mesh import open_mesh
from polyreel_inference.parallel.ranks import Ranks
from polyreel_inference.serving.bench.news import tell
from polyreel_inference.serving.bench.random_modules import quantize_blocks, random_module

DTYPES = ("float32", "bfloat16", "float16")

Transformer = TypeVar("Transformer", bound=WanTransformer)


def add_device_options(parser: ArgumentParser) -> None:
    """Add the options about devices, ranks and weights."""
    add = parser.add_argument
    add("--layers", type=int, help="fewer blocks than the model has, for devices it does not fit")
    add("--device", default="auto", help="auto, cuda, hpu or cpu (default: auto)")
    add("--dtype", choices=DTYPES, help="compute type (default: float32 on the CPU, else bfloat16)")
    add(
        "--attention",
        default="auto",
        help=f"attention kernel: {', '.join(ATTENTION_NAMES)} (default: the fastest installed)",
    )
    add("--compile", action="store_true", help="compile the transformer's block")
    add("--quantize", choices=("none", "fp8", "int8"), default="none", help="weights of the linear layers")
    add("--offload", choices=OFFLOADS, default="none", help="what lies in host memory while idle")
    add("--ulysses-size", type=int, default=1, help="ranks that share the tokens, started by torchrun")
    add("--cfg-size", type=int, default=1, help="ranks that share the branches of guidance")


def open_runtime(options: Namespace) -> Runtime:
    """Open the device and connect the ranks. Raises `UnusableOptions` when that cannot be."""
    dtype = None if options.dtype is None else getattr(torch, options.dtype)
    try:
        ranks = Ranks.from_environment(os.environ)
        backend = open_backend(
            options.device, local_rank=ranks.local_rank, attention=options.attention, dtype=dtype
        )
        mesh = open_mesh(backend, ranks, options.ulysses_size, options.cfg_size)
    except (DeviceUnavailable, ValueError) as error:
        raise UnusableOptions(str(error)) from error
    if options.compile and backend.name == "cpu":
        raise UnusableOptions("Nothing is compiled on the CPU; leave --compile out.")
    return Runtime(backend, mesh)


def random_transformer(
    build: Callable[[], Transformer], options: Namespace, runtime: Runtime, memory: MemoryPolicy
) -> Transformer:
    """Return a transformer of random weights, quantised, placed and compiled as the options say."""
    if runtime.mesh.ranks.is_leader:
        tell("denoising steps")
    backend = runtime.backend
    transformer = random_module(
        build, memory.transformer_load_device, backend.dtype, WanTransformer.float32_parts
    )
    if options.quantize != "none":
        quantize_blocks(transformer, options.quantize)
    transformer.block_placement = memory.place_transformer(transformer)
    if options.compile:
        compile_blocks(transformer, backend)
    return transformer


def option_words(options: Namespace, runtime: Runtime) -> str:
    """Return what was chosen, for a report."""
    words = [f"attention {runtime.backend.kernel.name}"]
    words += ["compiled"] if options.compile else []
    words += [options.quantize] if options.quantize != "none" else []
    words += [f"offload {options.offload}"] if options.offload != "none" else []
    words += [f"only {options.layers} of the blocks"] if options.layers is not None else []
    return ", ".join(words)
