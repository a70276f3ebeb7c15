// What the gate promises, for every route there is.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/app.h"
#include "server/client.h"
#include "server/fake_studio.h"
#include "studio/fake_runner.h"
#include "studio/pictures.h"
#include "support/golden.h"

namespace pentimento {

std::string testing::raw_exchange(int port, const std::string& bytes, double seconds) {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::string answer;
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) {
    (void)!::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    pollfd waiting{fd, POLLIN, 0};
    char piece[4096];
    while (::poll(&waiting, 1, static_cast<int>(seconds * 1000)) > 0) {
      const ssize_t n = ::recv(fd, piece, sizeof piece, 0);
      if (n <= 0) break;
      answer.append(piece, static_cast<size_t>(n));
    }
  }
  ::close(fd);
  return answer;
}

namespace {

using testing::Answer;
using testing::Client;
using testing::FakeServer;
using testing::raw_exchange;

constexpr const char* kToken = "correct-horse-battery-staple";

std::string filled(std::string pattern) {
  for (size_t begin; (begin = pattern.find('{')) != std::string::npos;)
    pattern.replace(begin, pattern.find('}') - begin + 1, "x1");
  return pattern;
}

class Security : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<testing::TempDir>();
    server_ =
        std::make_unique<FakeServer>(folder_->path(), [](ServeOptions& o) { o.token = kToken; });
  }
  static void TearDownTestSuite() {
    server_.reset();
    folder_.reset();
  }
  static inline std::unique_ptr<testing::TempDir> folder_;
  static inline std::unique_ptr<FakeServer> server_;
  Client client_{server_->port()};
};

// The table itself, from an App that is not served.
std::vector<Route> all_routes() {
  testing::TempDir folder;
  Studio studio(
      {.paths = {folder / "d", folder / "c", folder / "g", folder / "a"}, .start_worker = false},
      system_clock());
  studio.start(testing::fake_runners());
  App app(studio, testing::fake_catalog(), {});
  return app.router().routes();
}

TEST_F(Security, EveryRouteWantsTheTokenExceptTheNamedOnes) {
  const std::set<std::string> open = {
      "GET /health", "GET /api/v1/session", "POST /api/v1/session", "DELETE /api/v1/session",
      "GET /",       "GET /{path*}"};
  int checked = 0;
  for (const Route& route : all_routes()) {
    const std::string name = route.method + " " + route.pattern;
    const Answer answer =
        client_.send(route.method, filled(route.pattern), route.method == "GET" ? "" : "{}",
                     route.method == "GET" ? "" : "application/json");
    if (open.contains(name))
      EXPECT_NE(answer.status, 401) << name;
    else
      EXPECT_EQ(answer.status, 401) << name << " " << answer.body;
    ++checked;
  }
  EXPECT_GT(checked, 90);
}

TEST_F(Security, UnknownAddressesWantTheTokenToo) {
  EXPECT_EQ(client_.get("/api/v1/nothing").status, 401);
  EXPECT_EQ(client_.get("/sdapi/v1/nothing").status, 401);
  client_.headers = {{"Authorization", std::string("Bearer ") + kToken}};
  EXPECT_EQ(client_.get("/api/v1/nothing").status, 404);
  EXPECT_EQ(client_.send("PUT", "/api/v1/jobs", "{}", "application/json").status, 405);
}

TEST_F(Security, NoRouteAnswersToAnotherHostsName) {
  client_.headers = {{"Host", "evil.example"}, {"Authorization", std::string("Bearer ") + kToken}};
  for (const Route& route : all_routes())
    EXPECT_EQ(client_.send(route.method, filled(route.pattern), "", "").status, 403)
        << route.pattern;
}

TEST_F(Security, HostNamesThatAreOurs) {
  for (const char* host : {"localhost", "localhost:7860", "127.0.0.1:1", "[::1]:7860",
                           "192.168.1.5", "pc.localhost"}) {
    client_.headers = {{"Host", host}};
    EXPECT_EQ(client_.get("/health").status, 200) << host;
  }
  for (const char* host : {"localhost.evil.example", "127.0.0.1.evil.example", "evil.example:7860",
                           "2130706433", "0x7f.1"}) {
    client_.headers = {{"Host", host}};
    EXPECT_EQ(client_.get("/health").status, 403) << host;
  }
}

TEST_F(Security, PagesOfOtherSitesAreRefused) {
  client_.headers = {{"Origin", "https://evil.example"},
                     {"Authorization", std::string("Bearer ") + kToken}};
  const Answer answer = client_.get("/api/v1/queue");
  EXPECT_EQ(answer.status, 403);
  EXPECT_EQ(answer.json()["error"]["code"], "origin");
  EXPECT_EQ(answer.header("Access-Control-Allow-Origin"), "");
  client_.headers = {{"Sec-Fetch-Site", "cross-site"},
                     {"Authorization", std::string("Bearer ") + kToken}};
  EXPECT_EQ(client_.post("/api/v1/queue/pause", Json::object()).status, 403);
}

