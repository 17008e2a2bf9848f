"""Kamailio as registrar and record-routing proxy: accounts in the script, locations in memory."""

import json
import socket
import time

from .ports import HOST, free_port
from .program import FILES, Program

REALM = "bench"


class Kamailio(Program):
    """`accounts` maps user name to password; calls need digest as well as registrations.

    refuse_with_403: a wrong password is answered 403 (as by many providers) and not by a new challenge.
    grant_s: the longest registration it grants, seconds.
    nonce_s: life of a nonce, seconds; a later use of it gets stale=true.
    algorithm: "MD5" or "SHA-256" (RFC 7616).
    """

    def __init__(
        self,
        accounts: dict[str, str],
        refuse_with_403: bool = False,
        grant_s: int = 600,
        nonce_s: int = 300,
        algorithm: str = "MD5",
    ):
        super().__init__("kamailio")
        self.accounts = accounts
        self.options = {
            **({"REFUSE_WITH_403": 1} if refuse_with_403 else {}),
            "GRANT_S": grant_s,
            "NONCE_S": nonce_s,
            "ALGORITHM": f'"{algorithm}"',
            "REALM": f'"{REALM}"',
            "CONTROL": f'"{self.folder}/control"',
        }
        self.port = free_port()

    @property
    def address(self) -> str:
        return f"{HOST}:{self.port}"

    def start(self) -> None:
        """Also starts it again, on the same port and without locations, after stop()."""
        passwords = "\n".join(
            f'    if ($au == "{user}") $var(password) = "{word}";' for user, word in self.accounts.items()
        )
        text = (FILES / "kamailio/kamailio.cfg").read_text().replace("# @PASSWORDS@", passwords)
        script = self.folder / "kamailio.cfg"
        script.write_text(text)
        defines = [part for name, value in self.options.items() for part in ("-A", f"{name}={value}")]
        self.launch(
            [
                "/usr/sbin/kamailio",
                "-DD",
                "-E",
                "-f",
                script,
                "-l",
                f"udp:{self.address}",
                "-m",
                "16",
                "-M",
                "4",
                "-Y",
                self.folder,
                "-w",
                self.folder,
                *defines,
            ]
        )
        self.until(self.answers, 8, "an answer to OPTIONS")

    def answers(self) -> bool:
        """Whether it answers an OPTIONS to itself (RFC 3261 §11)."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind((HOST, 0))
            probe.connect((HOST, self.port))
            probe.settimeout(0.2)
            own = f"{HOST}:{probe.getsockname()[1]}"
            try:
                unique = time.time_ns()
                probe.send(
                    f"OPTIONS sip:{self.address} SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch=z9hG4bK{unique}\r\n"
                    f"From: <sip:probe@{own}>;tag=1\r\nTo: <sip:{self.address}>\r\nCall-ID: {unique}\r\n"
                    "CSeq: 1 OPTIONS\r\nMax-Forwards: 5\r\nContent-Length: 0\r\n\r\n".encode()
                )
                return probe.recv(2000).startswith(b"SIP/2.0 200")
            except OSError:  # time-out, or ICMP port unreachable
                return False

    def command(self, method: str, *params: str):
        """Result of a JSON-RPC command, None when Kamailio answers with an error."""
        own = self.folder / f"reply-{time.time_ns()}"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as control:
            control.bind(str(own))
            control.settimeout(2)
            control.sendto(
                json.dumps({"jsonrpc": "2.0", "method": method, "params": list(params), "id": 1}).encode(),
                str(self.folder / "control"),
            )
            reply = json.loads(control.recv(65536))
        own.unlink()
        return reply.get("result")

    def contact(self, user: str) -> str | None:
        """Registered contact address of a user, as it is in the location table."""
        record = self.command("ul.lookup", "location", user)
        return record["Contacts"][0]["Contact"]["Address"] if record else None

    def wait_registered(self, user: str, within_s: float = 5) -> str:
        contact = self.until(lambda: self.contact(user), within_s, f"a registration of {user}")
        assert contact
        return contact

    def forget(self, user: str) -> None:
        """Drop a registration behind the user's back."""
        self.command("ul.rm", "location", user)

    def count(self, line: str) -> int:
        """How often a line of its request log was written, for example "REGISTER 101 200"."""
        return sum(text.rstrip().endswith(line) for text in self.log.splitlines())
