# Runs PROGRAM; it must succeed and print what stands in the file OUTPUT.
execute_process(COMMAND ${PROGRAM} OUTPUT_VARIABLE printed RESULT_VARIABLE result TIMEOUT 120)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "${PROGRAM} ended with ${result} and printed\n${printed}")
endif()
file(READ ${OUTPUT} wanted)
if(NOT printed STREQUAL wanted)
  message(FATAL_ERROR "printed\n${printed}\nbut ${OUTPUT} has\n${wanted}")
endif()
