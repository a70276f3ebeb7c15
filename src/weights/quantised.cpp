// Each function unpacks one block: q the packed numbers, d and m (min) their scales, y the result.
#include "weights/quantised.h"

#include <cstring>

#include "base/error.h"
#include "base/half.h"

namespace pentimento {
namespace {

constexpr int kSuper = 256;  // numbers in a block of the K formats

float half_at(const uint8_t* at) {
  uint16_t bits;
  std::memcpy(&bits, at, sizeof bits);
  return f16_to_f32(bits);
}

int low(uint8_t byte) { return byte & 15; }
int high(uint8_t byte) { return byte >> 4; }

// d | 16 bytes: the low halves are numbers 0-15, the high ones 16-31.
void unpack_q4_0(const uint8_t* b, float* y) {
  const float d = half_at(b);
  for (int j = 0; j < 16; ++j) {
    y[j] = static_cast<float>(low(b[2 + j]) - 8) * d;
    y[j + 16] = static_cast<float>(high(b[2 + j]) - 8) * d;
  }
}

void unpack_q4_1(const uint8_t* b, float* y) {
  const float d = half_at(b), m = half_at(b + 2);
  for (int j = 0; j < 16; ++j) {
    y[j] = static_cast<float>(low(b[4 + j])) * d + m;
    y[j + 16] = static_cast<float>(high(b[4 + j])) * d + m;
  }
}

// As the 4-bit ones, the fifth bits together in 32 bits before them.
void unpack_q5(const uint8_t* fifth, const uint8_t* q, float d, float m, float* y) {
  uint32_t bits;
  std::memcpy(&bits, fifth, sizeof bits);
  for (int j = 0; j < 16; ++j) {
    const int a = low(q[j]) | static_cast<int>((bits >> j & 1) << 4);
    const int b = high(q[j]) | static_cast<int>((bits >> (j + 16) & 1) << 4);
    y[j] = static_cast<float>(a) * d + m;
    y[j + 16] = static_cast<float>(b) * d + m;
  }
}

void unpack_q5_0(const uint8_t* b, float* y) {
  const float d = half_at(b);
  unpack_q5(b + 2, b + 6, 1, -16, y);
  for (int j = 0; j < 32; ++j) y[j] *= d;
}

void unpack_q5_1(const uint8_t* b, float* y) {
  unpack_q5(b + 4, b + 8, half_at(b), half_at(b + 2), y);
}

void unpack_q8_0(const uint8_t* b, float* y) {
  const float d = half_at(b);
  for (int j = 0; j < 32; ++j) y[j] = static_cast<float>(static_cast<int8_t>(b[2 + j])) * d;
}

// 16 bytes of scale and min (4 bits each) | 64 bytes of 2-bit numbers | d | m
void unpack_q2_k(const uint8_t* b, float* y) {
  const uint8_t *scales = b, *q = b + 16;
  const float d = half_at(b + 80), m = half_at(b + 82);
  for (int half = 0; half < 2; ++half, q += 32)
    for (int shift = 0; shift < 8; shift += 2)
      for (int part = 0; part < 2; ++part, ++scales)
        for (int l = 0; l < 16; ++l)
          *y++ = d * static_cast<float>(low(*scales)) *
                     static_cast<float>(q[part * 16 + l] >> shift & 3) -
                 m * static_cast<float>(high(*scales));
}

// 32 bytes of third bits | 64 of 2-bit numbers | 12 of 6-bit scales | d
void unpack_q3_k(const uint8_t* b, float* y) {
  const uint8_t *third = b, *q = b + 32, *packed = b + 96;
  const float d = half_at(b + 108);
  int scales[16];
  for (int i = 0; i < 16; ++i) {  // low four bits, then two more from the last four bytes
    const int bottom = i < 8 ? low(packed[i]) : high(packed[i - 8]);
    scales[i] = (bottom | (packed[8 + i % 4] >> (2 * (i / 4)) & 3) << 4) - 32;
  }
  const int* scale = scales;
  for (int half = 0; half < 2; ++half, q += 32)
    for (int j = 0; j < 4; ++j)
      for (int part = 0; part < 2; ++part, ++scale)
        for (int l = part * 16; l < part * 16 + 16; ++l) {
          const int number = (q[l] >> (2 * j) & 3) - (third[l] >> (half * 4 + j) & 1 ? 0 : 4);
          *y++ = d * static_cast<float>(*scale) * static_cast<float>(number);
        }
}

struct ScaleAndMin {
  float scale, min;
};
// Eight pairs of 6 bits in 12 bytes.
ScaleAndMin scale_and_min(const uint8_t* packed, int j) {
  if (j < 4) return {static_cast<float>(packed[j] & 63), static_cast<float>(packed[j + 4] & 63)};
  return {static_cast<float>(low(packed[j + 4]) | (packed[j - 4] >> 6) << 4),
          static_cast<float>(high(packed[j + 4]) | (packed[j] >> 6) << 4)};
}

// d | m | 12 bytes of scales | (Q5_K: 32 bytes of fifth bits) | 128 bytes of 4-bit numbers
void unpack_q45_k(const uint8_t* b, const uint8_t* fifth, const uint8_t* q, float* y) {
  const float d = half_at(b), m = half_at(b + 2);
  for (int j = 0; j < 8; ++j) {
    const ScaleAndMin s = scale_and_min(b + 4, j);
    for (int l = 0; l < 32; ++l) {
      const uint8_t byte = q[j / 2 * 32 + l];
      int number = j % 2 ? high(byte) : low(byte);
      if (fifth) number += (fifth[l] >> j & 1) * 16;
      *y++ = d * s.scale * static_cast<float>(number) - m * s.min;
    }
  }
}

void unpack_q4_k(const uint8_t* b, float* y) { unpack_q45_k(b, nullptr, b + 16, y); }
void unpack_q5_k(const uint8_t* b, float* y) { unpack_q45_k(b, b + 16, b + 48, y); }

// 128 bytes of low four bits | 64 of the two above | 16 scales of 8 bits | d
void unpack_q6_k(const uint8_t* b, float* y) {
  const uint8_t *four = b, *two = b + 128;
  const auto* scales = reinterpret_cast<const int8_t*>(b + 192);
  const float d = half_at(b + 208);
  for (int half = 0; half < 2; ++half, four += 64, two += 32, scales += 8, y += 128)
    for (int l = 0; l < 32; ++l)
      for (int k = 0; k < 4; ++k) {
        const uint8_t byte = four[l + 32 * (k % 2)];
        const int number = (k < 2 ? low(byte) : high(byte)) | (two[l] >> (2 * k) & 3) << 4;
        const int8_t scale = scales[l / 16 + 2 * k];
        y[l + 32 * k] = d * static_cast<float>(scale) * static_cast<float>(number - 32);
      }
}

using Unpack = void (*)(const uint8_t*, float*);
struct Format {
  DType dtype;
  BlockLayout layout;
  Unpack unpack;
};
constexpr Format kFormats[] = {
    {DType::Q4_0, {32, 18}, unpack_q4_0},      {DType::Q4_1, {32, 20}, unpack_q4_1},
    {DType::Q5_0, {32, 22}, unpack_q5_0},      {DType::Q5_1, {32, 24}, unpack_q5_1},
    {DType::Q8_0, {32, 34}, unpack_q8_0},      {DType::Q2_K, {kSuper, 84}, unpack_q2_k},
    {DType::Q3_K, {kSuper, 110}, unpack_q3_k}, {DType::Q4_K, {kSuper, 144}, unpack_q4_k},
    {DType::Q5_K, {kSuper, 176}, unpack_q5_k}, {DType::Q6_K, {kSuper, 210}, unpack_q6_k},
};

const Format& format_of(DType dtype) {
  for (const Format& format : kFormats)
    if (format.dtype == dtype) return format;
  throw Error(ErrorKind::Internal, std::string(dtype_name(dtype)) + " is not quantised");
}

}  // namespace

BlockLayout block_layout(DType dtype) {
  return is_quantised(dtype) ? format_of(dtype).layout : BlockLayout{1, dtype_size(dtype)};
}

std::vector<float> dequantise(DType dtype, std::span<const std::byte> bytes) {
  const Format& format = format_of(dtype);
  const size_t blocks = bytes.size() / format.layout.bytes;
  const auto elements = static_cast<size_t>(format.layout.elements);
  std::vector<float> values(blocks * elements);
  const auto* at = reinterpret_cast<const uint8_t*>(bytes.data());
  for (size_t i = 0; i < blocks; ++i)
    format.unpack(at + i * format.layout.bytes, values.data() + i * elements);
  return values;
}

}  // namespace pentimento
