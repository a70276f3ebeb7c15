// What the network has answered so far in a run, so that a run that was cut short goes on where it
// was. A solver is a fixed function of its start, its draws and the network's answers: begun again
// it asks the very same questions. Looking the old answers up costs nothing and puts the solver's
// whole state (latent, history of a multistep method, step sizes, generator, Brownian path) back
// bit for bit, whatever the sampler; the first question without an answer is where the run goes on.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "samplers/sampling_plan.h"

namespace pentimento {

// Thread contract: belongs to the thread that runs the sampler.
class RunMemory {
 public:
  virtual ~RunMemory() = default;
  // Names a question: SHA-256 (hex) of the input's bytes and the timestep.
  static std::string question(const Vec& input, double timestep);

  // The answer to the next question if it is the one that was asked then; after the first that is
  // not, what was kept is forgotten: the run has taken another way.
  virtual std::optional<Vec> recall(const std::string& question) = 0;
  virtual void keep(const std::string& question, const Vec& answer) = 0;
  // The next picture of a batch begins: what was kept of the one before is not needed any more.
  virtual void begin_picture() {}
};

// Several runs that make one picture ask in one row: the second does not forget the first.
class JoinedRuns : public RunMemory {
 public:
  explicit JoinedRuns(RunMemory& memory) : memory_(memory) { memory_.begin_picture(); }
  std::optional<Vec> recall(const std::string& question) override {
    return memory_.recall(question);
  }
  void keep(const std::string& question, const Vec& answer) override {
    memory_.keep(question, answer);
  }

 private:
  RunMemory& memory_;
};

// `network` behind a memory; `on_recalled` is called for each answer it was spared. `memory` may be
// null (the network alone) and must outlive the result.
Network with_memory(Network network, RunMemory* memory, std::function<void()> on_recalled = {});

}  // namespace pentimento
