"""Letters on a picture: a font that has the letters of a text, and words set in lines, with Pillow alone.

Pillow brings a font for plain Latin letters. Others are looked for where systems keep theirs; nothing is downloaded.
"""

import io
import re
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from fukami.core.errors import UsageError
from fukami.core.language import _
from fukami.fields.units import AGAINST, FOR

SIZE_PX, WIDTH_PX, LEAST_PX, MARGIN_PX = 20, 900, 480, 16
_LATIN = ("DejaVuSans.ttf", "NotoSans-Regular.ttf", "LiberationSans-Regular.ttf", "Arial.ttf", "arial.ttf", "Helvetica.ttc")
"""Fonts with accents, dashes and other alphabets."""
_WIDE = (
    *("NotoSansCJK-Regular.ttc", "NotoSansCJKjp-Regular.otf", "NotoSansJP-Regular.ttf", "NotoSansJP-Regular.otf"),
    *("ipaexg.ttf", "ipag.ttf", "TakaoPGothic.ttf", "VL-Gothic-Regular.ttf", "fonts-japanese-gothic.ttf"),
    *("ヒラギノ角ゴシック W3.ttc", "Hiragino Sans GB.ttc", "YuGothM.ttc", "msgothic.ttc", "meiryo.ttc"),
    *("wqy-microhei.ttc", "DroidSansFallbackFull.ttf", "unifont.ttf"),
)
"""Fonts with Japanese letters, as usual systems name them."""
_BREAKS = re.compile(r"\r\n|[\t-\r\x85\u2028\u2029]")
"""Pillow cannot measure a text of several lines: cells and the names of columns may hold any."""


class Piece(NamedTuple):
    """A few letters and how strongly they are coloured, -1 (against) to 1 (for)."""

    text: str
    share: float = 0.0


Font = ImageFont.ImageFont | ImageFont.FreeTypeFont


def pieces(text: str) -> list[Piece]:
    """A sentence as pieces between which a line may end: words, and single letters where a script sets no spaces.

    >>> [piece.text for piece in pieces("a cat 猫が")]
    ['a', ' ', 'cat', ' ', '猫', 'が']
    """
    return [Piece(part) for part in re.findall(r"\s+|[\u2e80-\uffef]|[^\s\u2e80-\uffef]+", text)]


def font_for(text: str, *, readable: bool = True) -> Font:
    """The first font that has every letter of a text, else the one that lacks the fewest.

    Raises `UsageError` F-EXPLAIN-FONT where that one lacks more than a quarter of them, unless the text need not be readable.
    """
    letters = set(text)
    best, fewest = _loaded(""), len(letters)
    for name in ("", *_LATIN, *_WIDE):
        font = _loaded(name)
        lacking = sum(not _has(name, letter) for letter in letters) if font else fewest
        if font and lacking < fewest:
            best, fewest = font, lacking
        if not fewest:
            break
    assert best is not None  # Pillow brings one along
    if readable and fewest > len(letters) / 4:
        raise UsageError(
            "F-EXPLAIN-FONT",
            _("no font on this system has the letters of the text, so it cannot be drawn as PNG"),
            expected=_("a Japanese font, such as Noto Sans CJK"),
            fix=_("save it as .html, which needs no font of its own"),
        )
    return best


@cache
def _loaded(name: str) -> Font | None:
    """A font of the system, or without a name the one that Pillow brings along; None where there is no such font."""
    try:
        return ImageFont.truetype(name, SIZE_PX) if name else ImageFont.load_default(SIZE_PX)
    except OSError:
        return None


@cache
def _has(name: str, letter: str) -> bool:
    """Whether a font draws something else for a letter than for one that no font has."""
    font = _loaded(name)
    return font is not None and _shape(font, letter) != _shape(font, "\uffff")


def _shape(font: Font, letter: str) -> bytes:
    canvas = Pillow.new("L", (2 * SIZE_PX, 2 * SIZE_PX))
    ImageDraw.Draw(canvas).text((0, 0), letter, font=font, fill=255)
    return canvas.tobytes()


def drawn(lines: Sequence[Sequence[Piece]]) -> bytes:
    """A PNG of lines of pieces; long lines go on below."""
    return _png(_set(lines, WIDTH_PX))


def captioned(picture: bytes, lines: Sequence[Sequence[Piece]], *, readable: bool = True) -> bytes:
    """A PNG with lines of pieces below it. `readable` as in `font_for`."""
    above = Pillow.open(io.BytesIO(picture)).convert("RGB")
    below = _set(lines, max(above.width, LEAST_PX), readable=readable)
    both = Pillow.new("RGB", (below.width, above.height + below.height), "white")
    both.paste(above, (0, 0))
    both.paste(below, (0, above.height))
    return _png(both)


def _set(lines: Sequence[Sequence[Piece]], width_px: int, *, readable: bool = True) -> Pillow.Image:
    """Lines of pieces on white; a piece that leaves its line begins the next one, and line breaks in one are set as spaces."""
    lines = [[piece._replace(text=_BREAKS.sub(" ", piece.text)) for piece in line] for line in lines]
    font = font_for("".join(piece.text for line in lines for piece in line), readable=readable)
    ruler = ImageDraw.Draw(Pillow.new("RGB", (1, 1)))
    placed, row = [], 0
    for line in lines:
        across = 0.0
        for piece in line:
            width = ruler.textlength(piece.text, font=font)
            if across and across + width > width_px - 2 * MARGIN_PX:
                row, across = row + 1, 0.0
            placed.append((across, row, width, piece))
            across += width
        row += 1
    height_px = round(1.6 * SIZE_PX)
    canvas = Pillow.new("RGB", (width_px, 2 * MARGIN_PX + max(1, row) * height_px), "white")
    pen = ImageDraw.Draw(canvas)
    for across, line_number, width, piece in placed:
        left, top = MARGIN_PX + across, MARGIN_PX + line_number * height_px
        if piece.share:
            pen.rectangle((left, top, left + width, top + height_px - 4), fill=_tint(piece.share))
        pen.text((left, top), piece.text, font=font, fill=(20, 26, 34))
    return canvas


def _png(picture: Pillow.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def _tint(share: float) -> tuple[int, int, int]:
    colour, opacity = (FOR if share > 0 else AGAINST), 0.7 * min(1.0, abs(share))
    red, green, blue = (round(255 - opacity * (255 - c)) for c in colour)
    return red, green, blue
