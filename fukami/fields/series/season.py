"""Seasons: after how many steps a series comes back to where it was, and how far it is then. T steps, C channels."""

import numpy as np

LONGEST = 1000
STILL = 1e-6
"""Changes that vary by less, in deviations of the series, are rounding."""
CLEAR = 0.1
"""A correlation of steps with those a season before, from which on there is a season."""


def season_of(scaled_TC: np.ndarray, series_T: np.ndarray, looked_at: np.ndarray) -> int:
    """The season of the longest series, seen in how changes from step to step repeat; 1 where nothing does.

    The shortest lag counts that is nearly as clear as the clearest: a day before a week of hours.

    >>> wave = np.sin(np.arange(300) * 2 * np.pi / 12)[:, None]
    >>> season_of(wave, np.zeros(300, int), np.ones(300, bool))
    12
    """
    counts = np.bincount(series_T[looked_at])
    values = scaled_TC[looked_at & (series_T == counts.argmax())]
    changes = np.diff(values, axis=0)
    changes = changes[:, np.isfinite(changes).all(0) & (changes.std(0) > STILL)]
    most = min(LONGEST, len(changes) // 3)
    if most < 3 or not changes.shape[1]:
        return 1
    changes = (changes - changes.mean(0)) / changes.std(0)
    spectrum = np.fft.rfft(changes, 2 * len(changes), axis=0)
    alike = np.fft.irfft(np.square(np.abs(spectrum)).mean(1))[: most + 2] / len(changes)
    peaks = np.flatnonzero((alike[1:-1] > alike[:-2]) & (alike[1:-1] >= alike[2:])) + 1
    peaks = peaks[(peaks > 1) & (alike[peaks] > CLEAR)]
    if not len(peaks):
        return 1
    return int(peaks[alike[peaks] >= 0.9 * alike[peaks].max()].min())


def seasonal_error(values_TC: np.ndarray, series_T: np.ndarray, looked_at: np.ndarray, season: int) -> np.ndarray:
    """Mean distance of training values from those a season before (C): what MASE divides by (Hyndman and Koehler 2006).

    >>> seasonal_error(np.array([[1.0], [2.0], [4.0]]), np.zeros(3, int), np.ones(3, bool), 1).tolist()
    [1.5]
    """
    if len(values_TC) <= season:
        return np.full(values_TC.shape[1], np.nan)
    both = looked_at[season:] & looked_at[:-season] & (series_T[season:] == series_T[:-season])
    apart = np.abs(values_TC[season:] - values_TC[:-season])[both]
    return np.nanmean(apart, 0) if len(apart) else np.full(values_TC.shape[1], np.nan)
