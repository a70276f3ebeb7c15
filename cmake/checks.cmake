# Checks of the project itself, as tests beside the others: the layer rules, and the scripts.
find_package(Python3 3.8 REQUIRED COMPONENTS Interpreter)
add_test(NAME layers COMMAND ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/scripts/check_layers.py)
add_test(NAME scripts COMMAND ${Python3_EXECUTABLE} -B -m unittest discover
         -s ${PROJECT_SOURCE_DIR}/scripts/tests -p *_test.py)
