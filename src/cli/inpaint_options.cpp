#include "cli/inpaint_options.h"

#include <CLI/CLI.hpp>
#include <map>

#include "cli/generation_options.h"

namespace pentimento {
namespace {

const std::map<std::string, InpaintIntent> kIntents = {
    {"retouch", InpaintIntent::Retouch},   {"replace", InpaintIntent::Replace},
    {"recolour", InpaintIntent::Recolour}, {"remove", InpaintIntent::Remove},
    {"add", InpaintIntent::Add},           {"background", InpaintIntent::Background}};
const std::map<std::string, MaskedContent> kContents = {
    {"fill", MaskedContent::Fill},   {"original", MaskedContent::Original},
    {"noise", MaskedContent::Noise}, {"nothing", MaskedContent::Nothing},
    {"blur", MaskedContent::Blur},   {"patches", MaskedContent::Patches},
    {"grey", MaskedContent::Grey},   {"dye", MaskedContent::Dye}};

void add_soft_options(CLI::App& verb, SoftInpainting& soft) {
  const char* group = "Soft inpainting";
  verb.add_flag("--soft", soft.enabled, "blend by how much really changed, without a hard edge")
      ->group(group);
  const auto number = [&](const char* name, double& value, const char* what) {
    verb.add_option(name, value, what)->group(group)->capture_default_str();
  };
  number("--soft-bias", soft.blend.schedule_bias, "schedule bias, 0..8");
  number("--soft-preservation", soft.blend.preservation, "preservation strength, 0..8");
  number("--soft-contrast", soft.blend.transition_contrast, "transition contrast boost, 1..32");
  number("--soft-mask-influence", soft.mask_influence, "0..1");
  number("--soft-threshold", soft.difference_threshold, "difference threshold, 0..8");
  number("--soft-difference-contrast", soft.difference_contrast, "0..8");
}

}  // namespace

void add_mask_options(CLI::App& verb, InpaintRequest& r, InpaintArguments& a) {
  verb.add_option("--mask", a.mask,
                  "picture of the mask: white (or opaque, if it has transparency) is repainted")
      ->required();
  verb.add_option(
          "--intent", a.intent,
          "chooses the settings below: retouch (the same, better), recolour (the same in the "
          "prompt's colours), replace, remove, add, background")
      ->check(CLI::IsMember(keys_of(kIntents)));
  verb.add_flag("--invert", r.mask_invert, "repaint what is black");
  verb.add_flag("--only-masked,!--whole-picture", r.only_masked,
                "paint only the region around the mask: faster, and finer for small things");
  verb.add_option("--padding", r.only_masked_padding,
                  "pixels of surroundings that are seen with --only-masked")
      ->capture_default_str();
  verb.add_option("--content", a.content,
                  "under the mask before painting: original, fill, blur, noise, nothing, grey "
                  "(without its colours), dye (in the colour that the prompt names), or patches "
                  "(pieces of the picture itself, as in content-aware fill)")
      ->check(CLI::IsMember(keys_of(kContents)))
      ->capture_default_str();
  const char* shape = "Shape of the mask";
  verb.add_option("--mask-blur", r.mask_blur, "softens the edge, pixels")
      ->group(shape)
      ->capture_default_str();
  verb.add_option("--mask-blur-x", r.mask_blur_x, "in this direction only")->group(shape);
  verb.add_option("--mask-blur-y", r.mask_blur_y, "in this direction only")->group(shape);
  verb.add_option("--grow", r.mask_grow_px, "pixels; below 0 shrinks")->group(shape);
  verb.add_option("--feather", r.mask_feather_px, "pixels of a ramp outwards")->group(shape);
  const char* fine = "Fine control";
  verb.add_flag("--differential,!--no-differential", r.differential,
                "greys of the mask are strengths, pixel by pixel")
      ->group(fine);
  verb.add_flag("--match-tone,!--no-match-tone", r.match_tone,
                "take out a shift of colour, measured around the mask")
      ->group(fine);
  verb.add_option("--mask-weight", r.conditional_mask_weight,
                  "0..1: how hidden the masked part is from inpainting models")
      ->group(fine)
      ->capture_default_str();
  verb.add_flag("--keep-size", r.keep_size,
                "with --width or --height: the result has the picture's size all the same")
      ->group(fine);
  verb.add_flag("!--no-overlay", r.overlay, "do not lay the original back over what was kept")
      ->group(fine);
  add_soft_options(verb, r.soft);
}

void read_mask_words(const CLI::App& verb, InpaintRequest& r, const InpaintArguments& a) {
  r.masked_content = kContents.at(a.content);
  if (a.intent.empty()) return;
  const InpaintRequest preset = inpaint_preset(kIntents.at(a.intent));
  const auto unless_given = [&](const char* option, auto& field, const auto& value) {
    if (verb.count(option) == 0) field = value;
  };
  r.intent = preset.intent;
  unless_given("--strength", r.base.strength, preset.base.strength);
  unless_given("--content", r.masked_content, preset.masked_content);
  unless_given("--only-masked", r.only_masked, preset.only_masked);
  unless_given("--padding", r.only_masked_padding, preset.only_masked_padding);
  unless_given("--grow", r.mask_grow_px, preset.mask_grow_px);
  unless_given("--feather", r.mask_feather_px, preset.mask_feather_px);
  unless_given("--differential", r.differential, preset.differential);
  unless_given("--match-tone", r.match_tone, preset.match_tone);
  unless_given("--mask-weight", r.conditional_mask_weight, preset.conditional_mask_weight);
}

}  // namespace pentimento
