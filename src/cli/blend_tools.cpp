#include "cli/blend_tools.h"

#include "cli/add_on_path.h"
#include "weights/clip_file.h"
#include "weights/ip_adapter_file.h"

namespace pentimento {

void LoadedBlendTools::add_to(SteeringCost& cost, size_t pictures) const {
  cost.adapter = adapter.get();
  cost.clip = clip.get();
  cost.pictures = pictures;
}

LoadedBlendTools load_blend_tools(const Context& context, BlendMethod method,
                                  const std::string& adapter, const std::string& encoder,
                                  Runtime& runtime, const LoadedModel& model, AddOns& add_ons,
                                  const Progress& progress) {
  LoadedBlendTools loaded;
  if (method == BlendMethod::Style)
    loaded.stylizer = std::make_unique<Stylizer>(runtime, context.paths.assets / "painting");
  if (method != BlendMethod::ImagePrompt) return loaded;
  const auto adapter_path = find_add_on(context, kIpAdapters, adapter),
             encoder_path = find_add_on(context, kImageEncoders, encoder);
  loaded.adapter = add_ons.ip_adapter(adapter_path, model, progress);
  loaded.clip = add_ons.clip(encoder_path, progress);
  loaded.adapter_name =
      add_ons.title_of(adapter_path, open_ip_adapter(adapter_path).path, progress);
  loaded.clip_name = add_ons.title_of(encoder_path, open_clip(encoder_path).path, progress);
  return loaded;
}

}  // namespace pentimento
