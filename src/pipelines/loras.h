// The LoRAs that a prompt asks for, put into a model.
#pragma once

#include <string>
#include <vector>

#include "pipelines/loaded_model.h"

namespace pentimento {

// What one <lora:NAME:te:unet> tag (or lyco, its old name) says. te is 1 when absent, unet equals
// te when absent; "te=" and "unet=" name them.
struct LoraTag {
  std::string name;
  float te = 1, unet = 1;
};
// The tags of a positive prompt, in order. Throws InvalidArgument for a strength that is no number,
// Unsupported for another type of network.
std::vector<LoraTag> lora_tags(const std::string& prompt);

// The prompt without its tags: what the text encoders read.
std::string without_tags(const std::string& prompt);

// Refuses what use_loras would refuse, as far as names and tags go. Opens no file.
void check_loras(const LoadedModel& model, const std::string& prompt);

// The files that the prompt's tags name, with their sizes and times: changes when one of them
// does. Throws as check_loras().
std::string lora_stamps(const LoadedModel& model, const std::string& prompt);

// Makes `model` compute with exactly the LoRAs that the prompt names. Files stay open between
// calls, so another strength reads nothing again. Call before anything is computed for a prompt.
// Throws NotFound, and what open_lora and StableDiffusion::use_loras throw.
std::vector<LoraReport> use_loras(LoadedModel& model, const std::string& prompt);

// "name: 0123456789ab, other: …": A1111's "Lora hashes" of what the model computes with.
std::string lora_hashes(const LoadedModel& model);

}  // namespace pentimento
