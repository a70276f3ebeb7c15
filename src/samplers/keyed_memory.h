// A run's memory (run_memory.h) that answers only for what else decides the network's answers and
// may have changed since: the files of the LoRAs and words that a prompt names, and their
// strengths.
#pragma once

#include <string>

#include "base/sha256.h"
#include "samplers/run_memory.h"

namespace pentimento {

// Thread contract: as RunMemory's.
class KeyedMemory : public RunMemory {
 public:
  // `memory` must outlive this. An empty key changes nothing.
  KeyedMemory(RunMemory& memory, std::string key) : memory_(memory), key_(std::move(key)) {}
  std::optional<Vec> recall(const std::string& question) override {
    return memory_.recall(named(question));
  }
  void keep(const std::string& question, const Vec& answer) override {
    memory_.keep(named(question), answer);
  }
  void begin_picture() override { memory_.begin_picture(); }

 private:
  std::string named(const std::string& question) const {
    return key_.empty() ? question : sha256_hex(key_ + "\n" + question);
  }
  RunMemory& memory_;
  std::string key_;
};

}  // namespace pentimento
