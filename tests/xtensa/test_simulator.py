"""Memory with bounds, calls, and what the machine refuses."""

import pytest

from host_tools.xtensa.machine import BASE, EXIT, Machine, MachineFault

RET = bytes.fromhex("0df0")
LOADS = {1: "220200", 2: "221200", 4: "222200"}  # l8ui, l16ui, l32i a2, a2, 0
STORES = {1: "324200", 2: "325200", 4: "326200"}  # s8i, s16i, s32i a3, a2, 0


def _run(code: str, *arguments: int, machine: Machine) -> int:
    return machine.call0(machine.allocate(bytes.fromhex(code) + RET), *arguments)


@pytest.mark.parametrize("size", (1, 2, 4))
def test_loads_and_stores_reach_every_byte_of_an_allocation_and_none_beside(size: int) -> None:
    machine = Machine()
    buffer = machine.allocate(bytes(range(1, 9)))
    assert _run(LOADS[size], buffer, machine=machine) == int.from_bytes(bytes(range(1, size + 1)), "little")
    _run(STORES[size], buffer + 8 - size, 0x55555555, machine=machine)
    assert machine.read(buffer, 8) == bytes(range(1, 9 - size)) + b"\x55" * size
    for beside in (buffer - size, buffer + 8):
        for code in (LOADS[size], STORES[size]):
            with pytest.raises(MachineFault, match="beside every allocation"):
                _run(code, beside, 0, machine=machine)


@pytest.mark.parametrize(("size", "address"), ((2, 1), (4, 2), (4, 1)))
def test_a_misaligned_access_is_refused_as_on_an_esp32(size: int, address: int) -> None:
    machine = Machine()
    buffer = machine.allocate(bytes(16))
    for code in (LOADS[size], STORES[size]):
        with pytest.raises(MachineFault, match="not aligned"):
            _run(code, buffer + address, 0, machine=machine)


def test_constants_cannot_be_written_and_the_fault_says_where() -> None:
    machine = Machine()
    constant = machine.allocate(b"\x07", writable=False)
    assert _run(LOADS[1], constant, machine=machine) == 7
    with pytest.raises(MachineFault, match=f"s8i at 0x[0-9a-f]+: 1 bytes at {constant:#x}"):
        _run(STORES[1], constant, 0, machine=machine)


def test_what_is_released_cannot_be_reached_any_more() -> None:
    machine = Machine()
    code = machine.allocate(bytes.fromhex(LOADS[1]) + RET)
    mark = machine.mark()
    buffer = machine.allocate(b"\x07")
    assert machine.call0(code, buffer) == 7
    machine.release(mark)
    with pytest.raises(MachineFault):
        machine.call0(code, buffer)


def test_addresses_outside_of_the_memory_are_told() -> None:
    machine = Machine()
    for address in (0, BASE - 1, EXIT, 0xFFFFFFFF):
        with pytest.raises(MachineFault, match="outside of the memory"):
            _run(LOADS[1], address, machine=machine)


def test_the_seventh_argument_of_call0_is_on_the_stack() -> None:
    machine = Machine()
    assert _run("2821", *range(10, 20), machine=machine) == 18  # l32i.n a2, a1, 8


def test_a_windowed_function_gets_its_own_registers_and_gives_back_a2() -> None:
    machine = Machine()
    # entry a1, 32; add.n a2, a2, a3; movi.n a7, 1; retw.n
    code = machine.allocate(bytes.fromhex("3641003a220c171df0"))
    assert machine.call8(code, 40, 2) == 42
    assert machine.count == 4


def test_a_python_function_can_be_called() -> None:
    machine = Machine()
    hook = machine.hook(lambda registers: registers[2] * registers[3])
    # entry a1, 32; mov.n a8, a2; mov.n a10, a3; mov.n a11, a4; callx8 a8; mov.n a2, a10; retw.n
    code = machine.allocate(bytes.fromhex("3641008d02ad03bd04e008002d0a1df0"))
    assert machine.call8(code, hook, 6, 7) == 42


def test_an_endless_program_is_stopped() -> None:
    machine = Machine(limit=1000)
    with pytest.raises(MachineFault, match="more than 1000 instructions"):
        _run("06ffff", machine=machine)  # j to itself
