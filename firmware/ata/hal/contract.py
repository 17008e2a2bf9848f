"""What a board gives the firmware. `esp32*.py` (one file a board family) and the virtual board implement
these shapes; nothing inherits from them and nothing imports this page on the device: it is the agreement.

Every call but Net.lookup returns at once. What is missing at start raises HardwareFault with the reason; a
board that is lost while it works raises BoardLost from whatever was called.
"""

BLOCK_FRAMES = 80  # frames (one sample of each port) in one PCM block: 10 ms at 8 kHz


class SpiBus:
    """The SPI path to one chip: its chip select and mode are the board's business."""

    def transfer(self, tx, rx):
        """Clock out the bytes of `tx` in one chip-select frame while filling `rx` (same length)."""
        raise NotImplementedError


class IrqLine:
    """The chips' interrupt lines, wired together."""

    def active(self):
        """True while any chip asks for service."""
        raise NotImplementedError


class PcmPort:
    """Full-duplex audio of both ports, in blocks of BLOCK_FRAMES × (port 1, port 2) signed 16-bit samples.

    The board buffers at least 60 ms each way, so that a stall (garbage collection, a flash write)
    loses nothing. Neither read nor write allocates.
    """

    clock_hz = 0  # PCLK
    slots = (0, 0)  # of port 1 and 2: the PCLK after FSYNC at which their 16 bits begin
    echo_delay = -1  # samples from write() of a block to its echo in read(), if the board knows it
    lost = 0  # blocks that came or went too late: heard as a gap

    def start(self):
        """Start the clock (PCLK, FSYNC) and both directions. Must precede the release of the SLIC reset."""
        raise NotImplementedError

    def clock_stopped(self, now):
        """True if the clock stands still, as far as the board can tell: the chips then need a reset. To be
        asked every few ms."""
        raise NotImplementedError

    def read(self, block):
        """Fill `block` (320 bytes) with the oldest block not yet read; False if there is none yet."""
        raise NotImplementedError

    def write(self, block):
        """Queue `block` (320 bytes) for playing."""
        raise NotImplementedError


class Store:
    """Small named files that survive a power cut."""

    def read(self, name):
        """The bytes stored under `name`, or None."""
        raise NotImplementedError

    def write(self, name, data):
        """Replace `name` at once and wholly: after a power cut it holds the old or the new bytes."""
        raise NotImplementedError


class UdpSocket:
    """One bound UDP socket, never blocking."""

    port = 0

    def recvfrom(self, size):
        """The next datagram as (bytes, (ip text, port)), or None. Allocates."""
        raise NotImplementedError

    def readinto(self, buffer):
        """Fill `buffer` from the queue; the number of bytes, or None. Merges datagrams shorter than the
        buffer and cuts longer ones (a property of MicroPython's streams), but allocates nothing."""
        raise NotImplementedError

    def recv(self, size):
        """The next datagram as bytes, or None. Allocates."""
        raise NotImplementedError

    def sendto(self, data, address):
        """Send one datagram to `address` (made by Net.address). False if it could not be sent."""
        raise NotImplementedError

    def close(self):
        raise NotImplementedError


class Net:
    """The network is looked for and kept by step(), in the background; sockets may be made before it is
    there."""

    def begin(self, name, networks):
        """Our host name, and the Wi-Fi networks to try, in this order: (ssid, password) each."""
        raise NotImplementedError

    def configured(self):
        """False if there is nothing to look for: no Wi-Fi network is set, and the board has no Ethernet."""
        raise NotImplementedError

    def step(self, now):
        """To be called about ten times a second. Never waits."""
        raise NotImplementedError

    def open_point(self, ssid, password):
        """Be a Wi-Fi access point (WPA2) of that name; our IPv4 address there as text."""
        raise NotImplementedError

    def local_ip(self):
        """Our IPv4 address as text, or None while there is no network."""
        raise NotImplementedError

    def udp(self, port):
        """A UdpSocket bound to `port` (0: any free one). HardwareFault if it is in use."""
        raise NotImplementedError

    def address(self, ip, port):
        """What sendto wants for an IPv4 address (text) and port."""
        raise NotImplementedError

    def lookup(self, host):
        """The IPv4 address (text) of a host name, None if it has none. May block for seconds."""
        raise NotImplementedError


class Identity:
    mac = b""  # six bytes, the board's own

    def random(self, count):
        """`count` bytes from the board's random source."""
        raise NotImplementedError


class Hal:
    """One board. The composition root receives this and nothing else from outside."""

    name = ""
    start_cause = ""  # why the board has started, for the log
    pump_faults = 0  # exceptions that came out of the step given to pump()
    ports = (1, 2)
    pcm = PcmPort()
    irq = IrqLine()
    store = Store()
    net = Net()
    identity = Identity()

    def ticks(self):
        """Milliseconds modulo 2**30 (ata.base.clock)."""
        raise NotImplementedError

    def wall_time(self):
        """The local time as (month, day, hour, minute), None while it is not known."""
        raise NotImplementedError

    def spi(self, port):
        """The SpiBus of one port's chip."""
        raise NotImplementedError

    def slic_reset(self, asserted):
        """Drive the chips' common reset line."""
        raise NotImplementedError

    def pump(self, step):
        """Arrange for `step()` to be called every 10 ms or sooner, ahead of asyncio (a soft timer on the
        ESP32). False if the board has no such means: then the media task calls it itself."""
        raise NotImplementedError

    def console_read(self):
        """The next whole line typed on the serial line, without its end, or None."""
        raise NotImplementedError

    def console_write(self, text, end="\n"):
        """A line of text to the serial line, or with another `end` a part of one."""
        raise NotImplementedError

    def feed_watchdog(self):
        """Once a second. The first time starts the watchdog, which restarts the board eight seconds after the
        last one."""
        raise NotImplementedError

    def led(self, number, on):
        """Switch a lamp: 0 the status, 1 and 2 the ports. Nothing happens if the board has none."""
        raise NotImplementedError

    def button(self):
        """True while the board's button is pressed."""
        raise NotImplementedError

    def steady(self):
        """The service has run for a minute: crashes before that are forgotten. May write to the flash."""
        raise NotImplementedError

    def restart(self):
        """Start the board again, at once."""
        raise NotImplementedError
