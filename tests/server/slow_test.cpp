// Clients that send slowly, read slowly, go away in the middle, or speak TLS badly: none of them
// keeps a place for long, and nobody else notices.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "server/client.h"
#include "server/fake_studio.h"
#include "studio/pictures.h"
#include "support/golden.h"

namespace pentimento {
namespace {

using testing::Client;
using testing::FakeServer;
using Clock = std::chrono::steady_clock;

void pause_ms(int ms) { std::this_thread::sleep_for(std::chrono::milliseconds(ms)); }

// A socket that does what no library would.
class Socket {
 public:
  explicit Socket(int port, int receive_buffer = 0) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    if (receive_buffer)
      ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  }
  ~Socket() { ::close(fd_); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  bool send(const std::string& bytes) const {
    return ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(bytes.size());
  }
  // Everything until the server hangs up; empty when it does not in time.
  std::optional<std::string> rest(double seconds) const {
    std::string text;
    const auto began = Clock::now();
    while (std::chrono::duration<double>(Clock::now() - began).count() < seconds) {
      pollfd waiting{fd_, POLLIN, 0};
      if (::poll(&waiting, 1, 100) <= 0) continue;
      char piece[4096];
      const ssize_t n = ::recv(fd_, piece, sizeof piece, 0);
      if (n <= 0) return text;
      text.append(piece, static_cast<size_t>(n));
    }
    return std::nullopt;
  }

 private:
  int fd_;
};

class SlowClient : public ::testing::Test {
 protected:
  static void hurry(ServeOptions& options) {
    options.limits.header_seconds = 0.5;
    options.limits.stall_seconds = 0.5;
    options.limits.idle_seconds = 0.5;
    options.limits.slowest_bytes_per_s = 1e6;
    options.max_connections = 4;
  }
  // More than the system's own buffers take.
  std::string big_document() {
    const Json body = {{"input", nullptr}, {"content", {{"strokes", std::string(7 << 20, 's')}}}};
    return "/api/v1/documents/" + client_.post("/api/v1/documents", body).json().value("id", "");
  }
  testing::TempDir folder_;
  FakeServer server_{folder_.path(), hurry};
  Client client_{server_.port()};
};

TEST_F(SlowClient, AHeaderThatDripsIsCutOff) {
  const Socket slow(server_.port());
  slow.send("GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ");
  for (int i = 0; i < 40 && slow.send("x"); ++i) pause_ms(50);
  const auto answer = slow.rest(5);
  ASSERT_TRUE(answer) << "the server still waits";
  EXPECT_TRUE(answer->empty() || answer->find("408") != std::string::npos) << *answer;
}

TEST_F(SlowClient, ABodyThatDripsIsCutOff) {
  const Socket slow(server_.port());
  slow.send(
      "POST /api/v1/jobs HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
      "Content-Length: 100000\r\n\r\n{");
  for (int i = 0; i < 60 && slow.send(" "); ++i) pause_ms(50);
  EXPECT_TRUE(slow.rest(5)) << "the server still waits";
}

TEST_F(SlowClient, ABodyThatNeverComesIsCutOff) {
  const Socket silent(server_.port());
  silent.send(
      "POST /api/v1/jobs HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
      "Content-Length: 10\r\n\r\n");
  EXPECT_TRUE(silent.rest(5)) << "the server still waits";
}

TEST_F(SlowClient, ReadersThatDoNotReadLoseTheirPlaces) {
  const std::string path = big_document();
  std::vector<std::unique_ptr<Socket>> stuck;
  for (int i = 0; i < 4; ++i) {
    stuck.push_back(std::make_unique<Socket>(server_.port(), 2048));
    stuck.back()->send("GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
  }
  bool back = false;
  for (int i = 0; i < 100 && !back; ++i) {
    pause_ms(100);
    back = Client(server_.port()).get("/health").status == 200;
  }
  EXPECT_TRUE(back) << "nobody else gets in any more";
}

TEST_F(SlowClient, TooManyAreToldToComeAgain) {
  std::vector<std::unique_ptr<Socket>> idle;
  for (int i = 0; i < 6; ++i) idle.push_back(std::make_unique<Socket>(server_.port()));
  pause_ms(100);
  const auto answer =
      testing::raw_exchange(server_.port(), "GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 2);
  EXPECT_NE(answer.find("503"), std::string::npos) << answer;
  EXPECT_NE(answer.find("max_connections"), std::string::npos);
}

TEST(LargeBodies, ManyAtOnceAreToldToComeAgain) {
  testing::TempDir folder;
  const FakeServer server(folder.path(), [](ServeOptions& o) { o.max_bodies_bytes = 1 << 20; });
  const auto announce = [](int bytes) {
    return "POST /api/v1/documents HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: "
           "application/json\r\nContent-Length: " +
           std::to_string(bytes) + "\r\n\r\n";
  };
  {
    const Socket first(server.port());
    first.send(announce(800'000));
    pause_ms(100);
    const std::string second = testing::raw_exchange(server.port(), announce(800'000), 2);
    EXPECT_NE(second.find("503"), std::string::npos) << second;
    EXPECT_NE(second.find("max_bodies_bytes"), std::string::npos);
  }
  // The place is free again, and one alone may be larger than what all together may.
  const Json body = {{"input", nullptr}, {"content", {{"strokes", std::string(2 << 20, 's')}}}};
  int status = 0;
  for (int i = 0; i < 50 && status != 201; ++i) {
    pause_ms(50);
    status = Client(server.port()).post("/api/v1/documents", body).status;
  }
  EXPECT_EQ(status, 201);
}

class Leaving : public ::testing::Test {
 protected:
  testing::TempDir folder_;
  FakeServer server_{folder_.path(), [](ServeOptions& o) { o.max_connections = 8; },
                     /*step_ms=*/20};
  Client client_{server_.port()};
};

TEST_F(Leaving, WatchersThatGoAwayLeaveTheirPlaces) {
  for (int i = 0; i < 40; ++i) {
    const Socket watcher(server_.port());
    watcher.send("GET /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
    if (i % 2) pause_ms(20);
  }
  bool fine = false;  // the stream notices at its next event or ping
  for (int i = 0; i < 200 && !fine; ++i) {
    client_.post("/api/v1/queue/pause", Json::object());
    fine = Client(server_.port()).get("/health").status == 200;
    pause_ms(50);
  }
  EXPECT_TRUE(fine);
}

TEST_F(Leaving, AJobWhoseClientHangsUpIsFinishedAllTheSame) {
  const std::string body = R"({"prompt": "x", "steps": 10, "width": 64, "height": 64})";
  {
    const Socket client(server_.port());
    client.send(
        "POST /sdapi/v1/txt2img HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: "
        "application/json\r\nContent-Length: " +
        std::to_string(body.size()) + "\r\n\r\n" + body);
    pause_ms(100);
  }
  Json jobs;
  for (int i = 0; i < 200; ++i) {
    jobs = client_.get("/api/v1/jobs").json()["items"];
    if (jobs.size() == 1 && jobs[0]["state"] == "done") break;
    pause_ms(20);
  }
  ASSERT_EQ(jobs.size(), 1u);
  EXPECT_EQ(jobs[0]["state"], "done");
  EXPECT_EQ(jobs[0]["pictures"].size(), 1u);
}

TEST_F(Leaving, AnUploadThatBreaksOffLeavesNothing) {
  for (int i = 0; i < 10; ++i) {
    const Socket client(server_.port());
    client.send(
        "POST /api/v1/inputs HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: image/png\r\n"
        "Content-Length: 50000\r\n\r\n\x89PNG");
  }
  pause_ms(200);
  EXPECT_EQ(client_.get("/health").status, 200);
  size_t files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_ / "data/inputs"))
    files += entry.is_regular_file();
  EXPECT_EQ(files, 0u);
}

// A self-signed certificate for 127.0.0.1, as people make them.
void write_certificate(const std::filesystem::path& certificate, const std::filesystem::path& key) {
  EVP_PKEY* pair = EVP_EC_gen("P-256");
  X509* x509 = X509_new();
  X509_set_version(x509, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(x509), 1);
  X509_gmtime_adj(X509_getm_notBefore(x509), 0);
  X509_gmtime_adj(X509_getm_notAfter(x509), 3600);
  X509_set_pubkey(x509, pair);
  X509_NAME* name = X509_get_subject_name(x509);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("127.0.0.1"), -1, -1, 0);
  X509_set_issuer_name(x509, name);
  X509_sign(x509, pair, EVP_sha256());
  FILE* file = std::fopen(certificate.c_str(), "w");
  PEM_write_X509(file, x509);
  std::fclose(file);
  file = std::fopen(key.c_str(), "w");
  PEM_write_PrivateKey(file, pair, nullptr, nullptr, 0, nullptr, nullptr);
  std::fclose(file);
  X509_free(x509);
  EVP_PKEY_free(pair);
}

class Tls : public ::testing::Test {
 protected:
  Tls() {
    write_certificate(folder_ / "certificate.pem", folder_ / "key.pem");
    server_ = std::make_unique<FakeServer>(folder_.path(), [&](ServeOptions& options) {
      options.tls_certificate = folder_ / "certificate.pem";
      options.tls_key = folder_ / "key.pem";
      options.limits.header_seconds = 1;
    });
    client_ = std::make_unique<httplib::SSLClient>("127.0.0.1", server_->port());
    client_->enable_server_certificate_verification(false);
    client_->set_read_timeout(20);
  }
  testing::TempDir folder_;
  std::unique_ptr<FakeServer> server_;
  std::unique_ptr<httplib::SSLClient> client_;
};

TEST_F(Tls, CarriesUploadsJobsAndPictures) {
  const std::string photo = encode_text(Image(64, 64, 3, 90), {});
  const auto input = client_->Post("/api/v1/inputs", photo, "image/png");
  ASSERT_TRUE(input) << httplib::to_string(input.error());
  const Json body = {{"kind", "img2img"},
                     {"request", {{"prompt", "x"}}},
                     {"inputs", {{"source", Json::parse(input->body)["sha256"]}}}};
  const auto job = client_->Post("/api/v1/jobs", body.dump(), "application/json");
  ASSERT_TRUE(job);
  EXPECT_EQ(job->status, 201);
  const std::string path = "/api/v1/jobs/" + Json::parse(job->body)["id"].get<std::string>();
  Json now;
  for (int i = 0; i < 200 && now["state"] != "done"; ++i) {
    pause_ms(20);
    now = Json::parse(client_->Get(path)->body);
  }
  const auto picture =
      client_->Get("/api/v1/pictures/" + now["pictures"][0].get<std::string>() + "/file");
  ASSERT_TRUE(picture);
  EXPECT_EQ(picture->body.substr(1, 3), "PNG");
}

TEST_F(Tls, ABodyOfManyRecordsArrivesWhole) {
  const Json body = {{"input", nullptr}, {"content", {{"strokes", std::string(4 << 20, 's')}}}};
  const auto made = client_->Post("/api/v1/documents", body.dump(), "application/json");
  ASSERT_TRUE(made) << httplib::to_string(made.error());
  EXPECT_EQ(made->status, 201);
  const auto read =
      client_->Get("/api/v1/documents/" + Json::parse(made->body)["id"].get<std::string>());
  EXPECT_EQ(Json::parse(read->body)["content"], body["content"]);
}

TEST_F(Tls, PlainHttpAndSilenceGetNothingAndKeepNobodyWaiting) {
  EXPECT_EQ(Client(server_->port()).get("/health").status, 0);
  const Socket silent(server_->port());
  EXPECT_TRUE(silent.rest(8)) << "the server still waits for the handshake";
  EXPECT_EQ(client_->Get("/health")->status, 200);
}

TEST_F(Tls, OldVersionsAreRefused) {
  httplib::SSLClient old("127.0.0.1", server_->port());
  old.enable_server_certificate_verification(false);
  SSL_CTX_set_max_proto_version(old.ssl_context(), TLS1_1_VERSION);
  EXPECT_FALSE(old.Get("/health"));
  EXPECT_TRUE(client_->Get("/health"));
}

TEST(TlsFiles, ThatDoNotFitAreRefusedByName) {
  testing::TempDir folder;
  write_certificate(folder / "a.pem", folder / "a.key");
  write_certificate(folder / "b.pem", folder / "b.key");
  const auto refused = [&](const char* certificate, const char* key) -> std::string {
    try {
      const FakeServer server(folder.path(), [&](ServeOptions& options) {
        options.tls_certificate = folder / certificate;
        options.tls_key = folder / key;
      });
      return "";
    } catch (const Error& error) {
      return error.what();
    }
  };
  EXPECT_NE(refused("a.pem", "b.key").find("b.key: is not the PEM key that belongs to"),
            std::string::npos);
  EXPECT_NE(refused("a.key", "a.key").find("a.key: is not a certificate chain"), std::string::npos);
}

}  // namespace
}  // namespace pentimento
