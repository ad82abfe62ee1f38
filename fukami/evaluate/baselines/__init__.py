"""Simple answers that stand beside every metric, one per file; a model that does not beat them says so."""

from fukami.evaluate.baselines.contract import Answers, Examples, Fitted
from fukami.evaluate.baselines.fitting import fit_baselines

__all__ = ["Answers", "Examples", "Fitted", "fit_baselines"]