TEST_F(Security, TheTokenIsTakenAsBearerAndAsCookie) {
  client_.headers = {{"Authorization", std::string("Bearer ") + kToken}};
  EXPECT_EQ(client_.get("/api/v1/queue").status, 200);
  client_.headers = {{"Cookie", std::string("a=b; pentimento_session=") + kToken}};
  EXPECT_EQ(client_.get("/api/v1/queue").status, 200);
  client_.headers = {};
  const Answer signed_in = client_.post("/api/v1/session", {{"token", kToken}});
  EXPECT_EQ(signed_in.status, 200);
  EXPECT_TRUE(signed_in.json()["authenticated"]);
  const std::string cookie = signed_in.header("Set-Cookie");
  EXPECT_NE(cookie.find("HttpOnly"), std::string::npos);
  EXPECT_NE(cookie.find("SameSite=Strict"), std::string::npos);
  EXPECT_EQ(client_.get("/api/v1/session").json()["authenticated"], false);
}

TEST_F(Security, DevicesGetTokensOfTheirOwnThatCanBeTakenBack) {
  client_.headers = {{"Authorization", std::string("Bearer ") + kToken}};
  const Answer made = client_.post("/api/v1/tokens", {{"name", "phone"}});
  ASSERT_EQ(made.status, 201) << made.body;
  const std::string secret = made.json()["token"];
  EXPECT_GT(made.json()["qr"]["size"].get<int>(), 20);
  Client phone(server_->port());
  phone.headers = {{"Authorization", "Bearer " + secret}, {"X-Forwarded-For", "192.168.1.9"}};
  EXPECT_EQ(phone.get("/api/v1/queue").status, 200);
  EXPECT_EQ(phone.get("/api/v1/tokens").status, 403) << "not the owner";
  EXPECT_EQ(client_.get("/api/v1/tokens").body.find(secret), std::string::npos);
  EXPECT_EQ(client_.remove("/api/v1/tokens/" + made.json()["id"].get<std::string>()).status, 204);
  EXPECT_EQ(phone.get("/api/v1/queue").status, 401);
}

TEST_F(Security, RoutesOfTheOwnerAreClosedToAllOtherTokens) {
  client_.headers = {{"Authorization", std::string("Bearer ") + kToken}};
  const Json made = client_.post("/api/v1/tokens", {{"name", "tablet"}}).json();
  Client tablet(server_->port());
  tablet.headers = {{"Authorization", "Bearer " + made["token"].get<std::string>()},
                    {"X-Forwarded-For", "192.168.1.9"}};
  std::set<std::string> closed;
  for (const Route& route : all_routes()) {
    if (route.access != Access::Admin) continue;
    const bool body = route.method != "GET" && route.method != "DELETE";
    const Answer answer = tablet.send(route.method, filled(route.pattern), body ? "{}" : "",
                                      body ? "application/json" : "");
    EXPECT_EQ(answer.status, 403) << route.pattern << " " << answer.body;
    EXPECT_NE(answer.body.find("only from this computer"), std::string::npos) << answer.body;
    closed.insert(route.method + " " + route.pattern);
  }
  for (const char* name :
       {"POST /sdapi/v1/options", "POST /sdapi/v1/refresh-checkpoints",
        "POST /sdapi/v1/refresh-loras", "POST /sdapi/v1/unload-checkpoint",
        "POST /sdapi/v1/server-kill", "PATCH /api/v1/settings", "POST /api/v1/tokens"})
    EXPECT_TRUE(closed.contains(name)) << name;
}

TEST_F(Security, NoPictureFieldFetchesAnAddress) {
  client_.headers = {{"Authorization", std::string("Bearer ") + kToken}};
  const std::string image = base64_encode(encode_text(Image(8, 8, 3, 9), {}));
  for (const char* address : {"http://169.254.169.254/latest", "https://example.com/x.png",
                              "file:///etc/passwd", "FILE:///etc/passwd", "HTTP://example.com"}) {
    const std::pair<const char*, Json> fields[] = {
        {"/sdapi/v1/img2img", {{"init_images", {address}}}},
        {"/sdapi/v1/img2img", {{"init_images", {image}}, {"mask", address}}},
        {"/sdapi/v1/txt2img",
         {{"alwayson_scripts",
           {{"ControlNet", {{"args", {{{"model", "tiny_canny"}, {"image", address}}}}}}}}}},
        {"/sdapi/v1/extra-single-image", {{"image", address}}},
        {"/sdapi/v1/extra-batch-images", {{"imageList", {{{"data", address}, {"name", "x"}}}}}},
        {"/sdapi/v1/png-info", {{"image", address}}},
        {"/controlnet/detect",
         {{"controlnet_module", "canny"}, {"controlnet_input_images", {address}}}}};
    for (const auto& [path, body] : fields) {
      const Answer answer = client_.post(path, body);
      EXPECT_EQ(answer.status, 422) << path << " " << address << " " << answer.body;
    }
  }
}

