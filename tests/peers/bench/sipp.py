"""SIPp: a scripted caller or called party, one scenario file of tests/peers/files/sipp per run."""

import re
from pathlib import Path

from .ports import HOST, free_port
from .program import FILES, Program


class Sipp(Program):
    """One run of a scenario.

    remote: "host:port" of the other side; None for a scenario that begins by receiving.
    calls: how many calls the scenario is played for before SIPp ends by itself.
    echo: RTP is sent back to where it came from.
    pause_ms: length of each <pause/> without a length of its own.
    user: stands for [service], the user part of the address it calls or of its own.
    auth_user, password: its credentials, or those it expects; auth_user is user by default.
    values: text for each @name@ in the scenario file (status codes and the like, where SIPp has no keywords).
    limit_s: SIPp gives up and fails after that.
    """

    def __init__(
        self,
        scenario: str,
        remote: str | None = None,
        *,
        port: int | None = None,
        calls: int = 1,
        echo: bool = False,
        pause_ms: int = 1000,
        user: str = "service",
        auth_user: str | None = None,
        password: str = "password",
        limit_s: int = 25,
        **values: str | int,
    ):
        super().__init__(f"sipp-{scenario}")
        self.scenario, self.remote = scenario, remote
        self.port = port or free_port()
        self.rtp_port = free_port(4)
        self.calls, self.echo, self.pause_ms = calls, echo, pause_ms
        self.user, self.auth_user, self.password = user, auth_user or user, password
        self.limit_s, self.values = limit_s, values
        self.messages_file = self.folder / "messages.log"
        self._last_messages = ""
        self.errors_file = self.folder / "errors.log"

    @property
    def address(self) -> str:
        return f"{HOST}:{self.port}"

    def start(self) -> None:
        script = self.folder / "scenario.xml"
        script.write_text(self.expanded())
        self.launch(
            [
                "/usr/bin/sipp",
                *([self.remote] if self.remote else []),
                "-sf",
                script,
                "-i",
                HOST,
                "-p",
                str(self.port),
                "-m",
                str(self.calls),
                "-l",
                str(self.calls),
                "-r",
                "20",
                "-d",
                str(self.pause_ms),
                "-mi",
                HOST,
                "-mp",
                str(self.rtp_port),
                *(["-rtp_echo"] if self.echo else []),
                "-s",
                self.user,
                "-au",
                self.auth_user,
                "-ap",
                self.password,
                "-timeout",
                f"{self.limit_s}s",
                "-timeout_error",
                "-recv_timeout",
                str(1000 * self.limit_s),
                "-nostdin",
                "-skip_rlimit",
                "-trace_msg",
                "-message_file",
                self.messages_file,
                "-trace_err",
                "-error_file",
                self.errors_file,
            ]
        )
        self.until(lambda: self.listening() or self.finished, 5, "its SIP port open")

    def expanded(self) -> str:
        """The scenario with the values put in."""
        text = (FILES / "sipp" / f"{self.scenario}.xml").read_text()
        for name, value in {"auth_user": self.auth_user, "password": self.password, **self.values}.items():
            text = text.replace(f"@{name}@", str(value))
        open_names = re.findall(r"@([a-z_]+)@", text)
        if open_names:
            raise ValueError(f"{self.scenario}: no value for {sorted(set(open_names))}")
        return text

    def listening(self) -> bool:
        """Whether the UDP port is bound, from the kernel's table (a probe would count as a call)."""
        wanted = f"0100007F:{self.port:04X}"
        return any(line.split()[1] == wanted for line in Path("/proc/net/udp").read_text().splitlines()[1:])

    @property
    def finished(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def expect_success(self, within_s: float | None = None) -> None:
        """Wait for the end; BenchError with the messages unless every call went as the scenario says."""
        self.until(lambda: self.finished, within_s or self.limit_s + 2, "the end of the scenario")
        assert self.process is not None
        if self.process.returncode:
            code = self.process.returncode
            raise self.error(f"a call did not go as {self.scenario}.xml says (exit {code})")

    @property
    def messages(self) -> str:
        """Every message sent and received so far, with SIPp's headings."""
        if self.messages_file.exists():
            self._last_messages = self.messages_file.read_text(errors="replace")
        return self._last_messages

    def received(self, start: str, cseq: str = "") -> int:
        """How many messages came in that begin with `start` (and have this CSeq method), repeats included."""
        found = re.findall(r"message received[^\n]*\n\n(.*?)(?=\n-{10,}|\Z)", self.messages, re.S)
        return sum(
            text.startswith(start) and re.search(rf"^CSeq: \d+ {cseq}", text, re.M) is not None
            for text in found
        )

    @property
    def log(self) -> str:
        if self.folder.exists():
            errors = self.errors_file.read_text(errors="replace") if self.errors_file.exists() else ""
            self._last_log = (super().log if not self.messages else "") + self.messages + errors
        return self._last_log
