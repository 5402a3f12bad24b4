"""Scrapes become series, with an end where something vanished, and old samples are forgotten."""

from __future__ import annotations

import math

from embedded.cluster.traffic.promql.labels import labels_from
from embedded.cluster.traffic.series import KEPT, SeriesStore

A, B = labels_from({"__name__": "a"}), labels_from({"__name__": "b"})


def test_end_of_a_series() -> None:
    """A series that isn't seen any more gets one staleness marker."""
    store = SeriesStore()
    for at, found in ((0, {A: 1.0, B: 2.0}), (5000, {A: 1.0}), (10_000, {A: 3.0}), (15_000, {A: 3.0, B: 4.0})):
        store.scrape(at, found)
    a, b = store.series()
    assert (a.times.tolist(), a.values.tolist()) == ([0, 5000, 10_000, 15_000], [1, 1, 3, 3])
    assert b.times.tolist() == [0, 5000, 15_000]
    assert math.isnan(b.values[1])


def test_old_samples_are_forgotten() -> None:
    """What is too old goes, and series of which nothing is left go with it."""
    store = SeriesStore()
    store.scrape(0, {A: 1.0, B: 1.0})
    for at in range(5000, 3 * KEPT, 60_000):
        store.scrape(at, {A: 1.0})
    (a,) = store.series()
    assert a.labels == A
    assert KEPT <= a.times[-1] - a.times[0] <= 1.1 * KEPT
