"""Histories: how they are read, divided, asked about and answered; and data that is not as it should be."""

import numpy as np
import pytest
import torch

from fukami import api
from fukami.core.errors import FukamiError
from fukami.core.recipe import DataChoices
from fukami.data.readers import choices as reader
from fukami.fields.history.spec import History
from fukami.fields.items.ranked import best, open_to
from fukami.models import registry
from fukami.tasks.registry import contract
from fukami.training.prepare import examined

LINES = [f"u{user} i{(user * 3 + step * 7) % 11} {4 + step % 2} {100 * step + user}" for user in range(8) for step in range(5)]
CSV = "user,item,rating,time\n" + "\n".join(line.replace(" ", ",") for line in LINES) + "\n"


def table_of(tmp_path, text: str, name: str = "data.csv", **settings):
    place = tmp_path / name
    place.write_text(text, "utf-8")
    found = examined(api.recipe_for("recommendation", settings), place)
    codes = [problem.code for problem in found.problems]
    return found, codes


def cells(found, name: str, column: int, part: str) -> dict:
    """User → list, of the examples of one part."""
    users, lists = found.columns["history"][0].strings(), found.columns[name][column].values.to_pylist()
    return {users[row]: lists[row] for row in getattr(found.split, part).tolist()}


def test_the_last_choice_tests_and_the_one_before_validates(tmp_path):
    found, codes = table_of(tmp_path, CSV)
    by_user = {f"u{user}": [line.split()[1] for line in LINES if line.startswith(f"u{user} ")] for user in range(8)}
    assert cells(found, "next", 0, "test") == {user: items[-1:] for user, items in by_user.items()}
    assert cells(found, "history", 1, "test") == {user: items[:-1] for user, items in by_user.items()}
    assert cells(found, "next", 0, "valid") == {user: items[-2:-1] for user, items in by_user.items()}
    assert cells(found, "next", 0, "train") == {user: items[:-2] for user, items in by_user.items()}
    assert "F-RECOMMEND-PROTOCOL" in codes and found.split.method == "given"


def test_all_layouts_tell_the_same(tmp_path):
    pairs = "\n".join(" ".join(line.split()[:2]) for line in LINES)
    whole = "\n".join(f"u{u} " + " ".join(line.split()[1] for line in LINES if line.startswith(f"u{u} ")) for u in range(8))
    whole = whole.replace("u", "9").replace("i", "1")
    atomic = "user_id:token\titem_id:token\trating:float\ttimestamp:float\n" + "\n".join(
        line.replace(" ", "\t") for line in LINES
    )
    expected = cells(table_of(tmp_path, CSV)[0], "history", 1, "test")
    assert cells(table_of(tmp_path, pairs, "pairs.txt")[0], "history", 1, "test") == expected
    assert cells(table_of(tmp_path, atomic, "x.inter")[0], "history", 1, "test") == expected
    listed = table_of(tmp_path, whole + "\n90 11\n", "lists.txt")[0]
    assert len(cells(listed, "history", 1, "test")) == 8


def test_a_folder_of_parts_is_taken_at_its_word(tmp_path):
    for part, text in (("train", "0 1 2 3\n1 2 4\n"), ("valid", "0 4\n1 3 5\n"), ("test", "0 5\n1 1 6\n2 1\n")):
        (tmp_path / f"{part}.txt").write_text(text)
    found = examined(api.recipe_for("recommendation", {}), tmp_path)
    assert cells(found, "next", 0, "test") == {"0": ["5"], "1": ["1", "6"]}
    assert cells(found, "history", 1, "test") == {"0": ["1", "2", "3", "4"], "1": ["2", "4", "3", "5"]}
    assert "F-RECOMMEND-COLD" in [problem.code for problem in found.problems]


def test_newest_choices_are_kept_aside_by_time(tmp_path):
    found, _codes = table_of(tmp_path, CSV, protocol="by-time", time="time")
    assert cells(found, "next", 0, "test")["u7"] == ["i5"]  # 21 + 4 * 7, of 11 items


def test_drawn_items_are_none_that_the_user_chose(tmp_path):
    found, _codes = table_of(tmp_path, CSV, negatives=4)
    asked, rows = found.columns["history"][2].values, found.split.test
    names, own = found.columns["history"][1].told["items"], cells(found, "history", 1, "test")
    users = found.columns["history"][0].strings()
    for row in rows.tolist():
        shown = {names[item - 1] for item in asked[row].tolist() if item}
        true = found.columns["next"][0].values[row].as_py()[0]
        assert true in shown and len(shown) == 5 and not shown & set(own[users[row]])
    again, _codes = table_of(tmp_path, CSV, negatives=4)
    assert np.array_equal(again.columns["history"][2].values, asked)


