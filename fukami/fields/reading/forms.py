"""Of several ways of writing, the one that reads most of a column's words."""

from collections.abc import Callable, Iterable, Mapping

_LOOKED_AT = 200
"""Words that tell which forms are worth trying on all of them."""


def best_of(forms: Iterable[str], words: Mapping[str, int], fits: Callable[[str, str], bool]) -> tuple[str, list[str]]:
    """The form and the words that it reads; of forms that read equally many the first, "" where none reads any.

    >>> best_of(["digits", "letters"], {"a": 1, "b": 1, "7": 1}, lambda word, form: word.isdigit() == (form == "digits"))
    ('letters', ['a', 'b'])
    """
    some = list(words)[:: max(1, len(words) // _LOOKED_AT)]
    likely = [form for form in forms if any(fits(word, form) for word in some)]
    found = {form: [word for word in words if fits(word, form)] for form in likely}
    best = max(found, key=lambda form: sum(words[word] for word in found[form]), default="")
    return best, found.get(best, [])
