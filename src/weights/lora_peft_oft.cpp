// OFT (https://arxiv.org/abs/2306.07280) as PEFT has it since 0.16: blocks of a weight's *columns*
// (a convolution's input channels and kernel together) are turned. A file holds the upper triangle
// of each skew-symmetric block Q, [blocks, n (n-1) / 2]; R = (I - Q)(I + Q)^-1, or the first terms
// of its series I + 2Q + 2Q^2 + … (Neumann), which is PEFT's default. One block for a wider layer
// is shared by all.
#include <algorithm>
#include <cmath>
#include <optional>
#include <span>

#include "weights/lora_parts.h"
#include "weights/matrix.h"

namespace pentimento {
namespace {

// PEFT's default: use_cayley_neumann with five terms, which is four powers of Q.
constexpr int kUsualTerms = 5;

// n from n (n-1) / 2; nothing when no n fits.
std::optional<int64_t> block_size(int64_t triangle) {
  const auto n = std::llround((1 + std::sqrt(1 + 8 * static_cast<double>(triangle))) / 2);
  if (n < 2 || n * (n - 1) / 2 != triangle) return std::nullopt;
  return n;
}

float setting(const LoraModule& m, const char* name, float otherwise) {
  const TensorView* part = m.find(name);
  return part && !part->bytes.empty() ? part->to_f32().at(0) : otherwise;
}

Matrix skew(std::span<const float> triangle, size_t n) {
  Matrix q(n, n);
  size_t at = 0;
  for (size_t i = 0; i < n; ++i)
    for (size_t j = i + 1; j < n; ++j) {
      q.at(i, j) = triangle[at];
      q.at(j, i) = -triangle[at++];
    }
  return q;
}

// COFT: a block whose norm exceeds eps / sqrt(blocks) is drawn back to it.
void constrain(Matrix& q, float eps, size_t blocks) {
  double squares = 0;
  for (const float v : q.values) squares += double{v} * v;
  const double limit = eps / std::sqrt(static_cast<double>(blocks)), norm = std::sqrt(squares);
  if (norm > limit) scale_all(q.values, static_cast<float>(limit / norm));
}

void add(Matrix& to, const Matrix& what, float scale) {
  for (size_t i = 0; i < to.values.size(); ++i) to.values[i] += scale * what.values[i];
}

// As many terms as PEFT counts them: the last power of Q once, the ones before it twice.
Matrix neumann(const Matrix& q, int terms) {
  Matrix r(q.rows, q.rows);
  for (size_t i = 0; i < q.rows; ++i) r.at(i, i) = 1;
  if (terms > 1) add(r, q, 2);
  if (terms <= 2) return r;
  Matrix power = multiply(q, q);
  add(r, power, 2);
  for (int term = 3; term < terms - 1; ++term) {
    power = multiply(power, q);
    add(r, power, 2);
  }
  add(r, multiply(power, q), 1);
  return r;
}

Matrix rotation(Matrix q, int terms) {
  if (terms > 0) return neumann(q, terms);
  scale_all(q.values, -1);
  return cayley(q);
}

}  // namespace

Reason peft_oft_misfit(const LoraModule& m, const Shape& shape) {
  if (has_square_blocks(m)) return square_oft_misfit(m, shape);
  const TensorView* triangles = m.find("oft_r");
  if (!triangles || triangles->shape.size() != 2 || triangles->shape[0] < 1)
    return "has OFT blocks of shape " + (triangles ? to_string(triangles->shape) : "none") +
           ", expected [blocks, n (n-1) / 2]";
  const auto n = block_size(triangles->shape[1]);
  if (!n)
    return "has OFT blocks of shape " + to_string(triangles->shape) + ", which are no triangles";
  if (shape.size() < 2) return "turns the columns of a matrix, the layer has " + to_string(shape);
  const int64_t columns = element_count(shape) / shape[0], blocks = triangles->shape[0];
  const bool shared = blocks == 1 && columns % *n == 0;
  if (!shared && blocks * *n != columns)
    return "turns " + std::to_string(blocks * *n) + " columns, the layer has " + to_string(shape);
  return std::nullopt;
}

// W' = W R^T by blocks of columns; at a strength other than 1 on the straight way there.
void merge_peft_oft(const LoraModule& m, const Shape& shape, float multiplier,
                    std::vector<float>& values) {
  if (has_square_blocks(m)) return merge_square_oft(m, shape, multiplier, values);
  const TensorView& part = *m.find("oft_r");
  const std::vector<float> triangles = part.to_f32();
  const auto stored = static_cast<size_t>(part.shape[0]);
  const auto triangle = static_cast<size_t>(part.shape[1]);
  const auto n = static_cast<size_t>(*block_size(part.shape[1]));
  const auto rows = static_cast<size_t>(shape[0]);
  const size_t columns = values.size() / rows;
  const auto terms = static_cast<int>(setting(m, "neumann_terms", static_cast<float>(kUsualTerms)));
  const float eps = setting(m, "coft_eps", 0);
  Matrix piece(rows, n), turn;
  for (size_t block = 0; block * n < columns; ++block) {
    if (block < stored) {
      Matrix q = skew(std::span(triangles).subspan(block * triangle, triangle), n);
      if (eps > 0) constrain(q, eps, stored);
      turn = transposed(rotation(std::move(q), terms));
    }
    for (size_t row = 0; row < rows; ++row)
      std::copy_n(values.data() + row * columns + block * n, n, &piece.at(row, 0));
    const Matrix turned = multiply(piece, turn);
    for (size_t row = 0; row < rows; ++row)
      for (size_t i = 0; i < n; ++i)
        values[row * columns + block * n + i] +=
            multiplier * (turned.at(row, i) - piece.at(row, i));
  }
}

}  // namespace pentimento
