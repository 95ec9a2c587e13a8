# Everything Carillon links against, by one name each. Included by the build, and installed beside
# carillonConfig.cmake, because the users of a static Carillon link the same things.
# Packages without a CMake config of their own become carillon_dep::NAME.

# carillon_pkg_config(NAME MODULE): carillon_dep::NAME from pkg-config's MODULE.
function(carillon_pkg_config name module)
  if(TARGET carillon_dep::${name})
    return()
  endif()
  string(TOUPPER CARILLON_${name} prefix)
  pkg_check_modules(${prefix} REQUIRED QUIET IMPORTED_TARGET GLOBAL ${module})
  add_library(carillon_dep::${name} INTERFACE IMPORTED GLOBAL)
  target_link_libraries(carillon_dep::${name} INTERFACE PkgConfig::${prefix})
endfunction()

# Seen from a project that adds Carillon as a subdirectory, its libraries' targets must exist too.
set(CMAKE_FIND_PACKAGE_TARGETS_GLOBAL ON)

find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED QUIET)
find_package(CAF 0.17.6 REQUIRED MODULE)
find_package(RocksDB 7.8 REQUIRED CONFIG)
find_package(cereal REQUIRED CONFIG)
find_package(nlohmann_json 3.11 REQUIRED CONFIG)
find_package(date REQUIRED CONFIG)
find_package(absl REQUIRED CONFIG)
find_package(fmt 9 REQUIRED CONFIG)
find_package(spdlog REQUIRED CONFIG)
find_package(OpenSSL REQUIRED QUIET)
find_package(PahoMqttCpp REQUIRED CONFIG)
carillon_pkg_config(httplib cpp-httplib)
carillon_pkg_config(lz4 liblz4)
carillon_pkg_config(pqxx libpqxx)
carillon_pkg_config(xxhash libxxhash)
carillon_pkg_config(uuid uuid)

if(NOT TARGET carillon_dep::openssl)
  add_library(carillon_dep::openssl INTERFACE IMPORTED GLOBAL)
  target_link_libraries(carillon_dep::openssl INTERFACE OpenSSL::Crypto)
endif()

# What only the program needs.
if(CARILLON_BUILD_DAEMON)
  find_package(CLI11 REQUIRED CONFIG)
  find_package(tomlplusplus REQUIRED CONFIG)
  find_package(yaml-cpp 0.7 REQUIRED CONFIG)
endif()

# What only the tests need.
if(CARILLON_BUILD_TESTS)
  find_package(Catch2 2.13 REQUIRED CONFIG)
  find_package(rapidcheck REQUIRED CONFIG)
  if(NOT TARGET carillon_dep::rapidcheck)
    add_library(carillon_dep::rapidcheck INTERFACE IMPORTED GLOBAL)
    target_link_libraries(carillon_dep::rapidcheck INTERFACE rapidcheck)
  endif()
endif()
