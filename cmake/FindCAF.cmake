# The C++ Actor Framework. Debian's package ships no CMake config, hence this file.
# Targets: CAF::core, and CAF::io and CAF::openssl when they are asked for as components.
# Also installed beside carillonConfig.cmake, for consumers of a static Carillon.

find_path(CAF_INCLUDE_DIR caf/config.hpp)
find_library(CAF_CORE_LIBRARY caf_core)
mark_as_advanced(CAF_INCLUDE_DIR CAF_CORE_LIBRARY)
set(CAF_core_FOUND ${CAF_CORE_LIBRARY})

# caf/config.hpp says `#define CAF_VERSION 1706`: major * 10000 + minor * 100 + patch.
if(CAF_INCLUDE_DIR)
  file(STRINGS "${CAF_INCLUDE_DIR}/caf/config.hpp" caf_line REGEX "^#define CAF_VERSION [0-9]+$")
  string(REGEX MATCH "[0-9]+" caf_number "${caf_line}")
  if(caf_number)
    math(EXPR caf_major "${caf_number} / 10000")
    math(EXPR caf_minor "${caf_number} / 100 % 100")
    math(EXPR caf_patch "${caf_number} % 100")
    set(CAF_VERSION "${caf_major}.${caf_minor}.${caf_patch}")
  endif()
endif()

foreach(caf_component IN LISTS CAF_FIND_COMPONENTS)
  if(NOT caf_component STREQUAL "core")
    string(TOUPPER ${caf_component} caf_upper)
    find_library(CAF_${caf_upper}_LIBRARY caf_${caf_component})
    mark_as_advanced(CAF_${caf_upper}_LIBRARY)
    set(CAF_${caf_component}_FOUND ${CAF_${caf_upper}_LIBRARY})
  endif()
endforeach()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(CAF
  REQUIRED_VARS CAF_CORE_LIBRARY CAF_INCLUDE_DIR
  VERSION_VAR CAF_VERSION
  HANDLE_COMPONENTS)

if(CAF_FOUND AND NOT TARGET CAF::core)
  find_package(Threads REQUIRED)
  add_library(CAF::core UNKNOWN IMPORTED)
  set_target_properties(CAF::core PROPERTIES
    IMPORTED_LOCATION "${CAF_CORE_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES "${CAF_INCLUDE_DIR}"
    INTERFACE_LINK_LIBRARIES Threads::Threads)
endif()
foreach(caf_component IN LISTS CAF_FIND_COMPONENTS)
  string(TOUPPER ${caf_component} caf_upper)
  if(CAF_${caf_upper}_LIBRARY AND NOT TARGET CAF::${caf_component})
    add_library(CAF::${caf_component} UNKNOWN IMPORTED)
    set_target_properties(CAF::${caf_component} PROPERTIES
      IMPORTED_LOCATION "${CAF_${caf_upper}_LIBRARY}"
      INTERFACE_LINK_LIBRARIES CAF::core)
  endif()
endforeach()
