"""Why a training did not learn: one symptom per file in `symptoms/`, looked for with short trials of the real training.

`case.py` is what symptoms look at, `trial.py` the short trainings, `attainable.py` the two ends of the loss, `look.py` goes
through all symptoms and ranks what they found, `watch.py` notices while a training runs that it does not learn.
"""
