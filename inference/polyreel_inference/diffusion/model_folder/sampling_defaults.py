"""How a model is sampled when a request does not say."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from polyreel_inference.diffusion.model_folder.architectures import ARCHITECTURES, Architecture
from polyreel_inference.diffusion.model_folder.folder_parts import FolderParts
from polyreel_inference.diffusion.model_folder.folder_settings import FILE_NAME, FolderSettings
from polyreel_inference.diffusion.sampling.flow_schedule import DISTILLED_SHIFT
from polyreel_inference.diffusion.weights.errors import WeightsError, listed

# Words by which distilled weights are published. Of LoRA files "lightning" may also be a style.
_DISTILLING_WORDS = ("distill", "4step")
_DISTILLED_WORDS = (*_DISTILLING_WORDS, "lightning")
_DISTILLED_STEPS = 4


@dataclass(frozen=True)
class SamplingDefaults:
    """`architecture` is the published model these are of, `size` width and height.

    `distilled` models have no use for guidance: both scales are 1.
    `boundary` (part of the 1000 timesteps) and `low_noise_guidance_scale` are None for models of one part.
    """

    architecture: str
    size: tuple[int, int]
    steps: int
    shift: float
    guidance_scale: float
    low_noise_guidance_scale: float | None
    boundary: float | None
    distilled: bool


def is_distilling(adapter: str) -> bool:
    """Whether the name of a LoRA file says that it distils a model."""
    return any(word in adapter.lower() for word in _DISTILLING_WORDS)


def sampling_defaults(
    parts: FolderParts, settings: FolderSettings, names: Iterable[str], *, distilled_by_adapters: bool = False
) -> SamplingDefaults:
    """Return the defaults of the published model that `parts` are most like, with the operator's overrides.

    `names` are those of the folder and its checkpoints, which tell sizes and distilled weights; LoRA files
    may distil others.
    Raises `WeightsError` for an `architecture` in `settings` that does not exist or fit, and for settings
    that would do nothing.
    """
    told = " ".join(names).lower()
    published = _published(parts, settings, told)
    distilled = distilled_by_adapters or any(word in told for word in _DISTILLED_WORDS)
    if settings.distilled is not None:
        distilled = settings.distilled
    defaults = SamplingDefaults(
        architecture=published.name,
        size=published.size,
        steps=published.steps,
        shift=published.shift,
        guidance_scale=published.guidance_scale,
        low_noise_guidance_scale=published.low_noise_guidance_scale,
        boundary=published.boundary if parts.boundary is None else parts.boundary,
        distilled=distilled,
    )
    if distilled:
        low_noise = None if published.low_noise_guidance_scale is None else 1.0
        defaults = replace(
            defaults,
            steps=_DISTILLED_STEPS,
            shift=DISTILLED_SHIFT,
            guidance_scale=1.0,
            low_noise_guidance_scale=low_noise,
        )
    _refuse_idle(settings, experts=published.experts, distilled=distilled)
    names_of_numbers = ("steps", "shift", "guidance_scale", "low_noise_guidance_scale", "boundary")
    return replace(defaults, **settings.stated(*names_of_numbers))


def _refuse_idle(settings: FolderSettings, *, experts: int, distilled: bool) -> None:
    """Raise `WeightsError` for settings that would do nothing with this model."""
    if distilled and (idle := settings.stated("guidance_scale", "low_noise_guidance_scale")):
        reason = 'distilled models are not guided. Leave it out, or say "distilled": false'
    elif experts == 1 and (idle := settings.stated("low_noise_guidance_scale", "boundary")):
        reason = "it is for models of two experts. Leave it out"
    else:
        return
    raise WeightsError(f"{FILE_NAME} sets {listed(idle)} without effect: {reason}.")


def _published(parts: FolderParts, settings: FolderSettings, told: str) -> Architecture:
    name = settings.architecture or _recognised(parts, told)
    architecture = ARCHITECTURES.get(name)
    if architecture is None:
        raise WeightsError(f"There is no architecture {name!r}, only {', '.join(ARCHITECTURES)}.")
    if architecture.experts != len(parts.transformers) or architecture.takes_image != (parts.kind != "t2v"):
        raise WeightsError(f"The architecture {name} does not fit the weights: other experts or inputs.")
    return architecture


def _recognised(parts: FolderParts, told: str) -> str:
    if len(parts.transformers) > 1:
        return "t2v-a14b" if parts.kind == "t2v" else "i2v-a14b"
    match parts.kind:
        case "t2v":
            small = ARCHITECTURES["t2v-1.3b"].heads
            return "t2v-1.3b" if parts.transformer_config["num_attention_heads"] == small else "t2v-14b"
        case "flf2v":
            return "flf2v-14b-720p"
        case "i2v":
            # The two have the same sizes; only their names differ.
            return "i2v-14b-720p" if "720" in told else "i2v-14b-480p"
