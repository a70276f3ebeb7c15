// How much memory the compiled networks of all resident models may hold together. When another one
// needs room, those used longest ago leave first, whichever model they belong to; they come back
// from the disk cache.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <mutex>

#include "base/memory.h"

namespace pentimento {

// Thread contract: share freely. release functions are called with the budget locked: they must not
// call it. hold(), touch() and make_room() belong to the one computing thread.
class NetworkBudget {
 public:
  // limit_bytes 0: as much as the system has to give. `available`: bytes it can give now, 0 when it
  // does not tell.
  explicit NetworkBudget(uint64_t limit_bytes,
                         std::function<uint64_t()> available = available_memory_bytes)
      : limit_bytes_(limit_bytes), available_(std::move(available)) {}

  struct Entry {
    const void* owner = nullptr;
    uint64_t bytes = 0;
    std::function<void()> release;  // lets the network go
  };
  using Ticket = std::list<Entry>::iterator;

  // A network of `owner` that has just been compiled: the most recently used.
  Ticket hold(Entry entry);
  void touch(Ticket ticket);       // used again
  void drop(Ticket ticket);        // let go by its owner
  void forget(const void* owner);  // all of one owner's, without releasing them

  // Whether `bytes` more fit without releasing anything.
  bool has_room(uint64_t bytes) const;
  // Releases until `bytes` more stay within the limit and within what the system has, or nothing is
  // left to release. What is needed now is loaded even when it alone exceeds the limit.
  void make_room(uint64_t bytes);

  uint64_t held_bytes() const;
  void limit(uint64_t limit_bytes);  // from the next make_room() on

 private:
  bool fits(uint64_t bytes) const;  // with the budget locked

  uint64_t limit_bytes_;
  const std::function<uint64_t()> available_;
  mutable std::mutex mutex_;
  std::list<Entry> entries_;  // most recently used first
  uint64_t held_ = 0;
};

}  // namespace pentimento
