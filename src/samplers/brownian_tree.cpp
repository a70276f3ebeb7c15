#include "samplers/brownian_tree.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "samplers/seed_sequence.h"

namespace pentimento {
namespace {

constexpr size_t kPoolSize = 24;

// The nearest decimal of six digits, decided on the exact binary value as Python's round() does:
// half of all midpoints are ties for anything less careful.
double round_6(double value) {
  char text[64];
  const auto end = std::to_chars(text, text + sizeof text, value, std::chars_format::fixed, 6);
  double rounded = 0;
  std::from_chars(text, end.ptr, rounded);
  return rounded;
}

double as_float(double value) { return double{static_cast<float>(value)}; }

}  // namespace

BrownianTree::BrownianTree(RngSource source, int64_t count, uint64_t seed, double sigma_min,
                           double sigma_max)
    : source_(source), count_(count), entropy_(seed) {
  const double t0 = as_float(sigma_min), t1 = as_float(sigma_max);
  root_ = {round_6(t0), round_6(t1), 0, 0};
  root_increment_ = draw(SeedSequence(entropy_, {}, kPoolSize).generate_state(1)[0]);
  const float scale = static_cast<float>(std::sqrt(t1 - t0));
  for (float& value : root_increment_) value *= scale;
}

BrownianTree::Vec BrownianTree::draw(uint32_t seed) const {
  return make_generator(source_, seed)->randn(count_);
}

void BrownianTree::add_increment(const Node& node, const Vec& w, double from, double to,
                                 Vec& sum) const {
  const double middle = round_6(0.5 * (node.end + node.start));
  const bool whole = from == node.start && to == node.end;
  if (whole || middle <= node.start || middle >= node.end) {
    for (size_t i = 0; i < sum.size(); ++i) sum[i] += w[i];
    return;
  }
  const double left = middle - node.start, right = node.end - middle;
  const double per_length = 1.0 / (node.end - node.start);
  const uint64_t path[] = {node.key, node.depth};
  const Vec z = draw(SeedSequence(entropy_, path, kPoolSize).generate_state(1)[0]);

  const float share = static_cast<float>(left), scale = static_cast<float>(per_length);
  const float deviation = static_cast<float>(std::sqrt(left * right * per_length));
  Vec part(w.size());
  for (size_t i = 0; i < w.size(); ++i) part[i] = share * w[i] * scale + deviation * z[i];
  if (from < middle)
    add_increment({node.start, middle, 2 * node.key, node.depth + 1}, part, from,
                  std::min(to, middle), sum);
  if (to > middle) {
    for (size_t i = 0; i < w.size(); ++i) part[i] = w[i] - part[i];
    add_increment({middle, node.end, 2 * node.key + 1, node.depth + 1}, part,
                  std::max(from, middle), to, sum);
  }
}

std::vector<float> BrownianTree::operator()(double sigma, double sigma_next) const {
  const double low = as_float(std::min(sigma, sigma_next));
  const double high = as_float(std::max(sigma, sigma_next));
  const double from = round_6(std::clamp(low, root_.start, root_.end));
  const double to = round_6(std::clamp(high, root_.start, root_.end));

  Vec sum(static_cast<size_t>(count_), 0.0f);
  if (from < to) add_increment(root_, root_increment_, from, to, sum);
  // Time runs from large sigma to small, so a step down sees the increment with its sign turned.
  const float length = std::sqrt(static_cast<float>(high) - static_cast<float>(low));
  const float scale = length > 0 ? (sigma < sigma_next ? 1.0f : -1.0f) / length : 0.0f;
  for (float& value : sum) value *= scale;
  return sum;
}

}  // namespace pentimento
