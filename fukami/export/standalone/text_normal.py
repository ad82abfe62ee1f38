"""Words of texts in a spelling that the tokenizer does not tell apart from others."""

import re
import unicodedata


def words(text, told):
    """Words (or characters) of a text in a normal form of Unicode, in small letters where the tokenizer asks for them."""
    text = unicodedata.normalize(told["form"], text)
    return re.findall(told["pattern"], "".join(c.lower() for c in text) if told["lower"] else text)
