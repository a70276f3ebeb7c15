#include "weights/zip_archive.h"

#include <zip.h>

#include <cstring>
#include <vector>

#include "base/error.h"
#include "base/mapped_file.h"
#include "weights/messages.h"

namespace pentimento {
namespace {

constexpr uint64_t kMaxEntries = 200'000;

// Little-endian numbers of a zip structure; reading outside says so instead.
struct Bytes {
  std::span<const std::byte> bytes;
  bool holds(uint64_t at, uint64_t count) const {
    return at <= bytes.size() && count <= bytes.size() - at;
  }
  template <typename T>
  T number(uint64_t at) const {
    T value{};
    if (holds(at, sizeof(T))) std::memcpy(&value, bytes.data() + at, sizeof(T));
    return value;
  }
  bool has_signature(uint64_t at, uint32_t signature) const {
    return holds(at, 4) && number<uint32_t>(at) == signature;
  }
  std::string_view text(uint64_t at, uint64_t count) const {
    if (!holds(at, count)) return {};
    return {reinterpret_cast<const char*>(bytes.data()) + at, count};
  }
};

constexpr uint32_t kLocalHeader = 0x04034b50, kCentralHeader = 0x02014b50, kEnd = 0x06054b50,
                   kEnd64 = 0x06064b50, kEnd64Locator = 0x07064b50;

struct CentralDirectory {
  uint64_t offset = 0, entries = 0;
  bool found = false;
};

CentralDirectory find_central_directory(const Bytes& file) {
  constexpr uint64_t kEndBytes = 22, kMaxComment = 65535;
  const uint64_t size = file.bytes.size();
  for (uint64_t back = kEndBytes; back <= std::min(size, kEndBytes + kMaxComment); ++back) {
    const uint64_t at = size - back;
    if (!file.has_signature(at, kEnd) || file.number<uint16_t>(at + 20) != back - kEndBytes)
      continue;
    CentralDirectory directory{.offset = file.number<uint32_t>(at + 16),
                               .entries = file.number<uint16_t>(at + 10),
                               .found = true};
    if (at >= 20 && file.has_signature(at - 20, kEnd64Locator)) {
      const auto end64 = file.number<uint64_t>(at - 12);
      if (!file.has_signature(end64, kEnd64)) return {};
      directory.entries = file.number<uint64_t>(end64 + 32);
      directory.offset = file.number<uint64_t>(end64 + 48);
    }
    return directory;
  }
  return {};
}

// One header of the central directory, its 32-bit fields widened from the ZIP64 extra field.
struct CentralHeader {
  std::string_view name;
  uint64_t packed_size = 0, size = 0, local_header = 0, next = 0;
};

bool read_central_header(const Bytes& file, uint64_t at, CentralHeader& header) {
  if (!file.has_signature(at, kCentralHeader) || !file.holds(at, 46)) return false;
  const uint64_t name = file.number<uint16_t>(at + 28), extra = file.number<uint16_t>(at + 30),
                 comment = file.number<uint16_t>(at + 32);
  if (!file.holds(at + 46, name + extra + comment)) return false;
  header = {.name = file.text(at + 46, name),
            .packed_size = file.number<uint32_t>(at + 20),
            .size = file.number<uint32_t>(at + 24),
            .local_header = file.number<uint32_t>(at + 42),
            .next = at + 46 + name + extra + comment};
  const uint64_t extra_end = at + 46 + name + extra;
  for (uint64_t field = at + 46 + name; field + 4 <= extra_end;) {
    const uint64_t end = field + 4 + file.number<uint16_t>(field + 2);
    if (end > extra_end) return false;
    if (file.number<uint16_t>(field) == 1) {
      uint64_t value = field + 4;
      for (uint64_t* wide : {&header.size, &header.packed_size, &header.local_header}) {
        if (*wide != 0xffffffff) continue;
        if (value + 8 > end) return false;
        *wide = file.number<uint64_t>(value);
        value += 8;
      }
    }
    field = end;
  }
  return true;
}

}  // namespace

void UnpackBudget::take(uint64_t bytes, std::string_view what) {
  if (bytes > left_)
    throw Error(
        ErrorKind::CorruptFile,
        file_ + ": " + in_quotes(what) + " would unpack to " + std::to_string(bytes >> 20) +
            " MiB, far more than a file of this size can honestly hold; it was not unpacked");
  left_ -= bytes;
}

struct ZipArchive::Handle {
  zip_t* zip = nullptr;
  ~Handle() {
    if (zip) zip_discard(zip);
  }
};

bool ZipArchive::looks_like_zip(std::span<const std::byte> bytes) {
  return Bytes{bytes}.has_signature(0, kLocalHeader) || Bytes{bytes}.has_signature(0, kEnd);
}

ZipArchive::ZipArchive(std::shared_ptr<const MappedFile> file)
    : file_(std::move(file)), handle_(std::make_unique<Handle>()) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* source =
      zip_source_buffer_create(file_->bytes().data(), file_->bytes().size(), 0, &error);
  if (!source)
    throw Error(ErrorKind::OutOfMemory, file_->path().string() + ": cannot be opened as a zip");
  handle_->zip = zip_open_from_source(source, ZIP_RDONLY | ZIP_CHECKCONS, &error);
  if (!handle_->zip) {
    const std::string reason = zip_error_strerror(&error);
    zip_error_fini(&error);
    zip_source_free(source);
    corrupt("not a whole zip archive (" + reason +
            "); the download was cut short or damaged, get it again");
  }
  zip_error_fini(&error);
  list();
}

