// What the owner of the program prefers, as a table of fields with values in the database.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "studio/clock.h"
#include "studio/database.h"
#include "studio/fields.h"

namespace pentimento {

std::span<const Field> setting_fields();

// Thread contract: share freely.
class Settings {
 public:
  explicit Settings(Database& db) : db_(db) {}
  Json values() const;  // every setting, defaults included
  Json value(const std::string& name) const;
  Json change(const Json& changes);  // only the fields given; throws CodedError

 private:
  Database& db_;
};

// A reusable piece of prompt; "{prompt}" inside marks where the user's own goes.
struct PromptStyle {
  std::string name, prompt, negative_prompt;
};

class PromptStyles {
 public:
  explicit PromptStyles(Database& db) : db_(db) {}
  std::vector<PromptStyle> list() const;
  void put(const PromptStyle& style);    // throws InvalidArgument
  void remove(const std::string& name);  // throws NotFound
  // The prompt with the named styles applied in order (A1111's rule); unknown names do
  // nothing.
  void apply(const std::vector<std::string>& names, std::string& prompt,
             std::string& negative_prompt) const;

 private:
  Database& db_;
};

// How long work takes on this computer, learnt from what was done: seconds for a unit of some work
// ("img2img SD1 512x512", a step). Newer samples count more.
class Pace {
 public:
  explicit Pace(Database& db) : db_(db) {}
  std::optional<double> seconds_per_unit(const std::string& work) const;
  void learn(const std::string& work, double seconds_per_unit);

 private:
  Database& db_;
};

}  // namespace pentimento
