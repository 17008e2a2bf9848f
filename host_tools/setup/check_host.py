"""Is this a machine the virtual board can run on? Silent and 0 if so, exit 1 if not.

Runs before anything is installed: standard library only.
"""

import platform
import sys

OK = sys.version_info >= (3, 11) and sys.platform == "linux" and platform.machine() == "x86_64"
sys.exit(0 if OK else 1)
