"""The portrait of an explained example that has no better one: its units by their names. U units."""

from html import escape

import numpy as np

from fukami.fields.units import Portrait, Units, css, signed, strength


def listed(units: Units, weights_U: np.ndarray) -> Portrait:
    """Units by their names, each in the colour of its weight: the portrait of what has no better one."""
    shares = strength(weights_U).tolist()
    told = list(zip(units.names, shares, weights_U.tolist(), strict=True))
    html = " ".join(
        f'<span style="background:{css(s, opacity=0.7)}" title="{signed(w)}">{escape(n)}</span>' for n, s, w in told
    )

    def png() -> bytes:
        from fukami.fields.lettering import Piece, drawn  # Pillow is imported when something is drawn

        return drawn([[Piece(f"{name}  {signed(weight)}", share)] for name, share, weight in told])

    lines = (f"{signed(weight)}  {name}" for name, _share, weight in sorted(told, key=lambda one: -abs(one[2]))[:8])
    return Portrait(f"<p>{html}</p>", png, tuple(lines))
