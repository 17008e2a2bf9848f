"""Files on the ESP32's littlefs, replaced so that a power cut leaves the old or the new.

littlefs makes what was written to a file part of the file system when the file is closed, and a rename over
an old file at one stroke (its DESIGN.md, "Metadata pairs"). An erase of the flash stops the whole chip for
some 80 ms: whoever writes waits for the end of the calls.
"""

import os


class Store:
    """`folder`: where the files are, with a slash at its end; "" for the present one, which is the root."""

    def __init__(self, folder):
        self._folder = folder

    def read(self, name):
        try:
            file = open(self._folder + name, "rb")
        except OSError:
            return None
        try:
            return file.read()
        finally:
            file.close()

    def write(self, name, data):
        path = self._folder + name
        file = open(path + ".new", "wb")
        try:
            file.write(data)
            file.flush()
        finally:
            file.close()
        os.rename(path + ".new", path)
