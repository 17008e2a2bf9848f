# runs on: cpython
"""A small program, shrunk, says what it said before. Both are run, in processes of their own."""

import re
import subprocess
import sys
import tempfile
from pathlib import Path
from textwrap import dedent

import pytest

from host_tools.mpy import FIRMWARE, VIRTUAL_BOARD
from host_tools.shrink import BUNDLE, Shrunk, shrink
from host_tools.shrink.bundle import link
from host_tools.shrink.overlay import labels
from host_tools.shrink.places import PLACES
from host_tools.shrink.program import parse

MICROPYTHON = "def const(x):\n    return x\n"


def says(modules: dict[str, str]) -> str:
    """What the program prints. `modules`: path → source."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in {**modules, "micropython.py": MICROPYTHON}.items():
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        done = subprocess.run(
            [sys.executable, "-m", "start"],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=20,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


def check(**sources: str) -> Shrunk:
    """Shrink a program of start.py and ata/<name>.py; run it before and after."""
    files = {
        ("" if name == "start" else "ata/") + f"{name}.py": dedent(text) for name, text in sources.items()
    }
    shrunk = shrink(files, "start")
    before = says(files)
    assert before
    assert says({f"{name}.py": text for name, text in shrunk.modules.items()}) == before
    return shrunk


def test_globals_of_the_same_name_in_two_modules_stay_two() -> None:
    shrunk = check(
        one="""
            from micropython import const
            _SIZE = const(7)
            state = []
            def step(n): state.append(n + _SIZE); return helper()
            def helper(): return "one", state
            """,
        two="""
            from micropython import const
            _SIZE = const(8)
            state = {}
            def step(n): state[n] = _SIZE; return helper()
            def helper(): return "two", state
            """,
        start="""
            from ata.one import step
            from ata.two import step as other
            print(step(1), other(2), step(3))
            """,
    )
    assert list(shrunk.modules) == [BUNDLE, "start"]


def test_a_module_used_by_its_name_is_dissolved_into_globals() -> None:
    shrunk = check(
        plan="""
            NONE = 0
            def match(text): return NONE if not text else len(text)
            """,
        start="""
            from ata import plan as digits
            def main():
                from ata import plan
                return plan.match("12"), plan.NONE == digits.match("")
            print(main())
            """,
    )
    assert "match" not in shrunk.modules["start"]


def test_imports_from_outside_are_kept_apart_when_they_differ() -> None:
    check(
        one="""
            from binascii import hexlify as text
            def show(data): return text(data)
            """,
        two="""
            from json import dumps as text
            import json
            def show(data): return text(data), json.loads("1")
            """,
        start="""
            from ata.one import show
            from ata.two import show as other
            print(show(b"a"), other([1]))
            """,
    )


FORGET = """
    import sys
    def forget(*names):
        for name in names:
            sys.modules.pop(name, None)
    """


def test_a_module_that_is_imported_in_functions_only_stays_one_that_can_be_forgotten() -> None:
    shrunk = check(
        unload=FORGET,
        errors="class Wrong(Exception): pass",
        rare="""
            from ata.errors import Wrong
            LIMIT = 3
            def work(n):
                if n > LIMIT:
                    raise Wrong("too much: %d" % n)
                return n * 2
            """,
        start="""
            import sys
            from ata.errors import Wrong
            from ata.unload import forget
            def use(n):
                from ata.rare import work
                try:
                    return work(n)
                except Wrong as error:
                    return type(error).__name__, str(error)
            print(use(2), use(5))
            print(len([name for name in sys.modules if name.endswith("rare")]))
            forget("ata.rare")
            print(len([name for name in sys.modules if name.endswith("rare")]), use(1))
            """,
    )
    assert set(shrunk.modules) == {BUNDLE, "ata_rare", "start"}


def test_a_module_that_only_forgettable_ones_import_is_forgettable_too() -> None:
    shrunk = check(
        shared="def double(n): return 2 * n",
        helper="""
            from ata.shared import double
            def work(n): return double(n) + 1
            """,
        rare="""
            from ata.helper import work
            def use(n): return work(n)
            """,
        start="""
            from ata.shared import double
            def use(n):
                from ata.rare import use
                return use(n)
            print(use(3), double(4))
            """,
    )
    assert set(shrunk.modules) == {BUNDLE, "ata_rare", "ata_helper", "start"}


def test_modules_of_a_package_that_is_named_in_a_string_stay_modules() -> None:
    files = {
        "ata/region/__init__.py": dedent(
            """
            def load(code):
                return __import__("ata.region." + code, None, None, ("REGION",)).REGION
            """
        ),
        "ata/region/de.py": 'REGION = {"name": "de", "ring": (1, 4)}\n',
        "ata/region/us.py": 'REGION = {"name": "us", "ring": (2, 4)}\n',
        "start.py": 'from ata.region import load\nprint(load("de"), load("us"))\n',
    }
    shrunk = shrink(files, "start")
    assert set(shrunk.modules) == {BUNDLE, "start", "ata_region_de", "ata_region_us"}
    assert says({f"{name}.py": text for name, text in shrunk.modules.items()}) == says(files)


def test_closures_comprehensions_and_lambdas_keep_their_variables() -> None:
    check(
        tools="""
            total = [0]
            def scale(factor, items=(1, 2, 3)):
                def one(item, total=5):
                    return [item * factor + total for factor in range(2)], factor
                table = {item: one(item) for item in items if item}
                pick = lambda item, factor=factor: (item, factor, table.get(item), total)
                return [pick(item) for item in items]
            def count(*more, **named):
                total[0] += sum(more) + sum([named[key] for key in sorted(named)])
                try:
                    return next(more[i] for i in range(9))
                except (IndexError, RuntimeError, StopIteration) as total_error:
                    return type(total_error).__name__
            """,
        start="""
            from ata.tools import count, scale, total
            print(scale(3), scale(factor=4, items=(7,)), count(), count(1, b=2), total)
            """,
    )


def test_a_parameter_passed_by_keyword_keeps_its_name_and_hides_no_global() -> None:
    # `append` and `args` are the first names that are given away.
    check(
        tools="""
            def append(text): return "<" + text + ">"
            def args(text): return append(text) + append(text)
            def wrap(text, append=1, args="-"): return args.join([first(text)] * append)
            def first(text): return args(text[:1]) + append(text)
            """,
        start="""
            from ata.tools import args, wrap
            print(wrap("abc", append=2), wrap("abc", args="+", append=3), args("x"))
            """,
    )


def test_classes_that_inherit_share_no_name_by_accident() -> None:
    check(
        shapes="""
            class Base:
                kind = "base"
                def __init__(self, size): self._size = size; self.name = "b"
                def area(self): return self._size * self._factor()
                def _factor(self): return 1
            class Square(Base):
                kind = "square"
                sides = (kind, 4)
                def __init__(self, size):
                    super().__init__(size)
                    self._corner = size + 1
                def _factor(self): return self._size
                @property
                def corner(self): return self._corner
                @corner.setter
                def corner(self, value): self._corner = value
            class Other:
                def __init__(self, square): self._square = square; self._tries = 0
                def look(self):
                    self._tries += 1
                    self._square.corner = self._tries
                    return self._square.corner, self._square.sides, self._tries
            """,
        start="""
            from ata.shapes import Base, Other, Square
            square = Square(3)
            other = Other(square)
            print(Base(2).area(), square.area(), other.look(), other.look(), square.kind, square.name)
            """,
    )


def test_attributes_set_from_outside_the_class_are_not_mixed_up() -> None:
    check(
        parts="""
            class Part:
                def __init__(self): self.owner = None; self._count = 0
                def tell(self): self._count += 1; return self.owner.title, self._count
            class Owner:
                def __init__(self): self.title = "t"; self._part = Part()
                def join(self): self._part.owner = self; self._part.colour = "red"; return self._part
            """,
        start="""
            from ata.parts import Owner
            part = Owner().join()
            print(part.tell(), part.tell(), part.colour)
            """,
    )


def test_what_a_string_names_is_found_by_that_name() -> None:
    check(
        things="""
            class Thing:
                def __init__(self): self._private = 1; self.size = 2; self._more = 3; self._less = 4
                def ask(self, name): return getattr(self, name, None)
            """,
        start="""
            from ata.things import Thing
            thing = Thing()
            print([thing.ask(name) for name in ("size", "append", "args", "clear", "close", "copy")])
            """,
    )


def test_the_actions_of_a_state_table_are_renamed_with_the_methods() -> None:
    shrunk = check(
        fsm="""
            def rows(table):
                packed = {}
                for state in table:
                    timeout, events = table[state]
                    row = [timeout]
                    for event in events:
                        row.append(event)
                        row.extend(events[event])
                    packed[state] = tuple(row)
                return packed
            class Fsm:
                def __init__(self, table, owner):
                    self.state = "idle"; self._table = table; self._owner = owner
                def handle(self, event):
                    at = self._table[self.state].index(event, 1)
                    state, action = self._table[self.state][at + 1 : at + 3]
                    self.state = state or self.state
                    if action is not None:
                        getattr(self._owner, action)(event)
            """,
        phone="""
            from ata.fsm import Fsm, rows
            _IGNORE = (None, None)
            _END = ("idle", "forget_digits")
            _OVER = (None, {"on_hook": _END})
            TABLE = rows({
                "idle": (None, {"off_hook": ("dialling", "play_dial_tone"), "on_hook": _IGNORE}),
                "dialling": ("timer", {"digit": (None, "collect_digit"), "on_hook": _END}),
                "over": _OVER,
            })
            class Phone:
                def __init__(self): self.heard = []; self._fsm = Fsm(TABLE, self)
                def event(self, name): self._fsm.handle(name); return self._fsm.state
                def play_dial_tone(self, event): self.heard.append(("tone", event))
                def collect_digit(self, event): self.heard.append(event)
                def forget_digits(self, event): self.heard.append("gone")
            """,
        start="""
            from ata.phone import Phone
            phone = Phone()
            print([phone.event(e) for e in ("on_hook", "off_hook", "digit", "on_hook")], phone.heard)
            """,
    )
    assert "collect_digit" not in shrunk.modules[BUNDLE]
    assert "'dialling': ('timer', 'digit', None, " in shrunk.modules[BUNDLE]


def test_constants_are_put_in_place_and_changing_things_are_not() -> None:
    shrunk = check(
        numbers="""
            from micropython import const
            _BASE = const(1 << 4)
            LIMIT = _BASE * 2 - 1
            NAMES = ("From", "To", "Via")
            MANDATORY = NAMES[:2]
            LONG = "a text that is longer than" + " ten letters"
            HALF = 0.5
            seen = []
            lookup = {"a": LIMIT, -LIMIT: NAMES}
            """,
        start="""
            from ata.numbers import HALF, LIMIT, LONG, MANDATORY, NAMES, lookup, seen
            def look(LIMIT=LIMIT):
                seen.append(LIMIT)
                return LIMIT, -LIMIT ** 2, "To" in MANDATORY, "Via" in MANDATORY, HALF, len(LONG)
            print(look(), look(3), seen, lookup, NAMES, LONG)
            """,
    )
    assert "LIMIT" not in "".join(shrunk.legend.values())
    assert "const" not in shrunk.modules[BUNDLE]


def test_a_constant_that_a_function_imports_from_a_later_module_is_put_in_place() -> None:
    shrunk = check(
        early="""
            class Early:
                def far(self, wanted):
                    if wanted:
                        from ata.late import FARTHEST, Late
                        return Late(2 * FARTHEST + 1).size
            """,
        late="""
            from ata.middle import STEP
            FARTHEST = 20 * STEP
            class Late:
                def __init__(self, size): self.size = size + FARTHEST
            """,
        middle="STEP = 40",
        start="from ata.early import Early\nprint(Early().far(1), Early().far(0))",
    )
    assert "FARTHEST" not in "".join(shrunk.modules.values())


def test_what_nothing_mentions_is_left_out_and_told() -> None:
    shrunk = check(
        parts="""
            import json
            def used(): return Kept().first()
            def never(): return only_by_never()
            def only_by_never(): return json.dumps(only_by_never())
            class Kept:
                def first(self): return [getattr(self, name)() for name in ("second",)]
                def second(self): return 2
                def third(self): return self.third()
            """,
        start="from ata.parts import used\nprint(used())",
    )
    assert shrunk.unused == ["parts__Kept.third", "parts__never", "parts__only_by_never"]
    assert "json" not in shrunk.modules[BUNDLE]


def test_the_most_frequent_names_are_mentioned_first() -> None:
    names = [f"function_{number}" for number in range(300)]
    body = "\n".join(f"def {name}():\n    return {number}" for number, name in enumerate(names))
    often = (
        "def often():\n    return [" + ", ".join(["function_299()", "len('from')", "len('a b')"] * 50) + "]"
    )
    rest = "def rest():\n    return [" + ", ".join(f"{name}()" for name in names) + "]"
    shrunk = check(
        many=f"{body}\n{often}\n{rest}",
        start="from ata.many import often, rest\nprint(sum(often()), sum(rest()))",
    )
    (short,) = [new for new, old in shrunk.legend.items() if "many__function_299" in old.split()]
    first = shrunk.modules[BUNDLE].splitlines()[:2]
    assert first[0] == "if not __name__:"
    assert re.search(rf"__name__\W.{{0,20}}\.{short}\b", first[1])


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("import ata.one", NotImplementedError),
        ("from ata import one\nprint(one)", NotImplementedError),
        ("from ata.one import *", NotImplementedError),
        ("n = 0\ndef f():\n    global n\n    n = 1\nprint(f())", NotImplementedError),
        ("from ata.two import b", ValueError),
    ],
)
def test_what_the_build_does_not_understand_is_refused(text: str, error: type[Exception]) -> None:
    sources = {
        "start.py": text,
        "ata/one.py": "from ata.two import b\na = 1",
        "ata/two.py": "from ata.one import a\nb = 2",
    }
    if error is NotImplementedError:
        sources["ata/two.py"] = "b = 2"
    with pytest.raises(error):
        shrink(sources, "start")


OVERLAID = {
    "start": """
        from ata.tools import Plain, Tool, twice
        tool = Tool(3)
        print(tool.rare(4), tool.often(1), tool.rare(1, 2), twice(5), Plain(1, 2).total(), tool.missing())
        """,
    "tools": """
        from ata.more import count
        class Base:
            def __init__(self, size): self.size = size
            def missing(self): return self.other(self.size)
        class Tool(Base):
            def often(self, n): return self.rare(n)
            def rare(self, n, m=1): count(); return half(n) + self.size * m
            def other(self, n): return [self.rare(each) for each in range(n)], count()
        class Plain:
            def __init__(self, a, b): self.a = a; self.b = b
            def total(self): return self.a + self.b
        def half(n): return n // 2 + twice(n)
        def twice(n): return 2 * n
        """,
    "more": """
        calls = []
        def count(): calls.append(1); return len(calls)
        """,
}
PLACED = {
    "tools__Tool.rare": "a",
    "tools__half": "a",
    "tools__Tool.other": "b",
    "tools__Base.missing": "b",
    "tools__Plain.__init__": "b",
    "tools__twice": "b",
}


def overlaid(places: dict[str, str]) -> tuple[Shrunk, str]:
    """The program in overlays, and what it says in one piece."""
    files = {
        ("" if name == "start" else "ata/") + f"{name}.py": dedent(text) for name, text in OVERLAID.items()
    }
    return shrink(files, "start", places), says(files)


def overlay(shrunk: Shrunk, group: str) -> str:
    """The module of a group of functions."""
    return next(name for name, place in shrunk.overlays.items() if place == group)


def test_functions_in_overlays_do_what_they_did() -> None:
    shrunk, before = overlaid(PLACED)
    assert {"a", "b"} == set(shrunk.overlays.values()) and shrunk.overlays.keys() < shrunk.modules.keys()
    assert "// 2" in shrunk.modules[overlay(shrunk, "a")] and "// 2" not in shrunk.modules[BUNDLE]
    assert says({f"{name}.py": text for name, text in shrunk.modules.items()}) == before


def test_overlays_are_loaded_when_one_of_their_functions_is_called_and_not_before() -> None:
    shrunk, _before = overlaid({"tools__Tool.rare": "a"})
    modules = {f"{name}.py": text for name, text in shrunk.modules.items()}
    del modules[overlay(shrunk, "a") + ".py"]
    with pytest.raises(AssertionError, match=f"No module named '{overlay(shrunk, 'a')}'"):
        says(modules)
    unused = {**PLACED, "tools__Nothing.of_this_name": "c"}
    assert "c" not in overlaid(unused)[0].overlays.values()


def test_state_tables_are_loaded_when_a_machine_handles_something() -> None:
    tables = """
        LAMP = rows({"off": (None, {"press": ("on", "light")}), "on": ("glow", {"timeout": ("off", None)})})
        BELL = rows({"off": (None, {"press": (None, "ring")})})
        """
    files = {
        "start.py": (
            "from ata.house.lamp import House\nhouse = House()\nprint(house.press(5), house.lamp.state)\n"
            "print(house.bell.state, house.wait(104), house.wait(105), house.heard)\n"
        ),
        "ata/house/lamp.py": "from ata.base.fsm import Fsm, rows\n"
        + dedent(tables)
        + dedent("""
            class House:
                def __init__(self):
                    self.heard = []
                    self.lamp = Fsm("lamp", LAMP, self, "off", {"glow": 100})
                    self.bell = Fsm("bell", BELL, self, "off")
                def press(self, now): self.lamp.handle("press", now); self.bell.handle("press", now)
                def wait(self, now): self.lamp.tick(now); return self.lamp.state
                def light(self, now): self.heard.append(("light", now))
                def ring(self, now): self.heard.append(("ring", now))
            """),
    }
    for name in ("fsm", "clock", "errors"):
        files[f"ata/base/{name}.py"] = (FIRMWARE / f"ata/base/{name}.py").read_text()
    shrunk = shrink(files, "start", {"house_lamp__House.wait": "a"})
    modules = {f"{name}.py": text for name, text in shrunk.modules.items()}
    assert says(modules) == says(files)
    states = overlay(shrunk, "states_lamp") + ".py"
    assert "press on light" not in modules[f"{BUNDLE}.py"] and "press on light" in modules[states]
    del modules[states]
    with pytest.raises(AssertionError, match="No module named"):
        says(modules)


def test_constructors_of_what_is_made_once_are_taken_away_after_the_start() -> None:
    files = {
        "start.py": (
            "from ata.base.unload import started\nfrom ata.one import One, Two\n"
            "one, two = One(1), Two()\nstarted()\n"
            "print(one.size, two.size, Two().size, '__init__' in One.__dict__)\n"
        ),
        "ata/base/unload.py": "def started(): pass\ndef drop_overlays(least=None): pass\n",
        "ata/one.py": (
            "class One:\n def __init__(self, size): self.size = size\n"
            "class Two:\n def __init__(self): self.size = 2\n"
        ),
    }
    shrunk = shrink(
        files, "start", {"one__One.__init__": "a", "one__Two.__init__": "a"}, {"one__One.__init__"}
    )
    told = says({f"{name}.py": text for name, text in shrunk.modules.items()})
    assert told.split() == ["1", "2", "2", "False"]
    assert says(files).split()[-1] == "True"


def test_what_cannot_be_in_an_overlay_is_refused() -> None:
    files = {
        "start.py": "from ata.one import One\nprint(One().size, len(One()))\n",
        "ata/one.py": "class One:\n @property\n def size(self): return 1\n def __len__(self): return 2\n",
    }
    for name in ("size", "__len__"):
        with pytest.raises(ValueError, match="not for an overlay"):
            shrink(files, "start", {f"one__One.{name}": "a"})


def test_a_method_that_a_base_would_answer_instead_is_refused() -> None:
    files = {
        "start.py": "from ata.one import Two\nprint(Two().size())\n",
        "ata/one.py": "class One:\n def size(self): return 1\nclass Two(One):\n def size(self): return 2\n",
    }
    with pytest.raises(ValueError, match="not for an overlay"):
        shrink(files, "start", {"one__Two.size": "a"})


def test_every_function_that_has_a_place_exists() -> None:
    missing = set(PLACES)
    for folders, entry in (((FIRMWARE, VIRTUAL_BOARD), "start"), ((FIRMWARE,), "main")):
        firmware = {
            str(path.relative_to(folder)): path.read_text()
            for folder in folders
            for path in folder.rglob("*.py")
        }
        missing -= set(labels(link(parse(firmware), entry)[BUNDLE]).values())
    assert not missing, f"host_tools/shrink/places.py has names that the firmware does not have: {missing}"
