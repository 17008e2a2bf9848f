"""The power goes at every write and erase of a change of settings, on the file system that the ESP32 has."""

import vfs

from ata.config.stored import load_stored
from ata.hal.esp32_store import Store

BLOCK = 4096
BLOCKS = 16
OLD = b'{"name": "old"}'
NEW = b'{"name": "new", "directory": {%s}}' % b", ".join([b'"%d": "a@b.example"' % n for n in range(60)])


class PowerCut(Exception):
    pass


class Flash:
    """As esp32.Partition shows flash: an erase makes ones, a write turns ones into zeros. After `left` of
    them the power goes; `torn`: in the middle of the last one."""

    def __init__(self, content=None):
        self.content = bytearray(content or b"\xff" * BLOCK * BLOCKS)
        self.left = 1000000
        self.torn = False
        self.done = 0

    def _count(self):
        """What part of the present operation happens: 2 halves, 1 or 0."""
        if self.left < 0:
            raise PowerCut
        self.left -= 1
        self.done += 1
        return 2 if self.left >= 0 else 1 if self.torn else 0

    def readblocks(self, block, buffer, offset=0):
        at = block * BLOCK + offset
        buffer[:] = self.content[at : at + len(buffer)]

    def writeblocks(self, block, buffer, offset=0):
        halves = self._count()
        at = block * BLOCK + offset
        for i in range(len(buffer) * halves // 2):
            assert self.content[at + i] & buffer[i] == buffer[i], "written without an erase"
            self.content[at + i] &= buffer[i]
        if halves < 2:
            raise PowerCut

    def ioctl(self, operation, block):
        if operation == 4:
            return BLOCKS
        if operation == 5:
            return BLOCK
        if operation == 6:
            halves = self._count()
            size = BLOCK * halves // 2
            self.content[block * BLOCK : block * BLOCK + size] = b"\xff" * size
            if halves < 2:
                raise PowerCut
        return 0


class Log:
    def __init__(self):
        self.lines = []

    def warning(self, part, text):
        self.lines.append(text)

    error = warning


def mounted(flash):
    vfs.mount(vfs.VfsLfs2(flash), "/flash")


def start():
    """What the firmware starts with: the name in its settings, and where they are from."""
    settings, source = load_stored(Store("/flash/"), Log())
    return settings.get("name"), source


def change():
    """A new config.json, and the next start, which keeps it as the last good one."""
    Store("/flash/").write("config.json", NEW)
    return start()


def flash_with_history(changes):
    """A file system on which the settings were changed so often."""
    flash = Flash()
    vfs.VfsLfs2.mkfs(flash)
    mounted(flash)
    store = Store("/flash/")
    for number in range(changes):
        store.write("config.json", b'{"name": "n%d"}' % number)
        start()
    store.write("config.json", OLD)
    assert start() == ("old", "config.json")
    vfs.umount("/flash")
    return bytes(flash.content)


def operations(content):
    flash = Flash(content)
    mounted(flash)
    assert change() == ("new", "config.json")
    vfs.umount("/flash")
    return flash.done


def cut_everywhere(content, torn):
    """Which names were found after a cut, each operation in its turn."""
    found = []
    for left in range(operations(content)):
        flash = Flash(content)
        mounted(flash)
        flash.left, flash.torn = left, torn
        try:
            change()
        except PowerCut:
            pass
        else:
            raise AssertionError("there was no cut at %d" % left)
        vfs.umount("/flash")
        after = Flash(flash.content)
        mounted(after)
        name, source = start()
        assert name in ("old", "new") and source == "config.json", (left, name, source)
        found.append(name)
        assert start() == (name, source)
        # And the next change is none the worse for it.
        assert change() == ("new", "config.json")
        vfs.umount("/flash")
    return found


def test_a_cut_between_two_writes_leaves_the_old_or_the_new_settings():
    for changes in (0, 1, 7, 23):
        found = cut_everywhere(flash_with_history(changes), False)
        assert found[0] == "old" and found[-1] == "new" and len(found) >= 8, found
        assert found == sorted(found, reverse=True), found  # old … old new … new


def test_a_cut_in_the_middle_of_a_write_does_so_too():
    for changes in (0, 1, 7, 23):
        found = cut_everywhere(flash_with_history(changes), True)
        assert found[0] == "old" and found[-1] == "new", found


def test_a_store_that_writes_in_place_would_be_caught():
    """The test's own test: without the rename a cut leaves neither."""

    def write(self, name, data):
        file = open(self._folder + name, "wb")
        file.write(data[:8])
        file.flush()
        file.close()
        file = open(self._folder + name, "ab")
        file.write(data[8:])
        file.close()

    proper, Store.write = Store.write, write
    try:
        content = flash_with_history(0)
        try:
            cut_everywhere(content, False)
        except AssertionError:
            return
        raise ValueError("nothing noticed")
    finally:
        Store.write = proper
        try:
            vfs.umount("/flash")
        except OSError:
            pass


def test_what_was_never_written_is_none():
    mounted(Flash(flash_with_history(0)))
    assert Store("/flash/").read("nothing") is None
    vfs.umount("/flash")
