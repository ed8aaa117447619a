"""Jobs as the host would hand them over."""

from pathlib import Path
from typing import Any

from polyreel_inference.engines.wan.offer import Offer
from polyreel_inference.engines.wan.parameters import describe_model
from polyreel_inference.host.engine import Job, Kind, Model
from tests.serving.job_making import make_job

T2V = Offer("t2v", takes_image=False, last_image="none", size=(832, 480), steps=50, shift=8, guidance_scale=6)
I2V = Offer("i2v", takes_image=True, last_image="none", size=(832, 480), steps=40, shift=3, guidance_scale=5)
DISTILLED = Offer(
    "fast",
    takes_image=False,
    last_image="none",
    size=(832, 480),
    steps=4,
    shift=5,
    guidance_scale=1,
    distilled=True,
)
TWO_EXPERTS = Offer(
    "a14b",
    takes_image=True,
    last_image="optional",
    size=(1280, 720),
    steps=40,
    shift=5,
    guidance_scale=3.5,
    low_noise_guidance_scale=3.5,
)


def kind_of(model: Model) -> Kind:
    """The only kind of a Wan model."""
    (kind,) = model.kinds
    return kind


def job_for(offer: Offer, folder: Path, inputs: dict[str, Path] | None = None, **parameters: Any) -> Job:
    """A job for a model that is only described."""
    return make_job(folder, describe_model(offer), inputs or {}, **parameters)
