"""Questions, each with the text behind it that it is about."""

import numpy as np

from fukami.export.standalone.words import looked_at, placed


def read(values, told):
    """The network's tensors of questions and texts, padded to the longest of both together."""
    rows = []
    for value in values:
        question, text = both(value, told)
        rows.append([placed(question, told | {"max_words": told["most_asked"]})[2], placed(text, told)[2]])
    lengths = [len(asked) + len(words) for asked, words in rows]
    size, most = max(lengths), told["most_letters"] if told["letters"] else 0
    known = [{value: at + 2 for at, value in enumerate(seen)} for seen in told["looks"]]
    letters = {letter: at + 2 for at, letter in enumerate(told["letters"])}
    looks = np.zeros((len(rows), size, len(known)), np.int64)
    spelt = np.zeros((len(rows), size, most), np.int64)
    for row, (asked, words) in enumerate(rows):
        for place, seen in enumerate([*looked_at(asked, told), *looked_at(words, told)]):
            looks[row, place] = [numbers.get(value, 1) for numbers, value in zip(known, seen, strict=True)]
        for place, word in enumerate(map(str, [*asked, *words] if most else ())):
            shown = word if len(word) <= most else word[: most // 2] + word[-most // 2 :]
            spelt[row, place, : len(shown)] = [letters.get(letter, 1) for letter in shown]
    tensors = {"looks": looks, "lengths": np.array(lengths, np.int64)}
    tensors |= {"letters": spelt} if most else {}
    tensors["asked"] = np.array([len(asked) for asked, _words in rows], np.int64)
    return {told["name"] + "_" + name: array for name, array in tensors.items()}


def both(value, told):
    """Question and text of an object that names them, or of a list of two."""
    if isinstance(value, dict):
        loosely = {str(key).strip().lower(): text for key, text in value.items()}
        value = [loosely.get(name.strip().lower()) for name in told["columns"]]
    if not isinstance(value, list) or len(value) != 2 or any(text is None or isinstance(text, dict) for text in value):
        raise ValueError(f"an input is an object with {told['columns']}")
    return [text if isinstance(text, list) else str(text) for text in value]
