"""What a model of recordings with noise has to know of them."""

from dataclasses import dataclass

from fukami.fields.audio.spec import AudioSpec


@dataclass(frozen=True)
class NoisySpec(AudioSpec):
    """That of recordings."""

    kind: str = "noisy"
