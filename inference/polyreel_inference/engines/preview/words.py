"""What a prompt means to an engine without a language model: known words, looked up."""

import re

_LIVELY = {
    "animated",
    "energetic",
    "excited",
    "enthusiastic",
    "lively",
    "dynamic",
    "nodding",
    "passionate",
    "dancing",
}
_CALM = {"calm", "quiet", "relaxed", "serious", "gentle", "slow", "slowly", "subtle", "formal", "composed"}
_STILL = {"still", "motionless", "static", "frozen", "unmoving"}


def words_of(text: str) -> list[str]:
    """The lower-case words of a text, in order."""
    return re.findall(r"[^\W\d_]+", text.lower())


def liveliness_of(prompt: str) -> float:
    """How much the head of a speaker moves by a prompt: 1 without a word about it, 0 for a still head."""
    words = set(words_of(prompt))
    if words & _STILL:
        return 0.0
    return 1.0 + 0.8 * bool(words & _LIVELY) - 0.55 * bool(words & _CALM)
