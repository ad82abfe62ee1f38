"""Examples that the caller keeps aside, given apart from the others: `train(task, data, valid=…, test=…)`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fukami.core.tables import Table
from fukami.data.joined import joined


@dataclass(frozen=True)
class GivenParts:
    """Data of any form, with a validation part, a test part or both of any form beside it.

    Of `rest` nothing is said: what it lacks of parts is drawn from it.
    """

    rest: Any
    valid: Any = None
    test: Any = None

    def table(self, read: Callable[[Any], Table]) -> Table:
        """All of it as one table, each part as `read` reads it."""
        parts = {"": self.rest, "valid": self.valid, "test": self.test}
        tables = [(part, read(data)) for part, data in parts.items() if data is not None]
        return joined(tables, name=tables[0][1].name, layout=tables[0][1].layout)
