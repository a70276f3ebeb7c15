// Fetching files over HTTPS from a server that misbehaves.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "base/sha256.h"
#include "studio/content_store.h"
#include "studio/file_download.h"
#include "studio/url.h"
#include "support/golden.h"
#include "support/https_server.h"

namespace pentimento {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using testing::HttpsServer;
using ::testing::Not;
using testing::serve_file;
using testing::WebPeer;
using testing::WebRequestSeen;

std::string some_bytes(size_t size) {
  std::string bytes(size, 0);
  uint32_t state = 1;
  for (char& c : bytes) c = static_cast<char>((state = state * 1664525u + 1013904223u) >> 24);
  return bytes;
}

class FileDownload : public ::testing::Test {
 protected:
  FileDownload() {
    options_.first_wait_s = 0.001;
    options_.reserve_bytes = 0;
  }
  WebOptions web_options() const {
    WebOptions options;
    options.sources.allowed_hosts = {"localhost:" + std::to_string(server_.port())};
    options.sources.ca_file = server_.ca_file();
    options.sources.private_addresses = true;
    options.stall_timeout_s = 1;
    return options;
  }
  std::string get(FileRequest request = {}) {
    if (request.url.empty()) request.url = server_.url() + "/file";
    request.target = target_;
    return download_file(WebClient(web_options()), request, options_, progress_);
  }
  template <typename Call>
  static std::string code_of(Call call) {
    try {
      call();
      return "";
    } catch (const CodedError& error) {
      return error.code();
    } catch (const Error& error) {
      return error_name(error.kind());
    }
  }
  std::string target_bytes() const { return read_whole_file(target_); }
  bool part_exists() const { return bytes_arrived(target_) > 0; }
  std::string header(size_t request, const char* name) const {
    const auto seen = server_.seen();
    const auto it = seen.at(request).headers.find(name);
    return it == seen[request].headers.end() ? "" : it->second;
  }

