"""Where the words of texts lie that questions are about."""

from fukami.export.standalone.asked import both
from fukami.export.standalone.words import placed


def frames(values, told):
    """Of each text itself, and from where to where each word reaches."""
    found = [placed(both(value, told)[1], told) for value in values]
    return [{"text": text, "places": places} for text, places, _words in found]
