#include "studio/events.h"

#include <chrono>

namespace pentimento {

void EventBus::publish(std::string type, std::string data) {
  {
    std::lock_guard lock(mutex_);
    ring_.push_back({++last_id_, std::move(type), std::move(data)});
    if (ring_.size() > capacity_) ring_.pop_front();
  }
  changed_.notify_all();
}

uint64_t EventBus::last_id() const {
  std::lock_guard lock(mutex_);
  return last_id_;
}

std::optional<std::vector<Event>> EventBus::after(uint64_t id, double seconds) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, std::chrono::duration<double>(seconds),
                    [&] { return closed_ || last_id_ > id; });
  const uint64_t first = ring_.empty() ? last_id_ + 1 : ring_.front().id;
  if (id > last_id_ || id + 1 < first) return std::nullopt;
  return std::vector<Event>(ring_.begin() + static_cast<std::ptrdiff_t>(id + 1 - first),
                            ring_.end());
}

void EventBus::close() {
  {
    std::lock_guard lock(mutex_);
    closed_ = true;
  }
  changed_.notify_all();
}

bool EventBus::closed() const {
  std::lock_guard lock(mutex_);
  return closed_;
}

}  // namespace pentimento
