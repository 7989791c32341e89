"""Are planted rings and pyramids found, and how long do a million applications take?

Rings: precision and recall of membership on synthetic applications with households,
public places and accidental sharing, by kind of link. Pyramids: programmes told from
honest ones. Cost: a million applications with three identifiers drawn from 1.5 values
each, which bare components would join into one crowd.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import pandas as pd

from riskkit.datasets import make_applications_with_rings, make_referrals
from riskkit.fraud import ReferralScreen, RingDetector

IDENTIFIERS = ["device", "phone", "address", "account"]


def precision_recall(found, true):
    both = np.count_nonzero(found & true)
    return both / max(np.count_nonzero(found), 1), both / np.count_nonzero(true)


def find_rings(n_seeds):
    rows = []
    for accident_rate in (0.1, 0.3, 1.0):
        for link in ("closed", "double", "any"):
            measured = []
            for seed in range(n_seeds):
                world = make_applications_with_rings(
                    20_000, accident_rate=accident_rate, random_state=seed
                )
                detector = RingDetector(IDENTIFIERS, link=link)
                detector.fit(world.data, world.known)
                size = detector.rings_.size
                measured.append(
                    (
                        *precision_recall(detector.labels_ >= 0, world.ring >= 0),
                        size[0] / len(world.data) if len(size) else 0.0,
                    )
                )
            rows.append((accident_rate, link, *np.mean(measured, axis=0)))
    columns = ["accidents", "link", "precision", "recall", "share of largest"]
    print(pd.DataFrame(rows, columns=columns).round(3).to_string(index=False))


def find_pyramids(n_seeds):
    measured = []
    for seed in range(n_seeds):
        world = make_referrals(random_state=seed)
        result = ReferralScreen(market_yields=world.market_yields).screen(
            world.data, commissions=world.commissions, schemes=world.schemes
        )
        schemes = result.frame("schemes").set_index("scheme")
        truth = world.schemes.set_index("scheme")["is_pyramid"].loc[schemes.index]
        measured.append(precision_recall(schemes["is_suspect"], truth == 1))
    precision, recall = np.mean(measured, axis=0)
    print(f"pyramids: precision {precision:.3f}, recall {recall:.3f}")


def cost(n_rows):
    rng = np.random.default_rng(0)
    names = ["device", "phone", "address"]
    X = pd.DataFrame({n: rng.integers(0, int(1.5 * n_rows), n_rows) for n in names})
    known = (rng.random(n_rows) < 0.001).astype(int)
    for kind, table in {"numbers": X, "text": X.astype("str")}.items():
        start, cpu = time.perf_counter(), time.process_time()
        detector = RingDetector().fit(table, known)
        wall, cpu = time.perf_counter() - start, time.process_time() - cpu
        largest = detector.rings_.size[0] if len(detector.rings_) else 0
        print(
            f"{n_rows:,} applications, identifiers as {kind}: {cpu:.1f} CPU s, "
            f"{wall:.1f} s; largest ring {largest}"
        )
    n_new = min(n_rows, 100_000)
    start = time.process_time()
    detector.transform(table[:n_new])
    cpu = time.process_time() - start
    print(f"{n_new:,} new applications: {cpu:.2f} CPU s")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args()
    cost(options.rows)
    find_rings(options.seeds)
    find_pyramids(options.seeds)
