"""Give back the memory of modules that are needed only once in a while: start-up, console commands."""

import gc
import sys

# Overlay that was loaded → how many calls of it run. The device build counts them.
running = {}


def forget(*names):
    """Drop modules by their full names. What still refers to their functions keeps those alive."""
    for name in names:
        if name in sys.modules:
            del sys.modules[name]
            parent, _dot, leaf = name.rpartition(".")
            # The import also made the module an attribute of its package.
            getattr(sys.modules.get(parent), "__dict__", {}).pop(leaf, None)
    gc.collect()


def started():
    """The start is over: nothing is made any more of classes that have one object for ever. The device build
    writes this function (host_tools.shrink.overlay): it takes their constructors away."""


def drop_overlays(least=None, live=None):
    """Forget the overlays that the device build has made (host_tools.shrink.overlay): what one of them is
    running goes on, and the next call of one loads it again. Without such a build there are none.
    `least`: only if fewer bytes are free. `live`: {overlay: calls of it that run}; these stay."""
    free = getattr(gc, "mem_free", None)  # CPython, where the units run too, has none
    if least is not None and free is not None and free() < least:
        gc.collect()
    if least is None or (free is not None and free() < least):
        found = [name for name in running if name in sys.modules and not (live and live[name])]
        for name in found:
            del sys.modules[name]
        if found:
            gc.collect()
