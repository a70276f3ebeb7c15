// BlazeFace (https://arxiv.org/abs/1907.05047), MediaPipe's build for 256 x 256, read from TFLite
// by OpenVINO, and what its numbers mean.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "openvino/core/model.hpp"

namespace pentimento::models {

inline constexpr int kFaceFinderSize_px = 256;
inline constexpr int kFaceAnchors = 896;
inline constexpr int kFaceNumbers = 16;  // of an anchor: x, y, width, height, six points

// picture [1,256,256,3] -1..1 -> boxes [1,896,16], scores [1,896,1]. Throws NotFound, CorruptFile.
std::shared_ptr<ov::Model> read_face_finder(const std::filesystem::path& file);

// In shares of the square that the network saw; score: 0..1.
struct SeenFace {
  double left, top, right, bottom, score;
};

// The faces that the network's answer means, the surest first; those that overlap are one, the
// mean of them weighted by their scores, as MediaPipe joins them.
std::vector<SeenFace> faces_of(std::span<const float> boxes, std::span<const float> scores);

}  // namespace pentimento::models
