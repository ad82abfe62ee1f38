"""DLinear and the metrics of forecasts, each calculated another way."""

import numpy as np
import pytest
import torch

from fukami.core.specs import SeriesSpec
from fukami.fields.series.field import Series
from fukami.metrics.contract import Running
from fukami.models import registry


def by_hand(x_LC: np.ndarray, weights: dict[str, np.ndarray], kernel: int) -> np.ndarray:
    """The formula of Zeng et al. 2023, step by step and channel by channel."""
    steps, channels = x_LC.shape
    out = []
    for channel in range(channels):
        x = x_LC[:, channel]
        padded = [x[0]] * ((kernel - 1) // 2) + list(x) + [x[-1]] * (kernel // 2)
        trend = np.array([np.mean(padded[step : step + kernel]) for step in range(steps)])
        copy = channel if len(weights["trend.weight"]) > 1 else 0
        parts = [
            weights[f"{n}.weight"][copy] @ part + weights[f"{n}.bias"][copy]
            for n, part in (("trend", trend), ("rest", x - trend))
        ]
        out.append(sum(parts))
    return np.stack(out, 1)


@pytest.mark.parametrize("individual", [False, True])
@pytest.mark.parametrize("kernel", [5, 4, 1])
def test_dlinear_is_the_formula_of_its_paper(individual, kernel):
    torch.manual_seed(0)
    choice = registry.resolve("dlinear", takes="series", needs="series")
    options = {"kernel": kernel, "individual": individual}
    model = registry.build(choice, SeriesSpec(20, 3), gives="series", target=SeriesSpec(7, 3), options=options).double()
    x_BLC = torch.randn(4, 20, 3, dtype=torch.float64)
    weights = {name: value.detach().numpy() for name, value in model.named_parameters()}
    expected = np.stack([by_hand(x.numpy(), weights, kernel) for x in x_BLC])
    np.testing.assert_allclose(model(x_BLC).detach().numpy(), expected, atol=1e-12)


def test_dlinear_is_as_large_as_its_card_says():
    choice = registry.resolve("dlinear", takes="series", needs="series")
    model = registry.build(choice, SeriesSpec(336, 7), gives="series", target=SeriesSpec(96, 7))
    assert sum(p.numel() for p in model.parameters()) == choice.card.parameters["series"][""]


def test_metrics_are_their_formulas():
    rng = np.random.default_rng(0)
    truth, answers = rng.normal(3, 2, (40, 6, 2)), rng.normal(3, 2, (40, 6, 2))
    std, seasonal = np.array([2.0, 0.5]), np.array([1.5, 0.25])
    target = Series("future", state={"std": std.tolist(), "mean": [0.0, 0.0], "seasonal_error": seasonal.tolist()})
    names = ("scaled_mse", "scaled_mae", "mase", "smape", "rmse", "mae", "mse", "r2")
    running = Running(names, target)
    for part in (slice(0, 13), slice(13, 40)):
        running.update(answers[part], truth[part])
    error = answers - truth
    expected = {
        "scaled_mse": np.mean((error / std) ** 2),
        "scaled_mae": np.mean(np.abs(error / std)),
        "mase": np.mean(np.abs(error).mean((0, 1)) / seasonal),
        "smape": np.mean(2 * np.abs(error) / (np.abs(answers) + np.abs(truth))),
        "rmse": np.sqrt(np.mean(error**2)),
        "mae": np.mean(np.abs(error)),
        "mse": np.mean(error**2),
        "r2": 1 - np.sum(error**2) / np.sum((truth - truth.mean()) ** 2),
    }
    assert running.compute() == pytest.approx(expected)
