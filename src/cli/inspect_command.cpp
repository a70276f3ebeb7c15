// The verb inspect: what a model file is, from its tensors, in plain words.
#include <CLI/CLI.hpp>
#include <cstdlib>
#include <iostream>
#include <memory>

#include "base/error.h"
#include "cli/context.h"
#include "pipelines/embedding_picture.h"
#include "studio/chinese.h"
#include "studio/model_library.h"
#include "studio/result_json.h"
#include "weights/explain.h"
#include "weights/summary.h"

namespace pentimento {
namespace {

struct Arguments {
  std::string path, language;
  bool metadata = false;
};

Language language_of(const std::string& asked) {
  std::string word = asked;
  for (const char* name : {"LC_ALL", "LC_MESSAGES", "LANG"})
    if (const char* value = std::getenv(name); word.empty() && value) word = value;
  return word.starts_with("zh") ? Language::Chinese : Language::English;
}

void print(const ModelSummary& summary, const Explanation& e, const Arguments& a,
           Language language) {
  const bool english = language == Language::English;
  const auto line = [](const std::string& label, const std::string& value) {
    if (!value.empty()) std::cout << "  " << label << ": " << value << "\n";
  };
  std::cout << a.path << ": " << e.what << "\n";
  line(english ? "needs" : "需要", e.needs);
  line(english ? "how to use" : "用法", e.use);
  for (const auto& [label, value] : e.facts) line(label, value);
  for (const std::string& note : english ? summary.notes : all_in_chinese(summary.notes))
    line(english ? "note" : "备注", note);
  if (a.metadata)
    for (const auto& [key, value] : summary.metadata)
      line(key, value.size() > 200 ? value.substr(0, 200) + "…" : value);
  const std::string known = english ? "" : in_chinese(e.problem);
  line(english ? "cannot be used" : "无法使用", known.empty() ? e.problem : known);
  if (!e.example.empty()) std::cout << (english ? "try: " : "试试: ") << e.example << "\n";
}

// A model to go with the file, when the library knows one already.
std::string partner(const Context& context, const ModelSummary& summary) {
  std::error_code error;
  if (summary.kind == "checkpoint" ||
      !std::filesystem::exists(context.paths.data / "library.sqlite", error))
    return "";
  try {
    return context.library().any_model_of(summary.base);
  } catch (const Error&) {
    return "";
  }
}

void run(const Context& context, const Arguments& a) {
  std::error_code error;
  if (!std::filesystem::exists(a.path, error))
    throw Error(ErrorKind::NotFound, a.path + ": no such file or folder");
  const ModelSummary summary = summarise_any(a.path);
  const Language language = language_of(a.language);
  const Explanation explanation = explain(summary, a.path, language, partner(context, summary));
  if (context.json) std::cout << summary_json(a.path, summary) << "\n";
  if (!summary.readable) throw Error(ErrorKind::CorruptFile, summary.reason);
  if (!context.json) print(summary, explanation, a, language);
}

}  // namespace

void add_inspect(CLI::App& app, Context& context) {
  auto a = std::make_shared<Arguments>();
  CLI::App* verb =
      app.add_subcommand("inspect", "say what a model file is, what it needs and how to use it");
  verb->add_option("model", a->path, "any model file, or a diffusers folder")->required();
  verb->add_option("--lang", a->language, "en or zh; default: the system's language")
      ->check(CLI::IsMember({"en", "zh"}));
  verb->add_flag("--metadata", a->metadata,
                 "also print what the file says of itself, word by word");
  add_json_option(*verb, context);
  verb->callback([&context, a] { run(context, *a); });
}

}  // namespace pentimento
