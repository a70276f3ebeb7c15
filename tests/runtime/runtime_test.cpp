#include "runtime/runtime.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "runtime/processor.h"

namespace pentimento {
namespace {

TEST(Precision, ReadsItsOwnNamesAndRefusesOthers) {
  for (Precision p : {Precision::Auto, Precision::F32, Precision::BF16, Precision::F16})
    EXPECT_EQ(parse_precision(to_string(p)), p);
  EXPECT_THROW(parse_precision("fp8"), Error);
}

TEST(Processor, MultipliesBf16FastOnlyWithAWideUnit) {
  EXPECT_TRUE(bf16_is_fast({.vendor = "AuthenticAMD", .avx512_bf16 = true}));
  EXPECT_FALSE(bf16_is_fast({.vendor = "AuthenticAMD"}));
  EXPECT_TRUE(bf16_is_fast({.vendor = "GenuineIntel", .avx512_bf16 = true, .amx_bf16 = true}));
  EXPECT_FALSE(bf16_is_fast({.vendor = "GenuineIntel", .avx512_bf16 = true}));
  EXPECT_FALSE(bf16_is_fast({}));
}

TEST(Runtime, ListsTheProcessorAndResolvesAuto) {
  const Runtime runtime({});
  const auto devices = runtime.devices();
  const auto cpu = std::ranges::find(devices, "CPU", &DeviceInfo::name);
  ASSERT_NE(cpu, devices.end());
  EXPECT_FALSE(cpu->full_name.empty());
  EXPECT_NE(std::ranges::find(cpu->precisions, "FP32"), cpu->precisions.end());
  EXPECT_EQ(runtime.precision(), cpu->auto_precision);
  EXPECT_NE(runtime.precision(), Precision::Auto);
}

TEST(Runtime, RefusesADeviceThatIsNotThere) {
  try {
    Runtime runtime({.device = "TOASTER"});
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::InvalidArgument);
    EXPECT_NE(std::string(e.what()).find("TOASTER"), std::string::npos);
    EXPECT_NE(std::string(e.what()).find("CPU"), std::string::npos);
  }
}

}  // namespace
}  // namespace pentimento
