// AUTOMATIC1111's and OpenAI's interfaces over real HTTP.
#include <gtest/gtest.h>

#include <thread>

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

class Compatible : public ::testing::Test {
 protected:
  std::string png(int channels = 3) { return encode_text(Image(32, 32, channels, 90), {}); }
  testing::TempDir folder_;
  FakeServer server_{folder_.path(), [](ServeOptions&) {}, 5};
  Client client_{server_.port()};
};

TEST_F(Compatible, Img2ImgAnswersAsTheOriginalDoes) {
  const Answer answer = client_.post(
      "/sdapi/v1/img2img", {{"init_images", {"data:image/png;base64," + base64_encode(png())}},
                            {"prompt", "a cat"},
                            {"seed", 42},
                            {"width", 64},
                            {"height", 64},
                            {"steps", 3},
                            {"n_iter", 2},
                            {"sampler_name", "no such sampler"},
                            {"unknown_field", 1},
                            {"cfg_scale", nullptr}});
  ASSERT_EQ(answer.status, 200) << answer.body;
  const Json json = answer.json();
  EXPECT_EQ(json["images"].size(), 2u);
  EXPECT_TRUE(json["parameters"]["init_images"].is_null());
  const Json info = Json::parse(json["info"].get<std::string>());
  EXPECT_EQ(info["seed"], 42);
  EXPECT_EQ(info["all_seeds"], (Json{42, 43}));
  EXPECT_EQ(info["cfg_scale"], 7.0);
  EXPECT_EQ(info["infotexts"].size(), 2u);
  const std::string file = *base64_decode(json["images"][0].get<std::string>());
  EXPECT_EQ(decode_picture(as_bytes(file), "x").text.count("parameters"), 1u);
}

TEST_F(Compatible, RefusesAsTheOriginalDoes) {
  EXPECT_EQ(client_.post("/sdapi/v1/img2img", Json::object()).status, 404);
  EXPECT_EQ(client_.post("/sdapi/v1/img2img", {{"init_images", {"!!!"}}}).status, 422);
  EXPECT_EQ(client_.post("/sdapi/v1/txt2img", {{"steps", "many"}}).status, 422);
  EXPECT_EQ(client_.post("/sdapi/v1/txt2img", {{"steps", 100000}}).status, 422);
  EXPECT_EQ(client_.post("/sdapi/v1/txt2img", {{"script_name", "nope"}}).json()["detail"],
            "Script 'nope' not found");
  for (const char* address :
       {"http://127.0.0.1/x.png", "https://example.com/x.png", "file:///etc/passwd"}) {
    const Answer answer = client_.post("/sdapi/v1/img2img", {{"init_images", {address}}});
    EXPECT_EQ(answer.status, 422);
    EXPECT_NE(answer.body.find("fetches no addresses"), std::string::npos);
  }
}

TEST_F(Compatible, HiresFixIsASecondPassOfTheJob) {
  const auto request_of = [&](Json body) {
    body.update({{"steps", 2}, {"width", 64}, {"height", 64}});
    const Answer answer = client_.post("/sdapi/v1/txt2img", body);
    EXPECT_EQ(answer.status, 200) << answer.body;
    return client_.get("/api/v1/jobs?limit=1").json()["items"][0]["request"];
  };
  Json r = request_of({{"enable_hr", true}});
  EXPECT_EQ(r["hires"], true);
  EXPECT_EQ(r["hires_scale"], 2.0);
  EXPECT_EQ(r["hires_upscaler"], "Latent");
  EXPECT_EQ(r["hires_strength"], 0.75);
  r = request_of({{"enable_hr", true},
                  {"denoising_strength", 0.4},
                  {"hr_upscaler", "Lanczos"},
                  {"hr_resize_x", 128},
                  {"hr_second_pass_steps", 5},
                  {"hr_sampler_name", "Use same sampler"},
                  {"hr_scheduler", "Karras"},
                  {"hr_prompt", "finer"}});
  EXPECT_EQ(r["hires_width"], 128);
  EXPECT_EQ(r["hires_strength"], 0.4);
  EXPECT_EQ(r["hires_upscaler"], "Lanczos");
  EXPECT_EQ(r["hires_steps"], 5);
  EXPECT_EQ(r["hires_sampler"], "");
  EXPECT_EQ(r["hires_scheduler"], "Karras");
  EXPECT_EQ(r["hires_prompt"], "finer");
  r = request_of({{"enable_hr", false}, {"hr_scale", 2}});
  EXPECT_EQ(r["hires"], false);
  EXPECT_EQ(
      client_.post("/sdapi/v1/txt2img", {{"enable_hr", true}, {"hr_checkpoint_name", "x"}}).status,
      422);
}

