"""Names that are there already: in MicroPython's ROM, at no cost, and on the objects of a board."""

from pathlib import Path

# Those of every build for this version of the .mpy format (py/makeqstrdata.py, static_qstr_list) that can
# stand for a name of ours: no built-in function, nothing that the compiler takes for more than a name.
IN_EVERY_ROM = (
    "append args clear close copy count end endswith extend find format from_bytes get index insert isalpha"
    " isdigit islower isspace isupper items join key keys little lower lstrip main pop popitem read readinto"
    " readline remove replace reverse rfind rindex rsplit rstrip send sep setdefault sort split start"
    " startswith step stop strip throw to_bytes update upper value values write"
).split()

# What Debian's MicroPython 1.25 for 32 bits and 1.29 for 64 bits have in common: names that add no entry to
# micropython.qstr_info(). In a board's ROM a few are missing: they cost what others do.
ROM_NAMES = frozenset(Path(__file__).with_name("rom_names.txt").read_text().split()).union(IN_EVERY_ROM)

# Attributes of what a board's modules make (machine, network, esp32) that are not in ROM above: an object of
# ours that has one of these names and one of the board's could not be told apart.
BOARD_NAMES = frozenset(
    (
        "active add_peer alarm antenna atten bitstream block board bpp channel clock_div commit config"
        " country datetime deepsleep deinit del_peer disable_irq disconnect drive duty duty_ns duty_u16"
        " enable_irq erase_key feed flash_erase flash_read flash_size flash_user_start flash_write freq"
        " get_blob get_i32 get_next_update get_peer get_peers hostname idf_heap_info ifconfig info init"
        " ipconfig irecv irq isconnected lightsleep loop_count mac mark_app_valid_cancel_rollback memory"
        " osdebug phy_mode pin pull raw_temperature read_u16 read_uv readbit readbyte readfrom readfrom_into"
        " readfrom_mem readfrom_mem_into recvinto reset reset_cause scan sendbreak set_blob set_boot set_i32"
        " shift source_freq ssid stats status timing toggle txdone unique_id wait_done wake_reason width"
        " write_pulses write_readinto writebit writebyte writeto writeto_mem writevto"
    ).split()
)
