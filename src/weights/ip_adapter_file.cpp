#include "weights/ip_adapter_file.h"

#include <algorithm>

#include "base/error.h"
#include "weights/identify.h"
#include "weights/key_maps.h"
#include "weights/shapes.h"
#include "weights/tensor_file.h"

namespace pentimento {
namespace {

constexpr int kFaceWidth = 512;  // of a face recogniser's embedding (ArcFace)

[[noreturn]] void refuse(const std::string& where, const std::string& what) {
  throw Error(ErrorKind::Unsupported,
              where + ": is " + what +
                  ", which needs a face recogniser and is not supported; use ip-adapter, "
                  "ip-adapter-plus or ip-adapter-full");
}

void refuse_faces(const IpAdapterFile& file, const Shapes& shapes, const std::string& where) {
  const auto any = [](const TensorMap& tensors, std::string_view part) {
    return std::ranges::any_of(
        tensors, [&](const auto& item) { return item.first.find(part) != std::string::npos; });
  };
  if (any(file.attention, "_lora") || has_prefix(file.projection, "perceiver_resampler."))
    refuse(where, "an IP-Adapter FaceID");
  if (file.projection.contains("proj.0.weight") &&
      (!file.projection.contains("proj.3.weight") ||
       shapes.extent("proj.0.weight", 1, 2) == kFaceWidth))
    refuse(where, "an IP-Adapter FaceID");
  if (file.projection.contains("proj_in.weight") &&
      shapes.extent("proj_in.weight", 1, 2) == kFaceWidth)
    refuse(where, "an InstantID adapter");
}

void describe_projection(IpAdapterFile& file, const Shapes& shapes) {
  if (file.projection.contains("latents")) {
    file.kind = IpAdapterFile::Kind::Plus;
    file.features = shapes.extent("proj_in.weight", 1, 2);
    file.tokens = shapes.extent("latents", 1, 3);
  } else if (file.projection.contains("proj.3.weight")) {
    file.kind = IpAdapterFile::Kind::Full;
    file.features = shapes.extent("proj.0.weight", 1, 2);
  } else {
    file.features = shapes.extent("proj.weight", 1, 2);
    file.tokens = shapes.extent("proj.weight", 0, 2) / shapes.extent("norm.weight", 0, 1);
  }
}

// Indices are odd, 1, 3, 5 …; a gap or another number means another adapter or a damaged file.
int count_attentions(const TensorMap& attention, const std::string& where) {
  int count = 0;
  while (attention.contains(std::to_string(2 * count + 1) + ".to_k_ip.weight") &&
         attention.contains(std::to_string(2 * count + 1) + ".to_v_ip.weight"))
    ++count;
  if (count == 0 || attention.size() != 2 * static_cast<size_t>(count))
    throw Error(ErrorKind::CorruptFile,
                where + ": holds " + std::to_string(attention.size()) +
                    " tensors under 'ip_adapter.', expected to_k_ip and to_v_ip for 1, 3, 5 … "
                    "without a gap; the file is damaged or of another kind");
  return count;
}

}  // namespace

const char* to_string(IpAdapterFile::Kind kind) {
  constexpr const char* kNames[] = {"plain", "plus", "full"};
  return kNames[static_cast<size_t>(kind)];
}

IpAdapterFile open_ip_adapter(const std::filesystem::path& path) {
  const std::string where = path.string();
  const TensorFile read = read_tensor_file(path);
  IpAdapterFile file{.path = path,
                     .projection = below(read.tensors, "image_proj."),
                     .attention = below(read.tensors, "ip_adapter.")};
  if (file.projection.empty() || file.attention.empty()) {
    const WeightKind kind = identify(read.tensors);
    if (kind == WeightKind::IpAdapter)
      throw Error(ErrorKind::CorruptFile, where + ": holds only one half of an IP-Adapter");
    throw Error(ErrorKind::Unsupported,
                where + ": is " + kind_description(kind) + "; expected an IP-Adapter");
  }
  const Shapes shapes(file.projection, where);
  refuse_faces(file, shapes, where);
  describe_projection(file, shapes);
  file.attentions = count_attentions(file.attention, where);
  file.cross_attention_dim = Shapes(file.attention, where).extent("1.to_k_ip.weight", 1, 2);
  return file;
}

}  // namespace pentimento