TEST_F(Compatible, ScriptsAreNamedAndTakeTheirArgumentsByPlace) {
  const Json info = client_.get("/sdapi/v1/script-info").json();
  const auto soft = std::find_if(info.begin(), info.end(),
                                 [](const Json& s) { return s["name"] == "soft inpainting"; });
  ASSERT_NE(soft, info.end());
  EXPECT_EQ((*soft)["is_alwayson"], true);
  EXPECT_EQ((*soft)["args"][3]["value"], 4);
  const auto status = [&](const Json& scripts) {
    return client_
        .post("/sdapi/v1/txt2img",
              {{"alwayson_scripts", scripts}, {"steps", 1}, {"width", 64}, {"height", 64}})
        .status;
  };
  EXPECT_EQ(status({{"soft inpainting", {{"args", {true, 1}}}}}), 200) << "no mask: no effect";
  EXPECT_EQ(status({{"ADetailer", {{"args", {false}}}}}), 200) << "switched off";
  EXPECT_EQ(status({{"ADetailer", {{"args", {true}}}}}), 422);
  EXPECT_EQ(client_.post("/sdapi/v1/txt2img", {{"script_name", "Soft Inpainting"}}).status, 422)
      << "it is always on, not chosen";
}

TEST_F(Compatible, LoopbackIsAJobOfItsOwn) {
  Json body = {{"init_images", {base64_encode(png())}},
               {"steps", 1},
               {"width", 64},
               {"height", 64},
               {"script_name", "Loopback"},
               {"script_args", {3, 0.2, "Lazy"}}};
  const Answer answer = client_.post("/sdapi/v1/img2img", body);
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.json()["images"].size(), 3u);
  const Json job = client_.get("/api/v1/jobs?limit=1").json()["items"][0];
  EXPECT_EQ(job["kind"], "loopback");
  EXPECT_EQ(job["request"]["loops"], 3);
  EXPECT_EQ(job["request"]["final_strength"], 0.2);
  EXPECT_EQ(job["request"]["curve"], "lazy");
  body["script_args"] = {100};
  EXPECT_EQ(client_.post("/sdapi/v1/img2img", body).status, 422);
  body["script_args"] = {"many"};
  EXPECT_EQ(client_.post("/sdapi/v1/img2img", body).status, 422);
  body["script_args"] = {2, 0.5, "Linear", "CLIP"};
  EXPECT_EQ(client_.post("/sdapi/v1/img2img", body).status, 422);
}

TEST_F(Compatible, OutpaintingScriptsAreTheJobOutpaint) {
  Json body = {{"init_images", {base64_encode(png())}},
               {"steps", 1},
               {"script_name", "Outpainting mk2"},
               {"script_args", {"", 64, 6, {"left", "down"}, 1.5, 0.1}}};
  const Answer answer = client_.post("/sdapi/v1/img2img", body);
  ASSERT_EQ(answer.status, 200) << answer.body;
  Json job = client_.get("/api/v1/jobs?limit=1").json()["items"][0];
  EXPECT_EQ(job["kind"], "outpaint");
  EXPECT_EQ(job["request"]["left"], "64");
  EXPECT_EQ(job["request"]["right"], "0");
  EXPECT_EQ(job["request"]["bottom"], "64");
  EXPECT_EQ(job["request"]["feather"], 6);
  EXPECT_EQ(job["request"]["fill"], "noise");
  EXPECT_EQ(job["request"]["noise_detail"], 1.5);
  EXPECT_EQ(job["request"]["noise_colour"], 0.1);
  body["script_name"] = "poor man's outpainting";
  body["script_args"] = {128, 4, "fill", {"up"}};
  EXPECT_EQ(client_.post("/sdapi/v1/img2img", body).status, 200);
  job = client_.get("/api/v1/jobs?limit=1").json()["items"][0];
  EXPECT_EQ(job["request"]["top"], "128");
  EXPECT_EQ(job["request"]["fill"], "blur");
}

