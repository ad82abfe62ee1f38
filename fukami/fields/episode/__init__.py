"""Episodes: how an agent fares from the beginning of an environment to its end."""

from fukami.fields.episode.field import Episode

__all__ = ["Episode"]
