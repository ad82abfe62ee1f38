"""Nothing is downloaded in tests, and they speak English unless they say otherwise."""

import os

import pytest

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["FUKAMI_LANG"] = "en"
os.environ.setdefault("OMP_NUM_THREADS", "1")  # two workers run the tests


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other tests beside this one are no reason to forget what was measured."""
    monkeypatch.setattr("fukami.core.processors.Watch.is_busy", lambda _watch: False)
