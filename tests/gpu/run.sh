#!/bin/bash
# SPDX-License-Identifier: MIT
# Run what pack.py packed, on a machine with a GPU, its driver and CUDA's libraries: every suite in every precision,
# then the benchmark. Prints a line for each test, the output of those that fail, and the number of faults.
#
# Usage: run.sh FOLDER [SECONDS]     (SECONDS for all of it, default 480; needs root: files go to the paths they had)
set -uo pipefail
folder=$(realpath "$1")
limit=${2:-480}
tar -xzf "$folder/files.tar.gz" -C / --absolute-names
export LD_LIBRARY_PATH=/usr/local/cuda/lib64:/usr/local/nvidia/lib64:/usr/local/nvidia/lib:${LD_LIBRARY_PATH:-}
log=$(mktemp)
failed=0 skipped=0 passed=0 late=0
while read -r name command; do
    left=$((limit - SECONDS))
    if [ "$left" -le 0 ]; then
        late=$((late + 1))
        echo "not run: $name"
        continue
    fi
    start=$SECONDS
    timeout "$left" bash -c "$command" >"$log" 2>&1 </dev/null
    code=$?
    case $code in
        0) passed=$((passed + 1)); echo "passed: $name ($((SECONDS - start)) s)" ;;
        77) skipped=$((skipped + 1)); echo "skipped: $name"; tail -n 2 "$log" ;;
        *)
            failed=$((failed + 1))
            echo "FAILED: $name (code $code)"
            grep -E -A 6 'Failure|error|terminate' "$log" | head -n 60
            ;;
    esac
    [ "$name" = benchmark ] && cat "$log"
done <"$folder/tests.sh"
rm -f "$log"
echo "$passed passed, $failed failed, $skipped skipped, $late not run, $SECONDS s"
[ "$failed" -eq 0 ] && [ "$late" -eq 0 ]
