"""Validation of request parameters against what the engine describes."""

import json
import math
from collections.abc import Iterable
from typing import Any, NoReturn

from google.protobuf import struct_pb2

from polyreel_inference.host.engine import Parameter
from polyreel_inference.host.errors import EngineError, ErrorCode

_LARGEST_INTEGER = 2**53
_SHOWN_CHARACTERS = 60
_TYPE_NAMES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
}


def validated(parameters: Iterable[Parameter], given: struct_pb2.Struct) -> dict[str, Any]:
    """Return the given parameters, typed, with the described defaults filled in.

    Parameters without a default that were not given are missing from the answer: the engine derives them.
    Raises `EngineError` INVALID_INPUT that names the field, its value and what is allowed.
    """
    described = {parameter.name: parameter for parameter in parameters}
    for name in given.fields:
        if name not in described:
            allowed = ", ".join(sorted(described)) or "none"
            _refuse(f"Unknown parameter {_shown(name)}; allowed are: {allowed}")
    values: dict[str, Any] = {}
    for name, parameter in described.items():
        if name in given.fields:
            values[name] = checked_value(parameter, _plain(given.fields[name]))
        elif parameter.default is not None:
            values[name] = checked_value(parameter, parameter.default)
    return values


def checked_value(parameter: Parameter, value: Any) -> str | int | float | bool:
    """Return `value` in the parameter's type; 25.0 is an integer too, because JSON knows only one number."""
    typed = _typed(parameter, value)
    if isinstance(typed, str):
        if parameter.choices and typed not in parameter.choices:
            _refuse_value(parameter, typed, f"must be one of: {', '.join(parameter.choices)}")
    elif not isinstance(typed, bool):
        _check_range(parameter, typed)
    return typed


def _typed(parameter: Parameter, value: Any) -> str | int | float | bool:
    match parameter.type, value:
        case "boolean", bool(truth):
            return truth
        case "string", str(text):
            return text
        case ("integer" | "number", bool()):
            pass
        case "number", int() | float() if math.isfinite(value):
            return float(value)
        case "integer", int() | float() if math.isfinite(value) and value == int(value):
            if abs(value) > _LARGEST_INTEGER:
                _refuse_value(parameter, value, "at most 2^53 in size is exact")
            return int(value)
    _refuse_value(parameter, value, f"must be {_TYPE_NAMES[parameter.type]}{_range(parameter)}")


def _check_range(parameter: Parameter, value: float) -> None:
    below = parameter.minimum is not None and value < parameter.minimum
    above = parameter.maximum is not None and value > parameter.maximum
    if below or above:
        _refuse_value(parameter, value, f"must be{_range(parameter)}")


def _range(parameter: Parameter) -> str:
    match parameter.minimum, parameter.maximum:
        case None, None:
            return ""
        case minimum, None:
            return f" at least {minimum:g}"
        case None, maximum:
            return f" at most {maximum:g}"
        case minimum, maximum:
            return f" between {minimum:g} and {maximum:g}"


def _plain(value: struct_pb2.Value) -> Any:
    """The JSON value; anything but text, number and truth comes as something no parameter type takes."""
    match value.WhichOneof("kind"):
        case "string_value":
            return value.string_value
        case "number_value":
            return value.number_value
        case "bool_value":
            return value.bool_value
        case "list_value":
            return []
        case "struct_value":
            return {}
        case _:
            return None


def _shown(value: Any) -> str:
    if isinstance(value, float) and (not math.isfinite(value) or value == int(value)):
        return f"{value:g}"
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "an object"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + '..."'


def _refuse_value(parameter: Parameter, value: Any, rule: str) -> NoReturn:
    _refuse(f"The parameter {parameter.name} is {_shown(value)}, but {rule}")


def _refuse(reason: str) -> NoReturn:
    raise EngineError(ErrorCode.INVALID_INPUT, f"{reason}.")
