#include "pipelines/harmonic_fill.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

namespace pentimento {
namespace {

// The hidden cells as unknowns of one symmetric, positive definite system: each cell times the
// number of its neighbours, less the hidden ones, is the sum of the shown ones.
struct LaplaceSystem {
  std::vector<size_t> cells;                 // place in the plane of each unknown
  std::vector<std::array<int, 4>> beside;    // its hidden neighbours as unknowns, -1 for none
  std::vector<std::vector<size_t>> borders;  // its shown neighbours as places in the plane
  std::vector<double> neighbours;            // how many of both
};

LaplaceSystem laplace_system(const Tensor& hidden) {
  const auto height = static_cast<int>(hidden.dim(2)), width = static_cast<int>(hidden.dim(3));
  LaplaceSystem system;
  std::vector<int> number(hidden.size(), -1);
  for (size_t at = 0; at < hidden.size(); ++at)
    if (hidden.data[at] >= 0.5f) {
      number[at] = static_cast<int>(system.cells.size());
      system.cells.push_back(at);
    }
  for (const size_t at : system.cells) {
    const int y = static_cast<int>(at) / width, x = static_cast<int>(at) % width;
    std::array<int, 4> unknown{-1, -1, -1, -1};
    std::vector<size_t> shown;
    double count = 0;
    const std::array<std::array<int, 2>, 4> around{
        {{y, x + 1}, {y, x - 1}, {y + 1, x}, {y - 1, x}}};
    for (size_t k = 0; k < around.size(); ++k) {
      const auto [row, column] = around[k];
      if (row < 0 || row >= height || column < 0 || column >= width) continue;
      const auto place = static_cast<size_t>(row * width + column);
      ++count;
      unknown[k] = number[place];
      if (number[place] < 0) shown.push_back(place);
    }
    system.beside.push_back(unknown);
    system.borders.push_back(std::move(shown));
    system.neighbours.push_back(count);
  }
  return system;
}

double dot(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

// Conjugate gradients with the diagonal as preconditioner, begun from the mean of the shown border.
std::vector<double> solve(const LaplaceSystem& system, const float* plane) {
  const size_t n = system.cells.size();
  std::vector<double> known(n), value(n), rest(n), step(n), scaled(n), image(n);
  double sum = 0, shown = 0;
  for (size_t i = 0; i < n; ++i) {
    for (const size_t place : system.borders[i]) known[i] += plane[place];
    sum += known[i];
    shown += static_cast<double>(system.borders[i].size());
  }
  const auto apply = [&](const std::vector<double>& v, std::vector<double>& out) {
    for (size_t i = 0; i < n; ++i) {
      out[i] = system.neighbours[i] * v[i];
      for (const int k : system.beside[i])
        if (k >= 0) out[i] -= v[static_cast<size_t>(k)];
    }
  };
  std::fill(value.begin(), value.end(), sum / std::max(1.0, shown));
  apply(value, image);
  for (size_t i = 0; i < n; ++i) rest[i] = known[i] - image[i];
  const auto precondition = [&] {
    for (size_t i = 0; i < n; ++i) scaled[i] = rest[i] / system.neighbours[i];
  };
  precondition();
  step = scaled;
  double energy = dot(rest, scaled);
  const double enough = 1e-12 * std::max(1e-12, dot(known, known));
  for (size_t round = 0; round < 4 * n && dot(rest, rest) > enough; ++round) {
    apply(step, image);
    const double length = energy / dot(step, image);
    for (size_t i = 0; i < n; ++i) {
      value[i] += length * step[i];
      rest[i] -= length * image[i];
    }
    precondition();
    const double next = dot(rest, scaled);
    for (size_t i = 0; i < n; ++i) step[i] = scaled[i] + next / energy * step[i];
    energy = next;
  }
  return value;
}

}  // namespace

Tensor harmonic_fill(Tensor source, const Tensor& hidden) {
  const LaplaceSystem system = laplace_system(hidden);
  const size_t plane = hidden.size();
  for (size_t begin = 0; begin < source.size() && !system.cells.empty(); begin += plane) {
    float* values = source.data.data() + begin;
    const std::vector<double> filled =
        system.cells.size() == plane ? std::vector<double>(plane) : solve(system, values);
    for (size_t i = 0; i < filled.size(); ++i)
      values[system.cells[i]] = static_cast<float>(filled[i]);
  }
  return source;
}

}  // namespace pentimento
