"""The rows of the table: what the firmware does in 20 ms, piece by piece and together.

A row makes its objects and gives the steps that are counted. It uses the firmware's own classes, so it knows
nothing of their kernels; a test fails when a kernel is in no row. New code gets its row in one of the files
imported here.
"""

from host_tools.xtensa import rows_dsp, rows_hal, rows_rtp
from host_tools.xtensa.rows import ROWS, Row, Warmup

__all__ = ["ROWS", "Row", "Warmup", "rows_dsp", "rows_hal", "rows_rtp"]
