"""One running adapter with the firmware for the ESP32: its main.py and HAL, on the models of this package,
the virtual board on the other side of SPI, interrupt and PCM."""

import asyncio
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from host_tools import boards
from host_tools.esp32_model.board_server import I2sBoardServer
from host_tools.esp32_model.registers import Registers, RegisterServer
from host_tools.virtual_board.child import FirmwareProcess
from host_tools.virtual_board.server import BoardServer
from host_tools.virtual_board.session import Session

DEVICE = Path(__file__).with_name("device")
WIFI = {"wifi": {"1": {"ssid": "home", "password": "secret1234"}}}
# Bytes of the file `faults`: see device/model.py.
NUMBER, MISSED, STALL, BUTTON, WIFI_GONE = range(5)
_FAULT_BYTES = 8
LOW_PORTS = 21000  # added to ports below 1024


class Esp32Session(Session):
    """`board_name`: a file of boards/. `stand_in`: the PCM port is not esp32_pcm on the I2S model, but one
    that talks to the virtual board directly. `wifi`: "ssid password …" in reach. `data`: the board's
    description, if not the file's."""

    def __init__(
        self,
        config: dict[str, Any] | None = None,
        *,
        board_name: str = "esp32-wroom",
        stand_in: bool = True,
        wifi: str = "home secret1234",
        data: dict[str, Any] | None = None,
        **options: Any,
    ):
        super().__init__(config, runtime="mp32", **options)
        self._data = data or boards.load(board_name).data
        self._stand_in = stand_in
        self._wifi = wifi
        self._faults = bytearray(_FAULT_BYTES)
        self.registers: Registers | None = None
        self._register_server: RegisterServer | None = None
        self._trees: tempfile.TemporaryDirectory[str] | None = None

    async def _start(self) -> None:
        if self._folder is None:
            self._own_folder = tempfile.TemporaryDirectory(prefix="ata-")
            self._folder = Path(self._own_folder.name)
        if not (self._folder / "config.json").exists():
            text = json.dumps(self.config) if self._config_text is None else self._config_text
            (self._folder / "config.json").write_text(text)
        (self._folder / "board.json").write_text(json.dumps(self._data))
        (self._folder / "secret").write_text("abcd2345efgh6789")
        (self._folder / "faults").write_bytes(self._faults)
        self.board.listeners.append(self._board_event)
        for port in self._absent:
            self.board.silent(port)
        environment = {}
        if self._stand_in:
            self._server = BoardServer(self.board)
        else:
            self.registers = Registers(self._folder / "window")
            self._register_server = RegisterServer(self.registers)
            environment = self._register_server.environment
            self._server = I2sBoardServer(self.board, self.registers, self._data["pcm"]["unit"])
        await self._server.start()
        options = ["-X", f"heapsize={self._heap}"] if self._heap else []
        compiled = (self._tree / "main.mpy").exists()
        tree = self._with_stand_in() if self._stand_in and not compiled else self._tree
        self._firmware = FirmwareProcess(
            [self._program, *options, *(["-m", "main"] if compiled else [tree / "main.py"])],
            {
                "MICROPYPATH": f"{DEVICE}:{tree}:.frozen",
                "HOME": str(self._folder),
                **environment,
                "ATA_LINKS": " ".join(map(str, self.ports)),
                "ATA_WIFI": self._wifi,
                "ATA_LOW_PORTS": str(LOW_PORTS),
            },
            self._console_line,
            self._ended,
            self._folder,
        )
        await self._firmware.start()

    async def _stop(self) -> None:
        await super()._stop()
        if self._register_server is not None:
            self._register_server.close()
        if self._trees is not None:
            self._trees.cleanup()

    def _with_stand_in(self) -> Path:
        """The firmware's tree with another PCM port, by links."""
        self._trees = tempfile.TemporaryDirectory(prefix="ata-tree-")
        tree = Path(self._trees.name)
        hal = tree / "ata/hal"
        hal.mkdir(parents=True)
        shutil.copy(self._tree / "main.py", tree)  # a link would lead to the folder it points to
        for path in (self._tree / "ata").iterdir():
            if path.name != "hal":
                (tree / "ata" / path.name).symlink_to(path)
        for path in (self._tree / "ata/hal").glob("*.py"):
            stand_in = DEVICE / "stand_in_pcm.py"
            (hal / path.name).symlink_to(stand_in if path.name == "esp32_pcm.py" else path)
        return tree

    def set_fault(self, **values: int) -> None:
        """The faults of the ESP32's side: missed (ticks), stall (units of 10 ms), button, wifi_gone."""
        places = {"missed": MISSED, "stall": STALL, "button": BUTTON, "wifi_gone": WIFI_GONE}
        self._faults[MISSED] = self._faults[STALL] = 0
        for name, value in values.items():
            self._faults[places[name]] = value
        self._faults[NUMBER] = (self._faults[NUMBER] + 1) % 256
        assert self._folder is not None
        with open(self._folder / "faults", "r+b") as file:  # in place: the firmware keeps it open
            file.write(self._faults)

    async def wait_for(self, text: str, within: float) -> bool:
        """Wait until the serial line has said `text`, now or before."""
        for _ in range(round(within / 0.05)):
            if any(text in line for line in self.console_lines):
                return True
            await asyncio.sleep(0.05)
        return False