  testing::TempDir folder_;
  const fs::path target_ = folder_ / "model.safetensors";
  const std::string body_ = some_bytes(300'000);
  const std::string hash_ = sha256_hex(body_);
  HttpsServer server_{folder_.path(), [this](const WebRequestSeen& request, WebPeer& peer) {
                        serve_file(request, peer, body_);
                      }};
  DownloadOptions options_;
  Progress progress_;
};

TEST_F(FileDownload, ArrivesWholeAndChecked) {
  int64_t last = 0, total = 0;
  options_.on_bytes = [&](int64_t done, int64_t all) { last = done, total = all; };
  EXPECT_EQ(get({.bytes = 300'000, .sha256 = hash_}), hash_);
  EXPECT_EQ(target_bytes(), body_);
  EXPECT_FALSE(part_exists());
  EXPECT_FALSE(fs::exists(target_.string() + ".state"));
  EXPECT_EQ(last, 300'000);
  EXPECT_EQ(total, 300'000);
}

TEST_F(FileDownload, GoesOnWhereTheLineBroke) {
  server_.set_handler([&](const WebRequestSeen& request, WebPeer& peer) {
    if (server_.seen().size() <= 3) {  // a third of what is left, then silence
      const std::string range =
          request.headers.contains("range") ? request.headers.at("range").substr(6) : "0-";
      const size_t from = std::stoull(range);
      const size_t piece = (body_.size() - from) / 3;
      peer.send(std::string(from ? "HTTP/1.1 206 Partial\r\nContent-Range: bytes " +
                                       std::to_string(from) + "-299999/300000\r\n"
                                 : "HTTP/1.1 200 OK\r\n") +
                "ETag: \"v1\"\r\nContent-Length: " + std::to_string(body_.size() - from) +
                "\r\n\r\n" + body_.substr(from, piece));
      return;
    }
    serve_file(request, peer, body_);
  });
  EXPECT_EQ(get({.sha256 = hash_}), hash_);
  EXPECT_EQ(server_.seen().size(), 4u);
  EXPECT_EQ(header(1, "range"), "bytes=100000-");
  EXPECT_EQ(header(1, "if-range"), "\"v1\"");
}

TEST_F(FileDownload, GoesOnInALaterRun) {
  server_.set_handler([&](const WebRequestSeen& request, WebPeer& peer) {
    if (!request.headers.contains("range")) {
      peer.send("HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nContent-Length: 300000\r\n\r\n" +
                body_.substr(0, 1000));
      return;
    }
    peer.answer(503, "busy");
  });
  options_.most_failures = 2;
  EXPECT_EQ(code_of([&] { get({.sha256 = hash_}); }), "network");
  EXPECT_EQ(bytes_arrived(target_), 1000);
  server_.set_handler(
      [&](const WebRequestSeen& request, WebPeer& peer) { serve_file(request, peer, body_); });
  EXPECT_EQ(get({.sha256 = hash_}), hash_);
  EXPECT_EQ(header(server_.seen().size() - 1, "range"), "bytes=1000-");
}

TEST_F(FileDownload, StartsAfreshWhenTheFileChangedMeanwhile) {
  const std::string other = some_bytes(200'000) + "x";
  server_.set_handler([&](const WebRequestSeen& request, WebPeer& peer) {
    if (server_.seen().size() == 1) {
      peer.send("HTTP/1.1 200 OK\r\nETag: \"old\"\r\nContent-Length: 300000\r\n\r\n" +
                body_.substr(0, 5000));
      return;
    }
    serve_file(request, peer, other, "\"new\"");
  });
  EXPECT_EQ(get(), sha256_hex(other));
  EXPECT_EQ(header(1, "if-range"), "\"old\"");
}

TEST_F(FileDownload, TakesTheWholeFileFromAServerThatKnowsNoRanges) {
  server_.set_handler([&](const WebRequestSeen&, WebPeer& peer) {
    if (server_.seen().size() == 1)
      peer.send("HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nContent-Length: 300000\r\n\r\n" +
                body_.substr(0, 5000));
    else
      peer.answer(200, body_, {"ETag: \"v1\""});  // 200 where 206 was asked for
  });
  EXPECT_EQ(get({.sha256 = hash_}), hash_);
  EXPECT_EQ(target_bytes().size(), body_.size());
}

TEST_F(FileDownload, RefusesAContinuationAtTheWrongPlaceAndStartsAfresh) {
  server_.set_handler([&](const WebRequestSeen& request, WebPeer& peer) {
    if (server_.seen().size() == 1)
      return peer.send("HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nContent-Length: 300000\r\n\r\n" +
                       body_.substr(0, 5000));
    if (request.headers.contains("range"))
      return peer.answer(206, body_.substr(7000), {"Content-Range: bytes 7000-299999/300000"});
    serve_file(request, peer, body_);
  });
  EXPECT_EQ(get({.sha256 = hash_}), hash_);
}

TEST_F(FileDownload, KnowsFrom416ThatEverythingIsThere) {
  std::ofstream(target_.string() + ".part", std::ios::binary) << body_;
  std::ofstream(target_.string() + ".state")
      << R"({"url": "x", "etag": "\"v1\"", "bytes": 0, "sha256": ")" << hash_ << "\"}";
  EXPECT_EQ(get({.sha256 = hash_}), hash_);
  ASSERT_EQ(server_.seen().size(), 1u);
  EXPECT_EQ(header(0, "range"), "bytes=300000-");
}

TEST_F(FileDownload, StartsAfreshAfterA416ThatMeansAnotherFile) {
  std::ofstream(target_.string() + ".part", std::ios::binary) << body_ << "and more";
  std::ofstream(target_.string() + ".state")
      << R"({"url": "x", "etag": "\"v1\"", "bytes": 0, "sha256": ")" << hash_ << "\"}";
  EXPECT_EQ(get({.sha256 = hash_}), hash_);
  EXPECT_EQ(server_.seen().size(), 2u);
}

TEST_F(FileDownload, APartOfAnotherFileIsNotContinued) {
  std::ofstream(target_.string() + ".part", std::ios::binary) << "something else";
  EXPECT_EQ(get({.sha256 = hash_}), hash_) << "no state beside it";
  EXPECT_EQ(header(0, "range"), "");
}

TEST_F(FileDownload, AWrongHashIsRefusedAndNothingIsKept) {
  const std::string wrong(64, 'a');
  EXPECT_EQ(code_of([&] { get({.sha256 = wrong}); }), "hash_mismatch");
  EXPECT_FALSE(fs::exists(target_));
  EXPECT_FALSE(part_exists());
}

TEST_F(FileDownload, ALengthOtherThanPromisedIsRefusedBeforeTheFirstByte) {
  EXPECT_EQ(code_of([&] { get({.bytes = 299'999}); }), "size_mismatch");
  EXPECT_FALSE(part_exists());
}

TEST_F(FileDownload, AServerThatAnnouncesMoreThanItSendsIsGivenUp) {
  server_.set_handler([&](const WebRequestSeen& request, WebPeer& peer) {
    if (request.headers.contains("range"))
      return peer.answer(416, "", {"Content-Range: bytes */300000"});
    peer.send("HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nContent-Length: 400000\r\n\r\n" + body_);
  });
  // It says 300000 at last: what there is, is whole.
  EXPECT_EQ(get({.sha256 = hash_}), hash_);
  fs::remove(target_);
  server_.set_handler([&](const WebRequestSeen&, WebPeer& peer) {
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 400000\r\n\r\n" + body_);
  });
  options_.most_failures = 3;
  EXPECT_EQ(code_of([&] { get({.sha256 = hash_}); }), "network");
}

TEST_F(FileDownload, AServerThatSendsMoreThanItAnnouncesIsCutOff) {
  server_.set_handler([&](const WebRequestSeen&, WebPeer& peer) {
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + body_);
  });
  EXPECT_EQ(code_of([&] { get({.sha256 = hash_}); }), "hash_mismatch");
  // The same without any length, over the size the source told.
  server_.set_handler([&](const WebRequestSeen&, WebPeer& peer) {
    peer.send("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + body_);
  });
  EXPECT_EQ(code_of([&] { get({.bytes = 1000, .sha256 = hash_}); }), "size_mismatch");
  EXPECT_FALSE(part_exists());
}

TEST_F(FileDownload, WorksWithoutAnyLength) {
  server_.set_handler([&](const WebRequestSeen&, WebPeer& peer) {
    peer.send("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + body_);
  });
  EXPECT_EQ(get(), hash_);
}

TEST_F(FileDownload, AnEmptyFileIsNoFile) {
  server_.set_handler([&](const WebRequestSeen&, WebPeer& peer) { peer.answer(200, ""); });
  EXPECT_EQ(code_of([&] { get(); }), "size_mismatch");
}

TEST_F(FileDownload, AServerThatFallsSilentCountsAsBrokenOff) {
  server_.set_handler([&](const WebRequestSeen& request, WebPeer& peer) {
    if (server_.seen().size() > 1) return serve_file(request, peer, body_);
    peer.send("HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nContent-Length: 300000\r\n\r\n" +
              body_.substr(0, 2000));
    std::this_thread::sleep_for(std::chrono::milliseconds(2500));
  });
  EXPECT_EQ(get({.sha256 = hash_}), hash_);
}

TEST_F(FileDownload, ServerErrorsAreTriedAgainAndRefusalsAreNot) {
  server_.set_handler([&](const WebRequestSeen& request, WebPeer& peer) {
    if (server_.seen().size() == 1) return peer.answer(503, "busy", {"Retry-After: 0"});
    if (server_.seen().size() == 2) return peer.answer(429, "slowly");
    serve_file(request, peer, body_);
  });
  EXPECT_EQ(get(), hash_);
  EXPECT_EQ(server_.seen().size(), 3u);
  for (const auto& [status, code] :
       {std::pair(404, "not_found"), std::pair(403, "refused"), std::pair(401, "refused")}) {
    server_.set_handler(
        [&, status = status](const WebRequestSeen&, WebPeer& peer) { peer.answer(status, "no"); });
    const size_t before = server_.seen().size();
    fs::remove(target_);
    EXPECT_EQ(code_of([&] { get(); }), code);
    EXPECT_EQ(server_.seen().size(), before + 1) << status;
  }
}

TEST_F(FileDownload, CancellingKeepsWhatArrived) {
  options_.on_bytes = [&](int64_t done, int64_t) {
    if (done > 50'000) progress_.cancel.cancel();
  };
  EXPECT_EQ(code_of([&] { get({.sha256 = hash_}); }), "cancelled");
  EXPECT_GT(bytes_arrived(target_), 0);
  progress_ = {};
  options_.on_bytes = [](int64_t, int64_t) {};
  EXPECT_EQ(get({.sha256 = hash_}), hash_);
}

TEST_F(FileDownload, NoRoomIsSaidWithTheNumbersBeforeTheFirstByte) {
  options_.reserve_bytes = int64_t{1} << 60;
  try {
    get();
    FAIL();
  } catch (const CodedError& error) {
    EXPECT_EQ(error.code(), "disk_full");
    EXPECT_THAT(error.what(), HasSubstr("300 kB"));
    EXPECT_THAT(error.what(), HasSubstr("are free in"));
  }
  EXPECT_FALSE(part_exists());
}

// --- the web client ------------------------------------------------------------------------------

TEST_F(FileDownload, FollowsRedirectsAndShowsTheTokenToItsOwnHostOnly) {
  HttpsServer cdn(folder_ / "cdn", [&](const WebRequestSeen& request, WebPeer& peer) {
    serve_file(request, peer, body_);
  });
  server_.set_handler([&](const WebRequestSeen&, WebPeer& peer) {
    peer.answer(307, "moved", {"Location: " + cdn.url() + "/blob?signature=1"});
  });
  WebOptions options = web_options();
  options.sources.allowed_hosts.push_back("localhost:" + std::to_string(cdn.port()));
  // Both certificates are trusted.
  std::ofstream(folder_ / "both.pem")
      << read_whole_file(server_.ca_file()) << read_whole_file(cdn.ca_file());
  options.sources.ca_file = folder_ / "both.pem";
  options.sources.civitai = {server_.url(), "secret-token",
                             "localhost:" + std::to_string(server_.port())};
  const FileRequest request{.url = server_.url() + "/file", .target = target_, .sha256 = hash_};
  EXPECT_EQ(download_file(WebClient(options), request, options_, {}), hash_);
  EXPECT_EQ(header(0, "authorization"), "Bearer secret-token");
  ASSERT_EQ(cdn.seen().size(), 1u);
  EXPECT_FALSE(cdn.seen()[0].headers.contains("authorization"));
}

TEST_F(FileDownload, EveryHopMustBeOnTheListAndSecure) {
  const auto redirect_to = [&](const std::string& location) {
    server_.set_handler([location](const WebRequestSeen&, WebPeer& peer) {
      peer.answer(302, "", {"Location: " + location});
    });
    return code_of([&] { get(); });
  };
  EXPECT_EQ(redirect_to("https://evil.example/x"), "host_not_allowed");
  EXPECT_EQ(redirect_to("http://localhost:1/x"), "invalid");
  EXPECT_EQ(redirect_to("file:///etc/passwd"), "invalid");
  EXPECT_EQ(redirect_to("https://user:pass@localhost/x"), "invalid");
  EXPECT_EQ(redirect_to(server_.url() + "/again"), "network") << "round and round";
}

TEST_F(FileDownload, AddressesOfTheLocalNetworkAreRefusedAtTheSocket) {
  WebOptions options = web_options();
  options.sources.private_addresses = false;
  try {
    WebClient(options).text(server_.url() + "/x", 100, {});
    FAIL();
  } catch (const WebError& error) {
    EXPECT_EQ(error.code(), "host_not_allowed");
    EXPECT_THAT(error.what(), HasSubstr("local network"));
    EXPECT_THAT(error.what(), Not(HasSubstr("127.0.0.1")));
  }
  EXPECT_TRUE(server_.seen().empty());
}

TEST_F(FileDownload, AnUnknownCertificateIsRefusedAtOnce) {
  WebOptions options = web_options();
  options.sources.ca_file.reset();
  EXPECT_EQ(code_of([&] { WebClient(options).text(server_.url() + "/x", 100, {}); }),
            "certificate");
}

TEST_F(FileDownload, AShortAnswerThatIsLongIsCutOff) {
  EXPECT_EQ(code_of([&] { WebClient(web_options()).text(server_.url() + "/x", 1000, {}); }),
            "network");
}

TEST(PublicAddress, TellsThePublicInternetFromTheRest) {
  for (const char* address :
       {"8.8.8.8", "1.1.1.1", "172.15.0.1", "172.32.0.1", "100.63.255.255", "192.169.0.1",
        "2606:4700::1111", "2a00:1450::1", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"})
    EXPECT_TRUE(is_public_address(address)) << address;
  for (const char* address : {"127.0.0.1",
                              "127.1.2.3",
                              "0.0.0.0",
                              "10.1.2.3",
                              "172.16.0.1",
                              "172.31.255.255",
                              "192.168.1.1",
                              "169.254.169.254",
                              "100.64.0.1",
                              "198.18.0.1",
                              "192.0.2.1",
                              "224.0.0.1",
                              "255.255.255.255",
                              "::1",
                              "::",
                              "fe80::1",
                              "fc00::1",
                              "fd12::1",
                              "ff02::1",
                              "::ffff:127.0.0.1",
                              "::ffff:10.0.0.1",
                              "::127.0.0.1",
                              "64:ff9b::7f00:1",
                              "2002:7f00:1::",
                              "2001:db8::1",
                              "2001::1",
                              "fec0::1",
                              "nonsense",
                              ""})
    EXPECT_FALSE(is_public_address(address)) << address;
}

TEST(HttpsUrl, TakesOnlyPlainHttpsAddresses) {
  const HttpsUrl url = parse_https_url("https://Civitai.COM./models/1?modelVersionId=2&x=%20y");
  EXPECT_EQ(url.host, "civitai.com");
  EXPECT_EQ(url.port, 443);
  EXPECT_EQ(url.path, "/models/1");
  EXPECT_EQ(query_value(url, "modelVersionId"), "2");
  EXPECT_EQ(query_value(url, "x"), " y");
  EXPECT_EQ(query_value(url, "nothing"), "");
  for (const char* wrong :
       {"http://civitai.com/", "ftp://x/", "civitai.com", "", "https://", "https://a b/",
        "https://user@host/", "https://user:pw@host/", "https://host\\@evil/",
        "javascript:alert(1)", "https://host/\n", "//host/path"})
    EXPECT_THROW(parse_https_url(wrong), CodedError) << wrong;
}

TEST(SourceSettings, MatchesHostsAndPortsExactly) {
  EXPECT_TRUE(host_matches("example.org", "example.org", 443));
  EXPECT_FALSE(host_matches("example.org", "example.org", 8443));
  EXPECT_TRUE(host_matches("example.org:8443", "example.org", 8443));
  EXPECT_FALSE(host_matches("example.org", "evil-example.org", 443));
  EXPECT_TRUE(host_matches("*.example.org", "cdn.example.org", 443));
  EXPECT_FALSE(host_matches("*.example.org", "example.org", 443));
  EXPECT_FALSE(host_matches("*.example.org", "example.org.evil.net", 443));
  const SourceSettings usual;
  EXPECT_TRUE(usual.allows("civitai.com", 443));
  EXPECT_TRUE(usual.allows("cas-bridge.xethub.hf.co", 443));
  EXPECT_FALSE(usual.allows("civitai.com", 8080));
  EXPECT_FALSE(usual.allows("example.org", 443));
}

class SourceFile : public ::testing::Test {
 protected:
  SourceSettings read(const std::string& json, int mode = 0600) {
    const fs::path path = folder_ / "sources.json";
    std::ofstream(path) << json;
    fs::permissions(path, static_cast<fs::perms>(mode));
    return read_source_settings(folder_.path());
  }
  testing::TempDir folder_;
};

TEST_F(SourceFile, AMirrorNeverSeesTheTokenUnlessItIsNamed) {
  EXPECT_EQ(read_source_settings(folder_ / "none").civitai.url, "https://civitai.com");
  SourceSettings s =
      read(R"({"hugging_face": {"url": "https://hf-mirror.com/", "token": "hf_x"}})");
  EXPECT_EQ(s.hugging_face.url, "https://hf-mirror.com");
  EXPECT_TRUE(s.allows("hf-mirror.com", 443));
  EXPECT_EQ(s.token_for("hf-mirror.com", 443), "");
  EXPECT_EQ(s.token_for("huggingface.co", 443), "hf_x");
  EXPECT_EQ(s.token_for("cdn.huggingface.co", 443), "");
  s = read(R"({"hugging_face": {"url": "https://hf-mirror.com", "token": "hf_x",
              "token_host": "hf-mirror.com"}})");
  EXPECT_EQ(s.token_for("hf-mirror.com", 443), "hf_x");
  EXPECT_EQ(s.token_for("huggingface.co", 443), "");
}

TEST_F(SourceFile, RefusesWhatIsWrongInItByName) {
  const auto problem = [&](const std::string& json, int mode = 0600) -> std::string {
    try {
      read(json, mode);
      return "";
    } catch (const Error& error) {
      return error.what();
    }
  };
  EXPECT_THAT(problem("{"), HasSubstr("sources.json"));
  EXPECT_THAT(problem(R"({"civitaii": {}})"), HasSubstr("civitai"));
  EXPECT_THAT(problem(R"({"civitai": {"url": "http://civitai.com"}})"), HasSubstr("https"));
  EXPECT_THAT(problem(R"({"proxy": 3})"), HasSubstr("proxy"));
  EXPECT_THAT(problem(R"({"civitai": {"token": "secret"}})", 0644), HasSubstr("chmod 600"));
  EXPECT_THAT(problem(R"({"civitai": {"token": "secret"}})", 0644), Not(HasSubstr("secret")));
  EXPECT_EQ(problem(R"({"allowed_hosts": ["a.org"], "proxy": "http://p:1"})", 0644), "");
}

}  // namespace
}  // namespace pentimento