TEST_F(Security, TheLogKnowsNoPromptAndNoToken) {
  std::ostringstream told;
  const auto before = spdlog::default_logger();
  spdlog::set_default_logger(std::make_shared<spdlog::logger>(
      "test", std::make_shared<spdlog::sinks::ostream_sink_mt>(told)));
  client_.headers = {{"Authorization", std::string("Bearer ") + kToken}};
  client_.post("/sdapi/v1/txt2img", {{"prompt", "unspeakable"}, {"steps", 1}});
  client_.post("/sdapi/v1/txt2img", {{"prompt", "unspeakable fail"}, {"steps", 1}});
  client_.get("/api/v1/pictures?q=unspeakable");
  client_.headers = {{"Authorization", "Bearer wrong-unspeakable-token"}};
  client_.get("/api/v1/queue");
  spdlog::default_logger()->flush();
  spdlog::set_default_logger(before);
  EXPECT_NE(told.str().find("txt2img"), std::string::npos) << "something was said: " << told.str();
  EXPECT_EQ(told.str().find("unspeakable"), std::string::npos) << told.str();
  EXPECT_EQ(told.str().find(kToken), std::string::npos) << told.str();
}

TEST_F(Security, EveryAnswerCarriesTheHeadersThatProtectIt) {
  for (const char* path : {"/health", "/", "/api/v1/queue", "/api/v1/nothing"}) {
    const Answer answer = client_.get(path);
    EXPECT_EQ(answer.header("X-Content-Type-Options"), "nosniff") << path;
    EXPECT_EQ(answer.header("Referrer-Policy"), "no-referrer") << path;
    EXPECT_NE(answer.header("Content-Security-Policy").find("frame-ancestors 'none'"),
              std::string::npos)
        << path;
    EXPECT_EQ(answer.header("Cross-Origin-Resource-Policy"), "same-origin") << path;
  }
}

TEST(Attempts, AreLimitedByAddress) {
  testing::TempDir folder;
  FakeServer server(folder.path(), [](ServeOptions& o) { o.token = kToken; });
  Client client(server.port());
  client.headers = {{"Authorization", "Bearer wrong"}};
  int wrong = 0;
  Answer answer;
  for (int i = 0; i < 30 && (answer = client.get("/api/v1/queue")).status == 401; ++i) ++wrong;
  EXPECT_EQ(wrong, 10);
  EXPECT_EQ(answer.status, 429);
  EXPECT_FALSE(answer.header("Retry-After").empty());
}

TEST(Cors, IsForTheListedOriginsOnly) {
  testing::TempDir folder;
  FakeServer server(folder.path(),
                    [](ServeOptions& o) { o.cors_origins = {"https://app.example"}; });
  Client client(server.port());
  client.headers = {{"Origin", "https://app.example"}};
  EXPECT_EQ(client.get("/api/v1/queue").header("Access-Control-Allow-Origin"),
            "https://app.example");
  EXPECT_EQ(client.options("/api/v1/jobs").status, 204);
  client.headers = {{"Origin", "https://app.example.evil"}};
  EXPECT_EQ(client.get("/api/v1/queue").status, 403);
}

TEST(BasicAuth, IsForA1111ClientsOnly) {
  testing::TempDir folder;
  FakeServer server(folder.path(), [](ServeOptions& o) { o.api_auth = "me:secret,you:other"; });
  Client client(server.port());
  EXPECT_EQ(client.get("/sdapi/v1/samplers").status, 401);
  client.headers = {{"Authorization", "Basic " + base64_encode("you:other")}};
  EXPECT_EQ(client.get("/sdapi/v1/samplers").status, 200);
  client.headers = {{"Authorization", "Basic " + base64_encode("you:secret")}};
  EXPECT_EQ(client.get("/sdapi/v1/samplers").status, 401);
}

class Transport : public ::testing::Test {
 protected:
  testing::TempDir folder_;
  FakeServer server_{folder_.path()};
  Client client_{server_.port()};
  std::string exchange(const std::string& bytes, double seconds = 5) {
    return raw_exchange(server_.port(), bytes, seconds);
  }
};

