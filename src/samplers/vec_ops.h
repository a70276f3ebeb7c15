// What all solvers share. Weighted sums of latents: each element in double, stored as float.
#pragma once

#include <cmath>
#include <initializer_list>

#include "samplers/sampler.h"

namespace pentimento {

// Slopes stay double: on the way from sigma 4500 (zero terminal SNR) to 10 a float's rounding
// would be multiplied into sight.
using Slope = std::vector<double>;

struct Term {
  Term(double w, const Vec& values) : weight(w), floats(values.data()), size(values.size()) {}
  Term(double w, const Slope& values) : weight(w), doubles(values.data()), size(values.size()) {}
  double at(size_t i) const { return floats ? double{floats[i]} : doubles[i]; }

  double weight;
  const float* floats = nullptr;
  const double* doubles = nullptr;
  size_t size;
};

// sum({{a, x}, {b, y}, …}) = a x + b y + …; every vector has the size of the first.
inline Vec sum(std::initializer_list<Term> terms) {
  Vec result(terms.begin()->size);
  for (size_t i = 0; i < result.size(); ++i) {
    double value = 0;
    for (const Term& term : terms) value += term.weight * term.at(i);
    result[i] = static_cast<float>(value);
  }
  return result;
}

// d = (x - x0) / sigma, the slope dx/dsigma of the probability-flow ODE (Karras et al. 2022, eq.
// 3).
inline Slope slope(const Vec& x, const Vec& x0, double sigma) {
  Slope d(x.size());
  for (size_t i = 0; i < d.size(); ++i) d[i] = (double{x[i]} - double{x0[i]}) / sigma;
  return d;
}

inline double square(double x) { return x * x; }

// Tells the job that step `done` of `total` is finished (0: nobody knows how many).
inline void report(const StepCallback& on_step, size_t done, size_t total, const Vec& denoised) {
  if (on_step) on_step(static_cast<int>(done), static_cast<int>(total), denoised);
}

}  // namespace pentimento
