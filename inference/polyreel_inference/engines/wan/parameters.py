"""What a Wan model describes: kinds, inputs and parameters. Every parameter named here acts."""

from polyreel_inference.engines.wan.offer import (
    LARGEST_STEP_CACHE_THRESHOLD,
    SMALLEST_STEP_CACHE_THRESHOLD,
    Offer,
)
from polyreel_inference.engines.wan.sizes import LARGEST_SIDE, MULTIPLE, SMALLEST_SIDE
from polyreel_inference.host.engine import InputRole, Kind, Model, Parameter

LONGEST_FRAMES = 241
"""Frames of a fragment: 15 s at 16 frames a second, three times what the models were trained on."""

MOST_FRAGMENTS = 16

DEFAULT_FPS = 16
DEFAULT_SECONDS = 5

_LARGEST_SEED = 2**53
_SEED = Parameter(
    "seed",
    "integer",
    "The same seed, inputs and parameters give the same video; absent: chosen by the task's id.",
    minimum=0,
    maximum=_LARGEST_SEED,
)
_FPS = Parameter(
    "fps",
    "number",
    "Frames per second of the file; the model's movement is that of 16.",
    default=DEFAULT_FPS,
    minimum=1,
    maximum=60,
)
_FRAMES = Parameter(
    "frames",
    "integer",
    "Length of a fragment in frames, rounded to the nearest 4n+1; goes before seconds.",
    minimum=1,
    maximum=LONGEST_FRAMES,
)
_SECONDS = Parameter(
    "seconds",
    "number",
    "Length of a fragment in seconds, rounded to the nearest 4n+1 frames; used when frames is absent.",
    default=DEFAULT_SECONDS,
    minimum=0.05,
    maximum=60,
)
_NEGATIVE_PROMPT = Parameter(
    "negative_prompt",
    "string",
    "What must not be seen; absent: the list of flaws Wan's authors recommend. Needs a guidance_scale above"
    " 1.",
)


def describe_model(offer: Offer) -> Model:
    """Translate an offer into what clients are told."""
    if offer.takes_image:
        return Model(offer.name, (Kind("i2v", _inputs(offer), _parameters(offer)),))
    return Model(offer.name, (Kind("t2v", (), _parameters(offer)),))


def _inputs(offer: Offer) -> tuple[InputRole, ...]:
    image = InputRole("image", required=True)
    if offer.last_image == "none":
        return (image,)
    return image, InputRole("last_image", required=offer.last_image == "required")


def _parameters(offer: Offer) -> tuple[Parameter, ...]:
    return (
        _prompt(offer),
        *((_NEGATIVE_PROMPT, *_guidance(offer)) if not offer.distilled else ()),
        *_sides(offer),
        _FRAMES,
        _SECONDS,
        _FPS,
        _fragments(offer),
        Parameter("steps", "integer", "Denoising steps.", default=offer.steps, minimum=1, maximum=100),
        Parameter(
            "shift",
            "number",
            "Flow shift of the noise schedule: higher values spend more steps on the coarse layout.",
            default=offer.shift,
            minimum=0.1,
            maximum=50,
        ),
        _SEED,
        *_step_cache(offer),
    )


def _prompt(offer: Offer) -> Parameter:
    if offer.takes_image:
        return Parameter(
            "prompt", "string", "What happens in the video; absent: left to the model.", default=""
        )
    return Parameter("prompt", "string", "What is to be seen. Required.")


def _guidance(offer: Offer) -> tuple[Parameter, ...]:
    scale = Parameter(
        "guidance_scale",
        "number",
        "How strongly the video follows the prompt; 1: no guidance, in half the time.",
        default=offer.guidance_scale,
        minimum=1,
        maximum=20,
    )
    if offer.low_noise_guidance_scale is None:
        return (scale,)
    second = Parameter(
        "guidance_scale_2",
        "number",
        "The same for the second expert, which draws the details.",
        default=offer.low_noise_guidance_scale,
        minimum=1,
        maximum=20,
    )
    return scale, second


def _sides(offer: Offer) -> tuple[Parameter, Parameter]:
    default = (None, None) if offer.takes_image else offer.size
    absent = "by the picture's shape and the other side or the model's usual number of pixels"

    def side(name: str, value: int | None) -> Parameter:
        derived = f"; absent: {absent}" if value is None else ""
        text = f"{name.capitalize()} of the video in pixels, a multiple of {MULTIPLE}{derived}."
        return Parameter(name, "integer", text, value, minimum=SMALLEST_SIDE, maximum=LARGEST_SIDE)

    return side("width", default[0]), side("height", default[1])


def _fragments(offer: Offer) -> Parameter:
    # A model that wants a picture to end on, or cannot begin with one, makes one piece.
    most = MOST_FRAGMENTS if offer.takes_image and offer.last_image != "required" else 1
    text = (
        "Fragments, each of the asked length and beginning with the last frame of the one before, joined to"
        " one video."
        if most > 1
        else "This model makes a video in one piece."
    )
    return Parameter("num_fragments", "integer", text, default=1, minimum=1, maximum=most)


def _step_cache(offer: Offer) -> tuple[Parameter, ...]:
    if offer.step_cache_threshold is None:
        return ()
    return (
        Parameter(
            "use_teacache",
            "boolean",
            "Whether steps that hardly change anything are skipped: faster, a little less exact.",
            default=offer.step_cache,
        ),
        Parameter(
            "teacache_thresh",
            "number",
            f"How much change may be skipped; needs use_teacache. Absent: {offer.step_cache_threshold:g}.",
            minimum=SMALLEST_STEP_CACHE_THRESHOLD,
            maximum=LARGEST_STEP_CACHE_THRESHOLD,
        ),
    )
