#include "pipelines/add_ons.h"

#include "base/memory.h"

namespace pentimento {
namespace {

constexpr size_t kKept = 4;  // networks that stay loaded
// Fewer stay while the system has less than this to give.
constexpr uint64_t kRoom = uint64_t{2} << 30;

bool short_of_memory() {
  const uint64_t available = available_memory_bytes();
  return available != 0 && available < kRoom;
}

}  // namespace

AddOns::AddOns(Runtime& runtime, std::filesystem::path cache_dir)
    : runtime_(runtime), cache_dir_(std::move(cache_dir)) {}

std::string AddOns::hash_of(const std::filesystem::path& path, const Progress& progress) const {
  return checkpoint_sha256(path, cache_dir_, progress);
}

template <typename Network, typename Load>
std::shared_ptr<Network> AddOns::find(const std::string& key, Load load) {
  for (auto it = residents_.begin(); it != residents_.end(); ++it)
    if (it->key == key) {
      residents_.splice(residents_.begin(), residents_, it);
      return std::static_pointer_cast<Network>(residents_.front().network);
    }
  while (!residents_.empty() && (residents_.size() >= kKept || short_of_memory()))
    residents_.pop_back();
  std::shared_ptr<Network> network = load();
  residents_.push_front({key, network});
  return network;
}

std::shared_ptr<ControlNet> AddOns::control_net(const std::filesystem::path& path,
                                                const LoadedModel& model,
                                                const Progress& progress) {
  ControlNetFile file = open_controlnet(path);
  const std::string hash = hash_of(file.path, progress);
  return find<ControlNet>("controlnet " + hash + " " + model.sha256, [&] {
    return ControlNet::load(runtime_, std::move(file), hash, model.config());
  });
}

std::shared_ptr<IpAdapter> AddOns::ip_adapter(const std::filesystem::path& path,
                                              const LoadedModel& model, const Progress& progress) {
  IpAdapterFile file = open_ip_adapter(path);
  const std::string hash = hash_of(file.path, progress);
  return find<IpAdapter>("ip-adapter " + hash + " " + model.sha256, [&] {
    return IpAdapter::load(runtime_, std::move(file), hash, *model.networks);
  });
}

std::shared_ptr<Clip> AddOns::clip(const std::filesystem::path& path, const Progress& progress) {
  ClipFile file = open_clip(path);
  const std::string hash = hash_of(file.path, progress);
  return find<Clip>("clip " + hash, [&] { return Clip::load(runtime_, std::move(file), hash); });
}

std::string AddOns::title_of(const std::filesystem::path& named, const std::filesystem::path& file,
                             const Progress& progress) const {
  return named.stem().string() + " [" + hash_of(file, progress).substr(0, 10) + "]";
}

}  // namespace pentimento
