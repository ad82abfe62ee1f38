"""Files that the cells of a table mean."""

from types import SimpleNamespace

import pytest
from PIL import Image

from fukami.core.recipe import DataChoices
from fukami.data import read
from fukami.data.bind import bind, taken_files
from fukami.data.files import is_junk
from fukami.tasks.registry import contract


def bound(folder, cells, *names):
    """The paths that are taken for `cells`, and what is said of them, beside pictures of these names."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (4, 4)).save(folder / name)
    rows = "\n".join(f'"{cell}",{"xy"[i % 2]}' for i, cell in enumerate(cells))
    (folder / "t.csv").write_text(f"id,breed\n{rows}\n")
    task = contract("image-classification")
    table = read(str(folder / "t.csv"), DataChoices(), kinds=task.card.kinds)
    columns = bind(table, task, DataChoices())
    told = {problem.code: problem.got for problem in taken_files(table, task, columns)}
    return columns["image"][0].strings(), told


@pytest.mark.parametrize(
    ("cells", "names", "expected"),
    [
        (["a", "b"], ["train/a.jpg", "train/b.JPG"], ["train/a.jpg", "train/b.JPG"]),
        (["0012", "3.5"], ["0012.png", "3.5.png"], ["0012.png", "3.5.png"]),
        (["a.jpg", "B.png"], ["a.JPG", "b.png"], ["a.JPG", "b.png"]),
        (["train/a.jpg"], ["photos/train/a.jpg", "photos/test/a.jpg"], ["photos/train/a.jpg"]),
        (["C:\\Users\\m\\train\\x.jpg", "/srv/m/test/x.jpg"], ["train/x.jpg", "test/x.jpg"], ["train/x.jpg", "test/x.jpg"]),
        (["a.jpg", "b.jpg"], ["a.jpg", "b.jpg", "@eaDir/a.jpg"], ["a.jpg", "b.jpg"]),
    ],
)
def test_files_of_that_name_are_taken(tmp_path, cells, names, expected):
    found, told = bound(tmp_path, cells, *names)
    assert found == expected and set(told) == ({"F-FILES-TAKEN"} if found != cells else set())


def test_what_could_mean_another_file_is_told_and_not_taken(tmp_path):
    cells = ["a.jpg", "cats/b.jpg", "c.jpg", "fine.jpg", "nothing.jpg"]
    found, told = bound(tmp_path, cells, "x/a.jpg", "y/a.jpg", "dogs/b.jpg", "c.png", "fine.jpg")
    assert found == cells and list(told) == ["F-FILES-DOUBTFUL"]
    assert told["F-FILES-DOUBTFUL"] == "a.jpg → x/a.jpg, y/a.jpg?; cats/b.jpg → dogs/b.jpg?; c.jpg → c.png?"


def test_what_network_drives_leave_is_junk():
    assert all(map(is_junk, ("@eaDir", "#recycle", "$RECYCLE.BIN", "Thumbs.db"))) and not is_junk("eaDir")


def test_names_with_commas_and_blanks():
    task = contract("tabular-classification")
    table = read({"dist, km": [1, 2], "Unnamed: 0": [1, 2], "a": [3, 4], "y": ["p", "q"]}, DataChoices())
    columns = bind(table, task, DataChoices(ignore=["dist", "km", "Unnamed: 0"]))
    assert [column.name for column in columns["row"]] == ["a"]


def test_all_names_are_told_beside_those_that_are_missing():
    task = contract("tabular-classification")
    table = read({"v": [1, 2], "v.1": [1, 2], "w": [3, 4]}, DataChoices())
    row = SimpleNamespace(**{"kind": "row", "state": {"columns": [{"name": "v"}, {"name": "v.2"}]}})
    task = task.with_fields({**task.fields, "row": row})
    assert [column.name for column in bind(table, task, DataChoices(), with_targets=False)["row"]] == ["v", "v.1", "w"]
