# shellcheck shell=bash
# Which parts the run goes without, and which tests need them.
#
# A test says so itself: `#[ignore = "needs Prometheus and act: tests/run provides them"]`.

# left_out: the words by which tests call the parts that are left out, one a line.
left_out() {
    local row
    for row in PROMETHEUS=Prometheus 'PROMETHEUS3=Prometheus 3' VICTORIA_METRICS=VictoriaMetrics ACT=act \
        ZIZMOR=zizmor ACTIONLINT=actionlint CHECK_JSONSCHEMA=check-jsonschema PRE_COMMIT=pre-commit; do
        with "${row%%=*}" || printf '%s\n' "${row#*=}"
    done
}

# print_left_out: one line for each part that is left out.
print_left_out() {
    with CARGO_DENY || printf 'left out: cargo-deny\n'
    left_out | sed 's/^/left out: /'
}

# tests_left_out: the names of the tests that need a part that is left out.
tests_left_out() {
    { find src tests/it -name '*.rs' -print0 | LC_ALL=C sort -z | xargs -0 cat; } | awk -v parts="$(left_out)" '
        BEGIN { split(parts, rows, "\n"); for (row in rows) if (rows[row] != "") missing[rows[row]] = 1 }
        match($0, /^ *#\[ignore = "needs [^:"]*/) {
            reason = substr($0, RSTART, RLENGTH)
            sub(/^.*"needs /, "", reason)
            count = split(reason, needs, /, | and /)
            for (need = 1; need <= count; need++) if (needs[need] in missing) needed = 1
        }
        match($0, /^ *(pub(\([a-z]*\))? )?fn [a-z0-9_]+/) {
            if (needed) { name = substr($0, RSTART, RLENGTH); sub(/^.*fn /, "", name); print name }
            needed = 0
        }'
}
