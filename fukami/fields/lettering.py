"""Letters on a picture: a font that has the letters of a text, and words set in lines, with Pillow alone.

Pillow brings a font for Latin letters. Others are looked for where systems keep theirs; nothing is downloaded.
"""

import io
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from fukami.core.errors import UsageError
from fukami.core.language import _
from fukami.fields.units import AGAINST, FOR

SIZE_PX, WIDTH_PX, MARGIN_PX = 20, 900, 16
_WIDE = (
    *("NotoSansCJK-Regular.ttc", "NotoSansCJKjp-Regular.otf", "NotoSansJP-Regular.ttf", "NotoSansJP-Regular.otf"),
    *("ipaexg.ttf", "ipag.ttf", "TakaoPGothic.ttf", "VL-Gothic-Regular.ttf", "fonts-japanese-gothic.ttf"),
    *("ヒラギノ角ゴシック W3.ttc", "Hiragino Sans GB.ttc", "YuGothM.ttc", "msgothic.ttc", "meiryo.ttc"),
    *("wqy-microhei.ttc", "DroidSansFallbackFull.ttf", "unifont.ttf"),
)
"""Fonts with Japanese letters, as usual systems name them."""


class Piece(NamedTuple):
    """A few letters and how strongly they are coloured, -1 (against) to 1 (for)."""

    text: str
    share: float = 0.0


@cache
def font_for(latin: bool) -> ImageFont.ImageFont | ImageFont.FreeTypeFont:
    """A font for Latin text, or one with Japanese letters. Raises `UsageError` where the system has none."""
    if latin:
        return ImageFont.load_default(SIZE_PX)
    for name in _WIDE:
        try:
            return ImageFont.truetype(name, SIZE_PX)
        except OSError:
            continue
    raise UsageError(
        "F-EXPLAIN-FONT",
        _("no font on this system has the letters of the text, so it cannot be drawn as PNG"),
        expected=_("a Japanese font, such as Noto Sans CJK"),
        fix=_("save it as .html, which needs no font of its own"),
    )


def drawn(lines: Sequence[Sequence[Piece]]) -> bytes:
    """A PNG of lines of pieces; long lines go on below."""
    font = font_for(all(ord(c) < 0x250 for line in lines for piece in line for c in piece.text))
    ruler = ImageDraw.Draw(Pillow.new("RGB", (1, 1)))
    placed, row = [], 0
    for line in lines:
        across = 0.0
        for piece in line:
            width = ruler.textlength(piece.text, font=font)
            if across and across + width > WIDTH_PX - 2 * MARGIN_PX:
                row, across = row + 1, 0.0
            placed.append((across, row, width, piece))
            across += width
        row += 1
    height_px = round(1.6 * SIZE_PX)
    canvas = Pillow.new("RGB", (WIDTH_PX, 2 * MARGIN_PX + max(1, row) * height_px), "white")
    pen = ImageDraw.Draw(canvas)
    for across, line_number, width, piece in placed:
        left, top = MARGIN_PX + across, MARGIN_PX + line_number * height_px
        if piece.share:
            pen.rectangle((left, top, left + width, top + height_px - 4), fill=_tint(piece.share))
        pen.text((left, top), piece.text, font=font, fill=(20, 26, 34))
    file = io.BytesIO()
    canvas.save(file, "PNG")
    return file.getvalue()


def _tint(share: float) -> tuple[int, int, int]:
    colour, opacity = (FOR if share > 0 else AGAINST), 0.7 * min(1.0, abs(share))
    red, green, blue = (round(255 - opacity * (255 - c)) for c in colour)
    return red, green, blue
