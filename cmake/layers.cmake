# One static library per folder of src/. A folder sees the folders it names in USES and, through
# them, those above; scripts/check_layers.py proves the same about #include lines.
function(pentimento_layer name)
  cmake_parse_arguments(LAYER "" "" "USES;LINKS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.cpp)
  list(FILTER sources EXCLUDE REGEX "/main\\.cpp$")
  if(sources)
    add_library(pentimento_${name} STATIC ${sources})
    set(scope PUBLIC)
  else()
    add_library(pentimento_${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_include_directories(pentimento_${name} ${scope} ${PROJECT_SOURCE_DIR}/src)
  foreach(layer IN LISTS LAYER_USES)
    target_link_libraries(pentimento_${name} ${scope} pentimento_${layer})
  endforeach()
  target_link_libraries(pentimento_${name} ${scope} ${LAYER_LINKS})
endfunction()

# tests/NAME/*_test.cpp become the program test_NAME, one ctest entry.
function(pentimento_tests name)
  cmake_parse_arguments(TESTS "" "" "USES;LABELS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${name}/*_test.cpp)
  if(NOT sources)
    return()
  endif()
  add_executable(test_${name} ${sources})
  target_link_libraries(test_${name} PRIVATE pentimento_test_support GTest::gtest GTest::gmock GTest::gtest_main)
  foreach(layer IN LISTS TESTS_USES)
    target_link_libraries(test_${name} PRIVATE pentimento_${layer})
  endforeach()
  target_compile_definitions(test_${name} PRIVATE
    PENTIMENTO_SOURCE_DIR="${PROJECT_SOURCE_DIR}" PENTIMENTO_BINARY_DIR="${PROJECT_BINARY_DIR}"
    PENTIMENTO_DEPS="${PENTIMENTO_DEPS}")
  # One ctest entry per program: starting one per case costs more than the cases themselves.
  add_test(NAME ${name} COMMAND test_${name} --gtest_brief=0)
  set_tests_properties(${name} PROPERTIES TIMEOUT 900 LABELS "${TESTS_LABELS}")
endfunction()
