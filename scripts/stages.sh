#!/usr/bin/env bash
# Usage: scripts/stages.sh TARGET...
# Runs make targets one after another, stops at the first that fails, and ends with one line for each.
set -uo pipefail
began=$(date +%s%N)
lines=()
passed=0
failed=0

elapsed() { # nanoseconds since $1, as seconds with one decimal
    awk -v from="$1" -v to="$(date +%s%N)" 'BEGIN { printf "%.1f", (to - from) / 1e9 }'
}

for stage in "$@"; do
    if [ "$failed" -gt 0 ]; then
        lines+=("NOT RUN $stage")
        continue
    fi
    printf '\n==> make %s\n' "$stage"
    from=$(date +%s%N)
    if "${MAKE:-make}" --no-print-directory "$stage"; then
        passed=$((passed + 1))
        lines+=("PASSED $stage ($(elapsed "$from") s)")
    else
        failed=$((failed + 1))
        lines+=("FAILED $stage ($(elapsed "$from") s)")
    fi
done

printf '\n=========================== stages ===========================\n'
printf '%s\n' "${lines[@]}"
counts="$passed passed"
[ "$failed" -eq 0 ] || counts="$failed failed, $counts"
printf '============= %s in %ss =============\n' "$counts" "$(elapsed "$began")"
[ "$failed" -eq 0 ]
