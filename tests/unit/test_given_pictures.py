"""Pictures as people hand them over: scans of several pages, photographs of telephones."""

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image as Pillow

from fukami.core.tables import Column
from fukami.fields.image.field import Image


def test_a_scan_of_several_pages_is_told_when_learned_from_and_when_asked_about(tmp_path):
    page, names = Pillow.fromarray(np.zeros((9, 9), np.uint8)), ["one.tif", "six.TIFF", "plain.png"]
    for name in names:
        page.save(tmp_path / name, **({"save_all": True, "append_images": [page] * 5} if name == "six.TIFF" else {}))
    column = Column("image", pa.array(names), base=tmp_path)
    field = Image().learn([column])
    for found in (field.unfamiliar([column]), field.check([column])):
        (told,) = [problem for problem in found if problem.code == "F-IMAGE-PAGES"]
        assert (told.count, told.got, told.severity) == (1, "6 pages", "note") and "six.TIFF" in told.where
    assert not list(field.unfamiliar([column.take(np.array([0, 2]))]))


def test_heic_says_what_it_is_and_what_to_do(tmp_path):
    (tmp_path / "IMG_0001.HEIC").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(200))
    (problem,) = [p for p in Image().check([Column("image", pa.array(["IMG_0001.HEIC"]), base=tmp_path)]) if "READ" in p.code]
    assert problem.got == "HEIC"
    if "HEIF" not in Pillow.OPEN:  # pillow-heif is not installed
        assert "convert it" in problem.fix and "fukami[heic]" in problem.fix


def test_heic_is_read_where_the_extra_is_installed(tmp_path):
    heif = pytest.importorskip("pillow_heif")
    heif.register_heif_opener()
    Pillow.new("RGB", (16, 16), "red").save(tmp_path / "a.heic")
    assert Image().usable([Column("image", pa.array(["a.heic"]), base=tmp_path)]).all()
