#include "weights/matrix.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

// GCC makes a second copy of the loop for processors with AVX2; without fused multiply-add, so
// that both round alike.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define PENTIMENTO_WIDE __attribute__((target_clones("avx2", "default")))
#else
#define PENTIMENTO_WIDE
#endif

namespace pentimento {
namespace {

// Four rows of c at once, so that each row of b is read once for all of them.
PENTIMENTO_WIDE
void multiply_rows(const float* a, const float* b, float* c, size_t rows, size_t inner,
                   size_t columns) {
  size_t i = 0;
  for (; i + 4 <= rows; i += 4) {
    float *c0 = c + i * columns, *c1 = c0 + columns, *c2 = c1 + columns, *c3 = c2 + columns;
    const float *a0 = a + i * inner, *a1 = a0 + inner, *a2 = a1 + inner, *a3 = a2 + inner;
    for (size_t k = 0; k < inner; ++k) {
      const float* row = b + k * columns;
      const float x0 = a0[k], x1 = a1[k], x2 = a2[k], x3 = a3[k];
      for (size_t j = 0; j < columns; ++j) {
        c0[j] += x0 * row[j];
        c1[j] += x1 * row[j];
        c2[j] += x2 * row[j];
        c3[j] += x3 * row[j];
      }
    }
  }
  for (; i < rows; ++i)
    for (size_t k = 0; k < inner; ++k)
      for (size_t j = 0; j < columns; ++j)
        c[i * columns + j] += a[i * inner + k] * b[k * columns + j];
}

// Solves a x = b in place by Gauss-Jordan with the largest pivot; a is destroyed. In double: the
// blocks are small, and I - q may be ill-conditioned.
void solve(std::vector<double>& a, std::vector<double>& b, size_t n) {
  for (size_t column = 0; column < n; ++column) {
    size_t pivot = column;
    for (size_t row = column + 1; row < n; ++row)
      if (std::abs(a[row * n + column]) > std::abs(a[pivot * n + column])) pivot = row;
    if (a[pivot * n + column] == 0)
      throw Error(ErrorKind::CorruptFile, "an orthogonal block of a LoRA cannot be inverted");
    for (size_t j = 0; pivot != column && j < n; ++j) {
      std::swap(a[pivot * n + j], a[column * n + j]);
      std::swap(b[pivot * n + j], b[column * n + j]);
    }
    const double scale = 1 / a[column * n + column];
    for (size_t j = 0; j < n; ++j) {
      a[column * n + j] *= scale;
      b[column * n + j] *= scale;
    }
    for (size_t row = 0; row < n; ++row) {
      const double factor = a[row * n + column];
      if (row == column || factor == 0) continue;
      for (size_t j = 0; j < n; ++j) {
        a[row * n + j] -= factor * a[column * n + j];
        b[row * n + j] -= factor * b[column * n + j];
      }
    }
  }
}

}  // namespace

Matrix multiply(const Matrix& a, const Matrix& b) {
  if (a.columns != b.rows)
    throw Error(ErrorKind::Internal, "matrices of " + std::to_string(a.columns) + " columns and " +
                                         std::to_string(b.rows) + " rows cannot be multiplied");
  Matrix c(a.rows, b.columns);
  multiply_rows(a.values.data(), b.values.data(), c.values.data(), a.rows, a.columns, b.columns);
  return c;
}

Matrix transposed(const Matrix& a) {
  Matrix t(a.columns, a.rows);
  for (size_t r = 0; r < a.rows; ++r)
    for (size_t c = 0; c < a.columns; ++c) t.at(c, r) = a.at(r, c);
  return t;
}

Matrix cayley(const Matrix& q) {
  // (I + q) and (I - q)^-1 commute: solving (I - q) x = I + q is the same.
  const size_t n = q.rows;
  std::vector<double> a(n * n), b(n * n);
  for (size_t i = 0; i < n * n; ++i) {
    const double one = i / n == i % n ? 1 : 0;
    a[i] = one - q.values[i];
    b[i] = one + q.values[i];
  }
  solve(a, b, n);
  Matrix r(n, n);
  std::transform(b.begin(), b.end(), r.values.begin(), [](double v) { return float(v); });
  return r;
}

}  // namespace pentimento
