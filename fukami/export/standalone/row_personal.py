"""Cells of personal data, which are known by the hashes of their words."""

import hashlib

from fukami.export.standalone.row import READ, word


def personal(value, column, told):
    """The place of the word among those that are known, from 1; 0 for others and for none. 3.0 is 3."""
    text = word(value, told)
    whole, _point, rest = text.partition(".")
    text = whole if whole.removeprefix("-").isdecimal() and rest and not rest.strip("0") else text
    known = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
    return [column["values"].get(known, 0) if text else 0]


READ["personal"] = personal
