"""`machine` with what the PCM port needs, on the model of the registers."""

from model_registers import I2S, mem32  # noqa: F401


class Pin:
    def __init__(self, number):
        self.number = number
