"""Jobs as the host hands them over."""

from pathlib import Path
from typing import Any

from polyreel_inference.host.engine import InputFile, Job, Kind, Model


def make_job(
    folder: Path,
    model: Model,
    inputs: dict[str, Path],
    *,
    kind: Kind | None = None,
    task: str = "task-1",
    **given: Any,
) -> Job:
    """A job with the described defaults filled in and `folder` as its workspace.

    `kind` None is the only one of the model; a parameter that is None counts as not given.
    """
    if kind is None:
        (kind,) = model.kinds
    unknown = given.keys() - {parameter.name for parameter in kind.parameters}
    assert not unknown, f"{kind.kind} of {model.name} does not offer {unknown}"
    defaults = {one.name: one.default for one in kind.parameters if one.default is not None}
    stated = {name: value for name, value in given.items() if value is not None}
    files = {
        role: InputFile(role, path, "application/octet-stream", path.stat().st_size)
        for role, path in inputs.items()
    }
    folder.mkdir(parents=True, exist_ok=True)
    return Job(task, 1, kind.kind, model.name, defaults | stated, files, folder)
