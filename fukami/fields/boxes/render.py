"""Boxes for people: how many of what there are, and outlines on the picture."""

import html
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from fukami.core.language import _
from fukami.fields.mask.render import colour

MOST_LABELS = 6


def counted(one: Any, labels: Sequence[str]) -> str:
    """`3 × cat, 1 × dog` as an HTML fragment."""
    if one is None or one.fault:
        return f"<em>{html.escape(one.fault if one is not None else _('nothing'))}</em>"
    return _counts(labels) or f"<em>{html.escape(_('nothing'))}</em>"


def _counts(labels: Sequence[str]) -> str:
    common = Counter(labels).most_common()
    shown = ", ".join(f"{count} × {html.escape(str(label)[:60])}" for label, count in common[:MOST_LABELS])
    return shown + (", …" if len(common) > MOST_LABELS else "")


def outlined(
    corners_T4: np.ndarray, told: Sequence[dict[str, Any]], classes: Sequence[str], size: tuple[int, int], over: str
) -> str:
    """Boxes on `over`, the picture of that width and height as it is rendered, each in the colour of its class, those that are
    a `fault` thick; below, how many of what there are, and how many of which fault."""
    shapes = []
    for (left, top, right, bottom), one in zip(corners_T4.tolist(), told, strict=True):
        k = int(one["class"])
        title = html.escape(f"{classes[k]} {one['score']:.2f}" if "score" in one else classes[k])
        thick = 3 if one.get("fault") else 1
        place = f'x="{left:.1f}" y="{top:.1f}" width="{right - left:.1f}" height="{bottom - top:.1f}"'
        shapes.append(
            f'<rect {place} fill="none" stroke="rgb{colour(k)}" stroke-width="{thick}" vector-effect="non-scaling-stroke">'
            f"<title>{title}</title></rect>"
        )
    return captioned("".join(shapes), told, classes, size, over)


def captioned(shapes: str, told: Sequence[dict[str, Any]], classes: Sequence[str], size: tuple[int, int], over: str) -> str:
    """Shapes of SVG on `over`, a drawn picture of that width and height; below, how many of what there are, and faults."""
    width, height = size
    words = _counts([classes[int(one["class"])] for one in told]) or html.escape(_("nothing"))
    faults = Counter(str(one["fault"]) for one in told if one.get("fault"))
    words += "".join(f"; <strong>{count} {html.escape(_(fault))}</strong>" for fault, count in faults.items())
    sheet = (
        f'viewBox="0 0 {width} {height}" preserveAspectRatio="none" style="position:absolute;inset:0;width:100%;height:100%"'
    )
    return (
        f'<figure style="margin:0"><span style="position:relative;display:inline-block;line-height:0">{over}'
        f'<svg xmlns="http://www.w3.org/2000/svg" {sheet}>{shapes}</svg></span>'
        f"<figcaption>{words}</figcaption></figure>"
    )