BROKEN = {
    "no item": ("user,age\nu1,3\nu2,4\nu3,5\n", {}, "F-RECOMMEND-COLUMNS"),
    "two users": ("user_id,customer,item\na,b,c\na,b,d\n", {}, "F-RECOMMEND-COLUMNS"),
    "a time that is none": (CSV.replace("101", "soon"), {}, "F-RECOMMEND-TIME"),
    "nobody": ("user,item\n,a\n,b\n", {}, "F-RECOMMEND-EMPTY"),
    "one choice each": ("user,item\na,x\nb,y\nc,z\n", {}, "F-RECOMMEND-FEW"),
    "no parts": (CSV, {"protocol": "given"}, "F-RECOMMEND-PARTS"),
    "no time": ("user,item\na,x\na,y\na,z\n", {"protocol": "by-time"}, "F-RECOMMEND-NO-TIME"),
    "a column that is not there": (CSV, {"item": "thing"}, "F-COLUMN-NAME"),
    "rows of two readings": ("a b c\nd e f\na g h\n", {"layout": "choices"}, "F-LAYOUT-AMBIGUOUS"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_data_is_told(tmp_path, name):
    text, settings, code = BROKEN[name]
    with pytest.raises(FukamiError) as told:
        table_of(tmp_path, text, "data.txt" if "layout" in settings else "data.csv", **settings)
    assert told.value.code == code and told.value.what


def test_odd_rows_are_told_and_left_out(tmp_path):
    odd = CSV + "u1,,3,7\n" + "u2,i9,x,8\n" + LINES[0].replace(" ", ",") + "\n"
    found, codes = table_of(tmp_path, odd)
    assert {"F-RECOMMEND-MISSING", "F-RECOMMEND-RATING", "F-RECOMMEND-AGAIN", "F-RECOMMEND-RATED"} <= set(codes)
    _found, codes = table_of(tmp_path, CSV + "u99,i1,3,7\n")
    assert "F-RECOMMEND-SHORT" in codes
    assert len(found.split.test) == 8


def test_a_reader_that_is_sure_says_so(tmp_path):
    (tmp_path / "a.txt").write_text("1 2\n1 3\n2 4\n")
    (tmp_path / "b.txt").write_text("A fine film.\nA bad film, all in all.\n")
    assert reader.claims(tmp_path / "a.txt", ("history",)) > 0.9 > reader.claims(tmp_path / "b.txt", ("history",))
    assert reader.claims(tmp_path / "a.txt", ("text",)) == 0.0
    assert reader.read(tmp_path / "a.txt", DataChoices()).columns["item"].strings() == ["2", "3", "4"]


def test_only_open_items_are_answered():
    items, asked = torch.tensor([[2, 0], [1, 3]]), torch.tensor([[0, 0], [3, 4]])
    assert open_to(4, items, asked)[:, 1:].tolist() == [[True, False, True, True], [False, False, False, True]]
    assert open_to(4, items, asked, again=True)[1, 1:].tolist() == [False, False, True, True]
    found = best(torch.arange(5.0).repeat(2, 1), open_to(4, items, asked), 3)
    assert found["item"].tolist() == [[4, 3, 1], [4, 0, 0]]


def net(name: str, **options):
    from fukami.fields.history.spec import HistorySpec
    from fukami.fields.items.ranked import Catalogue

    choice = registry.resolve(name, takes="history", needs="items")
    edges = torch.tensor([1, 1, 2, 2, 3]), torch.tensor([1, 2, 2, 3, 4])
    torch.manual_seed(0)
    return registry.build(choice, HistorySpec(5, 3), gives="items", options=options, target=Catalogue(5, 3, *edges)).eval()


def asked(*rows: list[int], users: list[int] | None = None) -> History:
    longest = max(map(len, rows))
    items = torch.tensor([row + [0] * (longest - len(row)) for row in rows])
    users_B = torch.tensor(users or [0] * len(rows))
    return History(items, torch.tensor(list(map(len, rows))), users_B, torch.zeros(len(rows), 1, dtype=torch.int64))


@pytest.mark.parametrize("name", ["sasrec", "gru4rec", "ncf", "lightgcn"])
def test_neither_company_nor_padding_changes_scores(name):
    model, rows = net(name), ([1, 2, 3], [4], [2, 5])
    together = model.scores(asked(*rows, users=[1, 2, 0]))
    for at, (row, user) in enumerate(zip(rows, [1, 2, 0], strict=True)):
        torch.testing.assert_close(model.scores(asked(row, users=[user]))[0], together[at])


def test_sequence_models_look_back_and_not_ahead():
    for name in ("sasrec", "gru4rec"):
        model = net(name)
        states = [model.read(torch.tensor([items]), torch.tensor([3])) for items in ([1, 2, 3], [1, 2, 5])]
        torch.testing.assert_close(states[0][:, :2], states[1][:, :2])
        assert not torch.allclose(states[0][:, 2], states[1][:, 2])


def test_a_long_history_counts_by_its_latest_items():
    model = net("sasrec", length=2)
    torch.testing.assert_close(model.scores(asked([1, 4, 2, 3])), model.scores(asked([5, 5, 2, 3])))


def test_the_graph_is_walked_as_the_paper_says():
    model = net("lightgcn", depth=2, width=8)
    users, items, _added = model.averaged()
    adjacency = torch.zeros(10, 10)
    for user, item in ((1, 1), (1, 2), (2, 2), (2, 3), (3, 4)):
        adjacency[user, 4 + item] = adjacency[4 + item, user] = 1
    degree = adjacency.sum(1).clamp(min=1)
    walk = adjacency / (degree[:, None] * degree[None]).sqrt()
    first = torch.cat([model.users.weight, model.items.weight]).detach()
    first[[0, 4]] = 0
    whole = (first + walk @ first + walk @ walk @ first) / 3
    torch.testing.assert_close(torch.cat([users, items]), whole)


def test_gradients_of_the_walk_are_right():
    from fukami.models.lightgcn import _Walk

    model = net("lightgcn", width=8)
    x = torch.randn(10, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: _Walk.apply(x, model.pointers, model.columns, model.weights.double()), (x,))


def test_protocols_are_options_of_the_task():
    options = contract("recommendation").options
    assert options.protocol == "auto" and options.negatives == 0
