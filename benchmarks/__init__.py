"""Fukami and its peers side by side: the same network, data, batch size and number of epochs, in one command.

    python -m benchmarks                                    every work, three rounds
    python -m benchmarks fashion --peers keras,lightning    one work, some peers
    python -m benchmarks --write                            also brings figures.md up to date

Every measurement is a process of its own; in each round every side is measured once, and the order turns from one round to the
next. A *work* says what is learned and by which *sides*; a *side* is Fukami, a peer, or a loop written by hand.

    contract     Work, Side, Settings, Outcome
    works/       one work per file: its data, its network, its sides
    sides/       how Fukami, a library, or a loop by hand is asked to do it; shared by the works
    scripts/     programs that start-up is measured with
    harness      processes, rounds, order;   measure  what runs inside the process
    summary      medians, ranges, ratios;    table    how they are shown;    figures  the file of `--write`

`docs/benchmarks.md` tells what is compared, and how to repeat it.
"""
