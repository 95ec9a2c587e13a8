#!/bin/sh
# check.sh WAY SOURCE BUILD WORK: builds and runs one program outside the tree.
# CXX, CXXFLAGS, LDFLAGS and LAUNCHER come from the environment; cmake reads the first three itself.
set -eu
way=$1 source=$2 build=$3 work=$4
here=$source/tests/packaging
prefix=$work/prefix

# The trigger library alone: right times, and nothing of the engine comes along.
check_trigger_consumer() {
  times=$("$1" | tr '\n' ' ')
  if [ "$times" != "2026-03-28T02:30:00+01:00 2026-03-30T02:30:00+02:00 " ]; then
    echo "check.sh: $1 printed '$times'" >&2
    exit 1
  fi
  if ldd "$1" | grep -iE 'caf_|rocksdb|paho|libpq|pqxx|libssl|libcrypto'; then
    echo "check.sh: $1 links more than triggers" >&2
    exit 1
  fi
}

case $way in
  install)
    rm -rf "$prefix"
    cmake --install "$build" --prefix "$prefix" >/dev/null
    ;;
  find_package)
    rm -rf "$work/installed"
    cmake -G Ninja -S "$here/installed" -B "$work/installed" --log-level=WARNING \
      -DCMAKE_PREFIX_PATH="$prefix"
    cmake --build "$work/installed"
    "$work/installed/consumer"
    check_trigger_consumer "$work/installed/trigger_consumer"
    ;;
  pkg_config)
    pc=$(find "$prefix" -name carillon.pc)
    PKG_CONFIG_PATH=$(dirname "$pc")
    export PKG_CONFIG_PATH
    # shellcheck disable=SC2046,SC2086
    $CXX $CXXFLAGS -std=c++20 "$here/consumer.cpp" $LDFLAGS $(pkg-config --cflags --libs carillon) \
      -o "$work/by_pkg_config"
    LD_LIBRARY_PATH=$(pkg-config --variable=libdir carillon) "$work/by_pkg_config"
    ;;
  add_subdirectory)
    # Shared libraries here, as the installed ones are static.
    cmake -G Ninja -S "$here/subdirectory" -B "$work/subdirectory" --log-level=WARNING \
      -DCARILLON_SOURCE="$source" -DBUILD_SHARED_LIBS=ON -DCMAKE_CXX_COMPILER_LAUNCHER="$LAUNCHER"
    cmake --build "$work/subdirectory" --parallel 2
    "$work/subdirectory/consumer"
    check_trigger_consumer "$work/subdirectory/trigger_consumer"
    ;;
  *)
    echo "check.sh: unknown way '$way'" >&2
    exit 2
    ;;
esac
