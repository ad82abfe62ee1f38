"""The command line: one verb per file, each of which parses, calls `fukami.api` and prints.

The folder is the registry. Every file here but `main.py` and those that begin with an underscore is a verb of that name:

    SUMMARY    one sentence for the list of verbs
    USAGE      what follows the verb, one entry per way to call it
    EXAMPLES   (command, what it does) pairs for its help
    arguments(parser)     declares its arguments
    call(args) -> dict    asks `fukami.api`; the dict is what `--json` prints
    show(result, screen)  prints the same for people
    code(result) -> int   the exit code, where it is not always 0

Nothing here imports torch, NumPy or PyArrow before `call`, so that help and mistakes are answered at once.
"""