TEST_F(Compatible, SoftInpaintingIsPartOfTheInpaintJob) {
  const std::string image = base64_encode(png());
  const Answer answer = client_.post(
      "/sdapi/v1/img2img",
      {{"init_images", {image}},
       {"mask", image},
       {"steps", 1},
       {"mask_blur_x", 3},
       {"mask_blur_y", 7},
       {"alwayson_scripts", {{"Soft inpainting", {{"args", {true, 2, 0.25, 8, 0.5}}}}}}});
  ASSERT_EQ(answer.status, 200) << answer.body;
  const Json r = client_.get("/api/v1/jobs?limit=1").json()["items"][0]["request"];
  EXPECT_EQ(r["soft"], true);
  EXPECT_EQ(r["soft_schedule_bias"], 2);
  EXPECT_EQ(r["soft_preservation"], 0.25);
  EXPECT_EQ(r["soft_transition_contrast"], 8);
  EXPECT_EQ(r["soft_mask_influence"], 0.5);
  EXPECT_EQ(r["soft_difference_threshold"], 0.5) << "what is missing keeps its default";
  EXPECT_EQ(r["mask_blur_x"], 3);
  EXPECT_EQ(r["mask_blur_y"], 7);
}

TEST_F(Compatible, XyzPlotIsTheJobGrid) {
  Json body = {{"init_images", {base64_encode(png())}},
               {"steps", 1},
               {"width", 64},
               {"height", 64},
               {"script_name", "x/y/z plot"},
               {"script_args", {24, "0.3,0.5", nullptr, "Sampler", "", {"Euler a", "DDIM"}}}};
  const Answer answer = client_.post("/sdapi/v1/img2img", body);
  ASSERT_EQ(answer.status, 200) << answer.body;
  const Json job = client_.get("/api/v1/jobs?limit=1").json()["items"][0];
  EXPECT_EQ(job["kind"], "grid");
  EXPECT_EQ(job["request"]["x"], "Denoising=0.3,0.5");
  EXPECT_EQ(job["request"]["y"], "Sampler=\"Euler a\",\"DDIM\"");
  EXPECT_EQ(job["request"]["z"], "");
  body["script_args"] = {99, "1"};
  EXPECT_EQ(client_.post("/sdapi/v1/img2img", body).status, 422);
}

TEST_F(Compatible, XyzPlotCountsTheDirectionsOfItsTab) {
  const Answer answer =
      client_.post("/sdapi/v1/txt2img", {{"steps", 1},
                                         {"width", 64},
                                         {"height", 64},
                                         {"script_name", "X/Y/Z plot"},
                                         {"script_args", {6, "5,7", nullptr, 22, "0,1"}}});
  ASSERT_EQ(answer.status, 200) << answer.body;
  const Json job = client_.get("/api/v1/jobs?limit=1").json()["items"][0];
  EXPECT_EQ(job["kind"], "grid");
  EXPECT_TRUE(job["inputs"].empty()) << "from words alone";
  EXPECT_EQ(job["request"]["x"], "CFG Scale=5,7") << "Hires steps come before it in this tab";
  EXPECT_EQ(job["request"]["y"], "Beta schedule beta=0,1");
  const Answer varied = client_.post(
      "/sdapi/v1/txt2img",
      {{"script_name", "X/Y/Z plot"},
       {"script_args", {1, "1", "", 0, "", "", 0, "", "", true, false, false, false, true}}});
  EXPECT_EQ(varied.status, 422);
}

