# Everything a user may switch, and the compiler defaults of a top-level build.
# Included as a subdirectory of another project, Carillon changes no global flags.

option(CARILLON_BUILD_DAEMON "Build the carillon program (daemon and CLI)" ${PROJECT_IS_TOP_LEVEL})
option(CARILLON_BUILD_TESTS "Build the tests" ${PROJECT_IS_TOP_LEVEL})
option(CARILLON_BUILD_BENCH "Build the benchmarks" ${PROJECT_IS_TOP_LEVEL})
option(CARILLON_BUILD_EXAMPLES "Build the examples" ${PROJECT_IS_TOP_LEVEL})
option(CARILLON_BUILD_FUZZERS "Build everything for libFuzzer, and its targets (needs clang)" OFF)
set(CARILLON_SANITIZE OFF CACHE STRING
  "Build with sanitizers: address (and undefined behaviour), thread (scripts/races), or OFF")
set_property(CACHE CARILLON_SANITIZE PROPERTY STRINGS OFF address thread)
# Blocks of events are made in one thread and freed in others: glibc is slow at that.
option(CARILLON_TCMALLOC "Link the programs with tcmalloc" ON)
option(CARILLON_PCH "Precompile the heaviest headers of the folders that ask for it" ON)

if(NOT PROJECT_IS_TOP_LEVEL)
  return()
endif()

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()

# NDEBUG stays off everywhere: an assert that fails is a bug we want to hear of.
set(CMAKE_CXX_FLAGS_RELEASE "-O2")
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1")
set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g1 -D_GLIBCXX_ASSERTIONS")
# Checked is what scripts/test builds: quick to compile, quick enough to run, no debug symbols.
set(CMAKE_CXX_FLAGS_CHECKED "-O1 -D_GLIBCXX_ASSERTIONS")
set(CMAKE_EXE_LINKER_FLAGS_CHECKED "")
set(CMAKE_SHARED_LINKER_FLAGS_CHECKED "")

find_program(CARILLON_CCACHE ccache)
if(CARILLON_CCACHE)
  # Without the sloppiness ccache declines every file that uses a precompiled header.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
    CCACHE_SLOPPINESS=pch_defines,time_macros ${CARILLON_CCACHE})
endif()
find_program(CARILLON_MOLD mold)
if(CARILLON_MOLD AND NOT CARILLON_BUILD_FUZZERS)
  add_link_options(-fuse-ld=mold)
endif()
if(CARILLON_SANITIZE STREQUAL thread)
  add_compile_options(-O1 -fsanitize=thread -fno-omit-frame-pointer)
  add_link_options(-fsanitize=thread)
elseif(CARILLON_SANITIZE)
  add_compile_options(
    -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
endif()
if(CARILLON_BUILD_FUZZERS)
  add_compile_options(-g1 -fsanitize=fuzzer-no-link,address,undefined
    -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
endif()
