#!/bin/sh
# Says in the first line what this machine lacks, and the way round it. Always fails.
python=$1
if ! command -v "$python" >/dev/null 2>&1; then
    echo "Python is missing ('$python'): install Python 3.11 or newer (Debian, Ubuntu: apt install python3 python3-venv)."
elif ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "$("$python" --version) is too old: Python 3.11 or newer is needed (make PYTHON=python3.12 ... picks another one)."
else
    echo "This is $(uname -s) on $(uname -m); the firmware's native kernels (MicroPython's viper emitter) need Linux on x86-64."
fi
cat <<'TXT'
A Debian container works on any machine with Docker or Podman:
    docker run --rm -it --platform linux/amd64 -v "$PWD":/ata -w /ata debian:bookworm \
        sh -c 'apt-get update && apt-get install -y make python3 python3-venv && make run'
TXT
exit 1
