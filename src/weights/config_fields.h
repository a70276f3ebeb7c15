// The JSON configurations that say what tensor shapes cannot: a diffusers folder's config.json
// files and the metadata key "pentimento.config" (docs/formats.md). Private to weights/.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace pentimento {

// Fields looked up in several objects, the first that has a field (and not null) wins.
class ConfigFields {
 public:
  // `label` names the source in messages: "unet/config.json".
  void add(nlohmann::json object, std::string label);
  bool empty() const { return sources_.empty(); }

  bool has(const char* field) const { return find(field) != nullptr; }
  // A field that is there but of another type or outside the range throws CorruptFile naming the
  // source, the field and what was expected.
  std::optional<int> integer(const char* field, int lowest, int highest) const;
  std::optional<double> number(const char* field) const;
  std::optional<bool> flag(const char* field) const;
  std::optional<std::string> text(const char* field) const;
  // One number for every level, or a list of exactly `levels`.
  std::optional<std::vector<int>> integers(const char* field, size_t levels, int lowest,
                                           int highest) const;
  std::optional<std::vector<float>> numbers(const char* field, size_t count) const;
  // The fields of an object inside; of none when it is not there.
  ConfigFields object(const char* field) const;
  // Throws Unsupported when the field is there and is not one of the values this program knows.
  void require(const char* field, const nlohmann::json& one_of) const;

 private:
  struct Source {
    nlohmann::json object;
    std::string label;
  };
  const nlohmann::json* find(const char* field, const Source** source = nullptr) const;
  [[noreturn]] void refuse(const char* field, const std::string& expected) const;

  std::vector<Source> sources_;
};

// Parses an object; throws CorruptFile naming `label` for anything else.
nlohmann::json parse_config(std::string_view text, const std::string& label);
// Reads and parses a small file; nothing when it does not exist.
std::optional<nlohmann::json> read_config(const std::filesystem::path& path);

}  // namespace pentimento
