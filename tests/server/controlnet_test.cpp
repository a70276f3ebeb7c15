// The ControlNet extension's interface over real HTTP.
#include <gtest/gtest.h>

#include "server/client.h"
#include "server/fake_studio.h"
#include "server/http_message.h"
#include "studio/content_store.h"
#include "studio/pictures.h"
#include "support/golden.h"

namespace pentimento {
namespace {

using testing::Answer;
using testing::Client;
using testing::FakeServer;

constexpr const char* kName = "tiny_canny [e3b0c442]";  // the old hash of nothing

std::string picture(int width, int height, int channels = 3, uint8_t shade = 90) {
  Image image(width, height, channels, shade);
  for (int y = height / 4; y < height / 2; ++y)
    for (int x = width / 4; x < width / 2; ++x) image.at(x, y)[0] = 250;
  return base64_encode(encode_text(image, {}));
}

class ControlNetApi : public ::testing::Test {
 protected:
  static Json with_units(const std::vector<Json>& units, Json body = Json::object()) {
    body.update({{"steps", 1},
                 {"width", 64},
                 {"height", 64},
                 {"alwayson_scripts", {{"ControlNet", {{"args", units}}}}}});
    return body;
  }
  static Json unit(Json more = Json::object()) {
    Json unit = {{"module", "canny"}, {"model", kName}, {"image", picture(32, 32)}};
    unit.update(more);
    return unit;
  }
  Json last_job() { return client_.get("/api/v1/jobs?limit=1").json()["items"][0]; }
  void expect_refused(const std::vector<Json>& units, const std::string& why,
                      Json body = Json::object()) {
    const bool img2img = body.contains("init_images");
    const Answer answer = client_.post(img2img ? "/sdapi/v1/img2img" : "/sdapi/v1/txt2img",
                                       with_units(units, std::move(body)));
    EXPECT_TRUE(answer.status == 422 || answer.status == 404) << answer.status;
    EXPECT_NE(answer.body.find(why), std::string::npos) << why << " in " << answer.body;
  }
  testing::TempDir folder_;
  FakeServer server_{folder_.path(), [](ServeOptions&) {}, 1};
  Client client_{server_.port()};
};

TEST_F(ControlNetApi, ListsWhatThereIsInItsShapes) {
  EXPECT_EQ(client_.get("/controlnet/version").json()["version"], 3);
  EXPECT_EQ(client_.get("/controlnet/model_list").json()["model_list"], Json{kName});
  EXPECT_EQ(client_.get("/controlnet/settings").json()["control_net_unit_count"], 3);
  const Json modules = client_.get("/controlnet/module_list").json();
  EXPECT_EQ(modules["module_list"][0], "none");
  EXPECT_EQ(modules["module_detail"]["canny"]["sliders"].size(), 3u);
  EXPECT_EQ(modules["module_detail"]["canny"]["sliders"][1]["value"], 100.0);
  const Json menu = client_.get("/controlnet/module_list?alias_names=true").json();
  EXPECT_TRUE(menu["module_detail"].contains("inpaint_global_harmonious"));
  const Json types = client_.get("/controlnet/control_types").json()["control_types"];
  EXPECT_EQ(types["Canny"]["default_option"], "canny");
  EXPECT_EQ(types["Canny"]["default_model"], kName);
  EXPECT_EQ(types["Depth"]["default_option"], "none");
  EXPECT_EQ(types["Depth"]["default_model"], "None");
  EXPECT_EQ(types["Depth"]["model_list"], (Json{"None", kName})) << "the user knows which it is";
  EXPECT_EQ(types["All"]["model_list"], (Json{"None", kName}));
  for (const char* tab : {"txt2img", "img2img"})
    EXPECT_NE(client_.get("/sdapi/v1/scripts").json()[tab].dump().find("controlnet"),
              std::string::npos);
}

TEST_F(ControlNetApi, AUnitBecomesAControlNetOfTheJob) {
  const Answer answer = client_.post(
      "/sdapi/v1/txt2img", with_units({unit({{"weight", 0.8},
                                             {"guidance_start", 0.1},
                                             {"guidance_end", 0.6},
                                             {"threshold_a", 50},
                                             {"threshold_b", 300},
                                             {"control_mode", "My prompt is more important"},
                                             {"resize_mode", "Resize and Fill"},
                                             {"pixel_perfect", true},
                                             {"lowvram", true},
                                             {"unheard_of", 1}})}));
  ASSERT_EQ(answer.status, 200) << answer.body;
  const Json job = last_job(), control = job["request"]["control"][0];
  EXPECT_EQ(control["network"], "tiny_canny");
  EXPECT_EQ(control["preprocessor"], "canny");
  EXPECT_EQ(control["weight"], 0.8);
  EXPECT_EQ(control["start"], 0.1);
  EXPECT_EQ(control["end"], 0.6);
  EXPECT_EQ(control["mode"], "prompt");
  EXPECT_EQ(control["resize_mode"], "fill");
  EXPECT_EQ(control["threshold_a"], 50);
  EXPECT_EQ(control["threshold_b"], -1) << "beyond the slider: the usual one";
  EXPECT_EQ(job["inputs"]["control_1"].get<std::string>().size(), 64u);
  const Json images = answer.json()["images"];
  ASSERT_EQ(images.size(), 2u) << "the result, and what the ControlNet saw";
  const std::string map = *base64_decode(images[1].get<std::string>());
  EXPECT_EQ(decode_picture(as_bytes(map), "map").image.width, 64);
  const Json info = Json::parse(answer.json()["info"].get<std::string>());
  EXPECT_EQ(info["infotexts"].size(), 1u);
}

TEST_F(ControlNetApi, TakesWhatOldAndSloppyClientsSend) {
  const Answer answer =
      client_.post("/sdapi/v1/img2img",
                   with_units({nullptr,
                               {{"enabled", false}, {"model", "None"}},
                               {{"input_image", ""},
                                {"mask", nullptr},
                                {"module", "None"},
                                {"model", "TINY_CANNY"},
                                {"guidance", 0.5},
                                {"control_mode", {"Balanced"}},
                                {"resize_mode", 0},
                                {"threshold_a", 64},
                                {"save_detected_map", false}},
                               unit({{"image", {{"image", picture(16, 16)}, {"mask", ""}}},
                                     {"module", "lineart_standard (from white bg & black line)"},
                                     {"control_mode", 2},
                                     {"resize_mode", "Inner Fit (Scale to Fit)"}})},
                              {{"init_images", {picture(32, 32)}}}));
  ASSERT_EQ(answer.status, 200) << answer.body;
  const Json job = last_job(), control = job["request"]["control"];
  ASSERT_EQ(control.size(), 2u);
  EXPECT_EQ(control[0]["network"], "tiny_canny");
  EXPECT_EQ(control[0]["end"], 0.5);
  EXPECT_EQ(control[0]["resize_mode"], "stretch");
  EXPECT_EQ(control[0]["mode"], "balanced");
  EXPECT_EQ(control[0]["threshold_a"], -1) << "none has no threshold";
  EXPECT_EQ(control[1]["preprocessor"], "lineart");
  EXPECT_EQ(control[1]["mode"], "control");
  EXPECT_EQ(control[1]["resize_mode"], "crop");
  EXPECT_FALSE(job["inputs"].contains("control_1")) << "it looks at the source";
  EXPECT_TRUE(job["inputs"].contains("control_2"));
  EXPECT_EQ(answer.json()["images"].size(), 2u) << "one map was asked for";
}

TEST_F(ControlNetApi, AMaskMakesPartsOfThePictureClear) {
  Image mask(32, 32, 1, 0);
  mask.at(3, 3)[0] = 255;
  const std::string drawn = base64_encode(encode_text(mask, {}));
  for (const Json& given : std::vector<Json>{
           unit({{"module", "inpaint_only"}, {"mask", drawn}}),
           unit({{"module", "inpaint"}, {"image", {{"image", picture(32, 32)}, {"mask", drawn}}}}),
           unit({{"module", "inpaint"}, {"image", {picture(32, 32), drawn}}})}) {
    const Answer answer = client_.post("/sdapi/v1/txt2img", with_units({given}));
    ASSERT_EQ(answer.status, 200) << answer.body;
    const std::string hash = last_job()["inputs"]["control_1"];
    const std::string kept =
        read_whole_file(folder_ / "data/inputs" / hash.substr(0, 2) / (hash + ".png"));
    const Image image = decode_picture(as_bytes(kept), "kept").image;
    ASSERT_EQ(image.channels, 4);
    EXPECT_EQ(image.at(3, 3)[3], 0);
    EXPECT_EQ(image.at(4, 4)[3], 255);
  }
}

TEST_F(ControlNetApi, RefusesByNameWhatItCannotDo) {
  expect_refused({unit({{"module", "depth_midas"}})}, "depth_midas");
  expect_refused({unit({{"module", "no such module"}})}, "no such module");
  expect_refused({unit({{"model", "tiny_cany"}})}, "did you mean tiny_canny?");
  expect_refused({unit({{"model", "None"}})}, "model is None");
  expect_refused({unit({{"weight", 3}})}, "weight is 3");
  expect_refused({unit({{"weight", "much"}})}, "weight is");
  expect_refused({unit({{"guidance_start", 0.9}, {"guidance_end", 0.1}})}, "behind guidance_end");
  expect_refused({unit({{"control_mode", "Strong"}})}, "control_mode is");
  expect_refused({unit({{"resize_mode", 7}})}, "resize_mode is 7");
  expect_refused({unit({{"threshold_a", "x"}})}, "threshold_a is not a number");
  expect_refused({unit({{"module", 5}})}, "module is not a text");
  expect_refused({unit({{"image", ""}})}, "no image to look at");
  expect_refused({unit({{"image", 7}})}, "no picture in base64");
  expect_refused({unit({{"image", "!!!"}})}, "Invalid encoded image");
  expect_refused({unit({{"image", "https://example.com/x.png"}})}, "fetches no addresses");
  expect_refused({unit({{"image", {picture(8, 8), picture(8, 8), picture(8, 8)}}})}, "3 pictures");
  expect_refused({unit({{"mask", picture(32, 32)}})}, "only the module inpaint");
  expect_refused({unit({{"module", "inpaint"}, {"mask", picture(8, 8)}})}, "8x8");
  expect_refused({unit({{"effective_region_mask", picture(8, 8)}})}, "effective_region_mask");
  expect_refused({unit({{"hr_option", "Low res only"}})}, "hr_option", {{"enable_hr", true}});
  expect_refused({unit(), unit(), unit(), unit()}, "max_control_units");
  expect_refused({"a text"}, "expected an object");
  expect_refused({unit()}, "do not go with 'outpaint'",
                 {{"init_images", {picture(32, 32)}},
                  {"script_name", "Outpainting mk2"},
                  {"script_args", {"", 64, 8, {"left"}}}});
}

TEST_F(ControlNetApi, DetectShowsWhatAPreprocessorMakes) {
  const auto detect = [&](Json body) { return client_.post("/controlnet/detect", body); };
  const Answer answer = detect({{"controlnet_module", "canny"},
                                {"controlnet_input_images", {picture(64, 32), picture(32, 32)}},
                                {"controlnet_processor_res", 128}});
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.json()["info"], "Success");
  ASSERT_EQ(answer.json()["images"].size(), 2u);
  const std::string map = *base64_decode(answer.json()["images"][0].get<std::string>());
  const Image lines = decode_picture(as_bytes(map), "map").image;
  EXPECT_EQ(lines.width, 256);
  EXPECT_EQ(lines.height, 128);
  EXPECT_NE(std::count(lines.pixels.begin(), lines.pixels.end(), 255), 0) << "the square's edge";
  EXPECT_EQ(detect({{"controlnet_module", "none"}, {"controlnet_images", {picture(16, 16)}}})
                .json()["images"]
                .size(),
            1u);
  EXPECT_EQ(detect({{"controlnet_module", "inpaint"},
                    {"controlnet_input_images", {picture(16, 16)}},
                    {"controlnet_masks", {picture(16, 16, 1, 200)}}})
                .status,
            200);
  const auto refused = [&](const Json& body, const std::string& why) {
    const Answer refusal = detect(body);
    EXPECT_EQ(refusal.status, 422);
    EXPECT_NE(refusal.body.find(why), std::string::npos) << refusal.body;
  };
  refused({{"controlnet_module", "openpose"}, {"controlnet_input_images", {picture(8, 8)}}},
          "openpose");
  refused({{"controlnet_module", "canny"}}, "No image selected");
  refused({{"controlnet_module", "inpaint"}, {"controlnet_input_images", {picture(8, 8)}}},
          "requires `controlnet_masks`");
  refused({{"controlnet_module", "canny"}, {"controlnet_input_images", {"file:///etc/passwd"}}},
          "fetches no addresses");
  refused({{"controlnet_module", "canny"}, {"controlnet_input_images", "x"}}, "expected array");
}

}  // namespace
}  // namespace pentimento