TEST_F(Compatible, SdUpscaleIsTheJobRefine) {
  Json body = {{"init_images", {base64_encode(png())}},
               {"steps", 1},
               {"width", 64},
               {"height", 128},
               {"n_iter", 2},
               {"batch_size", 3},
               {"denoising_strength", 0.3},
               {"script_name", "SD upscale"},
               {"script_args", {"", 32, "Lanczos", 2.5}}};
  ASSERT_EQ(client_.post("/sdapi/v1/img2img", body).status, 200);
  const Json job = client_.get("/api/v1/jobs?limit=1").json()["items"][0];
  EXPECT_EQ(job["kind"], "refine");
  EXPECT_EQ(job["request"]["overlap"], 32);
  EXPECT_EQ(job["request"]["upscaler"], "Lanczos");
  EXPECT_EQ(job["request"]["scale"], 2.5);
  EXPECT_EQ(job["request"]["width"], 64) << "of a tile";
  EXPECT_EQ(job["request"]["height"], 128);
  EXPECT_EQ(job["request"]["batch"], 2) << "a batch is of tiles";
  EXPECT_EQ(job["request"]["strength"], 0.3);
  EXPECT_EQ(job["request"]["match_colours"], false);
  body["script_args"] = {nullptr, 64, 2};
  ASSERT_EQ(client_.post("/sdapi/v1/img2img", body).status, 200);
  const Json by_number = client_.get("/api/v1/jobs?limit=1").json()["items"][0]["request"];
  EXPECT_EQ(by_number["upscaler"], "Nearest");
  EXPECT_EQ(by_number["scale"], 2.0);
  body["script_args"] = {nullptr, 64, "LDSR"};
  const Answer unknown = client_.post("/sdapi/v1/img2img", body);
  EXPECT_EQ(unknown.status, 404);
  EXPECT_NE(unknown.body.find("LDSR"), std::string::npos);
  body["script_args"] = {nullptr, "wide", 0};
  EXPECT_EQ(client_.post("/sdapi/v1/img2img", body).status, 422);
}

TEST_F(Compatible, AMaskMakesItInpainting) {
  const std::string image = base64_encode(png());
  const Answer answer = client_.post("/sdapi/v1/img2img", {{"init_images", {image}},
                                                           {"mask", base64_encode(png(1))},
                                                           {"width", 64},
                                                           {"height", 64},
                                                           {"steps", 2},
                                                           {"mask_blur", 8}});
  ASSERT_EQ(answer.status, 200) << answer.body;
  const Json job = client_.get("/api/v1/jobs").json()["items"][0];
  EXPECT_EQ(job["kind"], "inpaint");
  EXPECT_EQ(job["request"]["mask_blur"], 8);
  EXPECT_EQ(job["request"]["masked_content"], "fill");
  EXPECT_EQ(job["request"]["only_masked"], true);
}

