"""What the engine describes: inputs and parameters. Every parameter named here acts."""

from polyreel_inference.engines.latentsync.offer import MOST_GUIDANCE, MOST_STEPS, Offer
from polyreel_inference.host.engine import InputRole, Kind, Model, Parameter

FASTEST = 60.0
"""Most frames per second of a video."""

_LARGEST_SEED = 2**53
_INPUTS = (InputRole("video", required=True), InputRole("audio", required=True))


def describe_model(offer: Offer) -> Model:
    """Translate an offer into what clients are told."""
    return Model(offer.name, (Kind("lipsync", _INPUTS, (*_sampling(offer), *_VIDEO, *_SWITCHES)),))


def _sampling(offer: Offer) -> tuple[Parameter, ...]:
    return (
        Parameter(
            "steps",
            "integer",
            "Denoising steps; 20 to 50 are usual.",
            default=offer.steps,
            minimum=1,
            maximum=MOST_STEPS,
        ),
        Parameter(
            "guidance_scale",
            "number",
            "How closely lips follow the sound; up to 1: unguided, in half the time. Above 2 faces distort.",
            default=offer.guidance_scale,
            minimum=0,
            maximum=MOST_GUIDANCE,
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
            "deepcache",
            "boolean",
            "Whether the deep layers are computed in every third step only: twice as fast, less exact.",
            default=offer.deep_cache,
        ),
    )


_VIDEO = (
    Parameter(
        "fps",
        "number",
        "Frames per second; absent: as the source, at most 60. The original always makes 25.",
        minimum=1,
        maximum=FASTEST,
    ),
    Parameter(
        "return_mask",
        "boolean",
        "Whether to give out a second video: the footage with what is made anew of the face in grey.",
        default=False,
    ),
)

_SWITCHES = (
    Parameter(
        "length",
        "string",
        "sound: the video ends with the sound; original: up to two frames later.",
        default="sound",
        choices=("sound", "original"),
    ),
    Parameter(
        "sound_joins",
        "string",
        "How sound of more than 30 seconds is heard: overlapped, in pieces that overlap; original: in pieces"
        " that do not, which can be seen as a twitch every 30 seconds.",
        default="overlapped",
        choices=("overlapped", "original"),
    ),
    Parameter(
        "face",
        "string",
        "Who speaks: the person with the largest face, or at that place in the row of faces, from then on"
        " followed; original: the largest face of each frame.",
        default="largest",
        choices=("largest", "left", "middle", "right", "original"),
    ),
    Parameter(
        "alignment",
        "string",
        "How the crop of the face moves: steady, by the mean of five frames; original: by each frame alone,"
        " in whole pixels.",
        default="steady",
        choices=("steady", "original"),
    ),
    Parameter(
        "paste",
        "string",
        "What is put back: mouth, only what the mask of the model leaves open; original: the whole square"
        " around the face, which softens eyes and brows.",
        default="mouth",
        choices=("mouth", "original"),
    ),
    Parameter(
        "no_face",
        "string",
        "Frames in which no face is seen: keep, they stay as they are; original: the task fails.",
        default="keep",
        choices=("keep", "original"),
    ),
)
