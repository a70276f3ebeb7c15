#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "weights/checkpoint_files.h"
#include "weights/quantised.h"
#include "weights/summary.h"

namespace pentimento {
namespace {

using testing::Golden;
using ::testing::HasSubstr;
using testing::TempDir;

TensorFile golden_gguf() { return read_gguf(testing::golden_path("weights_gguf.gguf")); }

TEST(Gguf, GivesTheNumbersOfTheGgufPackageForEveryType) {
  const Golden golden("weights_gguf.safetensors");
  const TensorFile file = golden_gguf();
  EXPECT_EQ(file.format, TensorFormat::Gguf);
  EXPECT_EQ(file.tensors.size(), golden.file().tensors.size());
  for (const auto& [name, tensor] : file.tensors) {
    SCOPED_TRACE(name);
    const Tensor expected = golden.tensor(name);
    EXPECT_EQ(tensor.shape, expected.shape);
    EXPECT_LT(testing::relative_error(tensor.to_f32(), expected.data), 1e-7);
    EXPECT_LT(testing::relative_error(tensor.plain().to_f32(), expected.data), 1e-3);
  }
  EXPECT_EQ(file.metadata.at("general.architecture"), "sd1");
  EXPECT_EQ(file.metadata.at("answer"), "42");
  EXPECT_EQ(file.metadata.at("yes"), "true");
}

TEST(Gguf, RowsOfQuantisedTensorsAreThoseOfTheirValues) {
  const TensorFile file = golden_gguf();
  for (const char* name : {"Q8_0", "Q6_K", "conv"}) {  // the rows of conv are no whole blocks
    const TensorView& tensor = file.tensors.at(name);
    const std::vector<float> all = tensor.plain().to_f32();
    const auto row = static_cast<std::ptrdiff_t>(all.size()) / tensor.shape[0];
    const TensorView part = tensor.rows(1, 3);
    EXPECT_EQ(part.shape[0], 2);
    EXPECT_LT(testing::relative_error(part.to_f32(),
                                      std::vector<float>(all.begin() + row, all.begin() + 3 * row)),
              1e-3);
  }
}

TEST(Gguf, KnowsTheBlocksOfItsTypes) {
  EXPECT_EQ(block_layout(DType::Q4_K).bytes, 144u);
  EXPECT_EQ(block_layout(DType::F16).elements, 1);
  EXPECT_TRUE(is_quantised(DType::Q2_K));
  EXPECT_FALSE(is_quantised(DType::Bool));
  EXPECT_THAT(testing::refusal(ErrorKind::Internal, [] { dtype_size(DType::Q4_K); }),
              HasSubstr("block of Q4_K"));
}

// --- files made on the spot ----------------------------------------------------------------------

template <typename T>
std::string raw(T value) {
  return std::string(reinterpret_cast<const char*>(&value), sizeof value);
}
std::string named(const std::string& text) { return raw<uint64_t>(text.size()) + text; }

struct Made {
  uint32_t version = 3;
  std::vector<std::string> pairs;
  struct Info {
    std::string name;
    std::vector<uint64_t> extents;
    uint32_t type;
    uint64_t offset;
  };
  std::vector<Info> infos;
  std::string data;

