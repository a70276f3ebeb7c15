// Tags that switch networks on: <lora:name:0.8>, <lora:name:te=0.5:unet=1> (webui-spec §4.7). They
// are cut from the positive prompt; the negative prompt keeps them as text.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pentimento {

struct ExtraNetwork {
  std::string type, name;         // "lora", "name"; the name is the first unnamed argument, or ""
  std::vector<std::string> args;  // unnamed, after the name
  std::vector<std::pair<std::string, std::string>> named;  // key=value, a repeated key's last value

  bool operator==(const ExtraNetwork&) const = default;
};

struct CleanPrompt {
  std::string text;  // the spaces around a tag stay
  std::vector<ExtraNetwork> networks;
};

// Throws InvalidArgument: not UTF-8, more than kMaxPromptBytes.
CleanPrompt extract_networks(std::string_view prompt);

}  // namespace pentimento
