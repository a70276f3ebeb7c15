// The little linear algebra that merging LoRAs needs, in f32 and in one order of summation, so that
// every processor gives the same bits.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace pentimento {

// Row-major [rows, columns].
struct Matrix {
  size_t rows = 0, columns = 0;
  std::vector<float> values;  // rows * columns

  Matrix() = default;
  Matrix(size_t r, size_t c) : rows(r), columns(c), values(r * c) {}
  Matrix(size_t r, size_t c, std::vector<float> v) : rows(r), columns(c), values(std::move(v)) {}
  float at(size_t r, size_t c) const { return values[r * columns + c]; }
  float& at(size_t r, size_t c) { return values[r * columns + c]; }
};

// a [n,k] b [k,m] -> [n,m]. The inner extents must agree.
Matrix multiply(const Matrix& a, const Matrix& b);
Matrix transposed(const Matrix& a);
// (I + q) (I - q)^-1 of a square skew-symmetric q: a rotation (Cayley).
Matrix cayley(const Matrix& q);

}  // namespace pentimento
