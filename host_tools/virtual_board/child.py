"""The firmware as a child process: started, its serial console read and written, ended by its id."""

import asyncio
import os
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

LAST_LINES = 12
_PATIENCE = 1.5  # seconds between asking the process to end and ending it


class FirmwareEnded(RuntimeError):
    """The firmware process ended by itself; the text has its last lines."""

    def __init__(self, code: int | None, last: Sequence[str]):
        how = f"with signal {-code}" if code is not None and code < 0 else f"with exit code {code}"
        said = "".join(f"\n    {line}" for line in last) or "\n    (nothing)"
        super().__init__(f"the firmware ended {how}; its last lines:{said}")
        self.code = code


class FirmwareProcess:
    """Runs `command`; each line it writes goes to `on_line`, its unexpected end to `on_end`."""

    def __init__(
        self,
        command: Sequence[str | Path],
        environment: Mapping[str, str],
        on_line: Callable[[str], None],
        on_end: Callable[[FirmwareEnded], None],
        folder: Path | None = None,
    ):
        self._command = [str(word) for word in command]
        self._environment = dict(environment)
        self._on_line = on_line
        self._on_end = on_end
        self._folder = folder
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._stopping = False
        self.last_lines: deque[str] = deque(maxlen=LAST_LINES)

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    async def start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            cwd=self._folder,  # where MicroPython looks for modules first
            env={"PATH": os.environ.get("PATH", "/usr/bin:/bin"), **self._environment},
            start_new_session=True,  # Ctrl-C at the terminal is for us; we end the child
        )
        self._reader = asyncio.create_task(self._read())

    async def write_line(self, text: str) -> None:
        process = self._process
        if process is None or process.stdin is None or process.returncode is not None:
            return
        process.stdin.write(text.encode() + b"\n")
        try:
            await process.stdin.drain()
        except ConnectionError:
            pass  # it is ending: on_end tells

    async def stop(self) -> None:
        """End the process and wait for its end. Safe to call at any time, more than once."""
        self._stopping = True
        process = self._process
        if process is not None and process.returncode is None:
            for end in (process.terminate, process.kill):
                try:
                    end()
                except ProcessLookupError:
                    break
                try:
                    await asyncio.wait_for(process.wait(), _PATIENCE)
                    break
                except TimeoutError:
                    continue
        if self._reader is not None:
            await asyncio.wait([self._reader], timeout=_PATIENCE)
            self._reader.cancel()

    async def _read(self) -> None:
        process = self._process
        assert process is not None and process.stdout is not None
        while True:
            try:
                raw = await process.stdout.readline()
            except ValueError:  # a line beyond the stream's limit
                continue
            if not raw:
                break
            line = raw.decode(errors="replace").rstrip()
            self.last_lines.append(line)
            self._on_line(line)
        code = await process.wait()
        if not self._stopping:
            self._on_end(FirmwareEnded(code, self.last_lines))
