"""TeaCache on InfiniteTalk: its time path is Wan's, whose measured polynomials hold for it too."""

from polyreel_inference.diffusion.transformer.step_cache import COEFFICIENTS
from polyreel_inference.engines.infinitetalk.reference.buckets import Resolution

USUAL_THRESHOLD = 0.2

STEP_CACHE_COEFFICIENTS: dict[Resolution, tuple[float, ...]] = {
    "480p": COEFFICIENTS["i2v-14b-480p"],
    "720p": COEFFICIENTS["i2v-14b-720p"],
}
"""By the bucket of the video's size, as InfiniteTalk's authors choose them."""
