# Runs on MicroPython: `micropython on_micropython.py FILE`. Calls every test_ function of the file
# and prints one line a test: "ok NAME", "skip NAME reason" or "fail NAME" with the traceback after it.
import sys


def main():
    path = sys.argv[1]
    source = open(path)
    text = source.read()
    source.close()
    names = {"__name__": "test", "__file__": path}  # type: dict
    exec(compile(text, path, "exec"), names)
    for line in text.split("\n"):
        if not line.startswith("def test_"):
            continue
        name = line[4 : line.index("(")]
        try:
            names[name]()
            print("\x01ok", name)
        except Exception as error:
            print("\x01fail", name)
            getattr(sys, "print_exception")(error)  # noqa: B009 (CPython's sys has none)
            print("\x01end")


main()
