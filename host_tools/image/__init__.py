"""From the firmware's sources and a stock MicroPython image to one file that esptool writes to a board.

stock       what a person downloaded: is it a MicroPython that this board can run?
files       what the device's file system holds
filesystem  those files as a littlefs image
build       all of it, joined; manifest
sizes       per package, and what changed since the last release
serial      esptool and mpremote: flash, update over serial
"""
