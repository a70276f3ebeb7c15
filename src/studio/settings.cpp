#include "studio/settings.h"

#include "studio/coded_error.h"
#include "text/styles.h"

namespace pentimento {

std::span<const Field> setting_fields() {
  static const std::vector<Field> fields = {
      {.name = "model",
       .default_value = "",
       .what = "checkpoint for jobs that name none; empty: the first there is",
       .maximum = 300},
      {.name = "vae",
       .default_value = "",
       .what = "separate VAE for models without a choice of their own; empty: what is inside",
       .maximum = 300},
      {.name = "format",
       .default_value = "png",
       .what = "file format of results",
       .choices = {"png", "jpeg", "webp"}},
      {.name = "quality",
       .type = FieldType::Integer,
       .default_value = 80,
       .what = "quality of JPEG and WebP results",
       .minimum = 1,
       .maximum = 100},
      {.name = "webp_lossless",
       .type = FieldType::Boolean,
       .default_value = false,
       .what = "write WebP results without loss"},
      {.name = "metadata",
       .type = FieldType::Boolean,
       .default_value = true,
       .what = "write into results how they were made"},
      {.name = "preview_every_steps",
       .type = FieldType::Integer,
       .default_value = 1,
       .what = "a look inside every so many steps; 0: none",
       .minimum = 0,
       .maximum = 100},
      {.name = "language",
       .default_value = "auto",
       .what = "language of the page",
       .choices = {"auto", "en", "zh-CN"}},
      {.name = "theme",
       .default_value = "auto",
       .what = "colours of the page",
       .choices = {"auto", "light", "dark"}},
  };
  return fields;
}

Json Settings::values() const {
  const auto lock = db_.lock();
  Json values = with_defaults(Json::object(), setting_fields());
  Statement rows = db_.query("SELECT key, value FROM setting");
  while (rows.next())
    if (values.contains(rows.text(0))) values[rows.text(0)] = Json::parse(rows.text(1));
  return values;
}

Json Settings::value(const std::string& name) const { return values().at(name); }

Json Settings::change(const Json& changes) {
  check(changes, setting_fields());
  Database::Transaction transaction(db_);
  for (const auto& [key, value] : changes.items()) {
    if (value.is_null())
      db_.run("DELETE FROM setting WHERE key = ?", key);
    else
      db_.run(
          "INSERT INTO setting (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = "
          "excluded.value",
          key, value.dump());
  }
  Json now = values();
  transaction.commit();
  return now;
}

std::vector<PromptStyle> PromptStyles::list() const {
  const auto lock = db_.lock();
  std::vector<PromptStyle> styles;
  Statement rows =
      db_.query("SELECT name, prompt, negative_prompt FROM prompt_style ORDER BY name");
  while (rows.next()) styles.push_back({rows.text(0), rows.text(1), rows.text(2)});
  return styles;
}

void PromptStyles::put(const PromptStyle& style) {
  if (style.name.empty() || style.name.size() > 200)
    throw CodedError(ErrorKind::InvalidArgument, "out_of_range",
                     "the style's name is " + std::to_string(style.name.size()) +
                         " bytes long, expected 1 to 200",
                     "name");
  const auto lock = db_.lock();
  db_.run(
      "INSERT INTO prompt_style (name, prompt, negative_prompt) VALUES (?, ?, ?) ON CONFLICT "
      "(name) DO UPDATE SET "
      "prompt = excluded.prompt, negative_prompt = excluded.negative_prompt",
      style.name, style.prompt, style.negative_prompt);
}

void PromptStyles::remove(const std::string& name) {
  const auto lock = db_.lock();
  db_.run("DELETE FROM prompt_style WHERE name = ?", name);
  if (db_.changes() == 0)
    throw CodedError(ErrorKind::NotFound, "not_found",
                     "there is no prompt style '" + name.substr(0, 80) + "'");
}

void PromptStyles::apply(const std::vector<std::string>& names, std::string& prompt,
                         std::string& negative_prompt) const {
  std::vector<Style> styles;
  for (const PromptStyle& style : list())
    styles.push_back({style.name, style.prompt, style.negative_prompt});
  StyledPrompts styled =
      apply_styles(StyledPrompts{prompt, negative_prompt, names}, styles, Comments::Keep);
  prompt = std::move(styled.prompt);
  negative_prompt = std::move(styled.negative_prompt);
}

std::optional<double> Pace::seconds_per_unit(const std::string& work) const {
  const auto lock = db_.lock();
  Statement row = db_.query("SELECT seconds_per_unit FROM pace WHERE work = ?", work);
  return row.next() ? std::optional(row.real(0)) : std::nullopt;
}

void Pace::learn(const std::string& work, double seconds_per_unit) {
  const auto lock = db_.lock();
  db_.run(
      "INSERT INTO pace (work, seconds_per_unit, samples) VALUES (?1, ?2, 1) ON CONFLICT (work) DO "
      "UPDATE SET "
      "seconds_per_unit = 0.5 * seconds_per_unit + 0.5 * ?2, samples = samples + 1",
      work, seconds_per_unit);
}

}  // namespace pentimento
