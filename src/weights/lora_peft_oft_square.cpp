// OFT of PEFT before 0.16: square blocks A, S = (A - A^T) / 2, Q = (I - S)(I + S)^-1. One block
// stands for all.
//   before 0.14          W' = Q^T W by blocks of rows, the last one cut off where it reaches over
//   0.14, 0.15 ("oft_s") W' = diag(s) W Q^T by blocks of columns
// A bound on the blocks (COFT) was already laid on what is stored.
#include <algorithm>

#include "weights/lora_parts.h"
#include "weights/matrix.h"

namespace pentimento {
namespace {

bool turns_columns(const LoraModule& m) { return m.find("oft_s") != nullptr; }

int64_t extent_of(const LoraModule& m, const Shape& shape) {
  return turns_columns(m) ? element_count(shape) / shape[0] : shape[0];
}

std::vector<Matrix> transposed_rotations(const TensorView& blocks) {
  const auto n = static_cast<size_t>(blocks.shape[1]);
  const std::vector<float> values = blocks.to_f32();
  std::vector<Matrix> turns;
  for (size_t begin = 0; begin < values.size(); begin += n * n) {
    Matrix minus_s(n, n);
    for (size_t i = 0; i < n; ++i)
      for (size_t j = 0; j < n; ++j)
        minus_s.at(i, j) = (values[begin + j * n + i] - values[begin + i * n + j]) / 2;
    turns.push_back(transposed(cayley(minus_s)));
  }
  return turns;
}

// rows begin … of [extent, rest] <- q_t rows, as much of q_t as there are rows left.
void turn_rows(const Matrix& q_t, size_t begin, size_t rest, std::vector<float>& values) {
  const size_t n = std::min(q_t.rows, values.size() / rest - begin);
  Matrix part(n, n), old(n, rest);
  for (size_t i = 0; i < n; ++i) std::copy_n(&q_t.values[i * q_t.columns], n, &part.at(i, 0));
  std::copy_n(&values[begin * rest], n * rest, old.values.data());
  const Matrix turned = multiply(part, old);
  std::copy(turned.values.begin(), turned.values.end(), &values[begin * rest]);
}

void turn_columns(const Matrix& q_t, size_t begin, size_t columns, std::vector<float>& values) {
  const size_t rows = values.size() / columns;
  Matrix old(rows, q_t.rows);
  for (size_t row = 0; row < rows; ++row)
    std::copy_n(&values[row * columns + begin], q_t.rows, &old.at(row, 0));
  const Matrix turned = multiply(old, q_t);
  for (size_t row = 0; row < rows; ++row)
    std::copy_n(&turned.values[row * q_t.rows], q_t.rows, &values[row * columns + begin]);
}

}  // namespace

bool has_square_blocks(const LoraModule& m) {
  const TensorView* blocks = m.find("oft_r");
  return blocks && blocks->shape.size() == 3;
}

Reason square_oft_misfit(const LoraModule& m, const Shape& shape) {
  const Shape& s = m.find("oft_r")->shape;
  if (s[0] < 1 || s[1] < 1 || s[1] != s[2])
    return "has OFT blocks of shape " + to_string(s) + ", expected square ones";
  if (shape.size() < 2) return "turns a matrix, the layer has " + to_string(shape);
  const int64_t extent = extent_of(m, shape), n = s[1];
  const int64_t blocks = s[0] == 1 ? (extent + n - 1) / n : s[0];
  const bool cut_off = blocks * n > extent && (blocks - 1) * n < extent && !turns_columns(m);
  if (blocks * n != extent && !cut_off)
    return "turns " + std::to_string(blocks * n) + (turns_columns(m) ? " columns" : " rows") +
           ", the layer has " + to_string(shape);
  if (turns_columns(m) && element_count(m.find("oft_s")->shape) != shape[0])
    return "scales " + std::to_string(element_count(m.find("oft_s")->shape)) +
           " rows, the layer has " + to_string(shape);
  return std::nullopt;
}

void merge_square_oft(const LoraModule& m, const Shape& shape, float multiplier,
                      std::vector<float>& values) {
  const std::vector<Matrix> turns = transposed_rotations(*m.find("oft_r"));
  const auto extent = static_cast<size_t>(extent_of(m, shape));
  const size_t rest = values.size() / extent, n = turns[0].rows;
  std::vector<float> turned = values;
  for (size_t block = 0; block * n < extent; ++block) {
    const Matrix& turn = turns.size() == 1 ? turns[0] : turns[block];
    if (turns_columns(m))
      turn_columns(turn, block * n, extent, turned);
    else
      turn_rows(turn, block * n, rest, turned);
  }
  if (turns_columns(m)) {
    const std::vector<float> by = m.find("oft_s")->to_f32();
    for (size_t i = 0; i < turned.size(); ++i) turned[i] *= by[i / extent];
  }
  for (size_t i = 0; i < values.size(); ++i) values[i] += multiplier * (turned[i] - values[i]);
}

}  // namespace pentimento
