// DoRA (https://arxiv.org/abs/2402.09353): direction and magnitude of a weight apart, as PEFT (a
// magnitude for each output), LyCORIS and sd-scripts (also one for each input) have it.
#include <algorithm>
#include <cmath>

#include "weights/lora_parts.h"

namespace pentimento {

float scale_of(const LoraModule& module, int64_t rank) {
  if (const TensorView* scale = module.find("scale"); scale && !scale->bytes.empty())
    return scale->to_f32()[0];
  const TensorView* alpha = module.find("alpha");
  if (!alpha || alpha->bytes.empty() || rank <= 0) return 1;
  const float value = alpha->to_f32()[0];
  return value == 0 || !std::isfinite(value) ? 1 : value / static_cast<float>(rank);
}

void scale_all(std::vector<float>& values, float scale) {
  for (float& value : values) value *= scale;
}

namespace {

struct Decomposition {
  std::vector<float> magnitude;
  bool over_rows = true;  // one magnitude an output feature; else one an input feature
};

std::optional<Decomposition> decomposition(const LoraModule& m, const Shape& shape) {
  const TensorView* scale = m.find("dora_scale");
  const TensorView* magnitude = m.find("magnitude");
  if (magnitude) return Decomposition{magnitude->to_f32(), true};
  if (!scale) return std::nullopt;
  // [out,1,…], or [1,in,…]; a bare list is of outputs, as PEFT's is.
  const bool rows = scale->shape.size() < 2 || scale->shape[0] == shape[0];
  return Decomposition{scale->to_f32(), rows && !(scale->shape.size() > 1 && scale->shape[0] == 1)};
}

}  // namespace

Reason dora_misfit(const LoraModule& m, const Shape& shape) {
  const auto d = decomposition(m, shape);
  if (!d) return std::nullopt;
  const size_t axis = d->over_rows ? 0 : 1;
  if (shape.size() > axis && static_cast<int64_t>(d->magnitude.size()) == shape[axis])
    return std::nullopt;
  return "has " + std::to_string(d->magnitude.size()) + " magnitudes, the layer has " +
         to_string(shape);
}

void set_norms(const LoraModule& m, const Shape& shape, std::vector<float>& v) {
  const Decomposition d = decomposition(m, shape).value();
  const auto out = static_cast<size_t>(shape[0]);
  const size_t in = shape.size() > 1 ? static_cast<size_t>(shape[1]) : 1;
  const size_t kernel = v.size() / (out * in);
  const auto group = [&](size_t i) { return d.over_rows ? i / (in * kernel) : i / kernel % in; };
  std::vector<double> squares(d.magnitude.size());
  for (size_t i = 0; i < v.size(); ++i) squares[group(i)] += double{v[i]} * v[i];
  std::vector<float> by(squares.size());
  for (size_t g = 0; g < by.size(); ++g)
    by[g] = static_cast<float>(d.magnitude[g] / std::max(std::sqrt(squares[g]), 1e-12));
  for (size_t i = 0; i < v.size(); ++i) v[i] *= by[group(i)];
}

}  // namespace pentimento
