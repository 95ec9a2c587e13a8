# The umbrella target, and the install and export rules.
# Included last: it works from the lists that carillon_library() and carillon_program() filled.

get_property(all_libraries GLOBAL PROPERTY CARILLON_LIBRARIES)
get_property(programs GLOBAL PROPERTY CARILLON_PROGRAMS)

# The shim stands beside the program in the build tree, where the program looks for it first.
if(TARGET carillon_supervisor)
  set_target_properties(carillon_supervisor PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})
endif()

# Libraries of the program, the tests and the benchmarks are nobody else's business.
set(libraries)
foreach(library IN LISTS all_libraries)
  get_target_property(folder ${library} SOURCE_DIR)
  file(RELATIVE_PATH folder "${PROJECT_SOURCE_DIR}" "${folder}")
  if(NOT folder MATCHES "^(tools|tests|bench|examples)")
    list(APPEND libraries ${library})
  endif()
endforeach()

# carillon::carillon: the whole engine under one name.
add_library(carillon_all INTERFACE)
add_library(carillon::carillon ALIAS carillon_all)
set_target_properties(carillon_all PROPERTIES EXPORT_NAME carillon)
target_link_libraries(carillon_all INTERFACE ${libraries})

# carillon::trigger: the rules for fire times alone, without engine, log or network.
if(TARGET carillon_triggers)
  add_library(carillon_trigger INTERFACE)
  add_library(carillon::trigger ALIAS carillon_trigger)
  set_target_properties(carillon_trigger PROPERTIES EXPORT_NAME trigger)
  target_link_libraries(carillon_trigger INTERFACE carillon_triggers)
  set(trigger_alias carillon_trigger)
endif()

include(CMakePackageConfigHelpers)
set(config_folder ${CMAKE_INSTALL_LIBDIR}/cmake/carillon)

install(TARGETS carillon_all ${trigger_alias} ${libraries} EXPORT carillonTargets)
if(programs)
  install(TARGETS ${programs})
endif()
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/carillon
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.hpp")
install(EXPORT carillonTargets NAMESPACE carillon:: DESTINATION ${config_folder})

configure_package_config_file(
  ${PROJECT_SOURCE_DIR}/cmake/carillonConfig.cmake.in ${PROJECT_BINARY_DIR}/carillonConfig.cmake
  INSTALL_DESTINATION ${config_folder})
write_basic_package_version_file(
  ${PROJECT_BINARY_DIR}/carillonConfigVersion.cmake COMPATIBILITY SameMajorVersion)
install(FILES
  ${PROJECT_BINARY_DIR}/carillonConfig.cmake
  ${PROJECT_BINARY_DIR}/carillonConfigVersion.cmake
  ${PROJECT_SOURCE_DIR}/cmake/FindCAF.cmake
  DESTINATION ${config_folder})
install(FILES ${PROJECT_SOURCE_DIR}/cmake/dependencies.cmake
  DESTINATION ${config_folder} RENAME carillonDependencies.cmake)

configure_file(${PROJECT_SOURCE_DIR}/share/carillon/carillon.service.in
  ${PROJECT_BINARY_DIR}/carillon.service @ONLY)
install(FILES
  ${PROJECT_BINARY_DIR}/carillon.service
  ${PROJECT_SOURCE_DIR}/share/carillon/cluster.conf
  DESTINATION ${CMAKE_INSTALL_DATADIR}/carillon)

# carillon.pc. A static Carillon names its own dependencies among the public ones, so that plain
# `pkg-config --libs carillon` links.
set(pc_libs)
foreach(library IN LISTS libraries)
  list(PREPEND pc_libs -l${library})
endforeach()
list(JOIN pc_libs " " pc_libs)
set(pc_requires rocksdb libpqxx fmt spdlog libcrypto cpp-httplib liblz4 libxxhash uuid absl_time
  absl_node_hash_map)
list(JOIN pc_requires ", " pc_requires)
set(pc_others "-lcaf_core -ldate-tz -lpaho-mqttpp3 -lpaho-mqtt3as -pthread")
if(BUILD_SHARED_LIBS)
  set(PC_LINKS "Libs: -L\${libdir} ${pc_libs}")
  string(APPEND PC_LINKS "\nLibs.private: ${pc_others}\nRequires.private: ${pc_requires}")
else()
  set(PC_LINKS "Libs: -L\${libdir} -Wl,--start-group ${pc_libs} -Wl,--end-group ${pc_others}")
  string(APPEND PC_LINKS "\nRequires: ${pc_requires}")
endif()
file(RELATIVE_PATH PC_PREFIX /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
configure_file(${PROJECT_SOURCE_DIR}/cmake/carillon.pc.in ${PROJECT_BINARY_DIR}/carillon.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/carillon.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
