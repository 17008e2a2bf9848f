"""Give back the memory of modules that are needed only once in a while: start-up, console commands."""

import gc
import sys


def forget(*names):
    """Drop modules by their full names. What still refers to their functions keeps those alive."""
    for name in names:
        if name in sys.modules:
            del sys.modules[name]
            parent, _dot, leaf = name.rpartition(".")
            # The import also made the module an attribute of its package.
            getattr(sys.modules.get(parent), "__dict__", {}).pop(leaf, None)
    gc.collect()