  std::string bytes() const {
    std::string text =
        "GGUF" + raw(version) + raw<uint64_t>(infos.size()) + raw<uint64_t>(pairs.size());
    for (const std::string& pair : pairs) text += pair;
    for (const Info& info : infos) {
      text += named(info.name) + raw<uint32_t>(static_cast<uint32_t>(info.extents.size()));
      for (const uint64_t extent : info.extents) text += raw(extent);
      text += raw(info.type) + raw(info.offset);
    }
    text.resize((text.size() + 31) / 32 * 32);
    return text + data;
  }
};

std::string refuse(ErrorKind kind, const std::string& bytes) {
  TempDir dir;
  const auto path = testing::write_bytes(dir / "m.gguf", bytes);
  return testing::refusal(kind, [&] { read_tensor_file(path); });
}

Made small() { return {.infos = {{"a", {2, 3}, 0, 0}}, .data = std::string(24, '\0')}; }

TEST(Gguf, TurnsExtentsRoundAndReadsTensorsWithoutData) {
  TempDir dir;
  Made made = small();
  made.infos.push_back({"empty", {0, 4}, 1, 24});
  const TensorFile file = read_gguf(testing::write_bytes(dir / "m", made.bytes()));
  EXPECT_EQ(file.tensors.at("a").shape, (Shape{3, 2}));
  EXPECT_EQ(file.tensors.at("empty").shape, (Shape{4, 0}));
}

TEST(Gguf, RefusesWhatItCannotRead) {
  Made made = small();
  made.version = 1;
  EXPECT_THAT(refuse(ErrorKind::Unsupported, made.bytes()), HasSubstr("version 1 or for big"));
  made.version = 0x03000000;
  EXPECT_THAT(refuse(ErrorKind::Unsupported, made.bytes()), HasSubstr("big-endian"));
  made.version = 4;
  EXPECT_THAT(refuse(ErrorKind::Unsupported, made.bytes()), HasSubstr("newer than 3"));
  made = small();
  made.infos[0].type = 23;
  EXPECT_THAT(refuse(ErrorKind::Unsupported, made.bytes()), HasSubstr("quantised as IQ4_XS"));
  made.infos[0].type = 99;
  EXPECT_THAT(refuse(ErrorKind::CorruptFile, made.bytes()), HasSubstr("unknown type 99"));
}

TEST(Gguf, RefusesContradictions) {
  const auto corrupt = [](const Made& made) {
    return refuse(ErrorKind::CorruptFile, made.bytes());
  };
  Made made = small();
  made.infos.push_back(made.infos[0]);
  EXPECT_THAT(corrupt(made), HasSubstr("named twice"));
  made = small();
  made.infos[0].offset = 4;
  EXPECT_THAT(corrupt(made), HasSubstr("reaches beyond the file"));
  made.infos[0].offset = UINT64_MAX - 3;
  EXPECT_THAT(corrupt(made), HasSubstr("reaches beyond the file"));
  made = small();
  made.infos[0].extents = {uint64_t{1} << 41};
  EXPECT_THAT(corrupt(made), HasSubstr("too large for any file"));
  made.infos[0].extents = {uint64_t{1} << 40, uint64_t{1} << 40};
  EXPECT_THAT(corrupt(made), HasSubstr("too large for any file"));
  made.infos[0].extents = std::vector<uint64_t>(9, 1);
  EXPECT_THAT(corrupt(made), HasSubstr("9 dimensions"));
  made.infos[0].extents = {33};
  made.infos[0].type = 8;
  EXPECT_THAT(corrupt(made), HasSubstr("no whole number of Q8_0 blocks"));
  made = small();
  made.pairs = {named("general.alignment") + raw<uint32_t>(4) + raw<uint32_t>(3)};
  EXPECT_THAT(corrupt(made), HasSubstr("expected a power of two"));
  made.pairs = {named("x") + raw<uint32_t>(77)};
  EXPECT_THAT(corrupt(made), HasSubstr("unknown type 77"));
  made.pairs = {named("x") + raw<uint32_t>(9) + raw<uint32_t>(9) + raw<uint64_t>(1)};
  EXPECT_THAT(corrupt(made), HasSubstr("list of the unknown type 9"));
  made.pairs = {named("x") + raw<uint32_t>(9) + raw<uint32_t>(10) + raw<uint64_t>(UINT64_MAX / 2)};
  EXPECT_THAT(corrupt(made), HasSubstr("cut short"));
  made.pairs = {named("comfy.gguf.orig_shape.a") + raw<uint32_t>(9) + raw<uint32_t>(5) +
                raw<uint64_t>(1) + raw<int32_t>(7)};
  EXPECT_THAT(corrupt(made), HasSubstr("was never [7]"));
  EXPECT_THAT(corrupt(Made{}), HasSubstr("holds no tensors"));
  EXPECT_THAT(refuse(ErrorKind::CorruptFile,
                     "GGUF" + raw<uint32_t>(3) + raw<uint64_t>(1u << 30) + raw<uint64_t>(0)),
              HasSubstr("1073741824 tensors"));
}

TEST(Gguf, EveryTruncationIsRefused) {
  const std::string whole = testing::read_bytes(testing::golden_path("weights_gguf.gguf"));
  TempDir dir;
  for (size_t size = 4; size < whole.size(); size += size < 1500 ? 7 : 211) {
    const auto path = testing::write_bytes(dir / "m", whole.substr(0, size));
    EXPECT_THROW(read_gguf(path), Error) << size;
  }
}

TEST(Gguf, DescribesItself) {
  const ModelSummary summary = summarise(testing::golden_path("weights_gguf.gguf"));
  EXPECT_TRUE(summary.readable);
  EXPECT_EQ(summary.format, "gguf");
  EXPECT_EQ(summary.parameters, 10 * 3 * 512 + 2 * 30 + 64 + 16 * 16 * 9);
}

// A checkpoint as stable-diffusion.cpp converts it: the names of the safetensors file.
TEST(Gguf, HoldsCheckpoints) {
  testing::SpoiledFile file("weights_sd1.safetensors");
  Made made;
  for (const auto& [name, tensor] : file.tensors) {
    std::vector<uint64_t> extents(tensor.shape.rbegin(), tensor.shape.rend());
    const bool f32 = tensor.dtype == DType::F32, i64 = tensor.dtype == DType::I64;
    made.infos.push_back({name, extents, f32 ? 0u : i64 ? 27u : 1u, made.data.size()});
    made.data.append(reinterpret_cast<const char*>(tensor.bytes.data()), tensor.bytes.size());
    made.data.resize((made.data.size() + 31) / 32 * 32);
  }
  TempDir dir;
  const auto path = testing::write_bytes(dir / "m.gguf", made.bytes());
  const Checkpoint checkpoint = open_checkpoint(path);
  const Checkpoint expected = open_checkpoint(testing::golden_path("weights_sd1.safetensors"));
  EXPECT_EQ(checkpoint.config.family, Family::SD1);
  ASSERT_EQ(checkpoint.unet.size(), expected.unet.size());
  for (const auto& [name, tensor] : expected.unet) {
    ASSERT_TRUE(checkpoint.unet.contains(name)) << name;
    EXPECT_EQ(checkpoint.unet.at(name).to_f32(), tensor.to_f32()) << name;
  }
  EXPECT_TRUE(summarise(path).usable);
}

}  // namespace
}  // namespace pentimento
