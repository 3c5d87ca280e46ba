#!/usr/bin/env bash
# Installs what the tests need from Debian, when that is missing and this is root, then runs every check and test.
set -euo pipefail
cd "$(dirname "$0")/.."

declare -A packages=([redis-server]=redis-server [chromium]=chromium [promtool]=prometheus [openssl]=openssl [pg_ctlcluster]=postgresql)
missing=()
for program in "${!packages[@]}"; do
  command -v "$program" >/dev/null || missing+=("${packages[$program]}")
done
if ((${#missing[@]} > 0)); then
  if [[ $(id -u) != 0 ]]; then
    echo "missing: ${missing[*]}; install them, or run this as root on Debian" >&2
    exit 1
  fi
  export DEBIAN_FRONTEND=noninteractive
  # Of PostgreSQL only the programs and SQL files are used: no cluster is made or started.
  mkdir -p /etc/postgresql-common
  [[ -e /etc/postgresql-common/createcluster.conf ]] ||
    echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

step() {
  echo
  echo "== $* =="
  local start=$SECONDS
  "$@" || return
  echo "== done in $((SECONDS - start)) s: $* =="
}

step npm run --silent lint
step npm run --silent policies
step npm run --silent build
step node test/deploy/fetch-helm.mjs
export NODE_OPTIONS=--experimental-vm-modules
# One run of every spec, two at a time, the long ones first. Nothing is tried a second time: a spec that fails once in a
# while is wrong. Processes that are left behind fail the run; an open handle of Jest's own does not keep it from ending.
step npx jest --forceExit --testPathIgnorePatterns image-steps node_modules
step npm run --silent images
echo
echo "== passed in $((SECONDS / 60)) min $((SECONDS % 60)) s =="
