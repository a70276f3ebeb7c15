#include "runtime/weight_source.h"

#include <sys/mman.h>

#include <fstream>
#include <map>
#include <sstream>

#include "base/mapped_file.h"
#include "openvino/core/runtime_attribute.hpp"
#include "openvino/core/version.hpp"
#include "openvino/op/constant.hpp"

namespace ov {

// OpenVINO's own mark for "this constant is SIZE bytes at OFFSET of the weights file": libopenvino
// exports it and the plugins honour it (ENABLE_WEIGHTLESS, WEIGHTS_PATH), but the header belongs to
// the developer package, which the wheel leaves out. Declared here as version 2026 has it.
static_assert(OPENVINO_VERSION_MAJOR == 2026,
              "compare WeightlessCacheAttribute with this version's");
class OPENVINO_API WeightlessCacheAttribute : public RuntimeAttribute {
 public:
  OPENVINO_RTTI("WeightlessCacheAttribute", "0", RuntimeAttribute);
  WeightlessCacheAttribute(size_t size, size_t offset, element::Type type)
      : original_size(size), bin_offset(offset), original_dtype(type) {}
  bool is_copyable() const override;
  bool visit_attributes(AttributeVisitor& visitor) override;

  size_t original_size;
  size_t bin_offset;
  element::Type original_dtype;
};

}  // namespace ov

namespace pentimento {
namespace {

bool lies_in(std::span<const std::byte> bytes, const void* begin, size_t size) {
  const auto* p = static_cast<const std::byte*>(begin);
  return p >= bytes.data() && p + size <= bytes.data() + bytes.size();
}

}  // namespace

std::shared_ptr<const MappedFile> main_file(const TensorMap& tensors) {
  std::map<std::shared_ptr<const MappedFile>, uint64_t> held;
  for (const auto& [name, view] : tensors)
    if (view.file && lies_in(view.file->bytes(), view.bytes.data(), view.bytes.size()))
      held[view.file] += view.bytes.size();
  std::shared_ptr<const MappedFile> best;
  for (const auto& [file, bytes] : held)
    if (!best || bytes > held[best]) best = file;
  return best;
}

uint64_t mark_offsets(ov::Model& model, const MappedFile& file) {
  uint64_t elsewhere = 0;
  for (const auto& node : model.get_ops()) {
    const auto constant = std::dynamic_pointer_cast<ov::op::v0::Constant>(node);
    if (!constant) continue;
    const auto* data = static_cast<const std::byte*>(constant->get_data_ptr());
    const size_t size = constant->get_byte_size();
    if (!lies_in(file.bytes(), data, size)) {
      elsewhere += size;
      continue;
    }
    const auto offset = static_cast<size_t>(data - file.bytes().data());
    node->get_rt_info()[ov::WeightlessCacheAttribute::get_type_info_static()] =
        ov::WeightlessCacheAttribute(size, offset, constant->get_element_type());
  }
  return elsewhere;
}

void release_pages(const std::filesystem::path& file) {
  // Lines are "begin-end rw-p offset device inode   path". OpenVINO maps the file a second time.
  std::ifstream maps("/proc/self/maps");
  std::error_code error;
  const std::string wanted = std::filesystem::canonical(file, error).string();
  for (std::string line; !error && std::getline(maps, line);) {
    const size_t path = line.find('/');
    if (path == std::string::npos || line.compare(path, std::string::npos, wanted) != 0) continue;
    std::istringstream fields(line);
    uintptr_t begin = 0, end = 0;
    char dash = 0;
    std::string access;
    fields >> std::hex >> begin >> dash >> end >> access;
    if (fields && access.size() > 1 && access[1] == '-')
      ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
  }
}

}  // namespace pentimento
