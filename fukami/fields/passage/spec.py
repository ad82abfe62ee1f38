"""What a language model has to know of its tokens."""

from dataclasses import dataclass

from fukami.core.specs import TokenSpec


@dataclass(frozen=True)
class PassageSpec(TokenSpec):
    """Token numbers of passages, in which every character counts."""

    kind: str = "passage"
