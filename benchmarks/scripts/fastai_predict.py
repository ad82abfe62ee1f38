"""`python fastai_predict.py LEARNER PICTURE`."""

import sys

import fastai.callback.progress  # noqa: F401  (gives a learner `no_bar`)
from fastai.learner import load_learner

learner = load_learner(sys.argv[1])
with learner.no_bar():
    print(learner.predict(sys.argv[2])[0])
