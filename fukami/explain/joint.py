"""Several inputs explained as one: their parts stand side by side, each taken away from the input that it belongs to.

U units of one example, P patterns of what is taken away.
"""

import io
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from fukami.core.cards import METHODS, MethodCard, card, cards, methods_for
from fukami.core.tables import Column
from fukami.fields.contract import Explainable, InputField
from fukami.fields.units import Portrait, Units

USUAL = "occlusion"
"""What explains any inputs: it asks for answers alone."""


class Joint(Explainable):
    """The inputs of a task as one, whose batch is `{name: batch}`."""

    kind = "+"
    name = "inputs"

    def __init__(self, inputs: Mapping[str, InputField]):
        self.inputs = dict(inputs)
        self.draws = max(one.draws for one in self.inputs.values())  # type: ignore[misc]

    def several(self, value: Any) -> None:
        """An example of several inputs is told by their names; no value holds many of them."""
        return

    def units(self, batch: dict[str, Any], columns: Mapping[str, Sequence[Column]]) -> Units:
        found = {name: one.units(batch[name], columns[name]) for name, one in self.inputs.items()}
        starts = np.cumsum([0, *map(len, found.values())]).tolist()
        told = [dict(one) for units in found.values() for one in units.told or ({},) * len(units)]
        inputs = [name for name, units in found.items() for _unit in units.names]
        return Units(
            tuple(name for units in found.values() for name in units.names),
            np.concatenate(
                [np.where(u.of.ravel() < 0, -1, u.of.ravel() + s) for u, s in zip(found.values(), starts, strict=False)]
            ),
            tuple({"in": name, **one} for name, one in zip(inputs, told, strict=True)),
            {"parts": [(name, units, s, s + len(units)) for (name, units), s in zip(found.items(), starts, strict=False)]},
        )

    def filling(self, batch: dict[str, Any], *, seed: int = 0) -> dict[str, Any]:
        return {name: one.filling(batch[name], seed=seed) for name, one in self.inputs.items()}

    def without(self, batch: dict[str, Any], units: Units, gone_PU: np.ndarray, filling: Any = None, draw: int = 0) -> Any:
        filling = self.filling(batch) if filling is None else filling
        found = {}
        for name, own, start, stop in units.layout["parts"]:
            one, own = self.inputs[name], replace(own, placed=units.placed)
            found[name] = one.without(batch[name], own, gone_PU[:, start:stop], filling[name], draw % one.draws)
        return found

    def portrait(
        self, batch: dict[str, Any], units: Units, weights_U: np.ndarray, detail: np.ndarray | None = None
    ) -> Portrait:
        found = {
            name: self.inputs[name].portrait(batch[name], own, weights_U[start:stop])
            for name, own, start, stop in units.layout["parts"]
        }
        html = "".join(f"<div>{one.html}</div>" for one in found.values())
        lines = tuple(f"{name}: {line}" for name, one in found.items() for line in one.lines)
        return Portrait(html, lambda: _stacked([one.png() for one in found.values()]), lines)


def _stacked(pngs: Sequence[bytes]) -> bytes:
    """Pictures one below the other."""
    from PIL import Image

    parts = [Image.open(io.BytesIO(png)).convert("RGB") for png in pngs]
    whole = Image.new("RGB", (max(p.width for p in parts), sum(p.height for p in parts)), "white")
    for number, part in enumerate(parts):
        whole.paste(part, (0, sum(p.height for p in parts[:number])))
    place = io.BytesIO()
    whole.save(place, "PNG")
    return place.getvalue()


def explained(inputs: Mapping[str, InputField]) -> Any:
    """The only input, or all of them as one."""
    return next(iter(inputs.values())) if len(inputs) == 1 else Joint(inputs)


def as_given(field: Any, batch: Any) -> dict[str, Any]:
    """A batch of what is explained as a network's inputs, by name."""
    return batch if isinstance(field, Joint) else {field.name: batch}


def fitting(field: Any) -> dict[str, MethodCard]:
    """The ways to explain it: those that take away parts, where there are several inputs."""
    if not isinstance(field, Joint):
        return methods_for(field.kind)
    known = cards(METHODS)
    return {name: known[name] for name in dict.fromkeys((USUAL, *known)) if known[name].asks == "units"}


def usual(field: Any) -> tuple[str, ...]:
    """The ways that are tried by themselves, in order."""
    return (USUAL,) if isinstance(field, Joint) else card("fields", field.kind).explained_by
