"""What a line chip's driver offers the rest of the firmware. A chip file holds chip knowledge only; nothing
inherits from the class below and nothing but the constants is used on the device: it is the agreement.

Linefeed names:
    "open"      no feed: the phone is dead (battery drop, out of service)
    "forward"   feed, TIP positive: idle and in a call
    "reverse"   feed, RING positive (answer supervision by polarity)
    "oht"       on-hook transmission: feed with the voice path on, for caller ID
    "reverse_oht"  the same with RING positive, for caller ID that begins with a line reversal
    "ringing"   ringing voltage, until another linefeed is ordered or the phone is lifted
"""

# Bits of what service() returns
HOOK = 1  # off_hook has changed
RING_TRIP = 2  # the phone was lifted while ringing; the chip has changed to feed by itself
ALARM = 4  # the chip had cut the feed for too much power; it was switched on again
RESET = 8  # the chip has lost its state (supply, glitch): out of service until probe() and start() are done


class Slic:
    """One line chip. Constructor: (bus, pcm_slot, clock_hz): `bus.transfer(tx, rx)` exchanges as many bytes
    as both have in one chip-select frame; `pcm_slot` is the PCM clock, counted from the rise of FSYNC, at
    which this port's 16 bits begin; `clock_hz` the frequency of PCLK (8000 frames a second).

    Nothing here blocks or asks the time. Every method may raise HardwareFault with a reason that a person
    can act on; the line is then open (or out of reach), and only probe() is of use.
    """

    start_only = ()  # modules that only start() and set_ring() need: they can be forgotten in between
    name = ""  # chip and revision, after probe()
    ring_volts = 0  # Vrms as set: what was asked, or as much as the chip can give
    off_hook = False  # the loop as read last by service(); True after a ring trip

    def probe(self):
        """Find out which chip answers. Its clock must run and its reset be over (some 10 ms)."""
        raise NotImplementedError

    def start(self, settings):
        """A generator of milliseconds to wait (0: give way) that makes the chip ready with the line open.
        May be run again at any time after probe(). `settings`, each with a default:
            "loop_current"  20 mA (20 … 41)      "impedance"  index of the chip's table (ata.region)
            "ring_hz"       20 (16 … 60)         "ring_volts" 45 Vrms at the terminals, without load
            "rx_gain"       0 dB, network to phone; "tx_gain" 0 dB, phone to network; at most +6
        A value that the chip cannot give is taken as the nearest that it can.
        """
        raise NotImplementedError

    def linefeed(self, name):
        """Order a linefeed. The same one again does nothing."""
        raise NotImplementedError

    def service(self, now, interrupted=True):
        """To be called every 5 to 10 ms: reads the chip, returns the event bits above, allocates nothing.
        `interrupted`: False if the interrupt line is known to be idle (fewer transfers)."""
        raise NotImplementedError

    def set_ring(self, hz, volts):
        """Ringing frequency and Vrms, while not ringing."""
        raise NotImplementedError

    def measure(self):
        """What the chip's meters read: {"loop_v", "loop_ma", "tip_v", "ring_v", "battery_v"}: volts
        (negative to ground) and milliamperes."""
        raise NotImplementedError
