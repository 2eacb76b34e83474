# What the scripts share: where things lie, what is needed, and how a failure is said. Sourced, never run.

repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build="$repo/build/release"
binary="$build/src/app/coda"
link="$HOME/.local/bin/coda"

# As src/base/paths.cpp finds them.
coda_dir() {  # OWN_VARIABLE XDG_VARIABLE FALLBACK
    local own=${!1:-} xdg=${!2:-}
    if [ -n "$own" ]; then echo "$own"
    elif [ "${xdg#/}" != "$xdg" ]; then echo "$xdg/coda"
    else echo "$HOME/$3/coda"; fi
}
data_dir=$(coda_dir CODA_DATA_DIR XDG_DATA_HOME .local/share)
config_dir=$(coda_dir CODA_CONFIG_DIR XDG_CONFIG_HOME .config)
cache_dir=$(coda_dir CODA_CACHE_DIR XDG_CACHE_HOME .cache)
state_dir=$(coda_dir CODA_STATE_DIR XDG_STATE_HOME .local/state)
installed_list="$state_dir/installed-packages"

# The names are the same in Debian 12 and Ubuntu 24.04.
build_packages=(
    cmake ninja-build g++ ccache pkg-config ca-certificates
    libexpected-dev nlohmann-json3-dev libtomlplusplus-dev libcli11-dev libspdlog-dev libfmt-dev
    libkissfft-dev libsoxr-dev portaudio19-dev
    libutf8proc-dev libre2-dev zlib1g-dev libcurl4-openssl-dev libsqlite3-dev
    libgtest-dev libgmock-dev libbenchmark-dev
)
test_packages=(
    clang libclang-rt-dev clang-format valgrind pulseaudio pulseaudio-utils libasound2-plugins python3-venv python3-jsonschema
)

say() { printf '%s\n' "$*"; }
# One line: what went wrong and how to mend it.
die() { printf 'coda: %s\n' "$*" >&2; exit 1; }

megabytes_free() {  # PATH, which need not exist yet
    local path=$1
    while [ ! -e "$path" ]; do path=$(dirname "$path"); done
    df -Pm "$path" | awk 'NR == 2 { print $4 }'
}

# Compilers take up to 0.7 GB each here: no more of them than fit.
build_jobs() {
    local cores memory
    cores=$(nproc)
    memory=$(awk '/MemAvailable/ { print int($2 / 700000) }' /proc/meminfo)
    [ "${memory:-1}" -ge 1 ] || memory=1
    echo $((cores < memory ? cores : memory))
}
