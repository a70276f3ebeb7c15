#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>

#include "base/error.h"
#include "support/golden.h"
#include "weights/tensor_file.h"
#include "weights/testing.h"

namespace pentimento {
namespace {

using ::testing::HasSubstr;
using testing::TempDir;

// A file with the given header and so many bytes behind it; `length` lies about the header.
std::filesystem::path file_with(const TempDir& dir, const std::string& header, size_t data_bytes,
                                std::optional<uint64_t> length = {}) {
  const uint64_t n = length.value_or(header.size());
  std::string bytes(reinterpret_cast<const char*>(&n), 8);
  bytes += header;
  for (size_t i = 0; i < data_bytes; ++i) bytes += static_cast<char>(i);
  return testing::write_bytes(dir / "model.safetensors", bytes);
}

std::string one_tensor(const std::string& dtype, const std::string& shape,
                       const std::string& offsets) {
  return R"({"t":{"dtype":")" + dtype + R"(","shape":)" + shape + R"(,"data_offsets":)" + offsets +
         "}}";
}

void expect_refused(const std::string& header, size_t data_bytes, ErrorKind kind,
                    const std::string& text) {
  TempDir dir;
  const auto path = file_with(dir, header, data_bytes);
  EXPECT_THAT(testing::refusal(kind, [&] { read_safetensors(path); }),
              ::testing::AllOf(HasSubstr("model.safetensors: "), HasSubstr(text)))
      << header;
}

TEST(Safetensors, ReadsEveryDtypeTheReferenceWriterWrites) {
  const TensorFile file = read_safetensors(testing::golden_path("weights_dtypes.safetensors"));
  const std::vector<float> expected{0, 1, 2, 3, 4, 5};
  for (const char* name : {"F64", "F32", "F16", "BF16", "I64", "I32", "I16", "I8", "U8"}) {
    const TensorView& tensor = file.tensors.at(name);
    EXPECT_STREQ(dtype_name(tensor.dtype), name);
    EXPECT_EQ(tensor.shape, (Shape{2, 3})) << name;
    EXPECT_EQ(tensor.to_f32(), expected) << name;
  }
  EXPECT_EQ(file.tensors.at("BOOL").to_f32(), (std::vector<float>{0, 1, 1}));
  EXPECT_EQ(file.tensors.at("scalar").shape, Shape{});
  EXPECT_EQ(file.tensors.at("scalar").to_f32(), std::vector<float>{-1.5f});
  EXPECT_EQ(file.tensors.at("nothing").shape, (Shape{0, 4}));
  EXPECT_TRUE(file.tensors.at("nothing").bytes.empty());
  EXPECT_EQ(file.metadata.at("title"), "näme \"quoted\"");
}

TEST(Safetensors, TensorsOutliveTheFileObject) {
  TensorView tensor;
  {
    const TensorFile file = read_safetensors(testing::golden_path("weights_dtypes.safetensors"));
    tensor = file.tensors.at("F32");
  }
  EXPECT_EQ(tensor.to_f32()[5], 5.0f);
}

TEST(Safetensors, WhatIsWrittenIsRead) {
  TempDir dir;
  TensorMap tensors;
  tensors.emplace("odd", testing::tensor_f16({3}, {1, -2, 0.5f}));
  tensors.emplace("wide", testing::tensor_f32({2, 1}, {7, 8}));
  tensors.emplace("a/scalar", testing::tensor_f32({}, {9}));
  write_safetensors(dir / "out.safetensors", tensors,
                    {{"pentimento.config", R"({"family":"custom"})"}});
  const TensorFile file = read_safetensors(dir / "out.safetensors");
  EXPECT_EQ(file.tensors.size(), 3u);
  EXPECT_EQ(file.tensors.at("odd").to_f32(), (std::vector<float>{1, -2, 0.5f}));
  EXPECT_EQ(file.tensors.at("wide").to_f32(), (std::vector<float>{7, 8}));
  EXPECT_EQ(file.tensors.at("wide").shape, (Shape{2, 1}));
  EXPECT_EQ(file.tensors.at("a/scalar").to_f32(), std::vector<float>{9});
  EXPECT_EQ(file.metadata.at("pentimento.config"), R"({"family":"custom"})");
  for (const auto& [name, tensor] : file.tensors)
    EXPECT_EQ(reinterpret_cast<uintptr_t>(tensor.bytes.data()) % dtype_size(tensor.dtype), 0u)
        << name;
}

TEST(Safetensors, WritingTwiceGivesTheSameBytes) {
  TempDir dir;
  TensorMap tensors{{"b", testing::tensor_f32({1}, {1})}, {"a", testing::tensor_f32({1}, {2})}};
  write_safetensors(dir / "1.safetensors", tensors, {{"k", "v"}});
  write_safetensors(dir / "2.safetensors", tensors, {{"k", "v"}});
  EXPECT_EQ(testing::read_bytes(dir / "1.safetensors"), testing::read_bytes(dir / "2.safetensors"));
}

TEST(Safetensors, WritingWhereItCannotLeavesNothingBehind) {
  TempDir dir;
  const TensorMap tensors{{"a", testing::tensor_f32({1}, {2})}};
  EXPECT_THAT(
      testing::refusal(ErrorKind::Io, [&] { write_safetensors(dir / "no/such/out", tensors, {}); }),
      HasSubstr("create the folder first"));
  std::filesystem::create_directory(dir / "taken");
  std::ofstream(dir / "taken/inside") << "x";
  testing::refusal(ErrorKind::Io, [&] { write_safetensors(dir / "taken", tensors, {}); });
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(dir.path()), {}), 1);
}

