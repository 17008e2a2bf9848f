"""What is drawn at random: tags, Call-IDs, branches, waits. `random(n)` -> n bytes is the board's."""

from binascii import hexlify


def token(random, n):
    """`n` random bytes as hexadecimal text."""
    return hexlify(random(n)).decode()


def between(random, low, high):
    """A random number, `low` … `high`, in 256 steps."""
    return low + (high - low) * random(1)[0] // 255
