// What strangers may send as a body: whatever it is, the answer is a refusal that names the reason,
// and the server goes on.
#include <gtest/gtest.h>

#include "server/client.h"
#include "server/fake_studio.h"
#include "server/http_message.h"
#include "studio/pictures.h"
#include "support/golden.h"

namespace pentimento {
namespace {

using testing::Answer;
using testing::Client;
using testing::FakeServer;

class BadInput : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<testing::TempDir>();
    server_ = std::make_unique<FakeServer>(folder_->path());
  }
  static void TearDownTestSuite() {
    server_.reset();
    folder_.reset();
  }
  void TearDown() override { EXPECT_EQ(client_.get("/health").status, 200); }
  Answer post(const std::string& path, const std::string& body) {
    return client_.send("POST", path, body, "application/json");
  }
  void expect(const std::string& path, const std::string& body, int status,
              const std::string& part) {
    const Answer answer = post(path, body);
    EXPECT_EQ(answer.status, status) << path << " " << body.substr(0, 80) << " " << answer.body;
    EXPECT_NE(answer.body.find(part), std::string::npos) << answer.body.substr(0, 300);
    EXPECT_LT(answer.body.size(), 2000u) << "the refusal repeats what was sent";
  }
  static std::string picture() { return base64(encode_text(Image(16, 16, 3, 50), {})); }
  static std::string base64(const std::string& bytes) { return base64_encode(bytes); }
  static std::unique_ptr<testing::TempDir> folder_;
  static std::unique_ptr<FakeServer> server_;
  Client client_{server_->port()};
};
std::unique_ptr<testing::TempDir> BadInput::folder_;
std::unique_ptr<FakeServer> BadInput::server_;

constexpr const char* kJsonRoutes[] = {"/api/v1/jobs",
                                       "/api/v1/plan",
                                       "/api/v1/documents",
                                       "/api/v1/pictures/trash",
                                       "/sdapi/v1/txt2img",
                                       "/sdapi/v1/img2img",
                                       "/sdapi/v1/extra-single-image",
                                       "/sdapi/v1/png-info",
                                       "/v1/images/generations"};

