#include "pipelines/prompt_words.h"

#include <algorithm>
#include <functional>
#include <set>

#include "base/error.h"
#include "pipelines/embedding_picture.h"

namespace pentimento {
namespace {

// The tokens of a prompt with the signs of its language blanked: only to tell which files could be
// meant.
std::vector<int> all_tokens(const Tokenizer& tokenizer, std::string prompt) {
  for (char& c : prompt)
    if (std::string_view("()[]|:\\").find(c) != std::string_view::npos) c = ' ';
  return tokenizer.encode(prompt);
}

bool occurs(const std::vector<int>& ids, const std::vector<int>& in) {
  return !ids.empty() && std::search(in.begin(), in.end(), ids.begin(), ids.end()) != in.end();
}

std::string joined(const std::vector<int>& widths) {
  std::string text;
  for (const int width : widths) text += (text.empty() ? "" : " and ") + std::to_string(width);
  return text + " wide";
}

// "768 wide (SD 1.x)".
std::string widths_of(const Embedding& embedding) {
  std::vector<int> widths;
  for (const Tensor& vectors : embedding.vectors)
    widths.push_back(static_cast<int>(vectors.dim(1)));
  const char* family = widths.size() == 2     ? " (SDXL)"
                       : widths.at(0) == 768  ? " (SD 1.x)"
                       : widths.at(0) == 1024 ? " (SD 2.x)"
                                              : "";
  return joined(widths) + family;
}

class Finder {
 public:
  Finder(const LoadedModel& model, const std::string& prompt, const std::string& negative_prompt)
      : model_(model),
        prompts_{all_tokens(*model.tokenizer, prompt),
                 all_tokens(*model.tokenizer, negative_prompt)} {
    for (const TextConfig& text : model.config().text) widths_.push_back(text.hidden_size);
  }

  FoundWords find() {
    for (const LoraUse& use : model_.loras)
      for (const auto& [name, tensors] : use.file->parts.embeddings)
        consider(name, [&, &tensors = tensors, &name = name] {
          return embedding_of(tensors, name, use.file->path.string() + ": " + name);
        });
    if (model_.extras)
      for (const ExtraFiles::File& file : model_.extras->embeddings()) {
        if (may_hold_embedding(file.path))
          consider_picture(file);
        else
          consider(file.name,
                   [&] { return open_embedding(file.path, file.name, model_.cache_dir); });
      }
    return std::move(found_);
  }

 private:
  bool is_named(const std::string& name) const {
    const std::vector<int> ids = model_.tokenizer->encode(name);
    return occurs(ids, prompts_[0]) || occurs(ids, prompts_[1]);
  }

  void consider(const std::string& name, const std::function<Embedding()>& open) {
    if (!is_named(name)) return;
    try {
      add(open());
    } catch (const Error& error) {
      found_.notes.push_back(name + ": not used as an embedding: " + error.what());
    }
  }

  // The name that counts is inside the picture; one without an embedding is only a picture.
  void consider_picture(const ExtraFiles::File& file) {
    try {
      Embedding embedding = open_embedding_picture(file.path, file.name, model_.cache_dir);
      if (is_named(embedding.name)) add(std::move(embedding));
    } catch (const Error& error) {
      if (is_named(file.name) && error.kind() != ErrorKind::Unsupported)
        found_.notes.push_back(file.name + ": not used as an embedding: " + error.what());
    }
  }

  void add(Embedding embedding) {
    if (!embedding.fits(widths_)) {
      found_.notes.push_back(embedding.name + ": not used as an embedding: its vectors are " +
                             widths_of(embedding) + ", this model reads " + joined(widths_));
      return;
    }
    if (!names_.insert(embedding.name).second) return;  // the first of a name counts
    found_.words.words.push_back({model_.tokenizer->encode(embedding.name), embedding.tokens()});
    if (!embedding.hash.empty())
      found_.hashes += (found_.hashes.empty() ? "" : ", ") + embedding.name + ": " + embedding.hash;
    found_.words.embeddings.push_back(std::move(embedding));
  }

  const LoadedModel& model_;
  std::vector<int> prompts_[2];
  std::vector<int> widths_;
  std::set<std::string> names_;
  FoundWords found_;
};

}  // namespace

FoundWords find_words(const LoadedModel& model, const std::string& prompt,
                      const std::string& negative_prompt) {
  return Finder(model, prompt, negative_prompt).find();
}

}  // namespace pentimento
