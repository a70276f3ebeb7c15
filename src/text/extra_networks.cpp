#include "text/extra_networks.h"

#include <algorithm>

#include "text/prompt_limits.h"
#include "text/unicode.h"

namespace pentimento {
namespace {

ExtraNetwork parse_arguments(std::string_view type, std::string_view arguments) {
  ExtraNetwork network{std::string(type)};
  std::vector<std::string> unnamed;
  for (size_t begin = 0; begin <= arguments.size();) {
    const size_t end = std::min(arguments.find(':', begin), arguments.size());
    const std::string_view argument = arguments.substr(begin, end - begin);
    begin = end + 1;
    // "a=b" is named; "a=b=c" is not.
    if (std::count(argument.begin(), argument.end(), '=') != 1) {
      unnamed.emplace_back(argument);
      continue;
    }
    const size_t equals = argument.find('=');
    const std::string key(argument.substr(0, equals)), value(argument.substr(equals + 1));
    const auto known = std::find_if(network.named.begin(), network.named.end(),
                                    [&](const auto& pair) { return pair.first == key; });
    if (known == network.named.end())
      network.named.emplace_back(key, value);
    else
      known->second = value;
  }
  if (!unnamed.empty()) {
    network.name = std::move(unnamed.front());
    network.args.assign(unnamed.begin() + 1, unnamed.end());
  }
  return network;
}

// End of the letters, digits and underscores from `at`.
size_t word_end(std::string_view text, size_t at) {
  while (at < text.size()) {
    const CodePoint c = decode_utf8(text, at);
    if (!is_word(c.value)) break;
    at += c.length;
  }
  return at;
}

}  // namespace

CleanPrompt extract_networks(std::string_view prompt) {
  require_prompt(prompt);
  CleanPrompt clean;
  size_t begin = 0;  // of the text not yet copied
  for (size_t at = prompt.find('<'); at != prompt.npos; at = prompt.find('<', at)) {
    const size_t colon = word_end(prompt, at + 1);
    const bool is_tag = colon > at + 1 && colon < prompt.size() && prompt[colon] == ':';
    if (!is_tag) {
      ++at;
      continue;
    }
    const size_t end = prompt.find('>', colon + 1);
    if (end == prompt.npos) break;
    if (end == colon + 1) {  // <lora:> names nothing
      ++at;
      continue;
    }
    clean.networks.push_back(parse_arguments(prompt.substr(at + 1, colon - at - 1),
                                             prompt.substr(colon + 1, end - colon - 1)));
    clean.text += prompt.substr(begin, at - begin);
    begin = at = end + 1;
  }
  clean.text += prompt.substr(begin);
  return clean;
}

}  // namespace pentimento
