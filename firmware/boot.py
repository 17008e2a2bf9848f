# Runs before main.py, also in safe mode. There is nothing to do here: what the board needs is set by
# ata.hal.esp32, and main.py decides whether that is to run.
