// The networks that work beside a model, loaded when first asked for: ControlNets, IP-Adapters,
// CLIP. The last few stay resident, so that the next job and the next grid cell find them ready.
#pragma once

#include <filesystem>
#include <list>
#include <memory>
#include <string>

#include "pipelines/loaded_model.h"
#include "runtime/clip.h"
#include "runtime/control_net.h"
#include "runtime/ip_adapter.h"

namespace pentimento {

// Thread contract: one thread at a time.
class AddOns {
 public:
  // `runtime` must outlive it; `cache_dir` keeps the hashes of files.
  AddOns(Runtime& runtime, std::filesystem::path cache_dir);

  // Each throws as open_controlnet, open_ip_adapter and open_clip do, and InvalidArgument when the
  // file belongs beside another kind of model.
  std::shared_ptr<ControlNet> control_net(const std::filesystem::path& path,
                                          const LoadedModel& model, const Progress& progress);
  std::shared_ptr<IpAdapter> ip_adapter(const std::filesystem::path& path, const LoadedModel& model,
                                        const Progress& progress);
  std::shared_ptr<Clip> clip(const std::filesystem::path& path, const Progress& progress);

  // Control pictures made so far, for make_control().
  Remembered& control_pictures() { return control_pictures_; }

  // Frees all that can be loaded again.
  void drop() { residents_.clear(); }

  // SHA-256 of a file used so far, for infotext.
  std::string hash_of(const std::filesystem::path& path, const Progress& progress) const;
  // "NAME [10 digits of the file's hash]", for infotext. `named`: the file or folder that was
  // named.
  std::string title_of(const std::filesystem::path& named, const std::filesystem::path& file,
                       const Progress& progress) const;

 private:
  struct Resident {
    std::string key;  // what it is, its hash, and the model it stands beside
    std::shared_ptr<void> network;
  };
  template <typename Network, typename Load>
  std::shared_ptr<Network> find(const std::string& key, Load load);

  Runtime& runtime_;
  std::filesystem::path cache_dir_;
  Remembered control_pictures_;
  std::list<Resident> residents_;  // most recently used first
};

}  // namespace pentimento
