// The files a result was made with, found again by name and hash.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cli/context.h"
#include "pipelines/img2img_infotext.h"

namespace pentimento {

struct RepeatArguments {
  std::string result, model, vae, text, mask, upscaler, output;
  std::vector<std::string> inputs;  // in the order in which the job had them

  // The input at that place, if it was given; the last one must not be one too many.
  std::string input(size_t place) const { return place < inputs.size() ? inputs[place] : ""; }
};

// Beside the result, in the working folder, above the result, in examples; it must have the same
// bytes unless the user gives it. `what`: "from", "with the mask". Throws NotFound naming
// `option`.
std::filesystem::path find_file(const RepeatArguments& a, const std::string& given,
                                const std::string& name, const std::string& sha256,
                                const char* what, const char* option);

// The model, the VAE (none: the model's own), and the checkpoint that lent its text encoder, where
// one did.
std::filesystem::path find_repeated_model(const Context& context, const RepeatArguments& a,
                                          const MadeWith& then);
std::optional<std::filesystem::path> find_repeated_vae(const Context& context,
                                                       const RepeatArguments& a,
                                                       const MadeWith& then,
                                                       const std::filesystem::path& model);
std::optional<std::filesystem::path> find_repeated_text(const Context& context,
                                                        const RepeatArguments& a,
                                                        const MadeWith& then);

}  // namespace pentimento
