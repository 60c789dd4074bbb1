# Sourced after setup.sh: `ensure_servers` makes .servers, the environment of the servers for tests that are Python
# programs, and remakes it when tests/servers/requirements.txt has changed. Without it their tests skip and say so.

SERVERS="$ROOT/.servers"

fill_servers() {
  local python
  python="$(find_python)"
  rm -rf "$SERVERS"
  if command -v uv >/dev/null; then
    uv venv --quiet --python "$python" "$SERVERS"
    VIRTUAL_ENV="$SERVERS" uv pip install --quiet --requirement tests/servers/requirements.txt
  else
    "$python" -m venv "$SERVERS" || { echo "the venv module is missing (Debian: apt-get install python3-venv)" >&2; return 1; }
    PIP_DISABLE_PIP_VERSION_CHECK=1 "$SERVERS/bin/pip" install --quiet --requirement tests/servers/requirements.txt
  fi
}

# Up to date when it returns. Two scripts at once wait for each other.
ensure_servers() {
  local inputs
  inputs="$(sha256sum "$ROOT/tests/servers/requirements.txt" | cut -d' ' -f1)"
  if [ "$(cat "$SERVERS/.inputs" 2>/dev/null)" = "$inputs" ]; then return; fi
  mkdir -p "$ROOT/.cache"
  (
    flock 9
    if [ "$(cat "$SERVERS/.inputs" 2>/dev/null)" = "$inputs" ]; then exit 0; fi
    echo "setting up .servers for tests (once, and again when its inputs change)" >&2
    cd "$ROOT" && set -e && fill_servers >&2 && echo "$inputs" >"$SERVERS/.inputs"
  ) 9>"$ROOT/.cache/servers.lock"
}
