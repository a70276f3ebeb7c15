#include "image/gif_comment.h"

#include <cstdint>

#include "image/unicode.h"

namespace pentimento {
namespace {

constexpr uint8_t kExtension = 0x21, kComment = 0xfe, kFrame = 0x2c;

// Reads forward and stands still at the end, where every byte is 0.
class Reader {
 public:
  explicit Reader(std::span<const std::byte> bytes) : bytes_(bytes) {}
  bool at_end() const { return at_ >= bytes_.size(); }
  uint8_t byte() { return at_end() ? 0 : std::to_integer<uint8_t>(bytes_[at_++]); }
  void skip(size_t count) { at_ = count > bytes_.size() - at_ ? bytes_.size() : at_ + count; }

  // Sub-blocks of up to 255 bytes until an empty one.
  std::string blocks() {
    std::string data;
    for (size_t size = byte(); size > 0 && !at_end(); size = byte()) {
      for (; size > 0 && !at_end(); --size) data.push_back(static_cast<char>(byte()));
    }
    return data;
  }

  void color_table(uint8_t flags) {
    if (flags & 0x80) skip(size_t{3} << ((flags & 7) + 1));
  }

 private:
  std::span<const std::byte> bytes_;
  size_t at_ = 0;
};

}  // namespace

std::string read_gif_comment(std::span<const std::byte> gif) {
  Reader reader(gif);
  reader.skip(10);  // signature and size
  const uint8_t flags = reader.byte();
  reader.skip(2);
  reader.color_table(flags);
  while (!reader.at_end()) {
    const uint8_t kind = reader.byte();
    if (kind == kExtension) {
      const bool comment = reader.byte() == kComment;
      const std::string data = reader.blocks();
      if (comment) return cleaned_utf8(data);
    } else if (kind == kFrame) {
      reader.skip(8);
      reader.color_table(reader.byte());
      reader.skip(1);
      reader.blocks();
    } else {
      break;  // the trailer, or nothing a GIF holds
    }
  }
  return "";
}

}  // namespace pentimento
