"""baresip as a far phone: microphone from WAV, earpiece to WAV, controlled over its ctrl_tcp module."""

import json
import re
import socket
import threading
import time
from pathlib import Path

from . import wav
from .ports import HOST, free_port
from .program import FILES, Program

_RTP_PORTS = 16


class Baresip(Program):
    """One baresip with one account.

    microphone: WAV, 16 bit mono 8 kHz, played from the beginning of each call; it should outlast the call.
    server: "host:port" of registrar and proxy; None for a phone that is called directly.
    password: never empty, or baresip would ask for it.
    answer: "auto" or "manual" (then accept()).
    codecs: in the order of its offer, "pcmu" and "pcma".
    mux: wants RTCP on the port of RTP. ptime: ms of the packets that it sends and asks for.
    """

    def __init__(
        self,
        user: str,
        microphone: Path,
        server: str | None = None,
        password: str = "none",
        answer: str = "auto",
        codecs: str = "pcmu,pcma",
        mux: bool = False,
        ptime: int = 20,
    ):
        super().__init__(f"baresip-{user}")
        self.user, self.microphone, self.server, self.password = user, microphone, server, password
        self.answer, self.codecs = answer, codecs
        self.mux, self.ptime = mux, ptime
        self.port = free_port()
        self.control_port = free_port()
        self.rtp_port = free_port(_RTP_PORTS)
        self.events: list[dict] = []
        self._arrived = threading.Condition()
        self._replies: dict[str, dict] = {}
        self._control: socket.socket | None = None

    @property
    def address(self) -> str:
        return f"{HOST}:{self.port}"

    def start(self) -> None:
        self._write_files()
        self.launch(["/usr/bin/baresip", "-f", self.folder, "-p", self.folder, "-t", "120", "-s"])
        self.expect_log("baresip is ready.")
        self._control = self.until(self._connect, 5, "its control port open")
        threading.Thread(target=self._read_control, name=self.name, daemon=True).start()
        if self.server:
            # It registers before the control link is there, so its log tells and not an event.
            self.expect_log("200 OK () [1 binding]")

    def _write_files(self) -> None:
        recordings = self.folder / "recordings"
        recordings.mkdir(exist_ok=True)
        text = (FILES / "baresip/config").read_text()
        for name, value in {
            "SIP": self.address,
            "CONTROL": f"{HOST}:{self.control_port}",
            "MICROPHONE": self.microphone.resolve(),
            "RECORDINGS": recordings,
            "MUX": "yes" if self.mux else "no",
            "RTP": f"{self.rtp_port}-{self.rtp_port + _RTP_PORTS - 1}",
        }.items():
            text = text.replace(f"@{name}@", str(value))
        (self.folder / "config").write_text(text)
        account = f"<sip:{self.user}@{self.server or self.address}>;answermode={self.answer}"
        account += f";audio_codecs={self.codecs};ptime={self.ptime}"
        account += f";auth_user={self.user};auth_pass={self.password};regint={60 if self.server else 0}"
        (self.folder / "accounts").write_text(account + "\n")
        (self.folder / "contacts").write_text("")

    def _connect(self) -> socket.socket | None:
        try:
            link = socket.create_connection((HOST, self.control_port), 0.2)
        except OSError:
            return None
        link.settimeout(None)
        return link

    def _read_control(self) -> None:
        """Thread: netstrings (length ":" JSON ",") into events and replies, until the link closes."""
        link, buffer = self._control, b""
        assert link is not None
        while True:
            try:
                data = link.recv(65536)
            except OSError:
                return
            if not data:
                return
            buffer += data
            while match := re.match(rb"(\d+):", buffer):
                end = match.end() + int(match[1])
                if len(buffer) <= end:
                    break
                message = json.loads(buffer[match.end() : end])
                buffer = buffer[end + 1 :]
                with self._arrived:
                    if message.get("event"):
                        self.events.append({**message, "time": time.monotonic()})
                    else:
                        self._replies[message.get("token", "")] = message
                    self._arrived.notify_all()

    def command(self, command: str, params: str = "", within_s: float = 3) -> str:
        """A command of baresip's menu without its slash, for example "dial"; returns what it printed."""
        assert self._control is not None
        token = str(time.monotonic_ns())
        text = json.dumps({"command": command, "params": params, "token": token}).encode()
        self._control.sendall(b"%d:%s," % (len(text), text))
        with self._arrived:
            if not self._arrived.wait_for(lambda: token in self._replies, within_s):
                raise self.error(f"no reply to {command} {params}")
            reply = self._replies.pop(token)
        if not reply.get("ok"):
            raise self.error(f"{command} {params}: {reply.get('data')}")
        return str(reply.get("data", ""))

    def wait_event(self, kind: str, within_s: float = 5, after: int = 0, **fields: str) -> dict:
        """First event of this kind (REGISTER_OK, CALL_INCOMING, CALL_ESTABLISHED, CALL_DTMF_START, …) since
        event number `after`, with these fields."""

        def found():
            return next(
                (
                    event
                    for event in self.events[after:]
                    if event["type"] == kind
                    and all(event.get(name) == value for name, value in fields.items())
                ),
                None,
            )

        with self._arrived:
            event = self._arrived.wait_for(found, within_s)
        if not event:
            seen = " ".join(event["type"] for event in self.events)
            raise self.error(f"no {kind} {fields or ''} within {within_s} s; it had: {seen}")
        return event

    def dial(self, target: str) -> None:
        """Call a number of its server's or a "sip:user@host:port"."""
        self.command("dial", target)

    def accept(self) -> None:
        self.command("accept")

    def hang_up(self) -> None:
        self.command("hangup")

    def hold(self) -> None:
        self.command("hold")

    def resume(self) -> None:
        self.command("resume")

    def send_digits(self, digits: str, gap_s: float = 0.2) -> None:
        """RFC 4733 events, one after another."""
        for digit in digits:
            self.command("sndcode", digit)
            time.sleep(gap_s)

    @property
    def digits(self) -> str:
        """Digits that the other side has sent, in order."""
        return "".join(event.get("param", "") for event in self.events if event["type"] == "CALL_DTMF_START")

    def heard(self) -> wav.Samples:
        """What its earpiece got in its calls so far, one after another; complete after CALL_CLOSED.

        baresip 1.0 loses its audio filters at a re-INVITE: what comes after one is heard, but not recorded.
        """
        return self._recorded("dec")

    def spoken(self) -> wav.Samples:
        """What it sent."""
        return self._recorded("enc")

    def _recorded(self, way: str) -> wav.Samples:
        files = sorted((self.folder / "recordings").glob(f"dump-*-{way}.wav"))
        if not files:
            raise self.error(f"no recording ({way})")
        return wav.join([wav.read(file) for file in files])

    def stop(self) -> None:
        control, self._control = self._control, None
        if control:
            control.close()
        super().stop()
