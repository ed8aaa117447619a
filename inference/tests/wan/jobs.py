"""Jobs as the host would hand them over."""

from pathlib import Path
from typing import Any

from polyreel_inference.engines.wan.offer import Offer
from polyreel_inference.engines.wan.parameters import describe_model
from polyreel_inference.host.engine import InputFile, Job, Kind, Model

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


def make_job(
    folder: Path,
    model: Model,
    inputs: dict[str, Path] | None = None,
    *,
    task: str = "task-1",
    **parameters: Any,
) -> Job:
    """A job with the described defaults filled in and `folder` as its workspace."""
    kind = kind_of(model)
    unknown = parameters.keys() - {parameter.name for parameter in kind.parameters}
    assert not unknown, f"{model.name} does not offer {unknown}"
    defaults = {one.name: one.default for one in kind.parameters if one.default is not None}
    files = {
        role: InputFile(role, path, "application/octet-stream", path.stat().st_size)
        for role, path in (inputs or {}).items()
    }
    folder.mkdir(parents=True, exist_ok=True)
    return Job(task, 1, kind.kind, model.name, defaults | parameters, files, folder)


def job_for(offer: Offer, folder: Path, inputs: dict[str, Path] | None = None, **parameters: Any) -> Job:
    """A job for a model that is only described."""
    return make_job(folder, describe_model(offer), inputs, **parameters)
