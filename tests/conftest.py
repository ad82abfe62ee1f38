"""Nothing is downloaded in tests, and they speak English unless they say otherwise."""

import os

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["FUKAMI_LANG"] = "en"
os.environ.setdefault("OMP_NUM_THREADS", "1")  # two workers run the tests
