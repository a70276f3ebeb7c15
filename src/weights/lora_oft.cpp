// OFT (https://arxiv.org/abs/2306.07280) and BOFT (https://arxiv.org/abs/2311.06243) as sd-scripts
// and LyCORIS have them: rotations R = (I + Q)(I - Q)^-1 of blocks of a weight's rows.
#include <algorithm>
#include <cmath>

#include "weights/lora_parts.h"
#include "weights/matrix.h"

namespace pentimento {
namespace {

// Of Q; or, in files of LyCORIS before 3, the rotations themselves ("oft_diag").
const TensorView* blocks_of(const LoraModule& m) {
  return m.find("oft_blocks") ? m.find("oft_blocks") : m.find("oft_diag");
}

std::vector<Matrix> ready_rotations(const TensorView& blocks) {
  const auto n = static_cast<size_t>(blocks.shape.back());
  const std::vector<float> values = blocks.to_f32();
  std::vector<Matrix> turns;
  for (auto at = values.begin(); at != values.end(); at += static_cast<std::ptrdiff_t>(n * n))
    turns.emplace_back(n, n, std::vector<float>(at, at + static_cast<std::ptrdiff_t>(n * n)));
  return turns;
}

// The rotation of each block, with the constraint on its size (LyCORIS and sd-scripts: alpha *
// out).
std::vector<Matrix> rotations(const LoraModule& m, int64_t out) {
  if (!m.find("oft_blocks")) return ready_rotations(*blocks_of(m));
  const TensorView& blocks = *m.find("oft_blocks");
  const auto n = static_cast<size_t>(blocks.shape.back());
  const std::vector<float> values = blocks.to_f32();
  std::vector<Matrix> qs;
  double squares = 0;
  for (size_t at = 0; at + n * n <= values.size(); at += n * n) {
    Matrix q(n, n);
    for (size_t i = 0; i < n; ++i)
      for (size_t j = 0; j < n; ++j) q.at(i, j) = values[at + i * n + j] - values[at + j * n + i];
    for (const float v : q.values) squares += double{v} * v;
    qs.push_back(std::move(q));
  }
  const float limit = scale_of(m, 1) * static_cast<float>(out);
  const double norm = std::sqrt(squares) + 1e-8;
  const TensorView* alpha = m.find("alpha");
  const bool limited = alpha && !alpha->bytes.empty() && alpha->to_f32()[0] > 0 && norm > limit;
  for (Matrix& q : qs) {
    if (limited) scale_all(q.values, static_cast<float>(limit / norm));
    q = cayley(q);
  }
  return qs;
}

// Where row `row` of a weight stands while stage `stage` of a butterfly of blocks of n mixes it.
size_t butterfly_place(size_t row, size_t stage, size_t n) {
  const size_t k = (size_t{1} << stage) * (n / 2), group = row / (2 * k), rest = row % (2 * k);
  return group * 2 * k + (rest % k) * 2 + rest / k;
}

// values [out, rest] <- rows of each block mixed: new[i] = sum_j r[i,j] old[j].
void rotate(const std::vector<const Matrix*>& blocks, const std::vector<size_t>& row_at,
            size_t rest, std::vector<float>& values) {
  const size_t n = blocks[0]->rows;
  Matrix gathered(n, rest);
  for (size_t b = 0; b < blocks.size(); ++b) {
    for (size_t i = 0; i < n; ++i)
      std::copy_n(values.data() + row_at[b * n + i] * rest, rest, &gathered.at(i, 0));
    const Matrix turned = multiply(*blocks[b], gathered);
    for (size_t i = 0; i < n; ++i)
      std::copy_n(&turned.values[i * rest], rest, values.data() + row_at[b * n + i] * rest);
  }
}

}  // namespace

Reason oft_misfit(const LoraModule& m, const Shape& shape) {
  const TensorView* blocks = blocks_of(m);
  if (!blocks) return "lacks its blocks";
  const Shape& s = blocks->shape;
  const bool butterfly = s.size() == 4;
  if ((s.size() != 3 && !butterfly) || s.back() != s[s.size() - 2] || s.back() < 1)
    return "has blocks of shape " + to_string(s) + ", expected square ones";
  const int64_t rows = s[s.size() - 3] * s.back();
  if (shape.empty() || rows != shape[0])
    return "turns " + std::to_string(rows) + " rows, the layer has " + to_string(shape);
  if (butterfly &&
      (s.back() % 2 || s[0] < 1 || s[0] > 30 || rows % ((int64_t{1} << (s[0] - 1)) * s.back())))
    return "has butterfly blocks of shape " + to_string(s) + ", which fit nowhere";
  const TensorView* rescale = m.find("rescale");
  if (rescale && element_count(rescale->shape) != rows) return "has a rescale of another size";
  return std::nullopt;
}

void merge_oft(const LoraModule& m, const Shape& shape, float multiplier,
               std::vector<float>& values) {
  const Shape& s = blocks_of(m)->shape;
  const bool butterfly = s.size() == 4;
  const auto n = static_cast<size_t>(s.back()), rows = static_cast<size_t>(shape[0]);
  const size_t rest = values.size() / rows, stages = butterfly ? static_cast<size_t>(s[0]) : 1;
  std::vector<Matrix> turns = rotations(m, shape[0]);
  std::vector<float> turned = values;
  for (size_t stage = 0; stage < stages; ++stage) {
    std::vector<size_t> row_at(rows);
    for (size_t row = 0; row < rows; ++row)
      row_at[butterfly ? butterfly_place(row, stage, n) : row] = row;
    std::vector<const Matrix*> blocks;
    for (size_t b = 0; b < rows / n; ++b) {
      Matrix& turn = turns[stage * (rows / n) + b];
      if (!butterfly) {
        turn = transposed(turn);  // OFT multiplies from the other side than BOFT
      } else if (multiplier != 1) {
        scale_all(turn.values, multiplier);  // each stage on its way from the identity
        for (size_t i = 0; i < n; ++i) turn.at(i, i) += 1 - multiplier;
      }
      blocks.push_back(&turn);
    }
    rotate(blocks, row_at, rest, turned);
  }
  if (const TensorView* rescale = m.find("rescale")) {
    const std::vector<float> by = rescale->to_f32();
    for (size_t i = 0; i < turned.size(); ++i) turned[i] *= by[i / rest];
  }
  const float share = butterfly ? 1 : multiplier;
  for (size_t i = 0; i < values.size(); ++i) values[i] += share * (turned[i] - values[i]);
}

}  // namespace pentimento
