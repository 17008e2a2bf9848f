"""`time` as the model's clock, which goes on only when somebody waits."""

from model_registers import advance, milliseconds


def sleep_ms(ms):
    advance(8 * ms)


def ticks_ms():
    return milliseconds()
