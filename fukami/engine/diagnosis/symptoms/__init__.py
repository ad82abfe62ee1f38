"""The usual causes of a training that does not learn, one per file; a file that is here is looked for.

Each holds `CARD = SymptomCard(…)` and `look(case) -> Look`. A symptom is found where its measure is far outside of what healthy
trainings show *and* the training suffers from it: a short trial without it does better than the whole training did, or the
training has hardly learned at all. What cannot be measured raises `LeftOut`.
"""
