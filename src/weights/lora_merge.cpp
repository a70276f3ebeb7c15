#include "weights/lora_merge.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "weights/lora_parts.h"
#include "weights/matrix.h"

namespace pentimento {
namespace {

constexpr int64_t kMostElements = int64_t{1} << 31;

// The values of a tensor as a matrix: first extent by all the others.
Matrix matrix_of(const TensorView& tensor) {
  const size_t rows = tensor.shape.empty() ? 1 : static_cast<size_t>(tensor.shape[0]);
  std::vector<float> values = tensor.to_f32();
  const size_t columns = rows ? values.size() / rows : 0;
  return Matrix(rows, columns, std::move(values));
}

Matrix part(const LoraModule& module, std::string_view name) {
  return matrix_of(*module.find(name));
}

struct Extents {
  int64_t rows = 0, columns = 0;  // first extent, all the others together
};
std::optional<Extents> extents(const LoraModule& module, std::string_view name) {
  const TensorView* tensor = module.find(name);
  if (!tensor || tensor->shape.empty() || tensor->shape[0] == 0) return std::nullopt;
  return Extents{tensor->shape[0], element_count(tensor->shape) / tensor->shape[0]};
}

void add_scaled(std::vector<float>& to, const std::vector<float>& what, float scale) {
  for (size_t i = 0; i < to.size(); ++i) to[i] += scale * what[i];
}

// sum over i, j of t[i,j,k] a[i,p] b[j,r] -> [p,r,k]: a convolution's kernel kept apart (Tucker).
Matrix tucker(const Matrix& t, const Matrix& a, const Matrix& b) {
  const size_t rank_b = b.rows, kernel = t.columns / std::max<size_t>(1, rank_b);
  const Matrix at = multiply(transposed(a), t);  // [p, j k]
  Matrix result(a.columns, b.columns * kernel);
  for (size_t p = 0; p < a.columns; ++p)
    for (size_t j = 0; j < rank_b; ++j)
      for (size_t r = 0; r < b.columns; ++r)
        for (size_t k = 0; k < kernel; ++k)
          result.at(p, r * kernel + k) += at.at(p, j * kernel + k) * b.at(j, r);
  return result;
}

Reason count_misfit(int64_t found, const Shape& shape) {
  if (found == element_count(shape)) return std::nullopt;
  return "changes " + std::to_string(found) + " numbers, the layer has " + to_string(shape);
}

Reason inner_misfit(const std::string& a, const std::string& b) {
  return "its " + a + " and " + b + " do not fit each other";
}

// --- LoRA ----------------------------------------------------------------------------------------

Reason lora_misfit(const LoraModule& m, const Shape& shape) {
  const auto up = extents(m, "up"), down = extents(m, "down");
  if (!up || !down) return "lacks its up or down part";
  if (const auto mid = extents(m, "mid")) {
    if (mid->rows != up->columns || m.find("mid")->shape.size() < 2 ||
        m.find("mid")->shape[1] != down->rows)
      return inner_misfit("mid", "up and down parts");
    return count_misfit(up->rows * down->columns * (mid->columns / down->rows), shape);
  }
  if (up->columns != down->rows) return inner_misfit("up", "down parts");
  return count_misfit(up->rows * down->columns, shape);
}

std::vector<float> lora_delta(const LoraModule& m) {
  const Matrix up = part(m, "up"), down = part(m, "down");
  const float scale = delta_scale(m, static_cast<int64_t>(down.rows));
  Matrix delta = m.find("mid") ? tucker(part(m, "mid"), transposed(up), down) : multiply(up, down);
  add_sparse(m, delta.values);
  scale_all(delta.values, scale);
  return std::move(delta.values);
}

// --- LoHa ----------------------------------------------------------------------------------------

Reason half_misfit(const LoraModule& m, const std::string& w, const char* t, int64_t& count) {
  const auto a = extents(m, w + "_a"), b = extents(m, w + "_b");
  if (!a || !b) return "lacks its " + w + "_a or " + w + "_b";
  if (const auto core = extents(m, t)) {
    if (core->rows != a->rows || m.find(t)->shape.size() < 2 || m.find(t)->shape[1] != b->rows)
      return inner_misfit(t, w);
    count = a->columns * b->columns * (core->columns / b->rows);
    return std::nullopt;
  }
  if (a->columns != b->rows) return inner_misfit(w + "_a", w + "_b");
  count = a->rows * b->columns;
  return std::nullopt;
}

// a b, or the Tucker form when there is a core.
Matrix half(const LoraModule& m, const std::string& w, const char* t) {
  const Matrix a = part(m, w + "_a"), b = part(m, w + "_b");
  return m.find(t) ? tucker(part(m, t), a, b) : multiply(a, b);
}

Reason loha_misfit(const LoraModule& m, const Shape& shape) {
  int64_t first = 0, second = 0;
  if (Reason reason = half_misfit(m, "hada_w1", "hada_t1", first)) return reason;
  if (Reason reason = half_misfit(m, "hada_w2", "hada_t2", second)) return reason;
  if (first != second) return inner_misfit("hada_w1", "hada_w2");
  return count_misfit(first, shape);
}

std::vector<float> loha_delta(const LoraModule& m) {
  Matrix delta = half(m, "hada_w1", "hada_t1");
  const Matrix second = half(m, "hada_w2", "hada_t2");
  const float scale = delta_scale(m, m.find("hada_w1_b")->shape[0]);
  for (size_t i = 0; i < delta.values.size(); ++i) delta.values[i] *= second.values[i] * scale;
  return std::move(delta.values);
}

// --- LoKr ----------------------------------------------------------------------------------------

Reason factor_extents(const LoraModule& m, const std::string& w, const char* t, Extents& found) {
  if (const auto whole = extents(m, w)) {
    found = *whole;
    return std::nullopt;
  }
  int64_t count = 0;
  if (Reason reason = half_misfit(m, w, t, count)) return reason;
  const Extents a = *extents(m, w + "_a");
  const int64_t rows = m.find(t) ? a.columns : a.rows;
  found = {rows, count / std::max<int64_t>(1, rows)};
  return std::nullopt;
}

Matrix factor(const LoraModule& m, const std::string& w, const char* t) {
  return m.find(w) ? part(m, w) : half(m, w, t);
}

Reason lokr_misfit(const LoraModule& m, const Shape& shape) {
  Extents first, second;
  if (Reason reason = factor_extents(m, "lokr_w1", "", first)) return reason;
  if (Reason reason = factor_extents(m, "lokr_w2", "lokr_t2", second)) return reason;
  int64_t count = 0;
  if (__builtin_mul_overflow(first.rows * first.columns, second.rows * second.columns, &count))
    return "is too large";
  if (shape.empty() || first.rows * second.rows != shape[0])
    return "makes " + std::to_string(first.rows * second.rows) + " rows, the layer has " +
           to_string(shape);
  return count_misfit(count, shape);
}

std::vector<float> lokr_delta(const LoraModule& m) {
  const Matrix a = factor(m, "lokr_w1", ""), b = factor(m, "lokr_w2", "lokr_t2");
  const TensorView* rank_part = m.find("lokr_w2_b") ? m.find("lokr_w2_b") : m.find("lokr_w1_b");
  const bool factored = !m.find("lokr_w1") || !m.find("lokr_w2");
  const bool scaled = m.find("scale") || (factored && rank_part);
  const float share = scaled ? scale_of(m, rank_part ? rank_part->shape[0] : 1) : 1;
  const float scale = share * (m.find("scalar") ? m.find("scalar")->to_f32().at(0) : 1);
  Matrix delta(a.rows * b.rows, a.columns * b.columns);
  for (size_t i = 0; i < a.rows; ++i)
    for (size_t k = 0; k < b.rows; ++k)
      for (size_t j = 0; j < a.columns; ++j) {
        const float x = a.at(i, j) * scale;
        float* out = &delta.at(i * b.rows + k, j * b.columns);
        for (size_t l = 0; l < b.columns; ++l) out[l] = x * b.at(k, l);
      }
  return std::move(delta.values);
}

// --- GLoRA, IA3, differences ---------------------------------------------------------------------

struct Glora {
  std::string left, right, first, second;  // W left right + first second
};
// Older files have the two letters' matrices the other way round.
Glora glora_order(const LoraModule& m, int64_t in) {
  const auto a1 = extents(m, "a1");
  const bool recent = a1 && a1->rows == in;
  return recent ? Glora{"a1", "a2", "b1", "b2"} : Glora{"a2", "a1", "b2", "b1"};
}

Reason glora_misfit(const LoraModule& m, const Shape& shape) {
  if (shape.size() < 2) return "changes a matrix, the layer has " + to_string(shape);
  const Glora g = glora_order(m, shape[1]);
  const auto left = extents(m, g.left), right = extents(m, g.right), first = extents(m, g.first),
             second = extents(m, g.second);
  if (!left || !right || !first || !second) return "lacks one of its four parts";
  if (left->rows != shape[1] || right->columns != shape[1] || left->columns != right->rows)
    return inner_misfit("a1", "a2");
  if (first->columns != second->rows) return inner_misfit("b1", "b2");
  return count_misfit(first->rows * second->columns, shape);
}

std::vector<float> glora_delta(const LoraModule& m, const Shape& shape,
                               const std::vector<float>& weight) {
  const Glora g = glora_order(m, shape[1]);
  const Matrix left = part(m, g.left), right = part(m, g.right);
  Matrix delta = multiply(part(m, g.first), part(m, g.second));
  // W a1 a2 over the input channels, at each place of the kernel.
  const auto out = static_cast<size_t>(shape[0]), in = static_cast<size_t>(shape[1]);
  const size_t kernel = weight.size() / (out * in);
  for (size_t k = 0; k < kernel; ++k) {
    Matrix w(out, in);
    for (size_t i = 0; i < out * in; ++i) w.values[i] = weight[i * kernel + k];
    const Matrix turned = multiply(multiply(w, left), right);
    for (size_t i = 0; i < out * in; ++i) delta.values[i * kernel + k] += turned.values[i];
  }
  scale_all(delta.values, scale_of(m, static_cast<int64_t>(left.columns)));
  return std::move(delta.values);
}

bool ia3_on_input(const LoraModule& m) {
  const TensorView* flag = m.find("on_input");
  return flag && !flag->bytes.empty() && flag->to_f32()[0] != 0;
}

Reason ia3_misfit(const LoraModule& m, const Shape& shape) {
  const TensorView* weight = m.find("weight");
  const size_t axis = ia3_on_input(m) ? 1 : 0;
  if (!weight || shape.size() <= axis) return "lacks its weight";
  if (element_count(weight->shape) == shape[axis]) return std::nullopt;
  return "scales " + std::to_string(element_count(weight->shape)) + " features, the layer has " +
         to_string(shape);
}

std::vector<float> ia3_delta(const LoraModule& m, const Shape& shape,
                             const std::vector<float>& weight) {
  const std::vector<float> by = m.find("weight")->to_f32();
  const auto out = static_cast<size_t>(shape[0]);
  const size_t in = shape.size() > 1 ? static_cast<size_t>(shape[1]) : 1;
  const size_t kernel = weight.size() / (out * in);
  std::vector<float> delta = weight;
  for (size_t i = 0; i < delta.size(); ++i)
    delta[i] *= by[ia3_on_input(m) ? i / kernel % in : i / (in * kernel)];
  return delta;
}

// --- any module ----------------------------------------------------------------------------------

Reason weight_misfit(const LoraModule& m, const Shape& shape) {
  if (Reason reason = dora_misfit(m, shape)) return reason;
  if (Reason reason = scalar_misfit(m)) return reason;
  if (Reason reason = sparse_misfit(m, shape)) return reason;
  if (is_sparse(m) && m.method != LoraMethod::Lora)
    return "has a sparse part, which is known only beside LoRA's up and down";
  switch (m.method) {
    case LoraMethod::Lora:
      return lora_misfit(m, shape);
    case LoraMethod::LoHa:
      return loha_misfit(m, shape);
    case LoraMethod::LoKr:
      return lokr_misfit(m, shape);
    case LoraMethod::Oft:
      return oft_misfit(m, shape);
    case LoraMethod::PeftOft:
      return peft_oft_misfit(m, shape);
    case LoraMethod::Glora:
      return glora_misfit(m, shape);
    case LoraMethod::Ia3:
      return ia3_misfit(m, shape);
    case LoraMethod::Full:
      return count_misfit(element_count(m.find("diff")->shape), shape);
    case LoraMethod::Norm:
      return count_misfit(element_count(m.find("w_norm")->shape), shape);
  }
  return "is of no known kind";
}

std::vector<float> delta_of(const LoraModule& m, const Shape& shape,
                            const std::vector<float>& weight) {
  switch (m.method) {
    case LoraMethod::Lora:
      return lora_delta(m);
    case LoraMethod::LoHa:
      return loha_delta(m);
    case LoraMethod::LoKr:
      return lokr_delta(m);
    case LoraMethod::Glora:
      return glora_delta(m, shape, weight);
    case LoraMethod::Ia3:
      return ia3_delta(m, shape, weight);
    case LoraMethod::Norm:
      return m.find("w_norm")->to_f32();
    default:
      return m.find("diff")->to_f32();
  }
}

const TensorView* bias_part(const LoraModule& m) {
  return m.find("diff_b") ? m.find("diff_b") : m.find("b_norm");
}

// An inpainting model's first layer sees more channels than the model that a LoRA was made for;
// like AUTOMATIC1111, the change is laid over the first ones.
Shape narrowed(const LoraModule& m, const Shape& shape) {
  if (shape.size() != 4 || (shape[1] != 9 && shape[1] != 8) || !weight_misfit(m, shape))
    return shape;
  Shape narrow = shape;
  narrow[1] = 4;
  return weight_misfit(m, narrow) ? shape : narrow;
}

void merge_weight(const LoraModule& m, const Shape& shape, float multiplier,
                  std::vector<float>& values) {
  if (m.method == LoraMethod::Oft) return merge_oft(m, shape, multiplier, values);
  if (m.method == LoraMethod::PeftOft) return merge_peft_oft(m, shape, multiplier, values);
  std::vector<float> delta = delta_of(m, shape, values);
  if (m.is_dora()) {
    add_scaled(delta, values, 1);
    set_norms(m, shape, delta);
    add_scaled(delta, values, -1);
  }
  add_scaled(values, delta, multiplier);
}

void merge_narrow(const LoraModule& m, const Shape& shape, const Shape& narrow, float multiplier,
                  std::vector<float>& values) {
  const auto out = static_cast<size_t>(shape[0]);
  const size_t wide = values.size() / out, part = static_cast<size_t>(element_count(narrow)) / out;
  std::vector<float> first(out * part);
  for (size_t row = 0; row < out; ++row)
    std::copy_n(values.data() + row * wide, part, first.data() + row * part);
  merge_weight(m, narrow, multiplier, first);
  for (size_t row = 0; row < out; ++row)
    std::copy_n(first.data() + row * part, part, values.data() + row * wide);
}

}  // namespace

bool changes(const LoraModule& module, LayerTensor tensor) {
  if (tensor == LayerTensor::Bias) return bias_part(module) != nullptr;
  if (module.method == LoraMethod::Full) return module.find("diff") != nullptr;
  if (module.method == LoraMethod::Norm) return module.find("w_norm") != nullptr;
  return true;
}

std::optional<std::string> misfit(const LoraModule& module, LayerTensor tensor,
                                  const Shape& shape) {
  if (element_count(shape) < 1 || element_count(shape) > kMostElements)
    return "the layer has the impossible shape " + to_string(shape);
  if (tensor == LayerTensor::Bias)
    return count_misfit(element_count(bias_part(module)->shape), shape);
  return weight_misfit(module, narrowed(module, shape));
}

void merge(const LoraModule& module, LayerTensor tensor, const Shape& shape, float multiplier,
           std::vector<float>& values) {
  if (const Reason reason = misfit(module, tensor, shape))
    throw Error(ErrorKind::CorruptFile, module.name + ": " + *reason);
  if (tensor == LayerTensor::Bias)
    return add_scaled(values, bias_part(module)->to_f32(), multiplier);
  const Shape narrow = narrowed(module, shape);
  if (narrow == shape)
    merge_weight(module, shape, multiplier, values);
  else
    merge_narrow(module, shape, narrow, multiplier, values);
}

}  // namespace pentimento
