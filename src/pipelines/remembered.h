// What a model has computed and may be asked for again: encoded pictures and prompts, found by a
// hash of everything they depend on. The cells of a grid, a strip, the pictures of a batch and one
// try after another share them. The oldest go when there are too many bytes.
// It belongs to one LoadedModel: whoever changes the weights begins with an empty one.
// Thread contract: one thread computes.
#pragma once

#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>

#include "base/tensor.h"

namespace pentimento {

class Remembered {
 public:
  explicit Remembered(size_t max_bytes = size_t{128} << 20) : max_bytes_(max_bytes) {}

  // The value under `key`, made now if it is not there. `bytes_of` says what keeping it costs.
  // What `make` throws leaves nothing behind.
  template <typename T>
  std::shared_ptr<const T> get(const std::string& key, const std::function<T()>& make,
                               const std::function<size_t(const T&)>& bytes_of) {
    if (auto found = find(key)) return std::static_pointer_cast<const T>(found);
    auto value = std::make_shared<const T>(make());
    keep(key, value, bytes_of(*value));
    return value;
  }
  Tensor tensor(const std::string& key, const std::function<Tensor()>& make) {
    return *get<Tensor>(key, make, [](const Tensor& t) { return t.size() * sizeof(float); });
  }
  void forget();

  size_t hits() const { return hits_; }
  size_t misses() const { return misses_; }
  size_t bytes() const { return bytes_; }

 private:
  struct Entry {
    std::string key;
    std::shared_ptr<const void> value;
    size_t bytes;
  };
  std::shared_ptr<const void> find(const std::string& key);
  void keep(const std::string& key, std::shared_ptr<const void> value, size_t bytes);

  size_t max_bytes_, bytes_ = 0, hits_ = 0, misses_ = 0;
  std::list<Entry> entries_;  // the latest used first
  std::unordered_map<std::string, std::list<Entry>::iterator> by_key_;
};

// "picture <sha256 of shape and values>".
std::string content_key(const char* what, const Tensor& tensor);

}  // namespace pentimento
