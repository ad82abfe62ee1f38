"""Words, or characters, that are known or not."""


def numbers(word, told):
    """The number of a word."""
    return [told["vocabulary"].get(word, told["unknown"])]
