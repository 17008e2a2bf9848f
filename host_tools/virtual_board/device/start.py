# Starts the firmware on the virtual board: micropython start.py SPI_PORT IRQ_PORT PCM_PORT FOLDER
# The folder holds config.json. What boot.py and main.py are on a real board.
import gc
import sys

from ata.base.errors import BoardLost, HardwareFault
from hal_virtual import VirtualHal


def main():
    # Modules and objects that stay must not be strewn among the garbage of the start: see ata.app.start.
    gc.threshold(1024)
    from ata.app import start

    try:
        spi, irq, pcm = [int(argument) for argument in sys.argv[1:4]]
        service = start(VirtualHal(spi, irq, pcm, sys.argv[4]))
        del start
        service.run()
    except (BoardLost, HardwareFault) as error:
        print("stopped: %s" % error)
        sys.exit(3)
    except KeyboardInterrupt:
        print("stopped: interrupted")
        sys.exit(0)


main()
