#include "samplers/run_memory.h"

#include <cstring>

#include "base/sha256.h"

namespace pentimento {

std::string RunMemory::question(const Vec& input, double timestep) {
  std::vector<std::byte> bytes(input.size() * sizeof(float) + sizeof timestep);
  std::memcpy(bytes.data(), input.data(), input.size() * sizeof(float));
  std::memcpy(bytes.data() + input.size() * sizeof(float), &timestep, sizeof timestep);
  return sha256_hex(bytes);
}

Network with_memory(Network network, RunMemory* memory, std::function<void()> on_recalled) {
  if (!memory) return network;
  return [network = std::move(network), memory, on_recalled = std::move(on_recalled)](
             const Vec& input, double timestep) {
    const std::string question = RunMemory::question(input, timestep);
    if (auto answer = memory->recall(question)) {
      if (on_recalled) on_recalled();
      return std::move(*answer);
    }
    Vec answer = network(input, timestep);
    memory->keep(question, answer);
    return answer;
  };
}

}  // namespace pentimento
