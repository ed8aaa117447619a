"""The model and the device an operator names: recognised, nothing loaded yet."""

from collections.abc import Mapping

from polyreel_inference.devices.backend import Backend
from polyreel_inference.diffusion.weights.errors import WeightsError
from polyreel_inference.engines.infinitetalk.model import InfiniteTalkModel
from polyreel_inference.engines.infinitetalk.options import InfiniteTalkOptions
from polyreel_inference.host.engine import UnusableOptions
from polyreel_inference.parallel.ranks import Ranks
from polyreel_inference.serving import compiling


def open_model(options: InfiniteTalkOptions) -> InfiniteTalkModel:
    """Look into all places. Raises `UnusableOptions` telling what is missing, foreign or contradictory."""
    try:
        model = InfiniteTalkModel.open(options.base, options.weights, options.speech, options.adapters)
        stored = model.checkpoint.stored_quantization()
    except WeightsError as error:
        raise UnusableOptions(str(error)) from error
    if stored is not None and options.quantize not in (None, stored):
        raise UnusableOptions(f"--quant {options.quantize}: {options.weights[0]} holds {stored} weights.")
    if options.quant_file and stored is None:
        raise UnusableOptions(
            f"--quant-dir {options.weights[0]}: its weights are not quantised; give it as --dit-path."
        )
    heads = int(model.base.transformer_config["num_attention_heads"])
    if heads % options.ulysses_size:
        raise UnusableOptions(
            f"--ulysses-size {options.ulysses_size} does not divide the model's {heads} attention heads."
        )
    return model


def check_compiling(
    options: InfiniteTalkOptions, backend: Backend, ranks: Ranks, environment: Mapping[str, str]
) -> None:
    """Raise `UnusableOptions` where blocks cannot be compiled the way `backend` does it."""
    if options.compile:
        moving = {"--offload blocks": options.offload == "blocks", "--dit-fsdp": options.shard_transformer}
        moved_by = next((name for name, chosen in moving.items() if chosen), "")
        compiling.check_compiling(backend, ranks, environment, moved_by=moved_by)
