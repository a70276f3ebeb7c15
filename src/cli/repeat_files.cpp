#include "cli/repeat_files.h"

#include "base/error.h"
#include "base/sha256.h"
#include "cli/model_path.h"

namespace pentimento {

namespace fs = std::filesystem;

fs::path find_file(const RepeatArguments& a, const std::string& given, const std::string& name,
                   const std::string& sha256, const char* what, const char* option) {
  if (!given.empty()) return given;
  std::string seen;
  for (const fs::path& folder :
       {fs::path(a.result).parent_path(), fs::current_path(),
        fs::path(a.result).parent_path().parent_path(), fs::path("examples")}) {
    const fs::path candidate = folder / name;
    std::error_code error;
    if (name.empty() || !fs::is_regular_file(candidate, error)) continue;
    if (sha256_file(candidate) == sha256) return candidate;
    seen = candidate.string() + " has that name but other bytes; ";
  }
  throw Error(ErrorKind::NotFound, seen + "the picture was made " + what + " '" + name +
                                       "' (SHA-256 " + sha256.substr(0, 10) + "…); name it with " +
                                       option + " FILE");
}

fs::path find_repeated_model(const Context& context, const RepeatArguments& a,
                             const MadeWith& then) {
  if (!a.model.empty()) return find_model(context, a.model);
  return find_model_by_hash(context, then.model_name, then.model_hash);
}

std::optional<fs::path> find_repeated_vae(const Context& context, const RepeatArguments& a,
                                          const MadeWith& then, const fs::path& model) {
  if (!a.vae.empty()) return find_vae(context, a.vae, model);
  if (then.vae_name.empty()) return std::nullopt;
  try {
    return find_vae(context, then.vae_name, model);
  } catch (const Error&) {
    throw Error(ErrorKind::NotFound, "the picture was made with the VAE '" + then.vae_name +
                                         "', which is not in the models folder; name it with "
                                         "--vae FILE");
  }
}

std::optional<fs::path> find_repeated_text(const Context& context, const RepeatArguments& a,
                                           const MadeWith& then) {
  if (!a.text.empty()) return find_text_encoder(context, a.text);
  if (then.text_name.empty()) return std::nullopt;
  try {
    return find_text_encoder(context, then.text_name);
  } catch (const Error&) {
    throw Error(ErrorKind::NotFound, "the picture was made with the text encoder of '" +
                                         then.text_name + "'; name it with --text-encoder FILE");
  }
}

}  // namespace pentimento
