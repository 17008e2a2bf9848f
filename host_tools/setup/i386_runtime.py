"""The 32-bit MicroPython of Debian, unpacked under build/runtime/i386 without root.

Its integers, object sizes and heap are those of the ESP32, so it is the truth the tests
run on. The packages come through the machine's own apt (its mirror, its signatures), with
private lists, and are only unpacked, never installed.
"""

import os
import platform
import shutil
import stat
import subprocess
import sys
from pathlib import Path

SUITE = "trixie"
VERSION = "1.25.0"  # of MicroPython; another one is refused
PACKAGES = ["micropython", "libc6", "libffi8", "libmbedtls21", "libmbedcrypto16", "libmbedx509-7"]
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
TARGET = Path("build/runtime/i386").resolve()


def fail(reason: str) -> None:
    print(f"32-bit MicroPython is not here ({reason}); the 64-bit one is used alone", file=sys.stderr)
    sys.exit(1)


def debian_mirror() -> str:
    """The machine's own archive of Debian itself (not security, not a vendor), or the one named by
    OPEN_ATA_DEBIAN_MIRROR (on a machine whose apt knows none, such as Ubuntu)."""
    if "OPEN_ATA_DEBIAN_MIRROR" in os.environ:
        return os.environ["OPEN_ATA_DEBIAN_MIRROR"]
    targets = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI)|$(ORIGIN)|$(COMPONENT)"],
        capture_output=True,
        text=True,
        check=False,
    ).stdout.splitlines()
    for line in targets:
        uri, origin, component = line.split("|")
        if origin == "Debian" and component == "main" and "security" not in uri:
            return uri
    return ""


def main() -> None:
    if platform.machine() != "x86_64" or not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        fail("needs apt and dpkg on x86-64")
    mirror = debian_mirror()
    if not mirror:
        fail("no Debian archive in the apt settings (OPEN_ATA_DEBIAN_MIRROR=http://… names one)")
    if not Path(KEYRING).exists():
        fail("Debian's signatures cannot be checked: apt install debian-archive-keyring")
    work = TARGET / "apt"
    shutil.rmtree(TARGET, ignore_errors=True)
    for folder in ("lists/partial", "cache/archives/partial", "debs"):
        (work / folder).mkdir(parents=True)
    (work / "sources.list").write_text(f"deb [signed-by={KEYRING} arch=i386] {mirror} {SUITE} main\n")
    apt = ["apt-get", "-qq"]
    for key, value in (
        ("Dir::State::Lists", work / "lists"),
        ("Dir::Etc::sourcelist", work / "sources.list"),
        ("Dir::Etc::sourceparts", "-"),
        ("Dir::Cache", work / "cache"),
        ("APT::Architecture", "i386"),
        ("APT::Architectures", "i386"),
        ("APT::Sandbox::User", "root"),
    ):
        apt += ["-o", f"{key}={value}"]
    print(f"Fetching 32-bit MicroPython {VERSION} (once) ...")
    for step, folder in ((["update"], work), (["download", *PACKAGES], work / "debs")):
        done = subprocess.run(apt + step, cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode:
            fail(f"apt-get {step[0]} failed: {done.stderr.strip().splitlines()[-1:]}")
    root = TARGET / "root"
    for deb in sorted((work / "debs").glob("*.deb")):
        subprocess.run(["dpkg-deb", "-x", deb, root], check=True)
    loader = next(root.rglob("ld-linux.so.2")).resolve()
    program = TARGET / "micropython"
    program.write_text(
        "#!/bin/sh\n"
        'here=$(dirname "$(readlink -f "$0")")\n'
        f'exec "$here/{loader.relative_to(TARGET)}" '
        '--library-path "$here/root/usr/lib/i386-linux-gnu" "$here/root/usr/bin/micropython" "$@"\n'
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    shutil.rmtree(work)
    probe = "import sys; print(sys.maxsize, '.'.join(str(n) for n in sys.implementation.version[:3]))"
    seen = subprocess.run([program, "-c", probe], capture_output=True, text=True, check=False)
    if seen.stdout.split() != [str(2**31 - 1), VERSION]:
        os.remove(program)
        fail(f"does not run as MicroPython {VERSION}, 32 bits: {seen.stdout}{seen.stderr}")


if __name__ == "__main__":
    main()
