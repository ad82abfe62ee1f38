"""Why: what in an input speaks for an answer, tested by taking it away.

`case.py` is one answer to be explained, `methods/` the ways to explain it (one a file), `faithfulness.py` the test that every
one has to stand, `nearest.py` the training examples that the network finds most alike, `explanation.py` what people get.
"""