ZipArchive::~ZipArchive() = default;

void ZipArchive::corrupt(const std::string& what) const {
  throw Error(ErrorKind::CorruptFile, file_->path().string() + ": " + what);
}

void ZipArchive::list() {
  const Bytes bytes{file_->bytes()};
  const CentralDirectory directory = find_central_directory(bytes);
  const auto count = static_cast<uint64_t>(zip_get_num_entries(handle_->zip, 0));
  if (!directory.found || directory.entries != count)
    corrupt("its zip directory contradicts itself");
  if (count > kMaxEntries)
    corrupt("holds " + std::to_string(count) + " entries, expected at most 200000");

  CentralHeader header{.next = directory.offset};
  for (uint64_t index = 0; index < count; ++index) {
    zip_stat_t stat;
    zip_stat_init(&stat);
    if (zip_stat_index(handle_->zip, index, ZIP_FL_ENC_RAW, &stat) != 0 ||
        !read_central_header(bytes, header.next, header) || header.name != stat.name ||
        header.size != stat.size || header.packed_size != stat.comp_size)
      corrupt("its zip directory contradicts itself at entry " + std::to_string(index));
    const std::string entry_name = "entry " + in_quotes(header.name);
    if (stat.encryption_method != ZIP_EM_NONE)
      throw Error(ErrorKind::Unsupported,
                  file_->path().string() + ": " + entry_name + " is encrypted");

    const uint64_t local = header.local_header;
    const uint64_t name_bytes = bytes.number<uint16_t>(local + 26);
    const uint64_t begin = local + 30 + name_bytes + bytes.number<uint16_t>(local + 28);
    if (!bytes.has_signature(local, kLocalHeader) || !bytes.holds(begin, header.packed_size) ||
        bytes.text(local + 30, name_bytes) != header.name)
      corrupt(entry_name + " is not where the zip directory says");
    const bool stored = stat.comp_method == ZIP_CM_STORE;
    if (stored && header.packed_size != header.size) corrupt(entry_name + " has two sizes");
    const Entry entry{.index = index,
                      .size = header.size,
                      .stored = stored,
                      .packed = bytes.bytes.subspan(begin, header.packed_size)};
    if (!entries_.emplace(header.name, entry).second) corrupt(entry_name + " is there twice");
  }
}

SharedBytes ZipArchive::read(std::string_view name, UnpackBudget& budget) const {
  const auto found = entries_.find(name);
  if (found == entries_.end()) corrupt("lacks its entry " + in_quotes(name));
  const Entry& entry = found->second;
  if (entry.stored) return {entry.packed, file_};

  budget.take(entry.size, name);
  auto unpacked = std::make_shared<std::vector<std::byte>>(entry.size);
  zip_file_t* stream = zip_fopen_index(handle_->zip, entry.index, 0);
  const zip_int64_t read = stream ? zip_fread(stream, unpacked->data(), entry.size) : -1;
  if (stream) zip_fclose(stream);
  if (read < 0 || static_cast<uint64_t>(read) != entry.size)
    corrupt("entry " + in_quotes(name) +
            " cannot be unpacked; the file is damaged, download it again");
  return {*unpacked, unpacked};
}

}  // namespace pentimento
