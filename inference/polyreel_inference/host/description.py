"""What an engine tells about itself: checked once at start, then translated for the wire."""

import json

from polyreel_inference.host.engine import EngineDescription, Kind, Model, Parameter, TaskKind
from polyreel_inference.host.errors import EngineError
from polyreel_inference.host.parameters import checked_value
from polyreel_inference.host.protocol import description_pb2 as wire

KIND_TO_WIRE: dict[TaskKind, wire.TaskKind] = {
    "talk": wire.TASK_KIND_TALK,
    "lipsync": wire.TASK_KIND_LIPSYNC,
    "t2v": wire.TASK_KIND_T2V,
    "i2v": wire.TASK_KIND_I2V,
}

_TYPE_TO_WIRE = {
    "string": wire.PARAMETER_TYPE_STRING,
    "integer": wire.PARAMETER_TYPE_INTEGER,
    "number": wire.PARAMETER_TYPE_NUMBER,
    "boolean": wire.PARAMETER_TYPE_BOOLEAN,
}


def check_description(description: EngineDescription) -> None:
    """Raise `ValueError` when the engine describes itself in a way clients could not use."""
    if not description.engine or not description.version or description.slots < 1:
        raise ValueError("an engine needs a name, a version and at least one slot")
    if not description.models or not all(model.kinds for model in description.models):
        raise ValueError("an engine needs a model, and a model a kind")
    _unique("model", [model.name for model in description.models])
    for model in description.models:
        _unique(f"kind of {model.name}", [kind.kind for kind in model.kinds])
        for kind in model.kinds:
            _unique(f"role of {kind.kind}", [given.role for given in kind.inputs])
            _unique(f"parameter of {kind.kind}", [parameter.name for parameter in kind.parameters])
            for parameter in kind.parameters:
                _check_default(parameter)


def to_wire(description: EngineDescription, state: wire.EngineState, message: str) -> wire.DescribeResponse:
    """The answer to Describe."""
    return wire.DescribeResponse(
        engine=description.engine,
        version=description.version,
        models=[_model(model) for model in description.models],
        device=description.device,
        slots=description.slots,
        state=state,
        message=message,
    )


def _model(model: Model) -> wire.ModelDescription:
    return wire.ModelDescription(name=model.name, kinds=[_kind(kind) for kind in model.kinds])


def _kind(kind: Kind) -> wire.KindDescription:
    inputs = [
        wire.InputDescription(role=given.role, group=given.group, required=given.required)
        for given in kind.inputs
    ]
    parameters = [_parameter(parameter) for parameter in kind.parameters]
    return wire.KindDescription(kind=KIND_TO_WIRE[kind.kind], inputs=inputs, parameters=parameters)


def _parameter(parameter: Parameter) -> wire.ParameterDescription:
    return wire.ParameterDescription(
        name=parameter.name,
        type=_TYPE_TO_WIRE[parameter.type],
        minimum=parameter.minimum,
        maximum=parameter.maximum,
        default_json="" if parameter.default is None else json.dumps(parameter.default, ensure_ascii=False),
        choices=parameter.choices,
        description=parameter.description,
    )


def _check_default(parameter: Parameter) -> None:
    if parameter.default is None:
        return
    try:
        checked_value(parameter, parameter.default)
    except EngineError as error:
        raise ValueError(f"the default of a request is out of its range: {error.message}") from error


def _unique(what: str, names: list[str]) -> None:
    if "" in names or len(set(names)) != len(names):
        raise ValueError(f"{what}: empty or repeated name in {names}")
