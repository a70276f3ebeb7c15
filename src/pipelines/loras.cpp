#include "pipelines/loras.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/error.h"
#include "text/extra_networks.h"

namespace pentimento {
namespace {

namespace fs = std::filesystem;

float strength_of(const ExtraNetwork& tag, const std::string& text) {
  float value = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end.ec != std::errc() || end.ptr != text.data() + text.size() || !std::isfinite(value) ||
      std::abs(value) > 100)
    throw Error(ErrorKind::InvalidArgument, "<" + tag.type + ":" + tag.name + ":" + text +
                                                ">: the strength must be a number from -100 to "
                                                "100, like <lora:" +
                                                tag.name + ":0.8>");
  return value;
}

LoraTag tag_of(const ExtraNetwork& network) {
  LoraTag tag{.name = network.name};
  const auto named = [&](const char* key) -> const std::string* {
    for (const auto& [name, value] : network.named)
      if (name == key) return &value;
    return nullptr;
  };
  if (!network.args.empty()) tag.te = strength_of(network, network.args[0]);
  if (const std::string* te = named("te")) tag.te = strength_of(network, *te);
  tag.unet = tag.te;
  if (network.args.size() > 1) tag.unet = strength_of(network, network.args[1]);
  if (const std::string* unet = named("unet")) tag.unet = strength_of(network, *unet);
  return tag;
}

std::string stamp_of(const fs::path& path) {
  std::error_code error;
  const auto size = fs::file_size(path, error);
  const auto time = fs::last_write_time(path, error).time_since_epoch().count();
  return path.string() + "\n" + std::to_string(size) + "\n" + std::to_string(time);
}

}  // namespace

std::vector<LoraTag> lora_tags(const std::string& prompt) {
  std::vector<LoraTag> tags;
  for (const ExtraNetwork& network : extract_networks(prompt).networks) {
    if (network.type != "lora" && network.type != "lyco")
      throw Error(ErrorKind::Unsupported,
                  "<" + network.type + ":" + network.name + "…>: networks of the type '" +
                      network.type +
                      "' are not supported, only <lora:NAME:strength>; remove the tag");
    if (network.name.empty())
      throw Error(ErrorKind::InvalidArgument,
                  "<" + network.type + ":…>: names no file; write <lora:NAME:0.8>");
    tags.push_back(tag_of(network));
  }
  return tags;
}

std::string without_tags(const std::string& prompt) { return extract_networks(prompt).text; }

void check_loras(const LoadedModel& model, const std::string& prompt) {
  for (const LoraTag& tag : lora_tags(prompt)) {
    if (!model.extras)
      throw Error(ErrorKind::NotFound, "<lora:" + tag.name + ">: no folder of LoRAs is known");
    find_lora(*model.extras, tag.name);
  }
}

std::string lora_stamps(const LoadedModel& model, const std::string& prompt) {
  check_loras(model, prompt);
  std::string stamps;
  for (const LoraTag& tag : lora_tags(prompt))
    stamps += stamp_of(find_lora(*model.extras, tag.name).path) + "\n";
  return stamps;
}

std::vector<LoraReport> use_loras(LoadedModel& model, const std::string& prompt) {
  check_loras(model, prompt);
  std::map<std::string, std::shared_ptr<const LoraFile>> opened;
  std::vector<LoraUse> loras;
  for (const LoraTag& tag : lora_tags(prompt)) {
    const fs::path path = find_lora(*model.extras, tag.name).path;
    const std::string stamp = stamp_of(path) + "\n" + tag.name;
    const auto known = model.open_loras.find(stamp);
    opened[stamp] = known != model.open_loras.end() ? known->second
                                                    : open_lora(path, tag.name, model.cache_dir);
    loras.push_back({opened[stamp], tag.te, tag.unet});
  }
  std::vector<LoraReport> reports = model.networks->use_loras(loras, model.name);
  model.loras = std::move(loras);
  model.open_loras = std::move(opened);
  return reports;
}

std::string lora_hashes(const LoadedModel& model) {
  std::string text;
  for (const LoraUse& use : model.loras) {
    std::string name = use.file->name;
    std::erase_if(name, [](char c) { return c == ':' || c == ','; });
    text += (text.empty() ? "" : ", ") + name + ": " + use.file->hash;
  }
  return text;
}

}  // namespace pentimento
