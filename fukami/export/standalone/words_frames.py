"""Where the words of sentences lie in their texts."""

from fukami.export.standalone.words import placed


def frames(values, told):
    """Of each sentence its `text`, and from where to where each word reaches."""
    found = [placed(value, told) for value in values]
    return [{"text": text, "places": places} for text, places, _words in found]
