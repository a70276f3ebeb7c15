// The job upscale, and enlarging for other jobs (hires fix, AUTOMATIC1111's extras).
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "pipelines/hires.h"
#include "pipelines/upscale.h"
#include "studio/job_runner.h"

namespace pentimento {

// The networks that enlarge; the last one used stays open.
// Thread contract: share freely; one enlarges at a time.
class UpscalerShelf {
 public:
  UpscalerShelf(Runtime& runtime, std::vector<std::filesystem::path> folders,
                std::filesystem::path timings_file)
      : runtime_(runtime), folders_(std::move(folders)), timings_file_(std::move(timings_file)) {}

  std::vector<UpscalerEntry> installed() const { return installed_upscalers(folders_); }
  std::string precision() const { return to_string(runtime_.precision()); }
  // Throws NotFound, OutOfMemory, and what plan_upscale throws. Does not wait for enlarge().
  UpscalePlan plan(const UpscaleRequest& request, int width, int height);
  Image enlarge(const UpscaleRequest& request, const Image& picture, const Progress& progress,
                UpscalePlan* plan = nullptr);
  void drop();

 private:
  Upscaler* open(const UpscalerEntry& entry);
  std::optional<UpscalerConfig> config_of(const UpscalerEntry& entry);
  Runtime& runtime_;
  std::vector<std::filesystem::path> folders_;
  std::filesystem::path timings_file_;
  std::mutex mutex_;
  std::string name_;
  std::unique_ptr<Upscaler> network_;
  std::mutex configs_mutex_;
  std::map<std::string, UpscalerConfig> configs_;  // by file
};

std::unique_ptr<JobRunner> make_upscale_runner(std::shared_ptr<UpscalerShelf> shelf);

// For hires fix: to exactly that size.
Enlarge enlarge_with(std::shared_ptr<UpscalerShelf> shelf);

}  // namespace pentimento
