#include "pipelines/remembered.h"

#include <span>

#include "base/sha256.h"

namespace pentimento {

std::shared_ptr<const void> Remembered::find(const std::string& key) {
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) {
    ++misses_;
    return nullptr;
  }
  ++hits_;
  entries_.splice(entries_.begin(), entries_, found->second);
  return found->second->value;
}

void Remembered::keep(const std::string& key, std::shared_ptr<const void> value, size_t bytes) {
  if (bytes > max_bytes_) return;
  entries_.push_front({key, std::move(value), bytes});
  by_key_[key] = entries_.begin();
  bytes_ += bytes;
  while (bytes_ > max_bytes_) {
    bytes_ -= entries_.back().bytes;
    by_key_.erase(entries_.back().key);
    entries_.pop_back();
  }
}

void Remembered::forget() {
  entries_.clear();
  by_key_.clear();
  bytes_ = 0;
}

std::string content_key(const char* what, const Tensor& tensor) {
  return std::string(what) + " " + to_string(tensor.shape) + " " +
         sha256_hex(std::as_bytes(std::span(tensor.data)));
}

}  // namespace pentimento
