# runs on: cpython
"""Short strings of a module that is forgotten: what MicroPython interns of them, what the program does."""

import subprocess
from pathlib import Path

import pytest

from host_tools.mpy import compile_module
from host_tools.shrink.mpy_file import names_of
from host_tools.shrink.passing import loosen_strings
from support.runtimes import micropythons

NEW = [f"zq{number}z" for number in range(200)]  # more than one byte can number
SOURCE = f"""
import sys
class Holder:
    def tell(self, word, other="zdefz"):
        return {{"zkeyz": word, "zposz": other}}
def known(*, zwordz):
    return zwordz == "zvalz" and zwordz in ("zvalz", "zelsez")
def tell():
    made = Holder().tell("zvalz", other="zothz")
    if "zqnoz" in sys.modules:
        raise ValueError("zbadz")
    made["zattrz"] = getattr(sys, "version_info")[0] > 0 and hasattr(Holder, "tell")
    return known(zwordz="zvalz"), sorted(made.items()), "%s-%d" % ("zfmtz", 3), made["zkeyz"] + "zendz"
WORDS = [{", ".join(map(repr, NEW))}]
"""
PROGRAM = """
import micropython, passing
print(passing.tell(), passing.WORDS)
micropython.qstr_info(1)
"""


def test_strings_are_no_names_any_more_but_names_and_what_is_interned_anyway_stay() -> None:
    plain = compile_module("passing", SOURCE, "x86")
    loose = names_of(loosen_strings(plain, {"zfmtz"}))
    assert {"zkeyz", "zvalz", "zendz", "zothz"} <= names_of(plain) - loose
    assert {"zfmtz", "zwordz", "Holder", "tell", "other", "made"} & names_of(plain) <= loose | {"made"}
    assert len(loose & set(NEW)) < 80  # those whose place in the other table takes more bytes stay


def test_a_file_with_native_code_stays_as_it_is() -> None:
    source = "import micropython\n@micropython.viper\ndef f(x: int) -> int:\n    return x\nWORD = 'zwordz'\n"
    plain = compile_module("native", source, "x86")
    assert loosen_strings(plain, ()) == plain


@pytest.mark.parametrize("runtime", micropythons())
def test_the_program_is_the_same_and_fewer_strings_stay(runtime: str, tmp_path: Path) -> None:
    printed, interned = [], []
    for name, change in ("plain", bytes), ("loose", lambda data: loosen_strings(data, {"zwordz"})):
        folder = tmp_path / name
        folder.mkdir()
        compiled = compile_module("passing", SOURCE, "x64" if "64" in runtime else "x86")
        (folder / "passing.mpy").write_bytes(change(compiled))
        (folder / "main.py").write_text(PROGRAM)
        command = [micropythons()[runtime], folder / "main.py"]
        done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=folder)
        answer, *rest = done.stdout.splitlines()
        printed.append(answer)
        interned.append({line for line in rest if line.startswith("Q(z")})
    assert printed[0] == printed[1]
    assert printed[0].startswith("(True, [('zattrz', True), ('zkeyz', 'zvalz'), ('zposz', 'zothz')]")
    assert len(interned[0]) - len(interned[1]) > 120
