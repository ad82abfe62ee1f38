"""What people get: one answer explained, as an object that shows itself, saves itself and tells itself as JSON."""

import json
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from fukami.core import language
from fukami.core.errors import UsageError
from fukami.core.language import _, listed
from fukami.core.percent import percent
from fukami.explain.again import Again
from fukami.explain.contract import Weights
from fukami.explain.faithfulness import Faithfulness
from fukami.fields.answers import sureness, words
from fukami.fields.lettering import Piece, captioned, pieces
from fukami.fields.units import Portrait, Units, css

ENDINGS = (".png", ".html", ".json")


@dataclass(frozen=True, repr=False)
class Explanation:
    """Why one input was answered as it was.

    `of` is the label whose score is explained, None for a value. `weights` say how much each of `units` speaks for it,
    `faithfulness` whether that holds when units are taken away.

    >>> run.explain("cat.jpg").save("why.png")                      # doctest: +SKIP
    """

    input: Any
    answer: dict[str, Any]
    of: str | None
    method: str
    units: Units
    weights: Weights
    faithfulness: Faithfulness | None
    portrait: Portrait = field(repr=False)
    nearest: list[dict[str, Any]] = field(default_factory=list)
    again: dict[str, Again] = field(default_factory=dict)
    """Those of the nearest that can still be read, by their names."""
    notes: tuple[str, ...] = ()
    """What else is to be known: which method was left out and why."""
    truth: dict[str, Any] | None = None
    """The right answer, where it is known: of the examples that the training kept aside."""
    unit: str | None = None
    """What weights are counted in (log-odds, deviations); None where they only say how much a part matters."""
    scale: float | None = None
    """How much one of `unit` is in the target's own unit, where it has one; the portrait's figures are in that."""

    def ranked(self) -> list[int]:
        """Units, the strongest first."""
        return np.argsort(-np.abs(self.weights.weights), kind="stable").tolist()

    def __repr__(self) -> str:
        strongest = listed(str(self.units.names[u]) for u in self.ranked()[:3])
        told = f"{self.input!s:.60}: {answered(self.as_dict())}"
        return f"<Explanation of {told}; {self.method}: {strongest}; {self.verdict()}>"

    @property
    def right(self) -> bool | None:
        """Whether the answer is the truth; None where that is not known, or a number, which is right more or less."""
        if self.truth is None or self.of is None:
            return None
        return all(self.answer[name] == told for name, told in self.truth.items())

    def verdict(self) -> str:
        """Whether the attribution stood its test, in a sentence."""
        if self.faithfulness is None:
            return _("not tested")
        if len(self.units) < 2:
            return _("there is only one part, so its order cannot be tested")
        return verdict(self.faithfulness.as_dict())

    def as_dict(self) -> dict[str, Any]:
        """The explanation as plain values; the units in their own order."""
        given = self.units.told or ({},) * len(self.units)
        units = [
            {"name": name, **told, "weight": float(weight)}
            for name, told, weight in zip(self.units.names, given, self.weights.weights, strict=True)
        ]
        return {
            "input": self.input,
            "answer": self.answer,
            **({} if self.truth is None else {"truth": self.truth, **({} if self.right is None else {"right": self.right})}),
            "of": self.of,
            "method": self.method,
            "signed": self.weights.signed,
            "unit": self.unit,
            **({} if self.scale is None else {"scale": self.scale}),
            **({} if self.weights.base is None else {"base": self.weights.base}),
            "units": units,
            "faithfulness": None if self.faithfulness is None else self.faithfulness.as_dict(),
            "nearest": [{**one, **self._held(one["input"])} for one in self.nearest],
            **({"notes": list(self.notes)} if self.notes else {}),
        }

    def html(self) -> str:
        """A fragment of HTML that is complete in itself."""
        beside = self._facts()
        rows = "".join(f"<dt>{escape(name)}</dt><dd>{escape(str(value))}</dd>" for name, value in beside)
        if self.nearest:
            rows += f"<dt>{escape(_('nearest training examples'))}</dt><dd>{''.join(map(self._near, self.nearest))}</dd>"
        rows += "".join(f"<dt>{escape(_('note'))}</dt><dd>{escape(note)}</dd>" for note in self.notes)
        swatch = '<span style="display:inline-block;width:1em;height:.8em;background:{colour}"></span> {text}'
        colours = "<br>".join(swatch.format(colour=css(share), text=escape(text)) for share, text in self._colours())
        rows += f"<dt>{escape(_('colours'))}</dt><dd>{colours}</dd>"
        return f'<div class="explanation"><div class="example">{self.portrait.html}</div><dl>{rows}</dl></div>'

    def _held(self, name: str) -> dict[str, str]:
        """What a nearest training example holds in words: its target, and its text where it is no picture."""
        again = self.again.get(name)
        return {} if again is None else {key: told for key, told in (("target", again.target), ("text", again.text)) if told}

    def _near(self, one: dict[str, Any]) -> str:
        """A nearest training example: its picture or its words, its target, its name and how much alike it is."""
        again, place = self.again.get(one["input"]), f"{one['input']} ({one['similarity']:.2f})"
        if again is None:
            return f"<div>{escape(place)}</div>"
        target, place = escape(again.target), escape(place)
        if again.text:
            return f'<div style="margin-bottom:.5em"><b>{target}</b> {escape(again.text)}<br><small>{place}</small></div>'
        picture = f'<div class="example" style="width:4.5rem">{again.html}</div>'
        about = f'<div title="{place}">{target} ({one["similarity"]:.2f})</div>'
        return f'<div style="display:inline-block;vertical-align:top;margin:0 .6rem .5rem 0">{picture}{about}</div>'

    def png(self) -> bytes:
        """The portrait, and below it what was answered, by which method it is explained, and what the colours mean.

        That is said in English where no font on this system has the letters of the user's language.
        """
        portrait = self.portrait.png()
        try:
            return captioned(portrait, self._caption())
        except UsageError as error:
            if error.code != "F-EXPLAIN-FONT":
                raise
        with language.speaking("en"):
            return captioned(portrait, self._caption(), readable=False)

    def _facts(self) -> list[tuple[str, str]]:
        unit, method = language.told(language.stored(self.unit)), self.method
        if self.scale is not None:
            method = _("{method}, weights in the target's own unit").format(method=method)
        elif unit:
            method = _("{method}, weights in {unit}").format(method=method, unit=unit)
        return [
            (_("answer"), answered(self.as_dict())),
            (_("explained"), self.of or _("the value")),
            (_("method"), method),
            (_("tested"), self.verdict()),
        ]

    def _colours(self) -> list[tuple[float, str]]:
        """What a colour says, by its share of the strongest: 1 or -1."""
        if not self.weights.signed:
            return [(1.0, _("counts for the answer"))]
        if self.of is None:
            return [(1.0, _("raises the value")), (-1.0, _("lowers the value"))]
        return [(1.0, _("speaks for {label}").format(label=self.of)), (-1.0, _("speaks against {label}").format(label=self.of))]

    def _caption(self) -> list[list[Piece]]:
        facts = [pieces(f"{name}: {value}") for name, value in self._facts()]
        return [*facts, *([Piece(" " * 6, share), *pieces(f"  {text}")] for share, text in self._colours())]

    def _repr_html_(self) -> str:
        return self.html()

    def save(self, path: str | Path) -> Path:
        """Writes the explanation as `.png`, `.html` or `.json`, as the name ends. Raises `UsageError` for another ending."""
        path = Path(path)
        ending = path.suffix.lower()
        if ending not in ENDINGS:
            raise UsageError(
                "F-EXPLAIN-FILE",
                _("an explanation cannot be saved as that"),
                where=str(path),
                expected=_("one of {names}").format(names=", ".join(ENDINGS)),
                got=ending,
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        if ending == ".png":
            path.write_bytes(self.png())
        elif ending == ".html":
            path.write_text(self.html(), "utf-8", errors="replace")
        else:
            told = json.dumps(language.told(language.stored(self.as_dict())), ensure_ascii=False, indent=1, default=str)
            path.write_text(told + "\n", "utf-8", errors="replace")
        return path


def answered(told: dict[str, Any]) -> str:
    """The answer of an explanation's `as_dict` in a few words, and beside it the truth where that is known.

    >>> answered({"answer": {"label": "cat", "score": 0.95123, "scores": {}}, "truth": {"label": "dog"}, "right": False})
    'cat (95.1\\xa0%) – wrong, it is dog'
    >>> answered({"answer": {"value": 206855.8}, "truth": {"value": 210000.0}})
    '206,856 – it is 210,000'
    """
    answer = told["answer"]
    sure = sureness(answer)
    said = words(answer) if sure is None else f"{words(answer)} ({percent(sure)})"
    if told.get("truth") is None:
        return said
    if told.get("right"):
        return _("{answer} – right").format(answer=said)
    truth = words(told["truth"])
    if "right" in told:
        return _("{answer} – wrong, it is {truth}").format(answer=said, truth=truth)
    return _("{answer} – it is {truth}").format(answer=said, truth=truth)


def verdict(told: dict[str, Any]) -> str:
    """What a test found, in a sentence; `told` is the `as_dict` of one example's or of many."""
    score, p, orders = told["score"], told["p_value"], 2 * told["random"].get("orders", 0)  # each with its reverse
    better = told["better_than_random"]
    if orders:
        as_good = round(p * (orders + 1)) - 1
        if better and not as_good:
            return _("better than all {n} random orders (score {score:.3f})").format(n=orders, score=score)
        if not better:
            text = _("not better than random: {n} of {total} random orders are as good (score {score:.3f})")
            return text.format(n=as_good, total=orders, score=score)
    chance = "p < 0.001" if p < 0.001 else f"p = {p:.3f}"
    if better:
        return _("better than random orders (score {score:.3f}, {chance})").format(score=score, chance=chance)
    return _("not better than random (score {score:.3f}, {chance})").format(score=score, chance=chance)
