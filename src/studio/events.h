// What changed, for everyone who watches: numbered events in a ring. Readers keep their own place,
// so a slow one costs the others nothing; one that falls behind the ring is told so.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace pentimento {

struct Event {
  uint64_t id = 0;
  std::string type, data;  // data: one JSON object as text
};

// Thread contract: share freely.
class EventBus {
 public:
  explicit EventBus(size_t capacity = 1000) : capacity_(capacity) {}

  void publish(std::string type, std::string data);
  uint64_t last_id() const;

  // Events after `id`, waiting for the first up to `seconds`. nullopt: some of them are gone
  // already.
  std::optional<std::vector<Event>> after(uint64_t id, double seconds);
  void close();  // wakes every reader; nothing waits any more
  bool closed() const;

 private:
  const size_t capacity_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Event> ring_;
  uint64_t last_id_ = 0;
  bool closed_ = false;
};

}  // namespace pentimento
