"""Catalogues of translations as people write them: `.po` files, the format of GNU gettext."""

import json
import re
from collections.abc import Iterable
from pathlib import Path

_TEXT = re.compile(r'^msg(?:id|str) (".*")$', re.MULTILINE)


def read(files: Iterable[Path]) -> dict[str, str]:
    """Sentence → translation, where there is one; later files go before earlier ones. Raises `ValueError` for another format.

    Quotes and escapes are those of JSON, so all texts are decoded at once, which is as quick as a compiled catalogue. Plural
    forms, contexts and uncertain entries are unknown.
    """
    whole = b"\n".join(path.read_bytes() for path in files).decode().replace("\r\n", "\n").replace('"\n"', "")
    texts = iter(json.loads(f"[{','.join(_TEXT.findall(whole))}]"))
    return {sentence: translation for sentence, translation in zip(texts, texts, strict=True) if translation}
