// What an infotext leaves unsaid, and what older ones say differently (webui-spec §5.4, 4-7).
#pragma once

#include <string>
#include <string_view>

#include "text/infotext.h"

namespace pentimento {

// Adds A1111's meaning of absent fields: "Clip skip" 1, "RNG" GPU, "Mask mode" Inpaint masked, …
// ("Hires resize" 0x0 for A1111's pair of zeros). "Emphasis" only if a prompt uses it.
void add_infotext_defaults(Infotext& info);

// Rewrites what older programs wrote: a "Hypernet" becomes a tag in the prompt, the LoRAs of
// "AddNet Model 1" … become <lora:…> tags on a line of their own, "First pass size" becomes "Size"
// with "Hires resize", and by "Version" the settings that repeat that version's behaviour are
// switched on ("Old prompt editing timelines", "Pad conds v0", "Downcast alphas_cumprod", "Refiner
// switch by sampling steps"; versions of other programs are left alone).
void upgrade_infotext(Infotext& info);

// "DPM++ 2M Karras", as A1111 before 1.9 named a sampler, -> "DPM++ 2M", "Karras". A name without a
// schedule's label, name or alias at its end keeps `schedule` (by default "Automatic").
struct SamplerName {
  std::string sampler, schedule;
};
SamplerName split_sampler_name(std::string_view sampler, std::string_view schedule = "Automatic");

}  // namespace pentimento
