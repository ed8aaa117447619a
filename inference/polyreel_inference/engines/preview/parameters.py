"""What the preview engine offers: kinds, inputs and parameters. Every parameter named here acts."""

from polyreel_inference.engines.preview.delivery import NATURAL_STRENGTH
from polyreel_inference.engines.preview.framing import LARGEST, SMALLEST
from polyreel_inference.host.engine import InputRole, Kind, Model, Parameter

MODEL = "preview"

_LARGEST_SEED = 2**53
_WIDTH = Parameter(
    "width",
    "integer",
    "Width of the video in pixels, rounded to an even number; absent: by the height and the source's shape,"
    " or the source's own with the long side at most 1024.",
    minimum=SMALLEST,
    maximum=LARGEST,
)
_HEIGHT = Parameter(
    "height",
    "integer",
    "Height of the video in pixels, rounded to an even number; absent: by the width and the source's shape,"
    " or the source's own with the long side at most 1024.",
    minimum=SMALLEST,
    maximum=LARGEST,
)
_FPS = Parameter("fps", "number", "Frames per second.", default=25, minimum=1, maximum=60)
_SEED = Parameter(
    "seed",
    "integer",
    "The same seed and inputs give the same frames; absent: chosen by the task's id.",
    minimum=0,
    maximum=_LARGEST_SEED,
)
_WATERMARK = Parameter(
    "watermark", "boolean", 'Whether a small tag "preview" stands in the lower right corner.', default=True
)
_STRENGTH = Parameter(
    "audio_guidance_scale",
    "number",
    "Strength of the mouth movement: 0 keeps the lips closed, 4 is natural, higher values open it further"
    " (8: half as much again) up to what a jaw can do.",
    default=NATURAL_STRENGTH,
    minimum=0,
    maximum=20,
)
_FRAMES = Parameter(
    "frames", "integer", "Length of the video in frames; goes before seconds.", minimum=1, maximum=7200
)
_SECONDS = Parameter(
    "seconds",
    "number",
    "Length of the video in seconds; used when frames is absent.",
    default=5,
    minimum=0.05,
    maximum=120,
)

_TALK = Kind(
    "talk",
    (
        InputRole("image", required=True, group="reference"),
        InputRole("video", group="reference"),
        InputRole("audio", required=True),
        InputRole("audio2"),
    ),
    (
        Parameter(
            "prompt",
            "string",
            "How the speaker of a picture behaves: words such as calm, serious, lively or motionless change"
            " how much the head moves; other words do nothing, nor does any word for a video reference.",
            default="",
        ),
        _WIDTH,
        _HEIGHT,
        _FPS,
        Parameter(
            "seconds",
            "number",
            "Upper limit of the length in seconds; absent: as long as the sound.",
            minimum=0.1,
            maximum=3600,
        ),
        _SEED,
        _STRENGTH,
        Parameter(
            "audio_mode",
            "string",
            "How two sounds are used: para, both at once; add, person 1 (left) first, then person 2.",
            default="para",
            choices=("para", "add"),
        ),
        _WATERMARK,
    ),
)

_LIPSYNC = Kind(
    "lipsync",
    (InputRole("video", required=True), InputRole("audio", required=True)),
    (
        _WIDTH,
        _HEIGHT,
        Parameter("fps", "number", "Frames per second; absent: as the source.", minimum=1, maximum=60),
        _STRENGTH,
        Parameter(
            "return_mask",
            "boolean",
            "Whether to give out a second video, the footage with the lower half of the face greyed.",
            default=True,
        ),
        _WATERMARK,
    ),
)

_T2V = Kind(
    "t2v",
    (),
    (
        Parameter(
            "prompt",
            "string",
            "The scene: words for places (mountains, sea, desert, forest, city, space), times, weather and"
            " colours are painted; all words together choose the rest.",
            default="",
        ),
        Parameter(
            "negative_prompt",
            "string",
            "Known places, weather and colours that must not appear; other words do nothing.",
            default="",
        ),
        Parameter(
            "width",
            "integer",
            "Width of the video in pixels, rounded to an even number.",
            default=832,
            minimum=SMALLEST,
            maximum=LARGEST,
        ),
        Parameter(
            "height",
            "integer",
            "Height of the video in pixels, rounded to an even number.",
            default=480,
            minimum=SMALLEST,
            maximum=LARGEST,
        ),
        _FPS,
        _FRAMES,
        _SECONDS,
        _SEED,
        _WATERMARK,
    ),
)

_I2V = Kind(
    "i2v",
    (InputRole("image", required=True), InputRole("last_image")),
    (
        Parameter(
            "prompt",
            "string",
            "The camera: zoom in or out, pan or tilt left, right, up or down, slow or fast; other words do"
            " nothing.",
            default="",
        ),
        _WIDTH,
        _HEIGHT,
        _FPS,
        _FRAMES,
        _SECONDS,
        _SEED,
        _WATERMARK,
    ),
)

MODELS = (Model(MODEL, (_TALK, _LIPSYNC, _T2V, _I2V)),)
