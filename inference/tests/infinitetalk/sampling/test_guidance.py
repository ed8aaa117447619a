"""How the velocities of the branches become one."""

import pytest
import torch
from torch import Tensor

from polyreel_inference.engines.infinitetalk.sampling.guidance import Branch, PlainGuidance, branches_of
from polyreel_inference.engines.infinitetalk.sampling.projected_guidance import (
    ProjectedGuidance,
    ProjectionSettings,
)

WHOLE = Branch(prompt=True, speech=True)
SHAPE = (1, 16, 3, 4, 6)


def velocities(count: int, seed: int = 0) -> list[Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(SHAPE, generator=generator) for _ in range(count)]


@pytest.mark.parametrize(
    ("text", "audio", "others"),
    [
        (5, 4, [(False, True), (False, False)]),
        (1, 2, [(True, False)]),
        (3, 1, [(False, True)]),
        (1, 1, []),
    ],
)
def test_a_scale_of_one_saves_its_forward(text: float, audio: float, others: list[tuple[bool, bool]]) -> None:
    assert branches_of(text, audio) == (WHOLE, *(Branch(*other) for other in others))


def test_plain_guidance_goes_from_silence_to_the_prompt() -> None:
    c, d, u = velocities(3)
    torch.testing.assert_close(PlainGuidance(5, 4).combine([c, d, u]), u + 5 * (c - d) + 4 * (d - u))
    torch.testing.assert_close(PlainGuidance(1, 2).combine([c, d]), d + 2 * (c - d))
    torch.testing.assert_close(PlainGuidance(3, 1).combine([c, d]), d + 3 * (c - d))
    torch.testing.assert_close(PlainGuidance(1, 1).combine([c]), c)


def test_a_scale_of_one_gives_what_its_forward_would() -> None:
    c, d, u = velocities(3)
    torch.testing.assert_close(PlainGuidance(3, 1).combine([c, d]), u + 3 * (c - d) + 1 * (d - u))
    three = ProjectedGuidance(3, 1.0000001).combine([c, d, u])
    torch.testing.assert_close(ProjectedGuidance(3, 1).combine([c, d]), three, rtol=1e-4, atol=1e-5)


def expected(diffs: list[list[Tensor]], whole: list[Tensor], scales: list[float]) -> list[Tensor]:
    """The formulas of arXiv 2410.02416 in float64, over all steps."""
    averages = [torch.zeros(SHAPE, dtype=torch.float64) for _ in scales]
    guided = []
    for step, c in enumerate(velocity.double() for velocity in whole):
        result = c.clone()
        for index, scale in enumerate(scales):
            averages[index] = diffs[step][index].double() - 0.75 * averages[index]
            length = averages[index].norm()
            short = averages[index] * min(1.0, 55 / float(length))
            unit = c / c.norm()
            result += (scale - 1) * (short - (short * unit).sum() * unit)
        guided.append(result.float())
    return guided


@pytest.mark.parametrize("size", [2.0, 0.2])
def test_projected_guidance_remembers_shortens_and_projects(size: float) -> None:
    # At size 2 the differences are longer than 55, at 0.2 they are not.
    steps = [[size * velocity for velocity in velocities(3, seed)] for seed in range(3)]
    guidance = ProjectedGuidance(5, 4)
    found = [guidance.combine(step) for step in steps]
    diffs = [[c - d, d - u] for c, d, u in steps]
    assert bool(diffs[0][0].norm() > 55) == (size == 2.0)
    for one, wanted in zip(found, expected(diffs, [step[0] for step in steps], [5, 4]), strict=True):
        torch.testing.assert_close(one, wanted, rtol=1e-4, atol=1e-4)


def test_projected_guidance_with_the_prompt_alone_compares_with_silence() -> None:
    c, d = velocities(2)
    wanted = expected([[c - d]], [c], [2])[0]
    torch.testing.assert_close(ProjectedGuidance(1, 2).combine([c, d]), wanted, rtol=1e-4, atol=1e-4)


def test_equal_branches_leave_projected_guidance_without_effect() -> None:
    (c,) = velocities(1)
    torch.testing.assert_close(ProjectedGuidance(5, 4).combine([c, c, c]), c)


def test_the_settings_act() -> None:
    first, second = velocities(3, 1), velocities(3, 2)

    def last(settings: ProjectionSettings) -> Tensor:
        guidance = ProjectedGuidance(5, 4, settings)
        guidance.combine(first)
        return guidance.combine(second)

    usual = last(ProjectionSettings())
    assert not torch.allclose(usual, last(ProjectionSettings(momentum=0.0)))
    assert not torch.allclose(usual, last(ProjectionSettings(norm=10.0)))
