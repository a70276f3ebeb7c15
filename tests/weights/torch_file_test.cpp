#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zip.h>

#include "base/error.h"
#include "support/golden.h"
#include "weights/pickle_writer.h"
#include "weights/tensor_file.h"
#include "weights/testing.h"

namespace pentimento {
namespace {

using ::testing::HasSubstr;
using testing::PickleWriter;
using testing::TempDir;
namespace fs = std::filesystem;

using Entries = std::vector<std::pair<std::string, std::string>>;

fs::path zip_of(const fs::path& path, const Entries& entries, zip_int32_t method = ZIP_CM_STORE,
                bool encrypted = false) {
  int code = 0;
  zip_t* zip = zip_open(path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, &code);
  for (const auto& [name, bytes] : entries) {
    zip_source_t* source = zip_source_buffer(zip, bytes.data(), bytes.size(), 0);
    const auto index = static_cast<zip_uint64_t>(zip_file_add(zip, name.c_str(), source, 0));
    zip_set_file_compression(zip, index, method, 0);
    if (encrypted) zip_file_set_encryption(zip, index, ZIP_EM_AES_256, "secret");
  }
  EXPECT_EQ(zip_close(zip), 0);
  return path;
}

std::string floats(std::initializer_list<float> values) {
  return {reinterpret_cast<const char*>(values.begin()), values.size() * sizeof(float)};
}

// {"t": tensor} with the numbers given, over storage 0.
std::string one_tensor(int64_t offset, const Shape& shape, const Shape& strides,
                       int64_t elements = 4) {
  return PickleWriter()
      .dict([&](PickleWriter& p) {
        p.text("t").tensor("FloatStorage", "0", elements, offset, shape, strides);
      })
      .stop();
}

std::string refusal(ErrorKind kind, const Entries& entries) {
  TempDir dir;
  const fs::path path = zip_of(dir / "model.ckpt", entries);
  const std::string message = testing::refusal(kind, [&] { read_torch(path); });
  EXPECT_THAT(message, HasSubstr("model.ckpt: "));
  return message;
}

std::string pickle_refusal(ErrorKind kind, const std::string& pickle) {
  return refusal(kind, {{"m/data.pkl", pickle}, {"m/data/0", floats({1, 2, 3, 4})}});
}

TensorMap tensors_of(const Entries& entries, zip_int32_t method = ZIP_CM_STORE) {
  TempDir dir;
  return read_torch(zip_of(dir / "model.pt", entries, method)).tensors;
}

void expect_same(const TensorMap& found, const TensorMap& expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (const auto& [name, tensor] : expected) {
    ASSERT_TRUE(found.contains(name)) << name;
    const TensorView& other = found.find(name)->second;
    EXPECT_EQ(other.dtype, tensor.dtype) << name;
    EXPECT_EQ(other.shape, tensor.shape) << name;
    EXPECT_TRUE(std::equal(other.bytes.begin(), other.bytes.end(), tensor.bytes.begin(),
                           tensor.bytes.end()))
        << name;
  }
}

TEST(TorchFile, ReadsATrainingCheckpointAsPyTorchDoes) {
  const TensorMap expected = testing::Golden("weights_torch.safetensors").file().tensors;
  for (const char* name : {"weights_torch_protocol2.pt", "weights_torch_protocol4.pt"}) {
    SCOPED_TRACE(name);
    const TensorFile file = read_tensor_file(testing::golden_path(name));
    EXPECT_EQ(file.format, TensorFormat::TorchZip);
    expect_same(file.tensors, expected);
  }
}

TEST(TorchFile, ContiguousTensorsAreViewsOfTheMappedFile) {
  const TensorFile file = read_torch(testing::golden_path("weights_torch_protocol2.pt"));
  const auto* plain = file.tensors.at("plain").bytes.data();
  const auto* row = file.tensors.at("row").bytes.data();
  EXPECT_EQ(row - plain, (12 + 8) * 4) << "a slice shares its parent's bytes";
  EXPECT_NE(file.tensors.at("transposed").owner, file.tensors.at("plain").owner);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(plain) % 64, 0u) << "torch aligns its storages";
}

TEST(TorchFile, ReadsDeflatedArchivesToo) {
  const Entries entries{{"m/data.pkl", one_tensor(1, {3}, {1})},
                        {"m/data/0", floats({1, 2, 3, 4})}};
  EXPECT_EQ(tensors_of(entries, ZIP_CM_DEFLATE).at("t").to_f32(), (std::vector<float>{2, 3, 4}));
  EXPECT_EQ(tensors_of(entries, ZIP_CM_STORE).at("t").to_f32(), (std::vector<float>{2, 3, 4}));
}

TEST(TorchFile, EntersTheUsualWrappers) {
  for (const char* wrapper :
       {"state_dict", "params_ema", "params", "model", "model_state_dict", "ema"}) {
    const std::string pickle =
        PickleWriter()
            .dict([&](PickleWriter& p) {
              p.text("iteration").integer(7);
              p.text("optimizer").dict([](PickleWriter& q) {
                q.text("junk").tensor("FloatStorage", "0", 4, 0, {4}, {1});
              });
              p.text(wrapper).dict([](PickleWriter& q) {
                q.text("conv.weight").tensor("FloatStorage", "0", 4, 0, {4}, {1});
              });
            })
            .stop();
    const TensorMap tensors =
        tensors_of({{"m/data.pkl", pickle}, {"m/data/0", floats({1, 2, 3, 4})}});
    ASSERT_EQ(tensors.size(), 1u) << wrapper;
    EXPECT_TRUE(tensors.contains("conv.weight")) << wrapper;
  }
}

TEST(TorchFile, PrefersTheAveragedWeightsOfAnUpscaler) {
  const auto inner = [](float which) {
    return [which](PickleWriter& q) {
      q.text("w").tensor("FloatStorage", "0", 4, static_cast<int64_t>(which), {1}, {1});
    };
  };
  const std::string pickle = PickleWriter()
                                 .dict([&](PickleWriter& p) {
                                   p.text("params").dict(inner(0));
                                   p.text("params_ema").dict(inner(1));
                                 })
                                 .stop();
  EXPECT_EQ(
      tensors_of({{"m/data.pkl", pickle}, {"m/data/0", floats({1, 2, 3, 4})}}).at("w").to_f32(),
      std::vector<float>{2});
}

TEST(TorchFile, JoinsNestedDictionariesByDots) {
  const std::string pickle = PickleWriter()
                                 .dict([](PickleWriter& p) {
                                   p.text("name").text("a style");
                                   p.text("string_to_param").dict([](PickleWriter& q) {
                                     q.text("*").tensor("FloatStorage", "0", 4, 0, {2, 2}, {2, 1});
                                   });
                                 })
                                 .stop();
  EXPECT_TRUE(tensors_of({{"m/data.pkl", pickle}, {"m/data/0", floats({1, 2, 3, 4})}})
                  .contains("string_to_param.*"));
}

TEST(TorchFile, ReadsAParameterDictOfAnOldEmbedding) {
  const std::string pickle = PickleWriter()
                                 .dict([](PickleWriter& p) {
                                   p.text("string_to_param")
                                       .global("torch.nn.modules.container", "ParameterDict")
                                       .raw(")\x81");
                                   p.dict([](PickleWriter& state) {
                                      state.text("training").raw("\x88");
                                      state.text("_parameters").dict([](PickleWriter& q) {
                                        q.text("*").tensor("FloatStorage", "0", 4, 0, {4}, {1});
                                      });
                                    }).raw("b");
                                 })
                                 .stop();
  EXPECT_TRUE(tensors_of({{"m/data.pkl", pickle}, {"m/data/0", floats({1, 2, 3, 4})}})
                  .contains("string_to_param.*"));
}

TEST(TorchFile, RefusesGlobalsOutsideTheListByName) {
  for (const auto& [module, name] :
       std::vector<std::pair<const char*, const char*>>{{"os", "system"},
                                                        {"posix", "system"},
                                                        {"builtins", "eval"},
                                                        {"__builtin__", "exec"},
                                                        {"builtins", "getattr"},
                                                        {"subprocess", "Popen"},
                                                        {"torch", "load"},
                                                        {"torch.hub", "load"},
                                                        {"numpy", "load"},
                                                        {"pytorch_lightning", "callbacks"},
                                                        {"collections", "namedtuple"},
                                                        {"torch._utils", "_rebuild_sparse_tensor"},
                                                        {"operator", "attrgetter"},
                                                        {"runpy", "run_module"}}) {
    const std::string pickle =
        PickleWriter().global(module, name).text("rm -rf /").raw("\x85R").stop();
    EXPECT_THAT(pickle_refusal(ErrorKind::Unsupported, pickle),
                ::testing::AllOf(HasSubstr("asks for '" + std::string(module) + "." + name + "'"),
                                 HasSubstr("nothing in it was run")));
    const std::string stacked = PickleWriter().text(module).text(name).raw("\x93").stop();
    EXPECT_THAT(pickle_refusal(ErrorKind::Unsupported, stacked),
                HasSubstr(std::string(module) + "." + name));
  }
  EXPECT_THAT(
      pickle_refusal(ErrorKind::Unsupported, PickleWriter().global("evil\x1b[2J", "x").stop()),
      HasSubstr("'evil?[2J.x'"));
}

TEST(TorchFile, RefusesOpcodesNoTensorFileNeeds) {
  for (const char* opcode :
       {"i", "o", "P", "I", "L", "F", "S", "V", "p", "g", "\x82", "\x83", "\x84", "\x92", "\x97"})
    EXPECT_THAT(pickle_refusal(ErrorKind::Unsupported, PickleWriter().raw(opcode).stop()),
                HasSubstr("pickle opcode"));
  EXPECT_THAT(pickle_refusal(ErrorKind::Unsupported, "\x80\x06N."), HasSubstr("protocol 6"));
  EXPECT_THAT(pickle_refusal(ErrorKind::CorruptFile, "(dp0\n."), HasSubstr("protocol 2 or later"));
}

TEST(TorchFile, RefusesMalformedPickles) {
  const auto corrupt = [](const std::string& body) {
    return pickle_refusal(ErrorKind::CorruptFile, PickleWriter().raw(body).stop());
  };
  EXPECT_THAT(corrupt(""), HasSubstr("empty stack"));
  EXPECT_THAT(corrupt("(0"), HasSubstr("empty stack"));
  EXPECT_THAT(corrupt("Nt"), HasSubstr("lacks a mark"));
  EXPECT_THAT(corrupt("h\x07"), HasSubstr("never stored"));
  EXPECT_THAT(corrupt("Na"), HasSubstr("empty stack"));
  EXPECT_THAT(corrupt("NNa"), HasSubstr("no list"));
  EXPECT_THAT(corrupt("N(NNu"), HasSubstr("no dict"));
  EXPECT_THAT(corrupt("}(Nu"), HasSubstr("key without a value"));
  EXPECT_THAT(corrupt("N)R"), HasSubstr("calls something that is no name"));
  EXPECT_THAT(corrupt("NN\x93"), HasSubstr("where a name is expected"));
  EXPECT_THAT(corrupt("NQ"), HasSubstr("a tuple of 5"));
  EXPECT_THAT(corrupt("(NNNNNtQ"), HasSubstr("a name is expected"));
  EXPECT_THAT(corrupt("ctorch._utils\n_rebuild_tensor_v2\n(NNNNtR"), HasSubstr("no storage"));
  EXPECT_THAT(pickle_refusal(ErrorKind::CorruptFile, std::string("\x80\x02X\xff\xff\xff\x7f", 7)),
              HasSubstr("ends too early"));
  EXPECT_THAT(pickle_refusal(ErrorKind::CorruptFile, "\x80\x02"), HasSubstr("ends too early"));
  EXPECT_THAT(pickle_refusal(ErrorKind::Unsupported,
                             PickleWriter().global("torch", "FloatStorage").raw(")R").stop()),
              HasSubstr("makes a bare 'torch.FloatStorage'"));
}

TEST(TorchFile, EveryTruncationIsRefused) {
  TempDir dir;
  const std::string whole = testing::read_bytes(testing::golden_path("weights_torch_protocol2.pt"));
  for (size_t length = 0; length < whole.size(); length += 41) {
    testing::write_bytes(dir / "cut.pt", whole.substr(0, length));
    testing::refusal(ErrorKind::CorruptFile, [&] { read_torch(dir / "cut.pt"); });
  }
}

TEST(TorchFile, RefusesTensorsBeyondTheirStorage) {
  for (const std::string& pickle :
       {one_tensor(0, {5}, {1}), one_tensor(4, {1}, {1}), one_tensor(0, {2, 2}, {3, 1}),
        one_tensor(0, {3}, {2}), one_tensor(0, {2}, {1LL << 40}), one_tensor(1LL << 62, {2}, {1}),
        one_tensor(0, {4}, {1}, 3), one_tensor(0, {}, {}, 0)})
    EXPECT_THAT(pickle_refusal(ErrorKind::CorruptFile, pickle),
                HasSubstr("reaches beyond its storage"));
}

TEST(TorchFile, RefusesImpossibleShapes) {
  for (const std::string& pickle :
       {one_tensor(0, {-1}, {1}), one_tensor(0, {1}, {-1}), one_tensor(-1, {1}, {1}),
        one_tensor(0, {1LL << 41}, {0}), one_tensor(0, {1, 1}, {1}),
        one_tensor(0, {1LL << 40, 1LL << 40}, {0, 0}), one_tensor(0, Shape(17, 1), Shape(17, 1))})
    EXPECT_THAT(
        pickle_refusal(ErrorKind::CorruptFile, pickle),
        ::testing::AnyOf(HasSubstr("impossible shape"), HasSubstr("more than 16 dimensions")));
  EXPECT_THAT(pickle_refusal(ErrorKind::CorruptFile, one_tensor(0, {4}, {1}, -4)),
              HasSubstr("negative size"));
}

TEST(TorchFile, RefusesStridesThatUnfoldIntoABomb) {
  EXPECT_THAT(pickle_refusal(ErrorKind::CorruptFile, one_tensor(0, {1 << 20, 1 << 15}, {0, 0})),
              HasSubstr("would unpack to"));
}

TEST(TorchFile, RefusesZipBombs) {
  TempDir dir;
  const std::string zeros(80 << 20, '\0');
  const int64_t elements = 20 << 20;
  const fs::path path =
      zip_of(dir / "bomb.ckpt",
             {{"m/data.pkl", one_tensor(0, {elements}, {1}, elements)}, {"m/data/0", zeros}},
             ZIP_CM_DEFLATE);
  ASSERT_LT(fs::file_size(path), 1u << 20);
  EXPECT_THAT(testing::refusal(ErrorKind::CorruptFile, [&] { read_torch(path); }),
              HasSubstr("would unpack to 80 MiB"));
}

TEST(TorchFile, RefusesDictionariesThatUnfoldIntoABomb) {
  // Each level holds the one below ten times: 10^12 paths in a few hundred bytes.
  PickleWriter p;
  p.dict([](PickleWriter& q) { q.text("t").integer(1); }).raw("q").raw(std::string(1, '\0'));
  for (char level = 1; level <= 12; ++level) {
    p.dict([&](PickleWriter& q) {
       for (int i = 0; i < 10; ++i)
         q.text("k" + std::to_string(i)).raw("h").raw(std::string(1, static_cast<char>(level - 1)));
     })
        .raw("q")
        .raw(std::string(1, level));
  }
  EXPECT_THAT(pickle_refusal(ErrorKind::CorruptFile, p.stop()), HasSubstr("a million values"));
}

TEST(TorchFile, RefusesDictionariesThatHoldThemselves) {
  const std::string pickle = PickleWriter()
                                 .raw("}q")
                                 .raw(std::string(1, '\0'))
                                 .text("self")
                                 .raw("h")
                                 .raw(std::string(1, '\0'))
                                 .raw("s")
                                 .stop();
  EXPECT_THAT(pickle_refusal(ErrorKind::CorruptFile, pickle), HasSubstr("more than 16 deep"));
}

TEST(TorchFile, RefusesParameterDictsThatDoubleEachOther) {
  PickleWriter p;
  p.global("torch.nn.modules.container", "ParameterDict").raw(")\x81q").raw(std::string(1, '\0'));
  p.global("torch.nn.modules.container", "ParameterDict").raw(")\x81q\x01");
  p.text("k").raw("Ns");
  for (int i = 0; i < 100; ++i) {
    p.raw("h").raw(std::string(1, '\0')).raw("}").text("_parameters").raw("h\x01sb0");
    p.raw("h\x01}").text("_parameters").raw("h").raw(std::string(1, '\0')).raw("sb0");
  }
  EXPECT_THAT(pickle_refusal(ErrorKind::CorruptFile, p.stop()),
              HasSubstr("more values than any checkpoint"));
}

TEST(TorchFile, RefusesArchivesThatLackTheirParts) {
  EXPECT_THAT(refusal(ErrorKind::CorruptFile, {{"m/data.pkl", one_tensor(0, {4}, {1})}}),
              HasSubstr("lacks its entry 'm/data/0'"));
  EXPECT_THAT(refusal(ErrorKind::Unsupported, {{"word/document.xml", "<w/>"}}),
              HasSubstr("no data.pkl"));
  EXPECT_THAT(refusal(ErrorKind::CorruptFile, {{"a/data.pkl", "x"}, {"b/data.pkl", "x"}}),
              HasSubstr("two data.pkl"));
  EXPECT_THAT(refusal(ErrorKind::Unsupported, {{"m/data.pkl", "x"}, {"m/code/__torch__.py", "x"}}),
              HasSubstr("TorchScript"));
  EXPECT_THAT(refusal(ErrorKind::Unsupported, {{"m/data.pkl", "x"}, {"m/byteorder", "big"}}),
              HasSubstr("big-endian"));
  EXPECT_THAT(pickle_refusal(ErrorKind::Unsupported, PickleWriter().integer(5).stop()),
              HasSubstr("no dictionary of tensors"));
  EXPECT_THAT(
      pickle_refusal(ErrorKind::Unsupported, PickleWriter().dict([](PickleWriter&) {}).stop()),
      HasSubstr("holds no tensors"));
}

TEST(TorchFile, RefusesEncryptedArchives) {
  TempDir dir;
  const fs::path path =
      zip_of(dir / "m.pt", {{"m/data.pkl", "x"}}, ZIP_CM_STORE, /*encrypted=*/true);
  EXPECT_THAT(testing::refusal(ErrorKind::Unsupported, [&] { read_torch(path); }),
              HasSubstr("is encrypted"));
}

TEST(TorchFile, RefusesNamesThatDifferBetweenDirectoryAndEntry) {
  TempDir dir;
  const fs::path path = zip_of(
      dir / "m.pt", {{"m/data.pkl", one_tensor(0, {4}, {1})}, {"m/data/0", floats({1, 2, 3, 4})}});
  std::string bytes = testing::read_bytes(path);
  bytes.replace(bytes.find("m/data/0"), 8, "m/data/1");  // the first one is the local header's
  testing::write_bytes(path, bytes);
  testing::refusal(ErrorKind::CorruptFile, [&] { read_torch(path); });
}

TEST(TorchFile, RefusesLegacyFilesWithAdvice) {
  TempDir dir;
  testing::write_bytes(
      dir / "old.pt",
      std::string("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.\x80\x02M\xe9\x03.",
                  20));
  EXPECT_THAT(testing::refusal(ErrorKind::Unsupported, [&] { read_tensor_file(dir / "old.pt"); }),
              ::testing::AllOf(HasSubstr("before version 1.6"), HasSubstr("torch.save it again")));
  testing::write_bytes(dir / "bare.pkl", std::string("\x80\x04N."));
  EXPECT_THAT(testing::refusal(ErrorKind::Unsupported, [&] { read_tensor_file(dir / "bare.pkl"); }),
              HasSubstr("bare Python pickle"));
  testing::write_bytes(dir / "old.tar", std::string(257, 'x') + "ustar  " + std::string(300, '\0'));
  EXPECT_THAT(testing::refusal(ErrorKind::Unsupported, [&] { read_tensor_file(dir / "old.tar"); }),
              HasSubstr("tar format"));
}

TEST(TensorFile, IsToldFromItsBytesNotItsName) {
  TempDir dir;
  fs::copy(testing::golden_path("weights_dtypes.safetensors"), dir / "model.ckpt");
  EXPECT_EQ(read_tensor_file(dir / "model.ckpt").format, TensorFormat::Safetensors);
  fs::copy(testing::golden_path("weights_torch_protocol2.pt"), dir / "model.safetensors");
  EXPECT_EQ(read_tensor_file(dir / "model.safetensors").format, TensorFormat::TorchZip);
}

TEST(TensorFile, RefusesOtherKindsByName) {
  TempDir dir;
  const auto refuse = [&](ErrorKind kind, const std::string& bytes) {
    testing::write_bytes(dir / "model", bytes);
    return testing::refusal(kind, [&] { read_tensor_file(dir / "model"); });
  };
  EXPECT_THAT(refuse(ErrorKind::Unsupported, "GGUF\x09" + std::string(40, '\0')),
              HasSubstr("GGUF"));
  EXPECT_THAT(refuse(ErrorKind::Unsupported, "version https://git-lfs.github.com/spec/v1\n"),
              HasSubstr("Git LFS pointer"));
  EXPECT_THAT(refuse(ErrorKind::Unsupported, "\x89HDF\r\n\x1a\n........"), HasSubstr("HDF5"));
  EXPECT_THAT(refuse(ErrorKind::Unsupported, "\x08\x07\x12\x04onnx ......"), HasSubstr("ONNX"));
  EXPECT_THAT(refuse(ErrorKind::CorruptFile, "<!DOCTYPE html><html>"), HasSubstr("web page"));
  EXPECT_THAT(refuse(ErrorKind::CorruptFile, "hello, this is some text"),
              HasSubstr("neither a safetensors nor"));
  EXPECT_THAT(refuse(ErrorKind::CorruptFile, "x"), HasSubstr("neither a safetensors nor"));
  testing::refusal(ErrorKind::NotFound, [&] { read_tensor_file(dir / "absent"); });
}

}  // namespace
}  // namespace pentimento
