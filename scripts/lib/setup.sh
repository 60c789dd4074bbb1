# Sourced by the scripts beside this folder: `ensure_venv` makes .venv and remakes it when its inputs have changed.
# Needs Python 3.11 or newer with its venv module, and PyPI through pip (or uv, where that is installed).

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
VENV="$ROOT/.venv"

venv_inputs() { cat "$ROOT/pyproject.toml" "$ROOT/constraints.txt" | sha256sum | cut -d' ' -f1; }

find_python() {
  local candidate
  for candidate in python3.11 python3; do
    if command -v "$candidate" >/dev/null && "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
      command -v "$candidate"
      return
    fi
  done
  echo "Python 3.11 or newer is needed (Debian: apt-get install python3 python3-venv)" >&2
  return 1
}

fill_venv() {
  local python
  python="$(find_python)"
  rm -rf "$VENV"
  if command -v uv >/dev/null; then
    uv venv --quiet --python "$python" "$VENV"
    VIRTUAL_ENV="$VENV" uv pip install --quiet --constraints constraints.txt --editable '.[dev]'
  else
    "$python" -m venv "$VENV" || { echo "the venv module is missing (Debian: apt-get install python3-venv)" >&2; return 1; }
    PIP_DISABLE_PIP_VERSION_CHECK=1 "$VENV/bin/pip" install --quiet --constraint constraints.txt --editable '.[dev]'
  fi
}

# Up to date when it returns; says on standard error what takes long. Two scripts at once wait for each other.
ensure_venv() {
  local inputs
  inputs="$(venv_inputs)"
  if [ "$(cat "$VENV/.inputs" 2>/dev/null)" = "$inputs" ]; then return; fi
  mkdir -p "$ROOT/.cache"
  (
    flock 9
    if [ "$(cat "$VENV/.inputs" 2>/dev/null)" = "$inputs" ]; then exit 0; fi
    echo "setting up .venv (once, and again when its inputs change)" >&2
    cd "$ROOT" && set -e && fill_venv >&2 && echo "$inputs" >"$VENV/.inputs"
  ) 9>"$ROOT/.cache/venv.lock"
}
