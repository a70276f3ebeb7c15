// How a described network becomes a compiled one: from the disk cache, or by compiling it and
// storing the outcome there.
#include <chrono>
#include <future>
#include <sstream>

#include "base/error.h"
#include "base/mapped_file.h"
#include "models/graph.h"
#include "openvino/core/version.hpp"
#include "openvino/runtime/properties.hpp"
#include "runtime/runtime_impl.h"
#include "runtime/weight_source.h"

namespace pentimento {
namespace {

constexpr std::chrono::milliseconds kPoll{20};
constexpr int kTicksBetweenReleases = 5;
// A cache entry that has to hold more weights than this itself costs more than it saves.
constexpr uint64_t kMaxWeightsInEntry = uint64_t{512} << 20;

ov::element::Type element_type(Precision precision) {
  switch (precision) {
    case Precision::BF16:
      return ov::element::bf16;
    case Precision::F16:
      return ov::element::f16;
    default:
      return ov::element::f32;
  }
}

}  // namespace

ov::AnyMap Runtime::Impl::properties() const {
  ov::AnyMap map{ov::hint::performance_mode(ov::hint::PerformanceMode::LATENCY), ov::num_streams(1),
                 ov::hint::inference_precision(element_type(precision))};
  if (options.device == "CPU" && options.threads > 0)
    map.insert(ov::inference_num_threads(options.threads));
  return map;
}

ov::AnyMap Runtime::Impl::cache_properties(const NetworkKey& key) const {
  ov::AnyMap map = properties();
  if (options.device != "CPU" || !key.file) return map;
  map.insert(ov::cache_mode(ov::CacheMode::OPTIMIZE_SIZE));
  map.insert(ov::weights_path(key.file->path().string()));
  return map;
}

std::string Runtime::Impl::cache_key(const NetworkKey& key) const {
  std::ostringstream text;
  text << "graph " << models::kGraphVersion << "; " << key.network << "; " << key.shape << "; "
       << key.weights_id << "; " << to_string(precision) << "; " << options.device << "; "
       << ov::get_openvino_version().buildNumber;
  if (options.device.rfind("AUTO", 0) != 0) {
    text << "; " << core.get_property(options.device, ov::device::full_name);
    for (const std::string& c : core.get_property(options.device, ov::device::capabilities))
      text << " " << c;
  }
  return text.str();
}

ov::CompiledModel Runtime::Impl::in_background(std::function<ov::CompiledModel()> work,
                                               const NetworkKey& key, const Progress& progress) {
  std::packaged_task<ov::CompiledModel()> task(std::move(work));
  std::future<ov::CompiledModel> future = task.get_future();
  std::jthread thread(std::move(task));
  for (int tick = 1; future.wait_for(kPoll) != std::future_status::ready; ++tick) {
    // Weights are copied into the layouts the kernels want; what was read need not stay in memory.
    if (key.file && tick % kTicksBetweenReleases == 0) release_pages(key.file->path());
    if (!progress.cancel.cancelled()) continue;
    abandoned_.push_back(std::move(thread));
    throw Error(ErrorKind::Cancelled, "cancelled");
  }
  return future.get();
}

std::optional<ov::CompiledModel> Runtime::Impl::import_cached(
    const NetworkKey& key, const Progress& progress, std::shared_ptr<const MappedFile>& entry) {
  if (!cache.enabled() || key.weights_id.empty()) return {};
  const std::string name = cache_key(key);
  const NetworkCache::Entry found = cache.find(name);
  if (!found.file) return {};
  entry = found.file;
  const ov::Tensor blob(ov::element::u8, {found.blob.size()},
                        const_cast<std::byte*>(found.blob.data()));
  try {
    return in_background(
        [this, blob, file = found.file, weights = key.file, properties = cache_properties(key)] {
          return core.import_model(blob, options.device, properties);
        },
        key, progress);
  } catch (const ov::Exception&) {  // of another build of OpenVINO, or damaged: compile it again
    cache.remove(name);
    return {};
  }
}

void Runtime::Impl::store(const NetworkKey& key, const ov::CompiledModel& compiled) {
  std::ostringstream stream;
  try {
    const_cast<ov::CompiledModel&>(compiled).export_model(stream);
  } catch (const ov::Exception&) {  // a device that cannot export: nothing is cached
    return;
  }
  const std::string_view blob = stream.view();
  cache.put(cache_key(key), std::as_bytes(std::span(blob.data(), blob.size())));
}

CompiledNetwork Runtime::Impl::compile(const NetworkKey& key,
                                       const std::function<std::shared_ptr<ov::Model>()>& describe,
                                       const Progress& progress) {
  const std::scoped_lock lock(mutex_);
  progress.at("compile", 0, 1);
  const auto start = std::chrono::steady_clock::now();
  CompiledNetwork result;
  auto finish = [&](ov::CompiledModel compiled, std::shared_ptr<const void> keep_alive) {
    result.network = std::make_unique<Network>(std::move(compiled), std::move(keep_alive));
    if (key.file) release_pages(key.file->path());
    result.seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    progress.at("compile", 1, 1, result.seconds);
  };

  std::shared_ptr<const MappedFile> entry;
  if (std::optional<ov::CompiledModel> cached = import_cached(key, progress, entry)) {
    result.from_cache = true;
    finish(*cached, entry);
    return result;
  }

  std::shared_ptr<ov::Model> model;
  try {
    model = describe();
  } catch (const ov::Exception& e) {
    throw Error(ErrorKind::CorruptFile,
                "the weights of " + key.network + " do not fit together: " + e.what());
  }
  const bool pointed = key.file && options.device == "CPU";
  const bool stored = cache.enabled() && !key.weights_id.empty() &&
                      (!pointed || mark_offsets(*model, *key.file) <= kMaxWeightsInEntry);
  try {
    const ov::CompiledModel compiled = in_background(
        [this, model, properties = stored ? cache_properties(key) : properties()] {
          return core.compile_model(model, options.device, properties);
        },
        key, progress);
    if (stored) store(key, compiled);
    finish(compiled, {});
  } catch (const ov::Exception& e) {
    throw Error(ErrorKind::Internal,
                "device " + options.device + " cannot run " + key.network + ": " + e.what());
  }
  return result;
}

}  // namespace pentimento
