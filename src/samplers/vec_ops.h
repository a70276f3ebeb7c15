// What all solvers share. Weighted sums of latents: each element in double, stored as float.
#pragma once

#include <cmath>
#include <initializer_list>

#include "samplers/sampler.h"

namespace pentimento {

struct Term {
  double weight;
  const Vec& values;
};

// sum({{a, x}, {b, y}, …}) = a x + b y + …; every vector has the size of the first.
inline Vec sum(std::initializer_list<Term> terms) {
  Vec result(terms.begin()->values.size());
  for (size_t i = 0; i < result.size(); ++i) {
    double value = 0;
    for (const Term& term : terms) value += term.weight * term.values[i];
    result[i] = static_cast<float>(value);
  }
  return result;
}

// d = (x - x0) / sigma, the slope dx/dsigma of the probability-flow ODE (Karras et al. 2022, eq.
// 3).
inline Vec slope(const Vec& x, const Vec& x0, double sigma) {
  Vec d(x.size());
  for (size_t i = 0; i < d.size(); ++i)
    d[i] = static_cast<float>((double{x[i]} - double{x0[i]}) / sigma);
  return d;
}

inline double square(double x) { return x * x; }

// Tells the job that step `done` of `total` is finished (0: nobody knows how many).
inline void report(const StepCallback& on_step, size_t done, size_t total, const Vec& denoised) {
  if (on_step) on_step(static_cast<int>(done), static_cast<int>(total), denoised);
}

}  // namespace pentimento
