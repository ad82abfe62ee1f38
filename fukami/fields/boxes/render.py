"""Boxes for people: how many of what there are, and outlines over the size of the picture."""

import html
from collections import Counter
from collections.abc import Sequence
from typing import Any

from fukami.core.language import _
from fukami.fields.frame import Plane
from fukami.fields.image.render import THUMBNAIL_PX
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


def outlined(told: Sequence[dict[str, Any]], classes: Sequence[str], plane: Plane | None) -> str:
    """Boxes in pixels of a picture, each in the colour of its class, on a sheet as large as the thumbnail of the picture; what
    differs from the other side (`"apart": true`) is drawn thick. Their numbers stand below."""
    width, height = (float(side) for side in plane.raw[0]) if plane is not None else (1.0, 1.0)
    shrink = THUMBNAIL_PX / max(width, height)
    shapes = []
    for one in told:
        (x, y, across, down), label = one["box"], str(one["label"])
        k = classes.index(label) if label in classes else 255
        title = html.escape(label + (f" {one['score']:.2f}" if "score" in one else ""))
        stroke = f'stroke="rgb{colour(k)}" stroke-width="{2.5 if one.get("apart") else 1}"'
        shapes.append(
            f'<rect x="{x * shrink:.1f}" y="{y * shrink:.1f}" width="{max(across, 0) * shrink:.1f}" '
            f'height="{max(down, 0) * shrink:.1f}" fill="none" {stroke}><title>{title}</title></rect>'
        )
    sheet = f'width="{width * shrink:.0f}" height="{height * shrink:.0f}"'
    frame = f'<rect {sheet} fill="#f4f4f4"/>'
    words = _counts([str(one["label"]) for one in told]) or html.escape(_("nothing"))
    return (
        f'<figure style="margin:0"><svg xmlns="http://www.w3.org/2000/svg" role="img" {sheet}>{frame}{"".join(shapes)}</svg>'
        f"<figcaption>{words}</figcaption></figure>"
    )