TEST_F(Transport, WantsJsonToBeCalledJson) {
  for (const char* type : {"text/plain", "application/x-www-form-urlencoded", ""}) {
    const Answer answer = client_.send("POST", "/api/v1/jobs", "{}", type);
    EXPECT_EQ(answer.status, 415) << type;
    EXPECT_EQ(answer.json()["error"]["code"], "content_type");
  }
}

TEST_F(Transport, NamesTheLimitOfABodyThatIsTooLarge) {
  const Answer answer =
      client_.send("POST", "/api/v1/jobs", std::string(10 << 20, ' '), "application/json");
  EXPECT_EQ(answer.status, 413);
  EXPECT_EQ(answer.json()["error"]["limit"], "max_body_bytes");
}

TEST_F(Transport, RefusesCompressedBodies) {
  client_.headers = {{"Content-Encoding", "gzip"}};
  EXPECT_EQ(client_.send("POST", "/api/v1/jobs", "xxxx", "application/json").status, 415);
}

TEST_F(Transport, RefusesWhatCouldBeReadInTwoWays) {
  const std::string head =
      "POST /api/v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
  for (const std::string& rest :
       {std::string("Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}"),
        std::string("Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}"),
        std::string("X: a\r\n b\r\nContent-Length: 2\r\n\r\n{}"),
        std::string("X: a\x01\r\nContent-Length: 2\r\n\r\n{}")})
    EXPECT_EQ(exchange(head + rest).substr(0, 12), "HTTP/1.1 400") << rest;
}

TEST_F(Transport, RefusesHugeHeadersAndNonsense) {
  EXPECT_EQ(exchange("GET /health HTTP/1.1\r\nHost: localhost\r\nX: " + std::string(40000, 'a') +
                     "\r\n\r\n")
                .substr(0, 12),
            "HTTP/1.1 431");
  EXPECT_EQ(exchange("GET /" + std::string(9000, 'a') + " HTTP/1.1\r\nHost: localhost\r\n\r\n")
                .substr(0, 12),
            "HTTP/1.1 414");
  EXPECT_NE(exchange("\x16\x03\x01\x02 what is this\r\n\r\n").find("400"), std::string::npos);
  EXPECT_EQ(client_.get("/health").status, 200);
}

TEST_F(Transport, DropsRangesThatWouldMultiplyTheAnswer) {
  std::string range = "bytes=0-";
  for (int i = 0; i < 1000; ++i) range += ",0-";
  client_.headers = {{"Range", range}};
  EXPECT_EQ(client_.get("/health").status, 200);
}

TEST_F(Transport, ClosesAfterABodyThatItDidNotRead) {
  const std::string smuggled = "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n";
  const std::string answer = exchange(
      "POST /api/v1/nothing HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
      "application/json\r\nContent-Length: " +
      std::to_string(smuggled.size()) + "\r\n\r\n" + smuggled);
  EXPECT_EQ(answer.find("200 OK"), std::string::npos) << answer;
  EXPECT_EQ(answer.substr(0, 12), "HTTP/1.1 404");
}

TEST_F(Transport, NoAddressLeavesTheFolderOfThePage) {
  for (const char* path :
       {"/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/..%5c..%5cetc/passwd",
        "/assets/../../x.js", "/api/v1/inputs/..%2f..%2fstudio.sqlite/file",
        "/api/v1/pictures/..%2fx/file"})
    EXPECT_EQ(client_.get(path).status, 404) << path;
}

TEST(Listening, BeyondLoopbackMakesATokenThatStays) {
  testing::TempDir folder;
  std::string first;
  for (int start = 0; start < 2; ++start) {
    FakeServer server(folder.path(), [](ServeOptions& o) { o.address = "0.0.0.0"; });
    Client client(server.port());
    EXPECT_EQ(client.get("/api/v1/queue").status, 401);
    const std::string token = read_whole_file(folder / "config/token");
    client.headers = {{"Authorization", "Bearer " + token}};
    EXPECT_EQ(client.get("/api/v1/queue").status, 200);
    if (start == 1) EXPECT_EQ(token, first);
    first = token;
  }
  EXPECT_EQ(std::filesystem::status(folder / "config/token").permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST(Listening, ASecondServerOnTheSamePortOrFolderRefuses) {
  testing::TempDir folder, other;
  FakeServer server(folder.path());
  EXPECT_THROW(FakeServer(folder.path()), Error) << "the folder is in use";
  EXPECT_THROW(FakeServer(other.path(), [&](ServeOptions& o) { o.port = server.port(); }), Error)
      << "the port is taken";
}

}  // namespace
}  // namespace pentimento
