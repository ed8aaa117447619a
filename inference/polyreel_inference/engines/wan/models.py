"""The models an operator names: recognised on disk, offered under their names, nothing loaded yet."""

from collections import Counter
from dataclasses import dataclass

from polyreel_inference.diffusion.model_folder.folder_parts import Kind
from polyreel_inference.diffusion.model_folder.sampling_defaults import SamplingDefaults
from polyreel_inference.diffusion.model_folder.wan_folder import WanFolder
from polyreel_inference.diffusion.transformer.step_cache import COEFFICIENTS
from polyreel_inference.diffusion.weights.errors import WeightsError
from polyreel_inference.diffusion.weights.lora_file import LoraFile
from polyreel_inference.engines.wan.offer import LastImage, Offer
from polyreel_inference.engines.wan.options import ModelOption, Quantization, WanOptions
from polyreel_inference.host.engine import UnusableOptions

USUAL_STEP_CACHE_THRESHOLD = 0.2


@dataclass(frozen=True)
class WanModel:
    """A folder of weights with its LoRA files, and what requests can ask of it."""

    offer: Offer
    folder: WanFolder
    adapters: tuple[LoraFile, ...]
    sampling: SamplingDefaults
    quantize: Quantization = "auto"

    def quantization(self, index: int) -> str | None:
        """Return "fp8" or "int8" when the weights of transformer `index` are to be kept like that."""
        match self.quantize:
            case "auto":
                return self.folder.stored_quantization(index)
            case "none":
                return None
            case chosen:
                return chosen

    @property
    def step_cache_coefficients(self) -> tuple[float, ...] | None:
        """Those of TeaCache for this model, None where none are published."""
        return COEFFICIENTS.get(self.sampling.architecture)


def open_models(options: WanOptions) -> list[WanModel]:
    """Look into all folders. Raises `UnusableOptions` telling what is missing, foreign or contradictory."""
    names = Counter(model.name for model in options.models)
    if twice := [name for name, count in names.items() if count > 1]:
        raise UnusableOptions(f'Two models have the name "{twice[0]}"; name them: --model NAME=FOLDER.')
    for lora in options.loras:
        if lora.model is not None and lora.model not in names:
            raise UnusableOptions(f'--lora: there is no model "{lora.model}", only: {", ".join(names)}.')
        if not lora.path.is_file():
            raise UnusableOptions(f"--lora: there is no file {lora.path}.")
    models = [_open(model, options) for model in options.models]
    if options.step_cache is not None and not any(model.offer.step_cache for model in models):
        raise UnusableOptions(
            "--teacache: none of the models has a step cache; T2V and I2V of Wan 2.1 have one, undistilled."
        )
    if options.guidance_size > 1 and all(model.offer.distilled for model in models):
        raise UnusableOptions(
            f"--cfg-size {options.guidance_size}: distilled models are not guided, so half of the processes"
            " would be idle; share the tokens by --ulysses-size."
        )
    return models


def _open(model: ModelOption, options: WanOptions) -> WanModel:
    adapters = tuple(
        LoraFile(lora.path, lora.strength) for lora in options.loras if lora.model in (None, model.name)
    )
    try:
        folder = WanFolder.open(model.folder)
        sampling = folder.sampling(adapters)
        folder.check_transformers(adapters)
        stored = {folder.stored_quantization(index) for index in range(folder.experts)}
    except WeightsError as error:
        raise UnusableOptions(f"--model {model.name}: {error}") from error
    if options.quantize in ("fp8", "int8") and (other := stored - {None, options.quantize}):
        raise UnusableOptions(
            f"--quantize {options.quantize}: {model.name} holds {other.pop()} weights, which would be rounded"
            " twice; leave the option out."
        )
    heads = int(folder.transformer_config["num_attention_heads"])
    if heads % options.ulysses_size:
        raise UnusableOptions(
            f"--ulysses-size {options.ulysses_size} does not divide the {heads} attention heads of"
            f" {model.name}."
        )
    offer = _offer(model.name, folder, sampling, options)
    return WanModel(offer, folder, adapters, sampling, options.quantize)


def _offer(name: str, folder: WanFolder, sampling: SamplingDefaults, options: WanOptions) -> Offer:
    cached = sampling.architecture in COEFFICIENTS and not sampling.distilled
    threshold = USUAL_STEP_CACHE_THRESHOLD if options.step_cache is None else options.step_cache
    return Offer(
        name=name,
        takes_image=folder.kind != "t2v",
        last_image=_last_image(folder.kind, experts=folder.experts),
        size=sampling.size,
        steps=sampling.steps,
        shift=sampling.shift,
        guidance_scale=sampling.guidance_scale,
        low_noise_guidance_scale=sampling.low_noise_guidance_scale,
        distilled=sampling.distilled,
        step_cache=cached and options.step_cache is not None,
        step_cache_threshold=threshold if cached else None,
    )


def _last_image(kind: Kind, experts: int) -> LastImage:
    if kind == "flf2v":
        return "required"
    # Wan 2.2 sees pictures by the autoencoder alone, in any frame; 2.1 sees one by CLIP and expects it first.
    return "optional" if kind == "i2v" and experts == 2 else "none"
