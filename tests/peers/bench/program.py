"""A program of the bench: a child process with a folder of its own and its output in a file."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

FILES = Path(__file__).resolve().parents[1] / "files"
LOG_TAIL = 6000
POLL_S = 0.02

Value = TypeVar("Value")


class BenchError(AssertionError):
    """A peer did not do what the test expected; the text carries the end of its log."""


class Program:
    """Context manager around one process. It is ended by its process id, or its group's at the worst.

    `folder` is removed afterwards; `log` still holds the output then.
    """

    def __init__(self, name: str):
        self.name = name
        self.folder = Path(tempfile.mkdtemp(prefix=f"bench-{name}-"))
        self.log_file = self.folder / "output.log"
        self.process: subprocess.Popen | None = None
        self._last_log = ""

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, kind, error, trace):
        log = self.log
        self.close()
        told = isinstance(error, BenchError) and str(error).startswith(f"{self.name}:")
        if error is not None and not told:
            error.add_note(f"--- end of the log of {self.name} ---\n{log[-LOG_TAIL:]}")

    def start(self) -> None:
        raise NotImplementedError

    def launch(self, command: Sequence[str | Path]) -> None:
        """Start the program, standard output and error in `log_file`, no terminal."""
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(
                [str(part) for part in command],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env={**os.environ, "HOME": str(self.folder), "TERM": "dumb", "LC_ALL": "C"},
            )

    @property
    def log(self) -> str:
        if self.log_file.exists():
            self._last_log = self.log_file.read_text(errors="replace")
        return self._last_log

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def until(self, condition: Callable[[], Value], within_s: float, what: str) -> Value:
        """Wait for a true value of `condition` and return it; BenchError with the log otherwise."""
        limit = time.monotonic() + within_s
        while True:
            running = self.running
            value = condition()
            if value:
                return value
            if not running:
                raise self.error(f"stopped before: {what}")
            if time.monotonic() > limit:
                raise self.error(f"not within {within_s} s: {what}")
            time.sleep(POLL_S)

    def expect_log(self, text: str, within_s: float = 5) -> None:
        self.until(lambda: text in self.log, within_s, f"{text!r} in its log")

    def error(self, what: str) -> BenchError:
        return BenchError(f"{self.name}: {what}\n{self.log[-LOG_TAIL:]}")

    def stop(self) -> None:
        """SIGTERM, and after two seconds SIGKILL for the process and what it started."""
        process, self.process = self.process, None
        if process is None or process.poll() is not None:
            return
        process.terminate()
        try:
            process.wait(2)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)  # the leader of the session that launch() opened
            process.wait(5)

    def close(self) -> None:
        self.stop()
        self._last_log = self.log
        shutil.rmtree(self.folder, ignore_errors=True)
