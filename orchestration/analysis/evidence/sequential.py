"""Confidence that stays valid however often somebody looks.

The asymptotic confidence sequence of Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas, "Time-uniform
central limit theory and asymptotic confidence sequences" (Annals of Statistics 52, 2024), equation
5. It is the mixture sequential probability ratio test of Johari, Koomen, Pekelis and Walsh, "Always
Valid Inference" (Operations Research 70, 2022), with a normal mixture whose variance is `rho`
squared times that of one observation.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

ALPHA = 0.05
PLANNED = 1_000.0
"""Effective observations at which the sequence is tightest; set before any data is seen."""


def mixture(planned: float = PLANNED, alpha: float = ALPHA) -> float:
    """Rho of the mixture that is tightest at `planned` observations (equation 9 of the paper)."""
    log = -2 * np.log(alpha)
    return float(np.sqrt((log + np.log(log + 1)) / planned))


def margins(observations: Floats, deviation: Floats, rho: float, alpha: float = ALPHA) -> Floats:
    """Half widths around running means of `observations` with standard deviation `deviation`.

    Infinite where there are no observations yet.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        scaled = observations * rho**2 + 1
        width = np.sqrt(2 * scaled / (observations * rho) ** 2 * np.log(np.sqrt(scaled) / alpha))
        found: Floats = np.where(observations > 0, deviation * width, np.inf)
    return found


def p_values(mean: Floats, observations: Floats, deviation: Floats, rho: float) -> Floats:
    """Always-valid p values of "the mean is 0": the least alpha whose sequence left 0, so far.

    They never rise. One over the mixture likelihood ratio, by equation 5 solved for alpha.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        standard = np.where(deviation > 0, mean / deviation, 0.0)
    scaled = observations * rho**2 + 1
    log = 0.5 * np.log(scaled) - (standard * observations * rho) ** 2 / (2 * scaled)
    found: Floats = np.minimum.accumulate(np.minimum(np.exp(np.minimum(log, 0.0)), 1.0))
    return found
