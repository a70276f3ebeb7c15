// A dense f32 array in C order: latents, embeddings, pictures on their way through the networks.
#pragma once

#include <cstdint>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

namespace pentimento {

using Shape = std::vector<int64_t>;

inline int64_t element_count(const Shape& shape) {
  return std::accumulate(shape.begin(), shape.end(), int64_t{1}, std::multiplies<>());
}

// "[1,4,64,64]", for messages.
std::string to_string(const Shape& shape);

struct Tensor {
  Shape shape;
  std::vector<float> data;  // element_count(shape) values

  Tensor() = default;
  explicit Tensor(Shape s, float value = 0.0f)
      : shape(std::move(s)), data(static_cast<size_t>(element_count(shape)), value) {}
  Tensor(Shape s, std::vector<float> d) : shape(std::move(s)), data(std::move(d)) {}

  size_t size() const { return data.size(); }
  bool empty() const { return data.empty(); }
  int64_t dim(size_t i) const { return shape.at(i); }
};

}  // namespace pentimento
