"""From words to a scene: place, hour, weather and colours."""

import zlib
from dataclasses import dataclass

import numpy as np

from polyreel_inference.engines.preview.words import words_of

Colour = tuple[float, float, float]


@dataclass(frozen=True)
class Hour:
    """Light of a time of day; colours in RGB 0..255: the sky from zenith to horizon, sun or moon, land."""

    zenith: Colour
    middle: Colour
    horizon: Colour
    light: Colour
    land: Colour
    stars: float
    height: float  # of the sun or moon over the horizon, 0..1


@dataclass(frozen=True)
class Theme:
    """A decided scene."""

    place: str
    hour: Hour
    weather: frozenset[str]
    random: np.random.Generator


_HOURS = {
    "sunrise": Hour(
        (70, 92, 150), (232, 160, 150), (255, 214, 160), (255, 236, 190), (58, 56, 84), 0.15, 0.2
    ),
    "day": Hour((52, 118, 200), (126, 182, 232), (214, 232, 242), (255, 250, 226), (52, 92, 76), 0.0, 0.75),
    "sunset": Hour((44, 40, 96), (196, 84, 100), (255, 172, 92), (255, 222, 150), (46, 30, 58), 0.1, 0.13),
    "dusk": Hour((24, 30, 74), (84, 74, 138), (226, 142, 140), (246, 214, 206), (26, 26, 54), 0.5, 0.3),
    "night": Hour((6, 10, 30), (16, 28, 66), (48, 70, 116), (226, 232, 246), (10, 16, 34), 1.0, 0.6),
    "mist": Hour((132, 150, 164), (176, 190, 198), (222, 226, 224), (248, 246, 236), (66, 86, 92), 0.0, 0.5),
}

_HOUR_WORDS = {
    "sunrise": ("sunrise", "dawn", "morning"),
    "day": ("day", "daylight", "noon", "sunny", "summer", "bright", "afternoon", "blue", "spring", "blossom"),
    "sunset": ("sunset", "evening", "golden", "orange", "red", "warm", "autumn", "fire", "lava"),
    "dusk": ("dusk", "twilight", "purple", "violet", "pink", "magic", "dream", "neon"),
    "night": ("night", "midnight", "dark", "moon", "moonlight", "stars", "starry", "black", "halloween"),
    "mist": (
        "mist",
        "misty",
        "fog",
        "foggy",
        "cloudy",
        "rain",
        "rainy",
        "grey",
        "gray",
        "winter",
        "storm",
        "white",
    ),
}

_PLACE_WORDS = {
    "mountains": (
        "mountain",
        "mountains",
        "alps",
        "peak",
        "peaks",
        "valley",
        "cliff",
        "rocks",
        "volcano",
        "eagle",
    ),
    "sea": (
        "sea",
        "ocean",
        "beach",
        "lake",
        "water",
        "wave",
        "waves",
        "boat",
        "ship",
        "island",
        "coast",
        "river",
        "surfing",
        "fish",
        "dolphin",
        "harbor",
        "harbour",
    ),
    "desert": ("desert", "dune", "dunes", "sand", "sahara", "camel", "mars", "canyon"),
    "forest": ("forest", "tree", "trees", "woods", "jungle", "deer", "fox", "bear", "wolf", "pine"),
    "city": (
        "city",
        "street",
        "town",
        "skyline",
        "building",
        "buildings",
        "tokyo",
        "york",
        "london",
        "car",
        "traffic",
        "cyberpunk",
        "neon",
        "office",
        "urban",
    ),
    "hills": (
        "hill",
        "hills",
        "meadow",
        "field",
        "fields",
        "grass",
        "garden",
        "flowers",
        "flower",
        "cat",
        "dog",
        "horse",
        "farm",
        "park",
        "countryside",
    ),
    "space": (
        "space",
        "galaxy",
        "planet",
        "planets",
        "nebula",
        "universe",
        "cosmos",
        "astronaut",
        "rocket",
        "alien",
        "stars",
        "spaceship",
    ),
}

# What is in the picture rather than where and when: it decides only when no other word does,
# so that a white cat at a beach under a sunset is a beach under a sunset.
_HINTS = frozenset(
    [
        "cat",
        "dog",
        "horse",
        "deer",
        "fox",
        "bear",
        "wolf",
        "eagle",
        "fish",
        "dolphin",
        "camel",
        "car",
        "boat",
        "ship",
        "flower",
        "flowers",
        "tree",
        "trees",
        "rocks",
        "white",
        "black",
        "blue",
        "red",
        "orange",
        "golden",
        "grey",
        "gray",
        "pink",
        "purple",
        "violet",
        "warm",
        "bright",
        "dream",
        "fire",
    ]
)

