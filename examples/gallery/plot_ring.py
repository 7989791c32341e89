"""A ring of applications
======================

Applications around the identifiers that they share: devices, phones, addresses,
accounts. Orange ones were confirmed as frauds before.

*How to read it.* One shared identifier is no link, since numbers are recycled and
families share a roof; circles are what accident hardly ever draws. A ring is a reason
to look, not a verdict: a house of five students is one, too.
"""

import sys

import matplotlib.pyplot as plt

from riskkit.datasets import make_applications_with_rings
from riskkit.fraud import RingDetector
from riskkit.plotting import RingDisplay

world = make_applications_with_rings(
    2_000, n_rings=4, ring_size=(8, 14), random_state=1
)
detector = RingDetector(["device", "phone", "address", "account"])
detector.fit(world.data, world.known)
display = RingDisplay.from_detector(detector, ring=0).plot()

if len(sys.argv) > 1:
    display.figure_.savefig(sys.argv[1], dpi=150)
else:
    plt.show()
