"""What networks do to packets: which are lost, and when the others arrive. All of it repeatable by its seed.

A packet is 20 ms; packet k is sent at 20·k ms. Arrival times are ms, NaN: lost.
"""

import numpy as np
from numpy.typing import NDArray

PTIME = 20
_TRANSIT = 5.0  # ms, of every packet


def random_loss(count: int, percent: float, seed: int) -> NDArray[np.bool_]:
    """Each packet by itself. True: lost. The share is exact, so that few packets give an honest figure."""
    lost = np.zeros(count, bool)
    lost[np.random.default_rng(seed).permutation(count)[: round(count * percent / 100)]] = True
    return lost


def bursty_loss(count: int, percent: float, seed: int, mean: float = 3) -> NDArray[np.bool_]:
    """Gilbert's model: bursts of `mean` packets, geometrically distributed; the share is nearly exact."""
    share = percent / 100
    if not share:
        return np.zeros(count, bool)
    rng = np.random.default_rng(seed)
    begins = share / (1 - share) / mean
    best = np.zeros(count, bool)
    for _ in range(50):
        state, lost = rng.random() < share, np.zeros(count, bool)
        for k in range(count):
            lost[k] = state
            state = rng.random() >= 1 / mean if state else rng.random() < begins
        if abs(lost.mean() - share) < abs(best.mean() - share):
            best = lost
    return best


def arrivals(count: int, lost: NDArray[np.bool_] | None = None) -> NDArray:
    """A steady network."""
    times = PTIME * np.arange(count) + _TRANSIT
    return times if lost is None else np.where(lost, np.nan, times)


def jittered(count: int, mean: float, seed: int) -> NDArray:
    """Queues: exponential delays of `mean` ms; packets stay in order."""
    delays = np.random.default_rng(seed).exponential(mean, count)
    return np.maximum.accumulate(arrivals(count) + delays)


def stalls(count: int, longest: float, seed: int, every: float = 2000) -> NDArray:
    """Wi-Fi with retries and scans: now and then (every 2 s on average) nothing comes for a time, up to
    `longest` ms, and then all of it at once; 2 ms of jitter else."""
    rng = np.random.default_rng(seed)
    times = jittered(count, 2, seed)
    at = rng.exponential(every / 2)
    while at < times[-1]:
        until = at + rng.uniform(longest / 2, longest)
        held = (times >= at) & (times < until)
        times[held] = until + 0.3 * np.arange(held.sum())
        at = until + rng.exponential(every)
    return np.maximum.accumulate(times)


def power_saving(count: int, seed: int, beacon: float = 102.4) -> NDArray:
    """A station that sleeps: the access point holds everything until the next beacon."""
    times = arrivals(count)
    phase = np.random.default_rng(seed).uniform(0, beacon)
    held = np.ceil((times - phase) / beacon) * beacon + phase
    _beacons, first, which = np.unique(held, return_index=True, return_inverse=True)
    return held + 0.3 * (np.arange(count) - first[which])