TEST(Safetensors, RefusesToWriteTextThatIsNotUtf8) {
  TempDir dir;
  testing::refusal(ErrorKind::InvalidArgument, [&] {
    write_safetensors(dir / "out", {}, {{"k", "\xff\xfe"}});
  });
  EXPECT_TRUE(std::filesystem::is_empty(dir.path()));
}

TEST(Safetensors, RefusesMissingEmptyAndShortFiles) {
  TempDir dir;
  testing::refusal(ErrorKind::NotFound, [&] { read_safetensors(dir / "absent.safetensors"); });
  testing::write_bytes(dir / "empty", "");
  testing::refusal(ErrorKind::CorruptFile, [&] { read_safetensors(dir / "empty"); });
  testing::write_bytes(dir / "short", "\x02\0\0\0");
  EXPECT_THAT(testing::refusal(ErrorKind::CorruptFile, [&] { read_safetensors(dir / "short"); }),
              HasSubstr("too short"));
  testing::refusal(ErrorKind::CorruptFile, [&] { read_safetensors(dir.path()); });
}

TEST(Safetensors, RefusesHeaderLengthsBeyondTheFileAndAbsurdOnes) {
  TempDir dir;
  const std::string header = one_tensor("F32", "[1]", "[0,4]");
  const auto refusal = [&](uint64_t length) {
    const auto path = file_with(dir, header, 4, length);
    return testing::refusal(ErrorKind::CorruptFile, [&] { read_safetensors(path); });
  };
  EXPECT_THAT(refusal(header.size() + 5), HasSubstr("cut short"));
  EXPECT_THAT(refusal(100'000'001), HasSubstr("expected 2 to 100000000"));
  EXPECT_THAT(refusal(UINT64_MAX), HasSubstr("expected 2 to 100000000"));
  EXPECT_THAT(refusal(UINT64_MAX - 7), HasSubstr("expected 2 to 100000000"));
  EXPECT_THAT(refusal(0), HasSubstr("expected 2"));
}

