#include "runtime/network_budget.h"

namespace pentimento {

NetworkBudget::Ticket NetworkBudget::hold(Entry entry) {
  std::lock_guard lock(mutex_);
  held_ += entry.bytes;
  entries_.push_front(std::move(entry));
  return entries_.begin();
}

void NetworkBudget::touch(Ticket ticket) {
  std::lock_guard lock(mutex_);
  entries_.splice(entries_.begin(), entries_, ticket);
}

void NetworkBudget::drop(Ticket ticket) {
  std::lock_guard lock(mutex_);
  held_ -= ticket->bytes;
  entries_.erase(ticket);
}

void NetworkBudget::forget(const void* owner) {
  std::lock_guard lock(mutex_);
  for (auto it = entries_.begin(); it != entries_.end();)
    if (it->owner == owner) {
      held_ -= it->bytes;
      it = entries_.erase(it);
    } else {
      ++it;
    }
}

bool NetworkBudget::fits(uint64_t bytes) const {
  if (limit_bytes_ != 0 && held_ + bytes > limit_bytes_) return false;
  const uint64_t available = available_();
  return available == 0 || available >= bytes;
}

bool NetworkBudget::has_room(uint64_t bytes) const {
  std::lock_guard lock(mutex_);
  return fits(bytes);
}

void NetworkBudget::make_room(uint64_t bytes) {
  std::lock_guard lock(mutex_);
  while (!entries_.empty() && !fits(bytes)) {
    const Entry oldest = std::move(entries_.back());
    entries_.pop_back();
    held_ -= oldest.bytes;
    oldest.release();
  }
}

void NetworkBudget::limit(uint64_t limit_bytes) {
  std::lock_guard lock(mutex_);
  limit_bytes_ = limit_bytes;
}

uint64_t NetworkBudget::held_bytes() const {
  std::lock_guard lock(mutex_);
  return held_;
}

}  // namespace pentimento
