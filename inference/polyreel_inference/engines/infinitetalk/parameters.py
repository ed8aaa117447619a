"""What the engine describes: inputs and parameters. Every parameter named here acts."""

from polyreel_inference.engines.infinitetalk.offer import Offer
from polyreel_inference.engines.infinitetalk.transformer.speaker_places import MOST_SPEAKERS
from polyreel_inference.host.engine import InputRole, Kind, Model, Parameter

SMALLEST_SIDE, LARGEST_SIDE = 64, 2048
LARGEST_AREA = 1920 * 1088

_LARGEST_SEED = 2**53
_LARGEST_SCALE = 20

_INPUTS = (
    InputRole("image", required=True, group="reference"),
    InputRole("video", group="reference"),
    InputRole("audio", required=True),
    InputRole("audio2"),
    InputRole("mask"),
    InputRole("mask2"),
)
_WHO = (
    Parameter(
        "audio_mode",
        "string",
        "How two sounds are used: para, both at once; add, person 1 first, then person 2.",
        default="para",
        choices=("para", "add"),
    ),
    Parameter(
        "boxes",
        "string",
        "Where people are in the reference: four pixel numbers each, separated by commas, people by"
        " semicolons; absent: by the masks, else the left and the right half.",
    ),
    Parameter(
        "box_order",
        "string",
        "Order of a box's numbers: xyxy, left, top, right, bottom; yxyx, top, left, bottom, right.",
        default="xyxy",
        choices=("xyxy", "yxyx"),
    ),
    Parameter(
        "speaker",
        "integer",
        "Which person speaks a single sound, 1 being the first box or mask, or the left half; absent:"
        " everybody in the picture, or the first box or mask.",
        minimum=1,
        maximum=MOST_SPEAKERS,
    ),
)


def describe_model(offer: Offer) -> Model:
    """Translate an offer into what clients are told."""
    parameters = (*_words(), *_size(offer), *_length(offer), *_sampling(offer), *_WHO, *_finish(offer))
    return Model(offer.name, (Kind("talk", _INPUTS, parameters),))


def _words() -> tuple[Parameter, ...]:
    return (
        Parameter("prompt", "string", "Who is to be seen and how they behave.", default=""),
        Parameter(
            "negative_prompt",
            "string",
            "What must not be seen; absent: the list of flaws Wan's authors recommend. Needs a guidance_scale"
            " other than 1.",
        ),
    )


def _size(offer: Offer) -> tuple[Parameter, ...]:
    return (
        _side("width"),
        _side("height"),
        Parameter(
            "resolution",
            "string",
            "Class of sizes the model was trained on, of which the reference's shape chooses one; used when"
            " width and height are absent.",
            default=offer.resolution,
            choices=("480p", "720p"),
        ),
    )


def _side(name: str) -> Parameter:
    return Parameter(
        name,
        "integer",
        f"{name.capitalize()} of the video in pixels, rounded to a multiple of 16; absent: by the other side"
        " and the reference's shape, or by resolution.",
        minimum=SMALLEST_SIDE,
        maximum=LARGEST_SIDE,
    )


def _length(offer: Offer) -> tuple[Parameter, ...]:
    limit = "none" if offer.most_frames is None else f"{offer.most_frames / 25:g} s"
    return (
        Parameter(
            "seconds",
            "number",
            f"Most seconds of video; it is never longer than the sound. Absent with frames: {limit}.",
            minimum=0.04,
            maximum=86_400,
        ),
        Parameter(
            "frames",
            "integer",
            "Most frames of video, at fps; the smaller limit counts when seconds is given too.",
            minimum=1,
            maximum=25 * 86_400,
        ),
        Parameter(
            "fps",
            "number",
            "Frames per second of the file; the model makes 25, other rates repeat or drop frames.",
            default=25,
            minimum=1,
            maximum=60,
        ),
        Parameter(
            "motion_frames",
            "integer",
            "Frames each chunk begins with from the one before, 4m+1; more keep movement steadier and take"
            " longer.",
            default=offer.motion_frames,
            minimum=1,
            maximum=offer.chunk_frames - 4,
        ),
        Parameter(
            "scene_seg",
            "boolean",
            "Whether a reference video is cut into its scenes, so that no chunk goes over a cut.",
            default=offer.split_scenes,
        ),
    )


def _sampling(offer: Offer) -> tuple[Parameter, ...]:
    usual = offer.sampling
    return (
        Parameter("steps", "integer", "Denoising steps.", default=usual.steps, minimum=1, maximum=100),
        Parameter(
            "guidance_scale",
            "number",
            "How closely the video follows the prompt; 1: unguided, which saves a third of the time.",
            default=usual.text_scale,
            minimum=0,
            maximum=_LARGEST_SCALE,
        ),
        Parameter(
            "audio_guidance_scale",
            "number",
            "How closely lips follow the sound; 1: unguided. The authors find 3 to 5 best.",
            default=usual.audio_scale,
            minimum=0,
            maximum=_LARGEST_SCALE,
        ),
        Parameter(
            "shift",
            "number",
            "Flow shift of the noise schedule: higher values spend more steps on the coarse layout and move"
            " more; absent: 7 for sizes of 480p, 11 for those of 720p.",
            default=usual.shift,
            minimum=0.1,
            maximum=50,
        ),
        Parameter(
            "seed",
            "integer",
            "The same seed, inputs and parameters give the same video; absent: chosen by the task's id.",
            default=offer.seed,
            minimum=0,
            maximum=_LARGEST_SEED,
        ),
        Parameter(
            "use_teacache",
            "boolean",
            "Whether steps that change little are skipped.",
            default=offer.step_cache,
        ),
        Parameter(
            "teacache_thresh",
            "number",
            "How much change is little: more is faster and coarser. Needs use_teacache.",
            default=offer.step_cache_threshold,
            minimum=0,
            maximum=2,
        ),
        *_projection(offer),
    )


def _projection(offer: Offer) -> tuple[Parameter, ...]:
    settings = offer.projection_settings
    return (
        Parameter(
            "use_apg",
            "boolean",
            "Whether guidance is adaptive and projected, against oversaturated colours.",
            default=offer.projection,
        ),
        Parameter(
            "apg_momentum",
            "number",
            "Share of earlier steps in that guidance. Needs use_apg.",
            default=settings.momentum,
            minimum=-1,
            maximum=1,
        ),
        Parameter(
            "apg_norm_threshold",
            "number",
            "Length that guidance is shortened to. Needs use_apg.",
            default=settings.norm,
            minimum=0.001,
            maximum=10_000,
        ),
    )


def _finish(offer: Offer) -> tuple[Parameter, ...]:
    return (
        Parameter(
            "color_correction_strength",
            "number",
            "How much the colours of all frames are kept at those of the reference: 0 not at all, 1 wholly.",
            default=offer.color_correction,
            minimum=0,
            maximum=1,
        ),
    )
