#include <gtest/gtest.h>

#include "server/gate.h"
#include "server/http_message.h"
#include "server/json_log.h"
#include "server/pairing.h"
#include "server/router.h"

namespace pentimento {
namespace {

TEST(Base64, ComesBackAsItWas) {
  std::string bytes;
  for (int i = 0; i < 300; ++i) {
    EXPECT_EQ(base64_decode(base64_encode(bytes)), bytes) << i;
    bytes += static_cast<char>(i * 7);
  }
}

TEST(Base64, RefusesOtherAlphabetsAndBrokenLengths) {
  for (const char* text : {"a", "ab!c", "YQ==YQ==", "a_b-", "\xff\xfe"})
    EXPECT_FALSE(base64_decode(text)) << text;
  EXPECT_EQ(base64_decode("YQ"), "a") << "padding may be missing";
  EXPECT_EQ(base64_decode("Y\nQ=="), "a");
}

TEST(Router, MatchesWholeSegmentsOnly) {
  Router router;
  router.add({.method = "GET", .pattern = "/a/{id}/b"});
  router.add({.method = "POST", .pattern = "/a"});
  router.add({.method = "GET", .pattern = "/{rest*}"});
  EXPECT_EQ(router.match("GET", "/a/7/b").captures, std::vector<std::string>{"7"});
  EXPECT_EQ(router.match("GET", "/a//b").route->pattern, "/{rest*}");
  EXPECT_EQ(router.match("GET", "/x/y/z").captures, std::vector<std::string>{"x/y/z"});
  EXPECT_EQ(router.match("PUT", "/a").route, nullptr);
  EXPECT_EQ(router.match("PUT", "/a").other_methods, std::vector<std::string>{"POST"});
  EXPECT_NE(router.match("HEAD", "/a/7/b").route, nullptr);
}

TEST(HostWithoutPort, ReadsNamesAndAddresses) {
  EXPECT_EQ(host_without_port("localhost:7860"), "localhost");
  EXPECT_EQ(host_without_port("[::1]:7860"), "[::1]");
  EXPECT_EQ(host_without_port("192.168.1.5"), "192.168.1.5");
}

TEST(Loopback, IsWhatTheSystemCallsSo) {
  for (const char* address : {"127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1"})
    EXPECT_TRUE(is_loopback(address)) << address;
  for (const char* address :
       {"128.0.0.1", "10.0.0.1", "::2", "localhost.evil.example", "127.0.0.1.evil.example", ""})
    EXPECT_FALSE(is_loopback(address)) << address;
}

TEST(QrCode, IsSquareWithItsFinders) {
  const Json code = qr_code("http://192.168.1.5:7860/#token=abc");
  const size_t size = code.at("size");
  ASSERT_EQ(code.at("rows").size(), size);
  EXPECT_EQ(code.at("rows")[0].get<std::string>().substr(0, 8), "11111110");
  EXPECT_EQ(code.at("rows")[0].get<std::string>().size(), size);
}

TEST(Download, FileNamesCannotBreakOutOfTheHeader) {
  HttpResponse response;
  offer_as_download(response, "a\"\r\nX: y猫.png");
  const std::string header = response.headers.at("Content-Disposition");
  EXPECT_EQ(header.find_first_of("\r\n"), std::string::npos);
  EXPECT_NE(header.find("%E7%8C%AB.png"), std::string::npos);
}

TEST(JsonLog, IsOneObjectALineWhateverIsSaid) {
  const auto time = std::chrono::system_clock::time_point(std::chrono::milliseconds(1763878214093));
  EXPECT_EQ(json_log_line(time, "info", "job j1 done"),
            R"({"time":"2025-11-23T06:10:14.093Z","level":"info","message":"job j1 done"})");
  const std::string line = json_log_line(time, "warning", "a \"quote\"\nand \xff");
  EXPECT_EQ(line.find('\n'), std::string::npos);
  EXPECT_EQ(Json::parse(line)["message"], "a \"quote\"\nand \xef\xbf\xbd");
}

}  // namespace
}  // namespace pentimento
