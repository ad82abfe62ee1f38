"""Texts in tables and folders."""

import json
from pathlib import Path

from tests.corpus import Corpus

CORPUS = Corpus("text-classification")
GOOD = [(f"a {'fine' if i % 2 else 'dull'} film number {i} indeed", "good" if i % 2 else "bad") for i in range(40)]


def tsv(
    name: str, *extra: tuple[str, str], expects: str, names: str = "", code: str = "", keep: int = 40, encoding: str = "utf-8"
) -> None:
    def make(folder: Path) -> Path:
        told = "\n".join(["text\tlabel", *("\t".join(row) for row in [*GOOD[:keep], *extra])]) + "\n"
        (folder / "t.tsv").write_bytes(told.encode(encoding))
        return folder / "t.tsv"

    CORPUS.given(name, make, expects, names, code=code)


tsv("empty-texts", ("", "good"), ("   ", "bad"), expects="told", names="t.tsv:42", code="F-TEXT-EMPTY")
tsv("only-empty-texts", *([("", "good"), ("", "bad")] * 20), keep=0, expects="error", names="t.tsv")
tsv(
    "always-the-same-text", *([("the same", "good"), ("the same", "bad")] * 20), keep=0, expects="error", code="F-TEXT-CONSTANT"
)
tsv("control-characters", ("bell \x07 and escape \x1b[31m", "good"), expects="told", names="t.tsv:42", code="F-TEXT-CONTROL")
tsv(
    "read-as-latin-1-before",
    ("caf\u00c3\u00a9 tr\u00c3\u00a8s cher", "good"),
    expects="told",
    names="t.tsv:42",
    code="F-TEXT-ENCODING",
)
tsv("read-as-shift-jis-before", ("縺薙ｓ縺ｫ縺｡縺ｯ", "good"), expects="told", names="t.tsv:42", code="F-TEXT-ENCODING")
tsv("replacement-characters", ("caf\ufffd", "good"), expects="told", names="t.tsv:42", code="F-TEXT-ENCODING")
tsv("a-text-of-a-million-letters", ("word " * 200_000, "good"), expects="told", names="t.tsv:42", code="F-TEXT-LONG")
tsv("a-text-of-one-endless-word", ("a" * 300_000, "good"), expects="told", names="t.tsv:42", code="F-TEXT-LONG")
tsv("emoji-and-joiners", ("👩‍👩‍👧‍👦 ☠️ é n̈ \u202eright to left", "good"), expects="fine")
tsv("special-tokens-written-out", ("[PAD] [UNK] [MASK] </s> <pad>", "good"), expects="fine")
tsv("html-in-texts", ("<script>alert(1)</script><b>", "good"), expects="fine")
tsv("formulas-in-texts", ("=HYPERLINK('x')", "good"), expects="fine")
HOTELS = [(f"とても{'良い' if i % 2 else '悪い'}ホテルでした {i}", "正" if i % 2 else "負") for i in range(40)]
tsv("japanese-in-shift-jis", *HOTELS, keep=0, expects="told", names="t.tsv", encoding="cp932")
tsv("copies-of-texts", GOOD[0], GOOD[1], expects="told", code="F-DATA-DUPLICATE")
tsv("one-text-two-labels", (GOOD[0][0], "good"), expects="told", code="F-DATA-CONFLICT")
tsv(
    "one-class-of-texts", *((f"text {i} here", "good") for i in range(40)), keep=0, expects="error", code="F-CATEGORY-ONE-CLASS"
)
tsv("two-texts", ("first one here", "good"), ("second one there", "bad"), keep=0, expects="told", names="t.tsv")


def files(folder: Path) -> Path:
    root = folder / "mails"
    for kind in ("spam", "ham"):
        (root / kind).mkdir(parents=True)
        for i in range(8):
            (root / kind / f"{i}.txt").write_text(f"{kind} letter number {i} for you\n")
    return root


def mail(name: str, content: bytes, expects: str, names: str = "odd.txt") -> None:
    def make(folder: Path) -> Path:
        root = files(folder)
        (root / "spam" / "odd.txt").write_bytes(content)
        return root

    CORPUS.given(name, make, expects, names if expects == "told" else "")


mail("an-empty-file", b"", "told")
mail("a-file-of-blanks", b" \n\t\n", "told")
mail("a-shift-jis-file", "とても良いホテルでした。朝食がおいしい。".encode("cp932"), "told")
mail("a-utf-16-file", "letter in another encoding".encode("utf-16"), "fine")
mail("a-program-called-txt", b"\x7fELF\x02\x01\x01" + bytes(range(256)) * 8, "told")
mail("nul-bytes-in-a-file", b"hello\0world this is", "told")


@CORPUS.case("error", "t.jsonl:41")
def _half_a_character(folder: Path) -> Path:
    """A lone surrogate, as JavaScript writes it, cannot be encoded in UTF-8."""
    lines = [json.dumps({"text": t, "label": y}) for t, y in GOOD]
    (folder / "t.jsonl").write_text("\n".join([*lines, '{"text": "half \\ud83d", "label": "good"}']) + "\n")
    return folder / "t.jsonl"
