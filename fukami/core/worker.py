"""Which of several processes this one is, as torchrun and its like tell it by the environment. No torch: `--help` asks too."""

import os

NEEDED = ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")


def size() -> int:
    """The number of processes that were started together; 1 where this one was started alone."""
    return int(os.environ["WORLD_SIZE"]) if all(os.environ.get(name) for name in NEEDED) else 1


def rank() -> int:
    """This process's number among them, from 0."""
    return int(os.environ["RANK"]) if size() > 1 else 0


def local_rank() -> int:
    """This process's number on its own machine, from 0: the number of its GPU."""
    return int(os.environ.get("LOCAL_RANK", rank())) if size() > 1 else 0


def restarts() -> tuple[int, int]:
    """How often the processes were started again after one was lost, and how often they may be."""
    return int(os.environ.get("TORCHELASTIC_RESTART_COUNT", 0)), int(os.environ.get("TORCHELASTIC_MAX_RESTARTS", 0))
