// A1111's latent upscalers: torch.nn.functional.interpolate on a latent, by the names of its menu.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "base/tensor.h"

namespace pentimento {

// "Latent", "Latent (antialiased)", "Latent (bicubic)", "Latent (bicubic antialiased)",
// "Latent (nearest)", "Latent (nearest-exact)": the menu, in its order.
std::span<const char* const> latent_resize_modes();
bool is_latent_resize_mode(const std::string& name);

// [N,C,H,W] -> [N,C,height,width], align_corners=False. Throws InvalidArgument for an unknown mode.
Tensor resize_latent(const Tensor& latent, int height, int width, const std::string& mode);

}  // namespace pentimento
