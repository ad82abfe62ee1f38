"""One of the processes that `--devices` started: `python -m fukami.cli._worker JOB`. Its errors go into a file for the first.

0 where starting it again would not help, whether it is done or has failed; else the processes are started again.
"""

import contextlib
import os
import signal
import sys
from pathlib import Path
from typing import Any

from fukami.cli.main import bug
from fukami.core.errors import FukamiError


def main() -> int:
    """Works, and returns the exit code. A signal that comes while libraries are still being loaded ends it in silence."""
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        return work(Path(sys.argv[1]))
    except KeyboardInterrupt:
        return 130


def work(path: Path) -> int:
    """Trains as the job at `path` says, and leaves an error where it says."""
    from fukami.training.asked import Asked
    from fukami.training.launch import Job, leave
    from fukami.training.processes import Followed
    from fukami.training.verb import run_training
    from fukami.training.written import recipe_of

    job = Job.read(path)
    try:
        with contextlib.redirect_stdout(sys.stderr):
            recipe = recipe_of(job.recipe)
            run_training(Asked(recipe, recipe.data.source, Path(job.out)), resume=job.resume)
    except Followed as followed:
        return 0 if followed.final else 1
    except FukamiError as error:
        if error.code == "F-PROCESS-LOST":  # the one that started this knows how it was lost
            return 1
        leave(Path(job.trouble), error)
    except Exception as error:
        leave(Path(job.trouble), bug(error))
    return 0


def _interrupt(_signal: int, _frame: Any) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    code = main()
    sys.stderr.flush()
    os._exit(code)  # threads of a group that has lost a member may not end by themselves
