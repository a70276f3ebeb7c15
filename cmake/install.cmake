# `cmake --install build --prefix DIR`: a folder that can be moved, with OpenVINO inside.
set_target_properties(pentimento PROPERTIES INSTALL_RPATH "$ORIGIN/../lib/pentimento")
install(TARGETS pentimento)
install(DIRECTORY ${PENTIMENTO_DEPS}/openvino/openvino/libs/ DESTINATION lib/pentimento
        FILES_MATCHING PATTERN "*.so*" PATTERN "cache.json")
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE ${PROJECT_SOURCE_DIR}/NOTICE
        DESTINATION share/doc/pentimento)