TEST_F(BadInput, BytesThatAreNotJsonAreRefusedByEveryRoute) {
  const std::string deep(100'000, '[');
  for (const char* path : kJsonRoutes) {
    for (const std::string& body :
         {std::string("{"), std::string("nonsense"), std::string("{\"a\": NaN}"),
          std::string("{\"a\": Infinity}"), std::string("{\"a\": 01}"), std::string("{'a': 1}"),
          std::string("\xff\xfe{}"), std::string("{\"a\": \"\xc3\x28\"}"), std::string("{}{}"),
          std::string("\0{}", 3), deep, "{\"a\":" + deep}) {
      const Answer answer = post(path, body);
      EXPECT_TRUE(answer.status == 400 || answer.status == 422)
          << path << " " << body.substr(0, 20) << " " << answer.status << " " << answer.body;
      EXPECT_LT(answer.body.size(), 2000u);
    }
  }
}

TEST_F(BadInput, JsonOfAnotherShapeIsRefusedByEveryRoute) {
  for (const char* path : kJsonRoutes)
    for (const char* body : {"null", "[]", "1", "\"text\"", "true", "[{}]"}) {
      const Answer answer = post(path, body);
      EXPECT_TRUE(answer.status == 400 || answer.status == 404 || answer.status == 422)
          << path << " " << body << " " << answer.status << " " << answer.body;
    }
}

TEST_F(BadInput, NumbersBeyondEveryTypeAreRefused) {
  const auto job = [](const std::string& request) {
    return "{\"kind\":\"txt2img\",\"request\":" + request + "}";
  };
  expect("/api/v1/jobs", job("{\"strength\":1e999}"), 400, "bad_json");
  expect("/api/v1/jobs", job("{\"cfg\":1e300}"), 422, "out_of_range");
  expect("/api/v1/jobs", job("{\"steps\":1e18}"), 422, "request.steps");
  expect("/api/v1/jobs", job("{\"steps\":99999999999999999999999}"), 422, "request.steps");
  expect("/api/v1/jobs", job("{\"steps\":20.5}"), 422, "request.steps");
  expect("/api/v1/jobs", job("{\"seed\":-1}"), 422, "request.seed");
  expect("/api/v1/jobs", job("{\"seed\":18446744073709551616}"), 422, "request.seed");
  expect("/api/v1/jobs", job("{\"width\":-9223372036854775808}"), 422, "request.width");
  expect("/sdapi/v1/txt2img", "{\"steps\":1e18}", 422, "steps");
  expect("/sdapi/v1/txt2img", "{\"width\":1e9}", 422, "width");
  expect("/sdapi/v1/txt2img", "{\"cfg_scale\":\"7\"}", 422, "cfg_scale");
  expect("/v1/images/generations", "{\"prompt\":\"x\",\"n\":1e300}", 422, "n");
}

TEST_F(BadInput, WrongTypesNameTheirField) {
  expect("/api/v1/jobs", R"({"kind": 5})", 422, "kind");
  expect("/api/v1/jobs", R"({"kind": "txt2img", "request": "x"})", 422, "request");
  expect("/api/v1/jobs", R"({"kind": "txt2img", "inputs": {"source": {}}})", 422, "inputs.source");
  expect("/api/v1/jobs", R"({"kind": "txt2img", "request": {"prompt": ["a"]}})", 422,
         "request.prompt");
  expect("/sdapi/v1/txt2img", R"({"prompt": 7})", 422, "prompt");
  expect("/sdapi/v1/txt2img", R"({"styles": "a"})", 422, "styles");
  expect("/sdapi/v1/txt2img", R"({"override_settings": []})", 422, "override_settings");
  expect("/sdapi/v1/txt2img", R"({"override_settings": {"CLIP_stop_at_last_layers": 1e99}})", 422,
         "");
  expect("/sdapi/v1/img2img", R"({"init_images": [5]})", 422, "init_images");
  expect("/sdapi/v1/extra-batch-images", R"({"imageList": [5]})", 422, "imageList");
  expect("/sdapi/v1/png-info", R"({"image": {}})", 422, "image");
}

TEST_F(BadInput, PicturesThatAreNoneAreRefused) {
  const auto init = [](const std::string& image) {
    return Json{{"init_images", {image}}, {"steps", 2}}.dump();
  };
  expect("/sdapi/v1/img2img", init(""), 422, "Invalid encoded image");
  expect("/sdapi/v1/img2img", init("!!!!"), 422, "Invalid encoded image");
  expect("/sdapi/v1/img2img", init("data:image/png;base64,"), 422, "Invalid encoded image");
  expect("/sdapi/v1/img2img", init("data:image/png;base64"), 422, "");
  expect("/sdapi/v1/img2img", init(base64("GIF89a")), 422, "");
  expect("/sdapi/v1/img2img", init(base64("<svg xmlns='http://www.w3.org/2000/svg'/>")), 422, "");
  expect("/sdapi/v1/img2img", init("http://169.254.169.254/latest"), 422, "no addresses");
  expect("/sdapi/v1/img2img", init("file:///etc/passwd"), 422, "no addresses");
  const std::string cut = encode_text(Image(64, 64, 3, 9), {});
  expect("/sdapi/v1/img2img", init(base64(cut.substr(0, 40))), 422, "");
}

TEST_F(BadInput, AHugeBase64IsRefusedByItsSizeAndByItsPixels) {
  // 75 MiB in base64: within the limit of a body, beyond that of a picture.
  expect("/sdapi/v1/img2img", "{\"init_images\":[\"" + std::string(100 << 20, 'A') + "\"]}", 413,
         "at most 67108864");
  // More than a body may have, told before it is read.
  const Answer large = client_.send("POST", "/sdapi/v1/img2img",
                                    "{\"init_images\":[\"" + std::string(130 << 20, 'A') + "\"]}",
                                    "application/json");
  EXPECT_TRUE(large.status == 413 || large.status == 0) << large.status;
  // A small file that claims to be 60,000 pixels wide.
  std::string bomb = encode_text(Image(16, 16, 3, 0), {});
  bomb[18] = '\xea', bomb[19] = '\x60';
  expect("/sdapi/v1/img2img", Json{{"init_images", {base64(bomb)}}}.dump(), 422, "");
}

TEST_F(BadInput, UnknownNamesAreRefusedOrBecomeTheFirstAsTheInterfaceHasIt) {
  expect("/api/v1/jobs", R"({"kind": "txt2image"})", 422, "did you mean txt2img");
  expect("/api/v1/jobs", R"({"kind": "txt2img", "request": {"stepps": 5}})", 422,
         "did you mean steps");
  expect("/sdapi/v1/txt2img", R"({"override_settings": {"sd_model_checkpoint": "nothing"}})", 404,
         "there is no checkpoint");
  expect("/sdapi/v1/txt2img", R"({"script_name": "nothing"})", 422, "Script 'nothing' not found");
  EXPECT_EQ(post("/sdapi/v1/txt2img",
                 R"({"sampler_name": "Eular", "steps": 1, "width": 64, "height": 64})")
                .status,
            200);
}

TEST_F(BadInput, BrokenMultipartIsRefused) {
  const auto send = [&](const std::string& type, const std::string& body) {
    return client_.send("POST", "/v1/images/edits", body, type).status;
  };
  const std::string type = "multipart/form-data; boundary=b";
  EXPECT_GE(send("multipart/form-data", "--b--"), 400);
  EXPECT_GE(send(type, ""), 400);
  EXPECT_GE(send(type, "--b\r\n"), 400);
  EXPECT_GE(send(type, "no boundary at all"), 400);
  EXPECT_GE(send(type, "--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--\r\n"), 400);
  EXPECT_GE(send(type,
                 "--b\r\nContent-Disposition: form-data; name=\"image\"; filename=\"../../x\"\r\n"
                 "\r\nnot a picture\r\n--b--\r\n"),
            400);
  EXPECT_GE(send("multipart/form-data; boundary=" + std::string(5000, 'x'), "--x--"), 400);
}

}  // namespace
}  // namespace pentimento
