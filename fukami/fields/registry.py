"""From a kind's name to its field, and from what a run recorded back to a field that has learned."""

from typing import Any

from fukami.core.cards import load
from fukami.fields.contract import Field, InputField


def field_class(kind: str) -> type[Field]:
    """The class of the field of this kind."""
    module = load("fields", kind)
    found = [
        v for v in vars(module).values() if isinstance(v, type) and issubclass(v, Field) and v.__dict__.get("kind") == kind
    ]
    (only,) = found
    return only


def input_class(kind: str) -> type[InputField]:
    """The class of the field of this kind, which is one that models can be asked about."""
    found = field_class(kind)
    if not issubclass(found, InputField):
        raise TypeError(f"{kind} is no kind of input")
    return found


def restored_field(kind: type[Field], name: str, options: Any, state: dict[str, Any]) -> Field:
    """The field called `name` with the options and the state that a run recorded."""
    cls: Any = kind
    return cls(name=name, options=options, state=state)