TEST_F(Compatible, ProgressShowsTheRunningJobAndInterruptEndsIt) {
  EXPECT_EQ(client_.get("/sdapi/v1/progress").json()["state"]["job_count"], 0);
  std::thread asking([&] {
    Client other(server_.port());
    EXPECT_EQ(other
                  .post("/sdapi/v1/txt2img",
                        {{"prompt", "wait"}, {"width", 64}, {"height", 64}, {"n_iter", 2}})
                  .status,
              200);
  });
  Json progress;
  for (int i = 0; i < 500; ++i) {
    progress = client_.get("/sdapi/v1/progress").json();
    if (progress["progress"] > 0.0 && !progress["current_image"].is_null()) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_GT(progress["progress"], 0.0);
  EXPECT_TRUE(progress["current_image"].is_string());
  EXPECT_EQ(client_.send("POST", "/sdapi/v1/interrupt", "", "application/json").status, 200);
  asking.join();
}

TEST_F(Compatible, OptionsTakeBackEverythingTheyGive) {
  const Json options = client_.get("/sdapi/v1/options").json();
  EXPECT_EQ(options["sd_model_checkpoint"], "tiny.safetensors [0123456789]");
  EXPECT_EQ(client_.post("/sdapi/v1/options", options).status, 200);
  EXPECT_EQ(client_.post("/sdapi/v1/options", {{"CLIP_stop_at_last_layers", 2}}).body, "null");
  EXPECT_EQ(client_.get("/sdapi/v1/options").json()["CLIP_stop_at_last_layers"], 2);
  EXPECT_EQ(client_.post("/sdapi/v1/options", {{"no_such_option", 2}}).status, 422);
  EXPECT_EQ(client_.post("/sdapi/v1/options", {{"sd_model_checkpoint", "no such model"}}).status,
            404);
}

TEST_F(Compatible, ListsHaveTheShapesThatClientsRead) {
  EXPECT_EQ(client_.get("/sdapi/v1/sd-models").json()[0]["title"], "tiny.safetensors [0123456789]");
  EXPECT_EQ(client_.get("/sdapi/v1/upscalers").json()[1]["name"], "Lanczos");
  EXPECT_EQ(client_.get("/sdapi/v1/latent-upscale-modes").json().size(), 6u);
  EXPECT_FALSE(client_.get("/sdapi/v1/samplers").json().empty());
  EXPECT_EQ(client_.get("/sdapi/v1/schedulers").json()[0]["label"], "Automatic");
  EXPECT_TRUE(client_.get("/sdapi/v1/embeddings").json()["loaded"].is_object());
  for (const char* path : {"hypernetworks", "face-restorers", "sd-vae", "loras", "prompt-styles",
                           "script-info", "extensions"})
    EXPECT_TRUE(client_.get(std::string("/sdapi/v1/") + path).json().is_array()) << path;
  EXPECT_TRUE(client_.get("/sdapi/v1/memory").json().contains("ram"));
  EXPECT_EQ(client_.send("POST", "/sdapi/v1/skip", "", "").body, "null");
  EXPECT_EQ(client_.send("POST", "/sdapi/v1/server-kill", "", "").status, 404);
}

TEST_F(Compatible, ExtrasEnlargeAndPngInfoReads) {
  const Json one = client_
                       .post("/sdapi/v1/extra-single-image", {{"image", base64_encode(png())},
                                                              {"upscaler_1", "Lanczos"},
                                                              {"upscaling_resize", 2}})
                       .json();
  const std::string large = *base64_decode(one["image"].get<std::string>());
  EXPECT_EQ(decode_picture(as_bytes(large), "x").image.width, 64);
  const Json many = client_
                        .post("/sdapi/v1/extra-batch-images",
                              {{"imageList", {{{"data", base64_encode(png())}, {"name", "a"}}}},
                               {"upscaler_1", "Nearest"}})
                        .json();
  EXPECT_EQ(many["images"].size(), 1u);
  EXPECT_EQ(client_
                .post("/sdapi/v1/extra-single-image",
                      {{"image", base64_encode(png())}, {"upscaler_1", "SwinIR"}})
                .status,
            404);
  const std::string marked = encode_text(
      Image(8, 8, 3),
      {.text = {{"parameters", "a cat\nSteps: 20, Sampler: Euler, CFG scale: 7, Size: 8x8"}}});
  const Json info = client_.post("/sdapi/v1/png-info", {{"image", base64_encode(marked)}}).json();
  EXPECT_EQ(info["parameters"]["Size-1"], "8");
  EXPECT_EQ(info["parameters"]["Clip skip"], "1");
}

TEST_F(Compatible, OpenAiGeneratesEditsAndVaries) {
  const Json made =
      client_
          .post("/v1/images/generations",
                {{"prompt", "a cat"}, {"n", 2}, {"size", "64x64"}, {"model", "dall-e-2"}})
          .json();
  EXPECT_EQ(made["data"].size(), 2u);
  EXPECT_TRUE(made["data"][0]["b64_json"].is_string());
  const auto form = [&](const std::string& path, httplib::MultipartFormDataItems items) {
    return client_.http().Post(path, items);
  };
  EXPECT_EQ(form("/v1/images/edits", {{"image", png(), "a.png", "image/png"},
                                      {"prompt", "x", "", ""},
                                      {"size", "64x64", "", ""},
                                      {"n", "1", "", ""}})
                ->status,
            200);
  EXPECT_EQ(form("/v1/images/edits", {{"image", png(), "a.png", "image/png"},
                                      {"mask", png(4), "m.png", "image/png"},
                                      {"prompt", "x", "", ""}})
                ->status,
            200);
  EXPECT_EQ(form("/v1/images/variations",
                 {{"image", png(), "a.png", "image/png"}, {"response_format", "url", "", ""}})
                ->status,
            200);
  EXPECT_EQ(form("/v1/images/variations", {{"prompt", "x", "", ""}})->status, 422);
  EXPECT_EQ(client_.get("/v1/models").json()["data"][0]["id"], "tiny");
  const Answer bad = client_.post("/v1/images/generations", {{"prompt", "x"}, {"size", "axb"}});
  EXPECT_EQ(bad.status, 422);
  EXPECT_EQ(bad.json()["error"]["type"], "invalid_request_error");
}

}  // namespace
}  // namespace pentimento
