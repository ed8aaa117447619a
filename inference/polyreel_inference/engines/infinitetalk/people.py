"""Who is in the picture of a job, by its sounds, boxes and masks."""

from pathlib import Path
from typing import NoReturn

from polyreel_inference.engines.infinitetalk.reference.source import ReferenceSource
from polyreel_inference.engines.infinitetalk.speakers.areas import Area, area_of_box, area_of_mask
from polyreel_inference.engines.infinitetalk.speakers.boxes import BoxOrder, box_of
from polyreel_inference.engines.infinitetalk.speakers.cast import Cast, choose_cast
from polyreel_inference.host.engine import Job
from polyreel_inference.host.errors import EngineError, ErrorCode


def sounds_of(job: Job) -> list[Path]:
    """Return the sound files, that of the first speaker first."""
    return [job.inputs[role].path for role in ("audio", "audio2") if role in job.inputs]


def people_of(job: Job, reference: ReferenceSource) -> Cast:
    """Return who is where and who speaks. Raises `EngineError` for what does not fit together."""
    speaker = job.parameters.get("speaker")
    return choose_cast(
        reference.width,
        reference.height,
        len(sounds_of(job)),
        _areas(job, reference),
        None if speaker is None else int(speaker),
    )


def _areas(job: Job, reference: ReferenceSource) -> list[Area]:
    """One area for each person; of the masks and boxes a job may have either."""
    size = reference.width, reference.height
    masks = [role for role in ("mask", "mask2") if role in job.inputs]
    boxes = str(job.parameters.get("boxes", "")).strip()
    if boxes and masks:
        _refuse("People are told apart by masks or by boxes; give one of them.")
    if masks == ["mask2"]:
        _refuse("The input mask2 is the second person's; give mask, the first person's, as well.")
    if not boxes:
        return [area_of_mask(job.inputs[role].path, *size) for role in masks]
    order: BoxOrder = job.parameters["box_order"]
    return [area_of_box(box_of(_numbers(text), order, *size), *size) for text in boxes.split(";")]


def _numbers(text: str) -> list[float]:
    try:
        return [float(number) for number in text.split(",")]
    except ValueError:
        _refuse(
            f'The parameter boxes holds "{text.strip()[:60]}"; a person is four numbers,'
            " such as 120,80,400,480."
        )


def _refuse(reason: str) -> NoReturn:
    raise EngineError(ErrorCode.INVALID_INPUT, reason)
