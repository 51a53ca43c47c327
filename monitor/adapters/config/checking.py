"""Entries of the YAML files as pydantic models, and pydantic's errors as our complaints."""

from collections.abc import Collection, Mapping
from typing import Annotated, Any, TypeVar, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from monitor.adapters.config import values
from monitor.adapters.config.values import ComplaintError, shown
from monitor.adapters.config.yaml import Node
from monitor.core.suggest import suggestion
from monitor.errors import Problem

Steps = tuple[str | int, ...]
_SECRET = ("auth", "headers", "cookies")  # what is written there wrongly may be a password
Model = TypeVar("Model", bound=BaseModel)


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        hint = f"write [{value}]" if isinstance(value, str) and value.isascii() else "put the values in [ ]"
        raise ComplaintError(f"must be a list, not {shown(value)}", hint)
    for one in value:
        values.check_single(one, whole=False)
    return tuple(values.text(one) for one in value)


Text = Annotated[str, BeforeValidator(values.text)]
Texts = Annotated[tuple[str, ...], BeforeValidator(_texts)]


class Entry(BaseModel):
    """Base of what a user writes: takes no unknown key, guesses no types."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, arbitrary_types_allowed=True)


def read_entry(model: type[Model], data: object, path: Steps, problems: list[Problem]) -> Model | None:
    """`data` as a model; else None, with all complaints added to `problems`, their paths beginning with `path`."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        problems += [_complaint(model, found, path) for found in error.errors(include_url=False)]
        return None


def unknown_keys(root: Node, known: Collection[str]) -> list[Problem]:
    """Complaints about keys at the top of a document that mean nothing."""
    found = root.value if isinstance(root.value, dict) else {}
    return [_unknown((key,), key, known) for key in found if key not in known]


def _unknown(path: Steps, key: str, known: Collection[str]) -> Problem:
    complaint = f"unknown key `{key}`{suggestion(key, known)}"
    return Problem(path, complaint, f"known keys: {', '.join(known)}", at_key=True)


def _model_at(model: type[BaseModel], where: Steps) -> type[BaseModel]:
    """The model of the mapping to which `where` leads, beginning in one of `model`."""
    for step in where:
        field = model.model_fields.get(str(step))
        types = (field.annotation, *get_args(field.annotation)) if field else ()
        model = next((one for one in types if isinstance(one, type) and issubclass(one, BaseModel)), model)
    return model


def _complaint(model: type[BaseModel], error: Mapping[str, Any], path: Steps) -> Problem:
    where: Steps = error["loc"]
    key = where[-1] if where else ""
    name = f"{key}: " if isinstance(key, str) and key else ""
    match error["type"]:
        case "extra_forbidden":
            fields = _model_at(model, where[:-1]).model_fields
            known = sorted(fields, key=lambda name: not fields[name].is_required())
            return _unknown((*path, *where), str(key), known)
        case "missing":
            field = _model_at(model, where[:-1]).model_fields.get(str(key))
            about = field.description if field else None
            return Problem((*path, *where), f"`{key}` is missing", f"add {key}: {about}" if about else "add it")
        case "value_error":
            cause = error["ctx"]["error"]
            hint = cause.hint if isinstance(cause, ComplaintError) else ""
            return Problem((*path, *where), f"{name}{cause}", hint)
        case "model_type" | "dict_type" | "mapping_type":
            needed = ", ".join(f"{one}: …" for one, field in model.model_fields.items() if field.is_required())
            keys = getattr(model, "shape", needed)
            hint = f"write it as {keys}" if keys and not where else ""
            if isinstance(error["input"], str) and "：" in error["input"]:
                hint = "write `: ` after a key, not `：`"
            if where and error["type"] != "dict_type":
                hint = f"its keys: {', '.join(_model_at(model, where).model_fields)}"
            got = "what stands there" if key in _SECRET else shown(error["input"])
            return Problem((*path, *where), f"{name}must be a mapping, not {got}", hint)
        case "bool_type":
            return Problem((*path, *where), f"{name}must be true or false, not {shown(error['input'])}")
        case "list_type" | "tuple_type":
            got = shown(error["input"])
            hint = f"write [{error['input']}]" if isinstance(error["input"], str) else ""
            return Problem((*path, *where), f"{name}must be a list, not {got}", hint)
        case _:
            return Problem((*path, *where), f"{name}{error['msg']}")
