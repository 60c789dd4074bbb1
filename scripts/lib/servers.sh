# Sourced after setup.sh: `ensure_servers` makes .servers, the environment of the servers for tests that are Python
# programs, `ensure_harvester` makes .harvester, that of CKAN's harvester; both are remade when their requirements have
# changed. Without them their tests skip and say so.

ensure_servers() { ensure_environment .servers tests/servers/requirements.txt; }

ensure_harvester() { ensure_environment .harvester tests/harvesters/requirements.txt; }

# fill_environment FOLDER REQUIREMENTS
fill_environment() {
  local python
  python="$(find_python)"
  rm -rf "$1"
  if command -v uv >/dev/null; then
    uv venv --quiet --python "$python" "$1"
    VIRTUAL_ENV="$1" uv pip install --quiet --requirement "$2"
  else
    "$python" -m venv "$1" || { echo "the venv module is missing (Debian: apt-get install python3-venv)" >&2; return 1; }
    PIP_DISABLE_PIP_VERSION_CHECK=1 "$1/bin/pip" install --quiet --requirement "$2"
  fi
}

# ensure_environment NAME REQUIREMENTS: up to date when it returns. Two scripts at once wait for each other.
ensure_environment() {
  local inputs folder="$ROOT/$1"
  inputs="$(sha256sum "$ROOT/$2" | cut -d' ' -f1)"
  if [ "$(cat "$folder/.inputs" 2>/dev/null)" = "$inputs" ]; then return; fi
  mkdir -p "$ROOT/.cache"
  (
    flock 9
    if [ "$(cat "$folder/.inputs" 2>/dev/null)" = "$inputs" ]; then exit 0; fi
    echo "setting up $1 for tests (once, and again when its inputs change)" >&2
    cd "$ROOT" && set -e && fill_environment "$folder" "$2" >&2 && echo "$inputs" >"$folder/.inputs"
  ) 9>"$ROOT/.cache/servers.lock"
}
