# Checks of the project itself, as tests beside the others: the layer rules, and the scripts.
find_package(Python3 3.8 REQUIRED COMPONENTS Interpreter)
add_test(NAME layers COMMAND ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/scripts/check_layers.py)
add_test(NAME scripts COMMAND ${Python3_EXECUTABLE} -B -m unittest discover
         -s ${PROJECT_SOURCE_DIR}/scripts/tests -p *_test.py)
add_test(NAME install COMMAND ${PROJECT_SOURCE_DIR}/scripts/tests/install.sh ${PROJECT_BINARY_DIR})

# The studio page (web/): types, texts and units; and a browser that drives the program.
add_test(NAME page COMMAND ${PROJECT_SOURCE_DIR}/web/tests/run.sh units)
# Seven minutes, so with the long ones: ctest -C Long -L browser
add_test(NAME page_in_browser CONFIGURATIONS Long COMMAND ${PROJECT_SOURCE_DIR}/web/tests/run.sh browser $<TARGET_FILE:pentimento>)
set_tests_properties(page page_in_browser PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 900)
set_tests_properties(page_in_browser PROPERTIES LABELS browser RUN_SERIAL ON TIMEOUT 3600)
