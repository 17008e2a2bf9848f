"""The ESP32 around the firmware, modelled: device/ has MicroPython modules in place of machine, network and
esp32, on which the unchanged HAL runs under the 32-bit Unix port."""
