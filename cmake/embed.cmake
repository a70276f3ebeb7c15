# A file of assets/ as read-only bytes inside a library:
#   pentimento_embed(pentimento_text pentimento_clip_merges ${PROJECT_SOURCE_DIR}/assets/clip/merges.txt)
# and in C++
#   extern "C" const char pentimento_clip_merges[], pentimento_clip_merges_end[];
# The assembler reads the file itself, so size costs no compile time. Limitation: ELF (Linux).
function(pentimento_embed target symbol file)
  set(source ${CMAKE_CURRENT_BINARY_DIR}/embed_${symbol}.cpp)
  file(CONFIGURE OUTPUT ${source} @ONLY CONTENT [[
asm(R"(
.pushsection .rodata
.balign 16
.global @symbol@
.type @symbol@, %object
@symbol@:
.incbin "@file@"
.global @symbol@_end
.type @symbol@_end, %object
@symbol@_end:
.byte 0
.popsection
)");
]])
  set_source_files_properties(${source} PROPERTIES OBJECT_DEPENDS ${file})
  target_sources(${target} PRIVATE ${source})
endfunction()
