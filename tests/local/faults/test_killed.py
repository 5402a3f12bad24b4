"""The engine is killed."""
from __future__ import annotations
import time
from tests.local.faults.rig import Rig, there

def test_x(rig: Rig) -> None:
    rig.gated('a = Thing("a"); b = Thing("b", opts=pulumi.ResourceOptions(depends_on=[a]))')
    rig.open("all")
    t = time.time()
    r = rig.up().checked()
    print(time.time() - t)
    print(r.out, r.err)
    t = time.time()
    r = rig.up().checked()
    print(time.time() - t)
    print(rig.resources().keys())
    assert 0
