#!/usr/bin/env bash
#
# `make test-real`: the tests on real machines, one file at a time; what they need is built first, once. Where the machine can't do it, says in one line why
# not, and ends well: nothing was tested, which the last line says as well.
#
#   test-real.sh [TEST FILE ...]   default: those that take less than half an hour
#   test-real.sh full              `make test-real-full`: all of them, and the report, tests/real/RESULTS.md
#   test-real.sh again TEST FILE … `make test-real-full AGAIN=…`: these once more, into the report of the last run of all
#
# BRIEF=1: what needs one minor alone, a few minutes, and the machines themselves; the rest counts as skipped. VERSIONS: of the ISOs that machines are given.
# ROUNDS: how many times a cluster is made by hand and by `pulumi up` in turn (1; of all of them 3).
set -euo pipefail
root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd)
machines=$root/.toolchain/machines
skip() {
  printf 'real machines are skipped: %s\n' "$1"
  printf '0 passed, 0 failed, 1 skipped\n'
  exit 0
}
[[ $(uname -s) == Linux ]] || skip 'they need Linux'
[[ $(id -u) == 0 ]] || skip 'they need root'
(($(awk '/^MemAvailable/ { print $2 }' /proc/meminfo) > 6 * 1024 * 1024)) || skip 'they need 6 GiB of free memory'
command -v apt-get >/dev/null || skip 'they need apt-get'
unshare --net --mount true 2>/dev/null || skip 'they need to make network and mount namespaces'
[[ -e /dev/loop-control ]] || skip 'they need loop devices'

"$machines/host.sh"
cd "$root"
files=("$@")
noted=() # What the report begins with.
VERSIONS=${VERSIONS:-$([[ -n ${BRIEF:-} ]] && echo 1.34.2 || echo 1.34.2 1.35.4)}
case ${1:-} in
  '') mapfile -t files < <(ls tests/real/*.test.ts ${BRIEF:+tests/real/full/hypervisor.test.ts}) ;;
  full | again)
    if [[ $1 == again ]]; then
      files=("${@:2}")
      noted=(again "${files[@]}")
    else
      mapfile -t files < <(ls tests/real/*.test.ts tests/real/full/*.test.ts)
      noted=(begin)
    fi
    VERSIONS=$("$machines/build.sh" versions)
    export ROUNDS=${ROUNDS:-3}
    ;;
esac
isos=$(mktemp -d)
trap 'rm -rf "$isos" "$isos.json"' EXIT
ABLESTACK_MACHINES_ROOTFS=$("$machines/build.sh" rootfs)/root
ABLESTACK_MACHINES_IMAGES=$("$machines/build.sh" images)
for version in $VERSIONS; do
  iso=$("$machines/build.sh" iso "$version")
  ln -s "$iso/iso" "$isos/$version"
done
command -v kubectl >/dev/null || export PATH="$isos/$version/k8s:$PATH"
export ABLESTACK_MACHINES_ROOTFS ABLESTACK_MACHINES_IMAGES ABLESTACK_MACHINES_ISOS=$isos
report=(node --import tsx tests/real/world/write-report.ts)
if ((${#noted[@]} > 0)); then "${report[@]}" "${noted[@]}"; fi
status=0
node_modules/.bin/jest -c .config/jest.config.cjs -i --json --outputFile "$isos.json" "${files[@]}" || status=$?
# Whatever failed is in the report too.
if ((${#noted[@]} > 0)); then "${report[@]}" "$isos.json"; fi
# shellcheck disable=SC2016 # JavaScript
node -p 'const r = require(process.argv[1]); `${r.numPassedTests} passed, ${r.numFailedTests + r.numRuntimeErrorTestSuites} failed` + (r.numPendingTests > 0 ? `, ${r.numPendingTests} skipped` : "")' "$isos.json"
exit "$status"
