#include "pipelines/extra_files.h"

#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/near_words.h"
#include "weights/tensor_file.h"

namespace pentimento {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMostFiles = 100'000;
constexpr int kMostDepth = 16;

std::string lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

class Folders : public ExtraFiles {
 public:
  Folders(std::vector<fs::path> loras, std::vector<fs::path> embeddings)
      : loras_(std::move(loras)), embeddings_(std::move(embeddings)) {}

  std::vector<File> loras() const override {
    return files_in(loras_, {".safetensors", ".pt", ".ckpt"});
  }

  std::vector<File> embeddings() const override {
    std::vector<File> files =
        files_in(embeddings_, {".safetensors", ".pt", ".bin", ".png", ".webp"});
    std::erase_if(files, [](const File& file) { return lower(file.name).ends_with(".preview"); });
    return files;
  }

  std::string alias(const File& lora) const override {
    try {
      const TensorFile file = read_tensor_file(lora.path);
      const auto found = file.metadata.find("ss_output_name");
      return found == file.metadata.end() ? "" : found->second;
    } catch (const Error&) {  // a damaged file has no alias; it is refused when it is asked for
      return "";
    }
  }

 private:
  static std::vector<File> files_in(const std::vector<fs::path>& folders,
                                    const std::set<std::string>& extensions) {
    std::vector<File> files;
    std::set<std::string> entered;
    for (const fs::path& folder : folders) walk(folder, extensions, 0, entered, files);
    return files;
  }

  static void walk(const fs::path& folder, const std::set<std::string>& extensions, int depth,
                   std::set<std::string>& entered, std::vector<File>& files) {
    std::error_code error;
    const fs::path real = fs::canonical(folder, error);
    if (error || depth > kMostDepth || !entered.insert(real.string()).second) return;
    std::vector<fs::path> found;
    for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error))
      found.push_back(at->path());
    std::sort(found.begin(), found.end());
    for (const fs::path& path : found) {
      if (files.size() >= kMostFiles) return;
      if (fs::is_directory(path, error))
        walk(path, extensions, depth + 1, entered, files);
      else if (extensions.contains(lower(path.extension().string())) &&
               fs::is_regular_file(path, error))
        files.push_back({path.stem().string(), path, {}});
    }
  }

  std::vector<fs::path> loras_, embeddings_;
};

class Joined : public ExtraFiles {
 public:
  Joined(std::shared_ptr<const ExtraFiles> first, std::shared_ptr<const ExtraFiles> second)
      : first_(std::move(first)), second_(std::move(second)) {}
  std::vector<File> loras() const override { return both(first_->loras(), second_->loras()); }
  std::vector<File> embeddings() const override {
    return both(first_->embeddings(), second_->embeddings());
  }
  std::string alias(const File& lora) const override { return second_->alias(lora); }
  std::optional<File> lora_of_hash(const std::string& digits) const override {
    auto found = second_->lora_of_hash(digits);
    return found ? found : first_->lora_of_hash(digits);
  }

 private:
  // A file that both know is listed once, where the second has it.
  static std::vector<File> both(std::vector<File> files, const std::vector<File>& more) {
    std::set<fs::path> again;
    for (const File& file : more) again.insert(file.path);
    std::erase_if(files, [&](const File& file) { return again.contains(file.path); });
    files.insert(files.end(), more.begin(), more.end());
    return files;
  }
  std::shared_ptr<const ExtraFiles> first_, second_;
};

std::string near_names(const std::vector<ExtraFiles::File>& files, const std::string& name) {
  std::vector<std::string> names;
  for (const ExtraFiles::File& file : files) names.push_back(file.name);
  std::string text;
  for (const std::string& near : near_words(name, names)) text += (text.empty() ? "" : ", ") + near;
  return text;
}

}  // namespace

std::shared_ptr<const ExtraFiles> extra_files_in(std::vector<fs::path> lora_folders,
                                                 std::vector<fs::path> embedding_folders) {
  return std::make_shared<Folders>(std::move(lora_folders), std::move(embedding_folders));
}

std::shared_ptr<const ExtraFiles> joined(std::shared_ptr<const ExtraFiles> first,
                                         std::shared_ptr<const ExtraFiles> second) {
  return std::make_shared<Joined>(std::move(first), std::move(second));
}

std::optional<ExtraFiles::File> ExtraFiles::lora_of_hash(const std::string&) const { return {}; }

ExtraFiles::File find_lora(const ExtraFiles& files, const std::string& name) {
  const std::vector<ExtraFiles::File> loras = files.loras();
  const auto by_stem = std::find_if(loras.rbegin(), loras.rend(),
                                    [&](const ExtraFiles::File& f) { return f.name == name; });
  if (by_stem != loras.rend()) return *by_stem;
  std::vector<ExtraFiles::File> by_alias;
  if (lower(name) != "none")
    for (const ExtraFiles::File& file : loras)
      if ((file.alias ? *file.alias : files.alias(file)) == name) by_alias.push_back(file);
  if (by_alias.size() == 1) return by_alias[0];
  const bool digits =
      name.size() >= 8 && name.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (const auto file = digits ? files.lora_of_hash(name) : std::nullopt) return *file;
  std::string hint = by_alias.size() > 1 ? "; " + std::to_string(by_alias.size()) +
                                               " files call themselves so: use the file name"
                                         : "";
  if (const std::string near = near_names(loras, name); hint.empty() && !near.empty())
    hint = "; near it: " + near;
  if (hint.empty() && loras.empty())
    hint = "; put LoRA files into the models folder, under Lora, or name a folder with --lora-dir";
  throw Error(ErrorKind::NotFound, "<lora:" + name + ">: there is no LoRA of that name" + hint);
}

}  // namespace pentimento
