#!/bin/sh
# Make .venv and install Trimtab into it: `setup.sh core` to run it, `setup.sh dev` to test it.
# Does nothing when neither pyproject.toml nor constraints.txt changed since the last time.
# What is missing on the machine is told with the line that installs it.
set -eu
cd "$(dirname "$0")/.."

need=${1:-core}
venv=.venv
log=$venv/setup.log

say() { printf '%s\n' "$*" >&2; }
stop() { say "$@"; exit 1; }

case $need in
    core) what=. ;;
    dev) what='.[dev]' ;;
    *) stop "usage: scripts/setup.sh core|dev" ;;
esac

# One stamp for each kind of installation; what `dev` installs contains what `core` does.
# The place is part of it, because an editable installation points at the clone it was made from.
state=$({ pwd; cat pyproject.toml constraints.txt; } | cksum)
stamped() { [ "$(cat "$venv/.trimtab-$1" 2>/dev/null)" = "$state" ]; }
# A version manager's stand-in may exist and fail, so a Python counts only when it has run.
runs() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

if runs "$venv/bin/python" && { stamped "$need" || stamped dev; }; then
    exit 0
fi

version() { "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])'; }
can_make_venv() { "$1" -c 'import ensurepip, venv' >/dev/null 2>&1; }

find_python() {
    python='' second=''
    for name in ${PYTHON:-python3 python3.13 python3.12 python3.11 python3.14 python}; do
        if runs "$name"; then
            if can_make_venv "$name"; then
                python=$name
                return
            fi
            [ -n "$second" ] || second=$name
        fi
    done
}

install_line() {
    if command -v apt-get >/dev/null 2>&1; then
        say "    sudo apt-get install -y $1"
    elif command -v dnf >/dev/null 2>&1; then
        say "    sudo dnf install -y python3 python3-pip"
    elif command -v brew >/dev/null 2>&1; then
        say "    brew install python"
    else
        say "    (with your system's package manager) python 3.11 or newer, with venv and pip"
    fi
}

if ! runs "$venv/bin/python"; then
    find_python
    if [ -z "$python" ] && [ -n "$second" ]; then
        # Debian and Ubuntu ship Python without the part that puts pip into an environment.
        say "Python $(version "$second") is here, but not its venv and ensurepip modules. Install them with:"
        case $second in
            python3 | python) install_line python3-venv ;;
            *) install_line "python$(version "$second")-venv" ;;
        esac
        stop "and run the same command again."
    fi
    if [ -z "$python" ]; then
        if found=$(python3 --version 2>/dev/null); then
            # The system's own python3 is too old, so a numbered one beside it is meant.
            say "Trimtab needs Python 3.11 or newer; found $found. Install a newer one with:"
            install_line "python3.11 python3.11-venv"
        else
            say "Trimtab needs Python 3.11 or newer; found none that runs. Install it with:"
            install_line "python3 python3-venv"
        fi
        stop "or name one:  PYTHON=/path/to/python3.12 make setup"
    fi
    say "Setting up: Python $(version "$python") into $venv"
    "$python" -m venv --clear "$venv" || stop "Could not make $venv: see the lines above."
fi
if ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
    "$venv/bin/python" -m ensurepip --upgrade >/dev/null 2>&1 || {
        say "There is no pip in $venv, and it cannot be put there. Install it with:"
        install_line "python3-pip python3-venv"
        stop "then remove $venv and run the same command again."
    }
fi

say "Setting up: packages for '$need' (once; a minute or two)"
if ! "$venv/bin/python" -m pip install --quiet --no-input --disable-pip-version-check \
    -c constraints.txt -e "$what" </dev/null >"$log" 2>&1; then
    grep -v '^WARNING' "$log" | tail -n 15 >&2
    stop "Installing failed; the whole log is $log. Without a network? Point pip at your own index" \
        "or wheels (PIP_INDEX_URL, PIP_FIND_LINKS) and run the same command again."
fi
printf '%s\n' "$state" >"$venv/.trimtab-$need"
say "Setting up: done"
