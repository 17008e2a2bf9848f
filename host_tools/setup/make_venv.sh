#!/bin/sh
# Makes the virtual environment and installs the locked packages.
set -eu
python=$1 venv=$2
if ! "$python" -m venv "$venv" >/dev/null 2>&1; then
    # Debian ships venv's pip as a package of its own.
    rm -rf "$venv"
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        apt-get update -qq && apt-get install -y -qq --no-install-recommends python3-venv >/dev/null
    elif command -v sudo >/dev/null && command -v apt-get >/dev/null && sudo -n true 2>/dev/null; then
        sudo -n apt-get update -qq && sudo -n apt-get install -y -qq --no-install-recommends python3-venv >/dev/null
    else
        echo "Python's venv module is missing. Install it and run make again:  sudo apt install python3-venv" >&2
        exit 1
    fi
    "$python" -m venv "$venv"
fi
echo "Installing the host tools into $venv (once) ..."
# A path without the Python version in it, for the type checker of the MicroPython side.
ln -sfn "$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')" "$venv/site-packages"
"$venv/bin/python" -m pip --disable-pip-version-check install --quiet -r requirements.lock
# The host program by its name, from any folder.
here=$(pwd)
printf '#!/bin/sh\nPYTHONPATH="%s" exec "%s/%s/bin/python" -m host_tools "$@"\n' "$here" "$here" "$venv" >"$venv/bin/ata"
chmod +x "$venv/bin/ata"
