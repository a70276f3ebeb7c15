// Pictures in golden files: pixels as U8 [height, width, channels], or only their SHA-256.
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "base/sha256.h"
#include "image/image.h"
#include "support/golden.h"

namespace pentimento::testing {

inline Image golden_image(const Golden& golden, const std::string& key) {
  const TensorView& view = golden.file().tensors.at(key);
  Image image(static_cast<int>(view.shape.at(1)), static_cast<int>(view.shape.at(0)),
              static_cast<int>(view.shape.at(2)));
  std::memcpy(image.pixels.data(), view.bytes.data(), image.pixels.size());
  return image;
}

// Is `image` the picture stored under `key`, bit for bit? Says by how much not, if pixels are
// there.
inline ::testing::AssertionResult equals_golden(const Image& image, const Golden& golden,
                                                const std::string& key) {
  const auto& tensors = golden.file().tensors;
  if (const auto hash = tensors.find(key + "/sha256"); hash != tensors.end()) {
    const auto shape = golden.integers(key + "/shape");
    if (shape != std::vector<int64_t>{image.height, image.width, image.channels}) {
      return ::testing::AssertionFailure() << key << ": another size";
    }
    std::string wanted;
    for (std::byte b : hash->second.bytes) {
      const auto value = std::to_integer<unsigned>(b);
      wanted += {"0123456789abcdef"[value >> 4], "0123456789abcdef"[value & 15]};
    }
    if (sha256_hex(std::as_bytes(std::span(image.pixels))) == wanted) {
      return ::testing::AssertionSuccess();
    }
    return ::testing::AssertionFailure() << key << ": another hash";
  }
  const Image expected = golden_image(golden, key);
  if (image == expected) return ::testing::AssertionSuccess();
  int most = 0, count = 0;
  const bool comparable = image.pixels.size() == expected.pixels.size();
  for (size_t i = 0; comparable && i < image.pixels.size(); ++i) {
    most = std::max(most, std::abs(image.pixels[i] - expected.pixels[i]));
    count += image.pixels[i] != expected.pixels[i];
  }
  return ::testing::AssertionFailure()
         << key << ": " << image.width << "x" << image.height << "x" << image.channels
         << ", expected " << expected.width << "x" << expected.height << "x" << expected.channels
         << "; " << count << " values differ, by " << most << " at most";
}

}  // namespace pentimento::testing