TEST(Safetensors, RefusesHeadersThatAreNotTheFormatsJson) {
  const auto refuse = [](const std::string& header, const std::string& text) {
    expect_refused(header, 4, ErrorKind::CorruptFile, text);
  };
  refuse("[1,2,3]", "not a JSON object");
  refuse("  {}", "not a JSON object");
  refuse("{\"t\":", "not valid JSON");
  refuse("{\"t\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}} trailing",
         "not valid JSON");
  refuse("{\"t\xff\":1}", "not valid JSON");
  refuse(R"({"t":5})", "where the format has none");
  refuse(R"({"t":[1]})", "where the format has none");
  refuse(R"({"t":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"extra":1}})",
         "unknown field 'extra'");
  refuse(R"({"t":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}})",
         "shape that is no such thing");
  refuse(R"({"t":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}})",
         "shape that is no such thing");
  refuse(R"({"t":{"dtype":"F32","shape":[[1]],"data_offsets":[0,4]}})",
         "shape that is no such thing");
  refuse(R"({"t":{"dtype":"F32","shape":[{}],"data_offsets":[0,4]}})",
         "shape that is no such thing");
  refuse(R"({"t":{"dtype":7,"shape":[1],"data_offsets":[0,4]}})", "dtype that is no such thing");
  refuse(R"({"t":{"dtype":"F32","shape":[1],"data_offsets":[0]}})",
         "lacks its dtype, shape or pair");
  refuse(R"({"t":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}})",
         "lacks its dtype, shape or pair");
  refuse(R"({"t":{"dtype":"F32","data_offsets":[0,4]}})", "lacks its dtype, shape or pair");
  refuse(R"({"t":{}})", "lacks its dtype, shape or pair");
  refuse(R"({"__metadata__":{"k":1}})", "where the format has none");
  refuse(R"({"__metadata__":{"k":{}}})", "where the format has none");
  refuse(R"({"__metadata__":"text"})", "where the format has none");
  refuse(std::string(100'000, '[').insert(0, "{\"t\":"), "where the format has none");
  refuse(one_tensor("F32", "[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]", "[0,4]"), "too many numbers");
}

TEST(Safetensors, RefusesDuplicateKeys) {
  const std::string t = R"("t":{"dtype":"U8","shape":[2],"data_offsets":[0,2]})";
  expect_refused("{" + t + "," + t + "}", 2, ErrorKind::CorruptFile, "named twice");
  expect_refused(R"({"t":{"dtype":"U8","dtype":"F32","shape":[2],"data_offsets":[0,2]}})", 2,
                 ErrorKind::CorruptFile, "repeats dtype");
  expect_refused(R"({"__metadata__":{"a":"1","a":"2"}})", 0, ErrorKind::CorruptFile,
                 "repeats metadata");
  expect_refused(R"({"__metadata__":{},"__metadata__":{}})", 0, ErrorKind::CorruptFile,
                 "two __metadata__");
}

TEST(Safetensors, RefusesOffsetsBeyondTheFile) {
  expect_refused(one_tensor("F32", "[2]", "[0,8]"), 7, ErrorKind::CorruptFile, "reaches to byte 8");
  expect_refused(one_tensor("F32", "[2]", "[18446744073709551608,18446744073709551615]"), 8,
                 ErrorKind::CorruptFile, "reaches to byte");
  expect_refused(one_tensor("F32", "[2]", "[8,0]"), 8, ErrorKind::CorruptFile,
                 "ends before it begins");
}

TEST(Safetensors, RefusesOverlapsHolesAndRests) {
  const auto two = [](const std::string& first, const std::string& second) {
    return R"({"a":{"dtype":"U8","shape":[4],"data_offsets":)" + first +
           R"(},"b":{"dtype":"U8","shape":[4],"data_offsets":)" + second + "}}";
  };
  expect_refused(two("[0,4]", "[2,6]"), 6, ErrorKind::CorruptFile, "share bytes at offset 2");
  expect_refused(two("[0,4]", "[0,4]"), 4, ErrorKind::CorruptFile, "share bytes at offset 0");
  expect_refused(two("[0,4]", "[5,9]"), 9, ErrorKind::CorruptFile,
                 "no tensor owns the bytes from offset 4");
  expect_refused(two("[0,4]", "[4,8]"), 11, ErrorKind::CorruptFile,
                 "3 bytes follow the last tensor");
}

TEST(Safetensors, RefusesShapesThatOverflow) {
  expect_refused(one_tensor("F64", "[4294967296,4294967296]", "[0,0]"), 0, ErrorKind::CorruptFile,
                 "too large");
  expect_refused(one_tensor("F64", "[1099511627776,1099511627776,0]", "[0,0]"), 0,
                 ErrorKind::CorruptFile, "too large");
  expect_refused(one_tensor("U8", "[18446744073709551615]", "[0,0]"), 0, ErrorKind::CorruptFile,
                 "too large");
}

TEST(Safetensors, RefusesSizesThatDoNotFitTheShape) {
  expect_refused(one_tensor("F32", "[2]", "[0,4]"), 4, ErrorKind::CorruptFile,
                 "is F32 [2] = 8 bytes, but 4 bytes are set aside");
}

TEST(Safetensors, RefusesUnreadDtypesByName) {
  expect_refused(one_tensor("F8_E4M3", "[4]", "[0,4]"), 4, ErrorKind::Unsupported,
                 "has dtype F8_E4M3");
  expect_refused(one_tensor("U32", "[1]", "[0,4]"), 4, ErrorKind::Unsupported, "has dtype U32");
  expect_refused(one_tensor("FLOAT\\n", "[1]", "[0,4]"), 4, ErrorKind::CorruptFile,
                 "unknown dtype 'FLOAT?'");
}

TEST(Safetensors, EveryTruncationIsRefused) {
  TempDir dir;
  const std::string whole = testing::read_bytes(testing::golden_path("weights_dtypes.safetensors"));
  for (size_t length = 0; length < whole.size(); length += 7) {
    testing::write_bytes(dir / "cut.safetensors", whole.substr(0, length));
    testing::refusal(ErrorKind::CorruptFile, [&] { read_safetensors(dir / "cut.safetensors"); });
  }
}

}  // namespace
}  // namespace pentimento
