#!/usr/bin/env bash
# Prepares .venv: `deploy/venv.sh` with what Tocsin runs on, `deploy/venv.sh dev` with what its tests need too.
# Does nothing when nothing has changed. PYTHON=… names the Python to use.
set -euo pipefail
cd "$(dirname "$0")/.."
wanted=${1:-runtime}
venv=${TOCSIN_VENV:-.venv}
say() { printf 'tocsin: %s\n' "$*" >&2; }

if [ "$venv/.installed-$wanted" -nt pyproject.toml ] && "$venv/bin/python" -c '' 2>/dev/null; then
  exit 0
fi

suits() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }
has_ensurepip() { "$1" -c 'import ensurepip, venv' 2>/dev/null; }

candidates=${PYTHON:-python3 python3.13 python3.12 python3.11 python3.14}
python=
for candidate in $candidates; do
  suits "$candidate" || continue
  python=${python:-$candidate}
  if has_ensurepip "$candidate"; then
    python=$candidate
    break
  fi
done
if [ -z "$python" ]; then
  say "no Python 3.11 or newer here (looked for: $candidates). Debian 12, Ubuntu 24.04: apt-get install python3 python3-venv"
  exit 1
fi

if ! has_ensurepip "$python"; then
  package=$(basename "$python")-venv
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    say "$python cannot make virtual environments yet: installing $package"
    export DEBIAN_FRONTEND=noninteractive
    { apt-get -qq update && apt-get -qq install -y "$package"; } </dev/null >/dev/null 2>&1 || true
  fi
  if ! has_ensurepip "$python"; then
    say "$python cannot make virtual environments yet. Run this, then try again:"
    say "  sudo apt-get install -y $package"
    exit 1
  fi
fi

if ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
  say "making $venv with $("$python" --version)"
  rm -rf "$venv"
  "$python" -m venv "$venv"
fi
pip() { "$venv/bin/python" -m pip -qq --disable-pip-version-check --no-input install "$@"; }
if [ "$wanted" = dev ]; then
  say "installing what Tocsin and its tests need (one or two minutes, only this once)"
  pip 'pip>=25.1'
  pip -e . --group dev
else
  say "installing what Tocsin needs (less than a minute, only this once)"
  pip -e .
fi
touch "$venv/.installed-runtime" "$venv/.installed-$wanted"
