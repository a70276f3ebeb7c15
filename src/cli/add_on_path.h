// From what a user typed after --control, --ip-adapter, --image-encoder or --weights to a file: a
// path, or the name of a file or folder in its folder under the models.
#pragma once

#include <filesystem>
#include <span>
#include <string>

#include "base/paths.h"

namespace pentimento {

struct Context;

struct AddOnKind {
  const char* what;                      // "ControlNet", for messages
  std::span<const char* const> folders;  // under DATA/models, as A1111 and ComfyUI name them
  const char* kind;                      // the library's word: "controlnet"
};
extern const AddOnKind kControlNets, kIpAdapters, kImageEncoders, kCatVtons;

// `text`: a path, a file name with or without extension; empty: the only one installed. Throws
// NotFound naming the folder to put one into, InvalidArgument when several fit an empty text.
std::filesystem::path find_add_on(const Paths& paths, const AddOnKind& kind,
                                  const std::string& text);

// The same, also by the names that the model library has for files anywhere else.
std::filesystem::path find_add_on(const Context& context, const AddOnKind& kind,
                                  const std::string& text);

// Whether any is installed.
bool has_add_on(const Paths& paths, const AddOnKind& kind);

}  // namespace pentimento
