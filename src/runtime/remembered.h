// The last few results of a network by what went into it: the same picture in the next run, or in
// the next cell of a grid, is not computed again.
#pragma once

#include <list>
#include <span>
#include <string>
#include <utility>

#include "base/sha256.h"
#include "base/tensor.h"

namespace pentimento {

// Thread contract: one thread at a time.
template <typename Result>
class Remembered {
 public:
  explicit Remembered(size_t most) : most_(most) {}

  // What `make()` returned for a picture of the same shape and values.
  template <typename Make>
  Result get(const Tensor& picture, Make make) {
    const std::string key =
        to_string(picture.shape) + sha256_hex(std::as_bytes(std::span(picture.data)));
    for (auto it = results_.begin(); it != results_.end(); ++it)
      if (it->first == key) {
        results_.splice(results_.begin(), results_, it);
        return it->second;
      }
    results_.emplace_front(key, make());
    if (results_.size() > most_) results_.pop_back();
    return results_.front().second;
  }

 private:
  size_t most_;
  std::list<std::pair<std::string, Result>> results_;  // most recently used first
};

}  // namespace pentimento