_WEATHER_WORDS = {
    "snow": ("snow", "snowy", "winter", "blizzard", "ice", "christmas"),
    "rain": ("rain", "rainy", "storm", "monsoon"),
    "fireflies": ("fireflies", "firefly", "magic", "magical", "fairy", "lanterns", "sparks", "glowing"),
    "petals": ("petals", "blossom", "cherry", "flowers", "spring", "leaves", "autumn"),
    "clouds": ("clouds", "cloudy", "cloud", "storm", "sky"),
    "birds": ("birds", "bird", "eagle", "seagulls", "flying"),
    "stars": ("stars", "starry", "milky"),
}

_TINTS: dict[str, Colour] = {
    "red": (214, 52, 48),
    "orange": (242, 140, 40),
    "yellow": (246, 214, 72),
    "golden": (240, 186, 70),
    "green": (62, 170, 90),
    "teal": (30, 150, 150),
    "blue": (50, 104, 220),
    "purple": (130, 66, 190),
    "violet": (140, 84, 210),
    "pink": (242, 130, 176),
    "grey": (140, 146, 152),
    "gray": (140, 146, 152),
}


def choose_theme(prompt: str, negative: str, seed: int) -> Theme:
    """Decide the scene. Known words of `prompt` are obeyed in order, the rest follows from all words and the
    seed; what the known words of `negative` name is never chosen."""
    words, avoided = words_of(prompt), set(words_of(negative))
    random = np.random.default_rng([seed, zlib.crc32(" ".join(words).encode()), 0x5CE])
    weather = {name for name, known in _WEATHER_WORDS.items() if set(words) & set(known)}
    # Nothing falls or flies in space, unless the prompt itself names both.
    airless = {"space"} if weather - {"stars"} else set()
    place = _choose(_PLACE_WORDS, words, avoided, airless, random)
    hour_name = _choose(_HOUR_WORDS, words, avoided, set(), random)
    if not weather:
        by_light = "petals" if _HOURS[hour_name].stars == 0 else "fireflies"
        weather = {str(random.choice(["clouds", "birds", by_light]))}
    if hour_name in ("day", "sunrise", "sunset") and "rain" not in weather:
        weather.add("birds")
    weather |= {"clouds"}
    weather -= {name for name, known in _WEATHER_WORDS.items() if avoided & {name, *known}}
    hour = _tinted(
        _HOURS[hour_name], [_TINTS[word] for word in words if word in _TINTS and word not in avoided]
    )
    if avoided & set(_WEATHER_WORDS["stars"]):
        hour = Hour(hour.zenith, hour.middle, hour.horizon, hour.light, hour.land, 0.0, hour.height)
    return Theme(place, hour, frozenset(weather), random)


def _choose(
    table: dict[str, tuple[str, ...]],
    words: list[str],
    avoided: set[str],
    unlikely: set[str],
    random: np.random.Generator,
) -> str:
    """The row the first known word names, hints last; without one a row by chance that is not `unlikely`."""
    allowed = [name for name, known in table.items() if not avoided & {name, *known}] or list(table)
    at_random = str(random.choice([name for name in allowed if name not in unlikely] or allowed))
    by_weight = sorted(words, key=_HINTS.__contains__)
    asked = (name for word in by_weight for name in allowed if word == name or word in table[name])
    return next(asked, at_random)


def _tinted(hour: Hour, tints: list[Colour]) -> Hour:
    """Pull the sky and the land towards the first two colours a prompt names."""
    if not tints:
        return hour
    first, second = tints[0], tints[min(1, len(tints) - 1)]
    return Hour(
        _mix(hour.zenith, first, 0.4),
        _mix(hour.middle, first, 0.5),
        _mix(hour.horizon, second, 0.35),
        hour.light,
        _mix(hour.land, tuple(part * 0.45 for part in second), 0.4),
        hour.stars,
        hour.height,
    )


def _mix(one: Colour, other: Colour | tuple[float, ...], share: float) -> Colour:
    red, green, blue = (a + (b - a) * share for a, b in zip(one, other, strict=True))
    return red, green, blue
