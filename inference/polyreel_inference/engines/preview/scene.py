"""t2v: an animated scene painted from the words of a prompt and a seed."""

import numpy as np
from numpy.typing import NDArray

from polyreel_inference.engines.preview.land import Land
from polyreel_inference.engines.preview.particles import Particles
from polyreel_inference.engines.preview.sky import Sky
from polyreel_inference.engines.preview.space import Space
from polyreel_inference.engines.preview.theme import choose_theme
from polyreel_inference.engines.preview.water import Water

Image = NDArray[np.uint8]


class Scene:
    """A scene of one size. The same words and seed paint the same frames; nothing in it repeats."""

    def __init__(self, prompt: str, negative: str, seed: int, width: int, height: int) -> None:
        """`negative` names what must not appear; see `choose_theme` for the words that are understood."""
        theme = choose_theme(prompt, negative, seed)
        self._space = Space(theme, width, height) if theme.place == "space" else None
        share = (
            float(theme.random.uniform(0.56, 0.64))
            if theme.place == "sea"
            else float(theme.random.uniform(0.6, 0.7))
        )
        horizon = height * share
        self._sky = Sky(theme, width, height, horizon)
        self._land = Land(theme, width, height, horizon)
        self._water = Water(theme, width, height, horizon) if theme.place == "sea" else None
        self._particles = Particles(theme, width, height)

    def render(self, time: float) -> Image:
        """The frame [h, w, 3], uint8 RGB, at `time` seconds."""
        if self._space is not None:
            return self._space.render(time)
        frame = self._sky.render(time)
        self._land.paint(frame, time)
        if self._water is not None:
            self._water.paint(frame, time, self._sky.sun(time)[0])
        self._particles.paint(frame, time)
        return frame
