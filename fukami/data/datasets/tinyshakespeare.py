"""Tiny Shakespeare, 1,115,394 characters of plays: Karpathy 2015.

Divided as nanoGPT does: the last tenth is judged and the first nine tenths are for training, of which the last eighteenth (5 %
of all) validates.
"""

from pathlib import Path

from fukami.core.cards import DatasetCard
from fukami.core.tables import Table

CARD = DatasetCard(
    name="tinyshakespeare",
    summary="1,115,394 characters of Shakespeare's plays; the last tenth is the test part",
    task="language-modeling",
    examples=4800,
    licence="public domain",
    home="https://github.com/karpathy/char-rnn",
    files={
        "input.txt": {
            "urls": ["https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt"],
            "sha256": "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
            "bytes": 1115394,
        }
    },
)


def table(files: dict[str, Path]) -> Table:
    from fukami.data.datasets._documents import in_shares

    return in_shares(files["input.txt"], {"train": 0.85, "valid": 0.05, "test": 0.1})
