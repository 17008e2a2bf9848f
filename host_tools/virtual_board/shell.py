"""The shell of `make run`: the scenario language, typed or piped in, while what happens is told."""

import asyncio
import os
import stat
import sys
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import IO

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import WordCompleter
from prompt_toolkit.history import InMemoryHistory
from prompt_toolkit.patch_stdout import patch_stdout
from rich.console import Console
from rich.text import Text

from host_tools.virtual_board import scenario, story
from host_tools.virtual_board.history import Entry
from host_tools.virtual_board.play import Bench, NotReady, Player, Unmet
from host_tools.virtual_board.words import Place, ScenarioError

COMMANDS = (
    ("status", "ports, lines, registrations, calls"),
    ("play file.call", "perform a script"),
    ("verbose", "also show linefeed changes and debug lines, or no longer"),
    ("help [word]", "this list, or what holds the word"),
    ("quit", "end (also Ctrl-D)"),
)
_HOLD = 0.1  # seconds by which the telling lags, to be in order as a rule
WELCOME = (
    "Two phones, {0} on port 1 and {1} on port 2. Try: [bold cyan]1 lift[/], [bold cyan]1 dial {1}[/], "
    "[bold cyan]2 lift[/], [bold cyan]1 say hello.wav[/], [bold cyan]1 hang[/], [bold cyan]status[/], "
    "[bold cyan]help[/], [bold cyan]quit[/]."
)


class Shell:
    def __init__(self, bench: Bench, console: Console, folder: Path = Path(".")):
        self.bench = bench
        self.console = console
        self.folder = folder
        self.player = Player(bench, folder)
        self.verbose = False
        self.failures = 0  # lines that were wrong, expectations that were not met
        self._number = 0

    async def run(self) -> int:
        """Read lines to their end or `quit`. The exit code: with piped input 1 if any line failed."""
        terminal = sys.stdin.isatty()
        async with story.Teller(self.bench.history, self.bench.now, self.tell, _HOLD):
            await self._welcome()
            lines = self._typed() if terminal else _piped(sys.stdin)
            async with aclosing(lines):
                async for text in lines:
                    if not terminal:
                        self.console.print(Text(f"> {text}", "bold"))
                    if not await self.line(text):
                        break
            if not terminal:
                for port in (1, 2):
                    await self.bench.quiet(port)
        return 1 if self.failures and not terminal else 0

    async def _welcome(self) -> None:
        """What went wrong before anyone could see it, and what to try."""
        for entry in self.bench.history.entries:
            if entry.kind == "log" and entry.detail["level"] in ("W", "E"):
                self.console.print(story.line(entry), soft_wrap=True)
        status = await self.bench.status()
        numbers = [port.get("number") or "nothing" for port in status["ports"]]
        self.console.print(WELCOME.format(*numbers))

    def tell(self, entry: Entry) -> None:
        if self.verbose or story.worth_telling(entry):
            self.console.print(story.line(entry), soft_wrap=True)

    async def line(self, text: str) -> bool:
        """Carry out one typed line; False to end."""
        self._number += 1
        words = text.split()
        try:
            if not words:
                pass
            elif words[0] in ("quit", "exit"):
                return False
            elif words[0] == "help":
                self.console.print(story.help_table(words[1] if len(words) > 1 else "", COMMANDS))
            elif words == ["status"]:
                self.console.print(story.status_table(await self.bench.status()))
            elif words == ["verbose"]:
                self.verbose = not self.verbose
            elif words[0] == "play" and len(words) == 2:
                await self._play(words[1])
            else:
                await self._statement(text)
        except (ScenarioError, Unmet, NotReady) as error:
            self.failures += 1
            self.console.print(Text(str(error), "red"), soft_wrap=True)
        return True

    async def _statement(self, text: str) -> None:
        first = text.split()[0]
        known = ("help", "status", "quit", "play", "verbose", *scenario.STARTS)
        if first not in known and not first.startswith("#"):
            words = scenario.Words(Place("", 0, text))
            words.unknown(words.rest[0], known)
        statement = scenario.parse_line(Place("", 0, text))
        if statement is None:
            return
        if isinstance(statement, scenario.Setting | scenario.BoardSetting):
            self.console.print(
                Text("the board runs already: such a line belongs at the head of a script", "red")
            )
            self.failures += 1
            return
        figures = len(self.player.figures)
        await self.player.step(statement)
        for figure in self.player.figures[figures:]:
            self.console.print(
                Text(f"          {figure}  {figure.bound_text()}", "green" if figure.within else "red")
            )
        if isinstance(statement, scenario.Expect | scenario.ExpectStatus):
            self.console.print(Text("          ✓ as expected", "green"))

    async def _play(self, name: str) -> None:
        script = scenario.load(self.folder / name)
        player = Player(self.bench, script.folder)
        await player.perform(script)
        self.console.print(story.figures_table(player.figures))

    async def _typed(self) -> AsyncGenerator[str, None]:
        names = [name.split()[0] for name, _ in COMMANDS]
        words = [*names, *scenario.STARTS, *scenario.ACTIONS, *scenario.NOUNS, *scenario.TONES]
        session: PromptSession[str] = PromptSession(
            history=InMemoryHistory(), completer=WordCompleter(words, WORD=True), complete_while_typing=False
        )
        with patch_stdout(raw=True):
            while True:
                try:
                    yield await session.prompt_async("ata> ")
                except (EOFError, KeyboardInterrupt):
                    return


async def _piped(stream: IO[str]) -> AsyncGenerator[str, None]:
    """The lines of a pipe or a file, without blocking the loop."""
    if stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
        for text in stream:
            yield text.rstrip("\n")
        return
    reader = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), stream
    )
    try:
        while raw := await reader.readline():
            yield raw.decode(errors="replace").rstrip("\n")
    finally:
        transport.close()
