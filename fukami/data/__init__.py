"""From what a user names (a folder, a file, a public name, arrays) to a `Table`, its columns and its parts.

`read` finds the layout; `bind.bind` says which column feeds which input or target; `split.split` divides the examples.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fukami.core.recipe import DataChoices
    from fukami.core.tables import Table


def read(source: Any, choices: DataChoices, *, kinds: tuple[str, ...] = ()) -> Table:
    """The examples that `source` names, as raw columns.

    `source` is a path, a public name of `fukami datasets`, `hub:owner/name`, or data from Python: `(x, y)`, a dictionary of
    columns, a DataFrame. `kinds` are the kinds of the task's inputs, e.g. `("image",)`: they decide what a folder of files
    means. Raises `DataError` where nothing can be read, `UsageError` where two readings are possible and `choices.layout`
    (`--set layout=…`) has to choose. What the reader merely noticed is in `table.problems`.

    >>> from fukami.core.recipe import DataChoices
    >>> read({"age": [31, 45], "income": ["low", "high"]}, DataChoices(), kinds=("row",)).layout
    'memory'
    """
    from fukami.data.readers import read_any

    return read_any(source, choices, kinds=kinds)
