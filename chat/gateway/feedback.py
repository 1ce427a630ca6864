"""A threshold that learns from whoever says "not what I asked". Pure.

Adaptive conformal inference (Gibbs and Candès 2021), one-sided: every wrong match raises the threshold by
`STEP * (1 - bound)`, every match nobody complained of lowers it by `STEP * bound`, never below where
calibration put it. In the long run the share of complaints is the bound, however the questions change.
"""

STEP = 0.02
CEILING = 0.9999


class Feedback:
    def __init__(self, calibrated: float, bound: float) -> None:
        self._calibrated = calibrated
        self._bound = bound
        self.threshold = calibrated

    def given(self) -> None:
        self.threshold = max(self._calibrated, self.threshold - STEP * self._bound)

    def wrong(self) -> None:
        highest = max(CEILING, self._calibrated)
        self.threshold = min(highest, self.threshold + STEP * (1 - self._bound) + STEP * self._bound)
