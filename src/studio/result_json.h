// Results and facts as JSON text, for `--json` and the server.
#pragma once

#include <string>
#include <vector>

#include "image/codec.h"
#include "pipelines/describe.h"
#include "pipelines/img2img.h"
#include "pipelines/repeat.h"
#include "studio/studio.h"
#include "weights/convert.h"
#include "weights/summary.h"

namespace pentimento {

// One finished picture and where it was written.
struct WrittenPicture {
  std::string path;   // "-" for standard output
  std::string input;  // the input's path, empty for text to image
  Img2ImgPicture picture;
};

std::string img2img_json(const std::vector<WrittenPicture>& pictures, const Img2ImgPlan& plan,
                         const std::vector<StableDiffusion::CompileRecord>& compiles,
                         double seconds);

struct StylizedPicture {
  std::string path, input;
  int width, height;
  std::string infotext;
  double seconds;
};
std::string stylize_json(const std::vector<StylizedPicture>& pictures);

// Sheets and page of a grid, and how many of its cells were there already.
std::string grid_json(const std::vector<std::string>& files, size_t cells, size_t reused);

struct DescribedPicture {
  std::string path;
  Description description;
};
std::string describe_json(const std::vector<DescribedPicture>& pictures);

// One measured part: its first call (which compiles) and the sorted times of the following ones.
struct BenchRow {
  std::string part;
  double first_seconds;
  std::vector<double> seconds;
};
std::string bench_json(const std::vector<BenchRow>& rows, int width, int height,
                       const std::string& precision,
                       const std::vector<StableDiffusion::CompileRecord>& compiles);

std::string info_json(const InputImage& input, const Picture& picture,
                      const std::string& parameters);
std::string convert_json(const std::string& path, const ConvertReport& report);
std::string merge_json(const std::string& path, const MergeReport& report);
std::string summary_json(const std::string& path, const ModelSummary& summary);
std::string repeat_json(const RepeatReport& report);
std::string import_json(const ImportReport& report);
std::string devices_json(const std::vector<DeviceInfo>& devices);

}  // namespace pentimento
