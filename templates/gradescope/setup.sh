#!/usr/bin/env bash
# Installs grader. Gradescope runs this once, as root and with a network, while it builds the autograder's image.
set -euo pipefail

root="${AUTOGRADER_ROOT:-/autograder}"
export DEBIAN_FRONTEND=noninteractive

# bubblewrap keeps a notebook away from everything else; where this container forbids it, grader uses what works.
apt-get update -qq
apt-get install -y -qq bubblewrap python3 python3-pip python3-venv

new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

if new_enough python3; then
    python3 -m venv "$root/env"
elif apt-get install -y -qq python3.12 python3.12-venv 2>/dev/null || apt-get install -y -qq python3.11 python3.11-venv 2>/dev/null; then
    for python in python3.12 python3.11; do
        if new_enough "$python"; then
            "$python" -m venv "$root/env"
            break
        fi
    done
else
    # An older Ubuntu: uv brings a Python of its own.
    python3 -m pip install -q uv
    python3 -m uv venv --seed --python 3.12 "$root/env"
fi

"$root/env/bin/pip" install -q --upgrade pip
"$root/env/bin/pip" install -q "$root/source/@WHEEL@@EXTRAS@"@INDEX@
"$root/env/bin/grader" doctor || true
