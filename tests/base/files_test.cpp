#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <iterator>

#include "base/error.h"
#include "base/mapped_file.h"
#include "base/npy.h"
#include "base/paths.h"
#include "base/sha256.h"
#include "support/golden.h"

namespace pentimento {
namespace {

using testing::TempDir;

std::string content(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

template <typename Function>
ErrorKind kind_of(Function function) {
  try {
    function();
  } catch (const Error& error) {
    return error.kind();
  }
  ADD_FAILURE() << "nothing was thrown";
  return ErrorKind::Internal;
}

TEST(MappedFile, HoldsTheBytesOfTheFile) {
  TempDir folder;
  std::ofstream(folder / "a") << "pigment";
  const auto file = MappedFile::open(folder / "a");
  ASSERT_EQ(file->bytes().size(), 7u);
  EXPECT_EQ(std::memcmp(file->bytes().data(), "pigment", 7), 0);
}

TEST(MappedFile, RefusesWhatIsNotAFileWithContent) {
  TempDir folder;
  std::ofstream(folder / "empty");
  EXPECT_EQ(kind_of([&] { MappedFile::open(folder / "missing"); }), ErrorKind::NotFound);
  EXPECT_EQ(kind_of([&] { MappedFile::open(folder / "empty"); }), ErrorKind::CorruptFile);
  EXPECT_EQ(kind_of([&] { MappedFile::open(folder.path()); }), ErrorKind::CorruptFile);
}

TEST(AtomicFile, ReplacesTheOldFileAndLeavesNothingElse) {
  TempDir folder;
  write_file_atomically(folder / "a", bytes_of("old"));
  write_file_atomically(folder / "a", bytes_of("new"));
  EXPECT_EQ(content(folder / "a"), "new");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
}

TEST(AtomicFile, ReportsAFullDiskAndLeavesTheOldFile) {
  // /dev/full is a disk that is always full; the temporary file beside the target is a link to it.
  TempDir folder;
  write_file_atomically(folder / "a", bytes_of("old"));
  std::filesystem::create_symlink("/dev/full", folder / ("a.part" + std::to_string(::getpid())));
  EXPECT_EQ(kind_of([&] { write_file_atomically(folder / "a", bytes_of("new")); }), ErrorKind::Io);
  EXPECT_EQ(content(folder / "a"), "old");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
}

TEST(AtomicFile, NamesTheFolderThatIsMissing) {
  TempDir folder;
  try {
    write_file_atomically(folder / "no/such/a", bytes_of("x"));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::Io);
    EXPECT_NE(std::string(error.what()).find("create the folder first"), std::string::npos);
  }
}

TEST(Sha256, MatchesThePublishedVectors) {  // FIPS 180-2, appendix B
  EXPECT_EQ(sha256_hex(std::string("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex(std::string()),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Sha256, OfAFileIsThatOfItsBytes) {
  TempDir folder;
  const std::string text(3'000'001, 'x');
  std::ofstream(folder / "a", std::ios::binary) << text;
  EXPECT_EQ(sha256_file(folder / "a"), sha256_hex(text));
}

TEST(Sha256, StopsWhenCancelled) {
  TempDir folder;
  std::ofstream(folder / "a") << "x";
  Progress progress;
  progress.cancel.cancel();
  EXPECT_EQ(kind_of([&] { sha256_file(folder / "a", progress); }), ErrorKind::Cancelled);
}

TEST(Npy, IsWhatNumpyWrites) {
  TempDir folder;
  write_npy(folder / "a.npy", Tensor({2, 1}, std::vector<float>{1.0f, -2.0f}));
  // numpy.save(f, numpy.array([[1], [-2]], "<f4")), up to the blanks that pad the header to 64
  // bytes.
  const std::string file = content(folder / "a.npy");
  EXPECT_EQ(file.substr(0, 8), std::string("\x93NUMPY\x01\x00", 8));
  EXPECT_EQ(file.substr(10, 53), "{'descr': '<f4', 'fortran_order': False, 'shape': (2,");
  const size_t header =
      static_cast<unsigned char>(file[8]) + 256u * static_cast<unsigned char>(file[9]);
  EXPECT_EQ((10 + header) % 64, 0u);
  EXPECT_EQ(file[10 + header - 1], '\n');
  ASSERT_EQ(file.size(), 10 + header + 8);
  float values[2];
  std::memcpy(values, file.data() + 10 + header, 8);
  EXPECT_EQ(values[0], 1.0f);
  EXPECT_EQ(values[1], -2.0f);
}

}  // namespace
}  // namespace pentimento
