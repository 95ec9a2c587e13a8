# carillon_library(NAME SOURCES a.cpp ... [LINKS ...] [PRIVATE_LINKS ...] [PCH header.hpp])
# One library per folder: target carillon_NAME, exported as carillon::NAME.
# PCH names a header of the folder that is compiled once and included before every source.
function(carillon_library name)
  cmake_parse_arguments(PARSE_ARGV 1 ARG "" "PCH" "SOURCES;LINKS;PRIVATE_LINKS")
  set(target carillon_${name})
  add_library(${target} ${ARG_SOURCES})
  add_library(carillon::${name} ALIAS ${target})
  # No DEFINE_SYMBOL: static and shared builds compile alike, so they share ccache's objects.
  set_target_properties(${target} PROPERTIES
    EXPORT_NAME ${name} POSITION_INDEPENDENT_CODE ON DEFINE_SYMBOL ""
    VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}
    INSTALL_RPATH "$ORIGIN")
  target_compile_features(${target} PUBLIC cxx_std_20)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic)
  target_include_directories(${target}
    PUBLIC
      $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
      $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>
    PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(${target} PUBLIC ${ARG_LINKS} PRIVATE ${ARG_PRIVATE_LINKS})
  if(ARG_PCH AND CARILLON_PCH)
    target_precompile_headers(${target} PRIVATE ${ARG_PCH})
  endif()
  set_property(GLOBAL APPEND PROPERTY CARILLON_LIBRARIES ${target})
endfunction()

# carillon_use_tcmalloc(TARGET): of a program; a library leaves its user's process alone.
function(carillon_use_tcmalloc target)
  if(NOT CARILLON_TCMALLOC OR CARILLON_SANITIZE OR CARILLON_BUILD_FUZZERS)
    return()
  endif()
  # The package that is needed to run; the one to compile with adds nothing.
  find_library(CARILLON_TCMALLOC_LIBRARY NAMES libtcmalloc_minimal.so.4 tcmalloc_minimal REQUIRED)
  target_link_libraries(${target} PRIVATE ${CARILLON_TCMALLOC_LIBRARY})
endfunction()

# carillon_program(NAME SOURCES a.cpp ... [LINKS ...])
# A program that users run: the executable target NAME, found at <build folder>/NAME and installed.
function(carillon_program name)
  cmake_parse_arguments(PARSE_ARGV 1 ARG "" "" "SOURCES;LINKS")
  add_executable(${name} ${ARG_SOURCES})
  set_target_properties(${name} PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}
    INSTALL_RPATH "$ORIGIN/../${CMAKE_INSTALL_LIBDIR}")
  target_compile_features(${name} PRIVATE cxx_std_20)
  target_compile_options(${name} PRIVATE -Wall -Wextra -Wpedantic)
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE ${ARG_LINKS})
  set_property(GLOBAL APPEND PROPERTY CARILLON_PROGRAMS ${name})
endfunction()
