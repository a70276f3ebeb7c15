#include "cli/usage_error.h"

#include <CLI/CLI.hpp>
#include <vector>

#include "base/near_words.h"

namespace pentimento {
namespace {

// The verb within the verb that the words reached.
const CLI::App& innermost(const CLI::App& app) {
  const auto verbs = app.get_subcommands();
  return verbs.empty() ? app : innermost(*verbs.front());
}

std::vector<std::string> verbs_below(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* verb : app.get_subcommands({})) names.push_back(verb->get_name());
  return names;
}

std::vector<std::string> options_of(const CLI::App& verb) {
  std::vector<std::string> names;
  for (const CLI::Option* option : verb.get_options())
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  return names;
}

std::string unknown_word(const CLI::App& verb, const std::string& word) {
  if (word.starts_with("-"))
    return word + ": no such option" +
           did_you_mean(word.substr(0, word.find('=')), options_of(verb));
  const auto verbs = verbs_below(verb);
  if (!verbs.empty()) return word + ": no such verb" + did_you_mean(word, verbs);
  return word + ": one word too many";
}

std::string missing(const CLI::App& verb, const std::string& name) {
  if (const CLI::Option* option = verb.get_option_no_throw(name))
    return name + " is missing: " + option->get_description();
  std::string text = "say what to do:";
  for (const std::string& below : verbs_below(verb)) text += " " + below;
  return text;
}

// "--strength: abc is no number"; the parser's own sentence where it is plain enough.
std::string not_converted(const std::string& sentence) {
  constexpr std::string_view kBegins = "Could not convert: ";
  const size_t equals = sentence.find(" = ");
  if (!sentence.starts_with(kBegins) || equals == std::string::npos) return sentence;
  return sentence.substr(kBegins.size(), equals - kBegins.size()) + ": '" +
         sentence.substr(equals + 3) + "' is no number";
}

// "--rng: gpu not in {cpu,nv}" -> "--rng is 'gpu', expected one of cpu, nv"
std::string not_allowed(const std::string& sentence) {
  const size_t colon = sentence.find(": "), in = sentence.find(" not in {");
  if (colon == std::string::npos || in == std::string::npos || !sentence.ends_with("}"))
    return sentence;
  const std::string found = sentence.substr(colon + 2, in - colon - 2);
  const size_t begin = in + std::string_view(" not in {").size();
  std::string expected;
  for (const char c : sentence.substr(begin, sentence.size() - begin - 1))
    expected += c == ',' ? std::string(", ") : std::string(1, c);
  return sentence.substr(0, colon) + " is '" + found + "', expected one of " + expected;
}

// "--left: 1 required TEXT missing" -> "--left needs a value"
std::string too_few(const std::string& sentence) {
  const size_t colon = sentence.find(": 1 required ");
  return colon == std::string::npos ? sentence : sentence.substr(0, colon) + " needs a value";
}

}  // namespace

std::string usage_error(const CLI::App& app, const CLI::ParseError& error) {
  const CLI::App& verb = innermost(app);
  const std::string sentence = error.what();
  const auto kind = static_cast<CLI::ExitCodes>(error.get_exit_code());
  if (kind == CLI::ExitCodes::ExtrasError || kind == CLI::ExitCodes::RequiredError) {
    const std::vector<std::string> words = app.remaining(/*recurse=*/true);
    if (!words.empty()) return unknown_word(verb, words.front());
    return missing(verb, sentence.substr(0, sentence.find(" is required")));
  }
  if (kind == CLI::ExitCodes::ConversionError) return not_converted(sentence);
  if (kind == CLI::ExitCodes::ArgumentMismatch) return too_few(sentence);
  if (kind == CLI::ExitCodes::ValidationError) return not_allowed(sentence);
  return sentence;
}

std::string verb_of(const CLI::App& app) {
  std::string text;
  for (const CLI::App* verb = &app; !verb->get_subcommands().empty();) {
    verb = verb->get_subcommands().front();
    text += (text.empty() ? "" : " ") + verb->get_name();
  }
  return text;
}

}  // namespace pentimento
