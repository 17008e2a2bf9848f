#!/bin/sh
# Installs what the tests run beside the firmware, if it is not there already: SIP software, speech, an Xtensa
# compiler and emulator, and decoders for a second opinion.
packages="sip-tester kamailio baresip-core asterisk-core-sounds-en-wav
    gcc-xtensa-lx106 binutils-xtensa-lx106 qemu-user minimodem libspandsp2 multimon-ng"
missing=
for package in $packages; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
[ -z "$missing" ] && exit 0
export DEBIAN_FRONTEND=noninteractive
# A freshly installed Kamailio would start as a service on port 5060; the tests start their own.
if [ "$(id -u)" = 0 ]; then sudo=; else sudo="sudo -n"; fi
if [ -z "$sudo" ] || sudo -n true 2>/dev/null; then
    echo "Installing from Debian:$missing ..."
    $sudo apt-get update -qq && $sudo env RUNLEVEL=1 apt-get install -y -qq --no-install-recommends $missing >/dev/null && exit 0
fi
echo "The tests run other software beside the firmware. Install it and run make test again:" >&2
echo "    sudo apt install --no-install-recommends$missing" >&2
exit 1
