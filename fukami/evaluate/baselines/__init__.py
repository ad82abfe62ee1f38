"""Simple answers that stand beside every metric, one per file; a model that does not beat them says so."""

from fukami.evaluate.baselines.contract import Examples, Fitted, Scores
from fukami.evaluate.baselines.fitting import fit_baselines

__all__ = ["Examples", "Fitted", "Scores", "fit_baselines"]
