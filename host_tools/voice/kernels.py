"""Runs the firmware's own kernels on MicroPython, in a child process: bytes in and out, by pipes."""

import contextlib
import os
import subprocess
import tempfile
import threading
from collections.abc import Iterable
from pathlib import Path

from host_tools.virtual_board.session import find_runtime

PROGRAMS = Path(__file__).parent / "device"
FIRMWARE = Path(__file__).resolve().parents[2] / "firmware"
HEAP = "64M"  # these programs are no device: what they hold is a file
_REFUSED = 3  # exit code: the firmware says why on standard error


class Refused(ValueError):
    """The firmware does not take what it was asked for; the text is its own."""


def run(program: str, *arguments: object, feed: Iterable[bytes] = (), runtime: str = "auto") -> bytes:
    """What host_tools/voice/device/<program>.py writes to standard output, given `arguments` and, on standard
    input, what `feed` yields. An error of `feed` is raised as it is. Refused: see there. NotReady: there is
    no MicroPython. RuntimeError: the program failed."""
    _name, interpreter = find_runtime(runtime)
    command = [interpreter, "-X", f"heapsize={HEAP}", PROGRAMS / f"{program}.py", *map(str, arguments)]
    with (
        tempfile.TemporaryFile() as complaints,
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=complaints,
            env={"MICROPYPATH": f"{FIRMWARE}:.frozen", "PATH": os.environ.get("PATH", "")},
        ) as child,
    ):  # fmt: skip
        assert child.stdin is not None and child.stdout is not None
        found: list[bytes] = []
        # Read beside the writing: a pipe holds 64 KB, and neither side is to wait for the other.
        reader = threading.Thread(target=lambda out=child.stdout: found.append(out.read()))
        reader.start()
        try:
            for block in feed:
                child.stdin.write(block)
            child.stdin.flush()
        except BrokenPipeError:
            pass  # it ended before the end of the input: its exit code and its complaint say why
        except BaseException:
            child.kill()
            raise
        finally:
            with contextlib.suppress(BrokenPipeError):
                child.stdin.close()
            reader.join()
        code = child.wait()
        complaints.seek(0)
        text = complaints.read().decode(errors="replace").strip()
    if code == _REFUSED:
        raise Refused(text)
    if code:
        raise RuntimeError(f"{program} on MicroPython ended with {code}: {text}")
    return found[0]
