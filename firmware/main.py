# Starts the firmware on an ESP32. Ctrl-C on the serial line ends it and leaves the prompt; after three
# crashes in a row without a minute of service it stays at the prompt by itself (safe mode).
import gc
import json
import sys
import time

from ata.base.errors import BoardLost, HardwareFault
from ata.base.log import Log
from ata.hal.esp32 import Esp32Hal
from ata.hal.esp32_guard import Guard


def main():
    # Modules and objects that stay must not be strewn among the garbage of the start: see ata.app.start.
    gc.threshold(1024)
    guard = Guard()
    file = open("board.json")
    board = json.load(file)
    file.close()
    if guard.safe:
        _safe_mode(guard, board)
        return
    hal = Esp32Hal(board, guard)
    try:
        from ata.app import start

        service = start(hal)
        del start
        service.run()
    except KeyboardInterrupt:
        hal.rest()
        print("stopped: the phones are out of service until machine.reset()")
    except (BoardLost, HardwareFault) as error:
        hal.rest()
        print("stopped: %s" % error)
    except Exception as error:
        sys.print_exception(error)  # type: ignore
        print("starting again in 3 s (Ctrl-C: stay here)")
        try:
            time.sleep(3)
        except KeyboardInterrupt:
            hal.rest()
            return
        hal.crashed()


def _safe_mode(guard, board):
    """No line chips, no calls: the network, so that a person can look, and the prompt."""
    from ata.tasks.safe import join_network

    print("SAFE MODE: three crashes in a row, the last start: %s. The phones are off." % guard.cause)
    ticks = time.ticks_ms  # type: Any
    log = Log(ticks, 512, lambda _level, line: print(line))
    print(join_network(board, log))
    print("Look at config.json, install the firmware again, or try again: import machine; machine.reset()")


main()
