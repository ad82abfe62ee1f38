"""What the cells of a column leave open of how they are to be read: told, with the option that says it."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from fukami.core.language import _
from fukami.core.problems import Problem
from fukami.core.tables import Column
from fukami.fields.cells import place


def doubtful_mark(column: Column, how: dict[str, Any]) -> Iterator[Problem]:
    """1.250 throughout: nothing in the file says whether it is more than a thousand, or a little more than one."""
    if how.get("doubt") == "mark":
        mark, other = how["decimal"], "," if how["decimal"] == "." else "."
        shown = [cell for cell in column.take(np.arange(min(len(column), 1000))).strings() if "." in cell or "," in cell]
        yield Problem(
            code="F-COLUMN-DECIMAL",
            severity="warning",
            what=_("the numbers of column {name} may have {mark} or {other} before their decimals; {mark} is taken").format(
                name=column.name, mark=mark, other=other
            ),
            where=place(column),
            got=", ".join(dict.fromkeys(shown[:3])),
            fix=_("say which it is: --set decimal={mark} or --set decimal={other}").format(mark=mark, other=other),
            count=len(column),
        )


def doubtful_order(column: Column, how: dict[str, Any]) -> Iterator[Problem]:
    """03/04/2024 throughout: nothing says which of the two is the month."""
    if how.get("doubt") == "order":
        yield Problem(
            code="F-COLUMN-DATE-ORDER",
            severity="warning",
            what=_("the dates of column {name} may be read in more than one order; {order} is taken (month, day, year)").format(
                name=column.name, order=how["form"][:3]
            ),
            where=place(column),
            got=how["example"],
            fix=_("say which it is: --set date_order=mdy, dmy or ymd; or write the dates as year-month-day"),
            count=len(column),
        )
