#include "studio/fields.h"

#include <gtest/gtest.h>

#include "studio/coded_error.h"
#include "studio/request_json.h"

namespace pentimento {
namespace {

std::string code_of(const Json& json) {
  try {
    check(json, img2img_fields(true), "request");
    return "";
  } catch (const CodedError& error) {
    return error.code() + " " + error.field();
  }
}

TEST(Fields, AcceptNothingAndEverything) {
  EXPECT_EQ(code_of(Json::object()), "");
  EXPECT_EQ(code_of({{"prompt", "x"}, {"strength", 0.5}, {"steps", 20}, {"seed", nullptr}}), "");
  EXPECT_EQ(code_of({{"steps", 20.0}}), "") << "20.0 is a whole number";
}

TEST(Fields, NameTheClosestFieldWhenOneIsUnknown) {
  try {
    check({{"strenght", 0.5}}, img2img_fields(true), "request");
    FAIL();
  } catch (const CodedError& error) {
    EXPECT_EQ(error.code(), "unknown_field");
    EXPECT_NE(std::string(error.what()).find("did you mean strength?"), std::string::npos);
  }
}

TEST(Fields, RefuseWrongTypesAndRanges) {
  EXPECT_EQ(code_of({{"strength", "0.5"}}), "wrong_type request.strength");
  EXPECT_EQ(code_of({{"strength", 1.5}}), "out_of_range request.strength");
  EXPECT_EQ(code_of({{"steps", 20.5}}), "wrong_type request.steps");
  EXPECT_EQ(code_of({{"steps", 151}}), "out_of_range request.steps");
  EXPECT_EQ(code_of({{"prompt", 1}}), "wrong_type request.prompt");
  EXPECT_EQ(code_of({{"prompt", std::string(20001, 'x')}}), "out_of_range request.prompt");
  EXPECT_EQ(code_of({{"resize_mode", "squash"}}), "out_of_range request.resize_mode");
  EXPECT_EQ(code_of({{"fix_steps", 1}}), "wrong_type request.fix_steps");
  EXPECT_EQ(code_of(Json::array()), "wrong_type request");
}

TEST(Fields, CountCharactersNotBytes) {
  std::string text;
  for (int i = 0; i < 20000; ++i) text += "猫";
  EXPECT_EQ(code_of({{"prompt", text}}), "");
}

TEST(RequestJson, EveryFieldComesBackAsItWas) {
  Img2ImgJob job;
  Img2ImgRequest& r = job.request;
  job.choice.model = "m";
  job.choice.vae = "v";
  r.prompt = "p";
  r.negative_prompt = "n";
  r.strength = 0.3;
  r.fix_steps = true;
  r.steps = 7;
  r.sampler = "Euler a";
  r.scheduler = "Karras";
  r.cfg = 5.5;
  r.image_cfg = 2;
  r.width = 256;
  r.height = 320;
  r.resize_mode = ResizeMode::Fill;
  r.batch = 3;
  r.seed = 4294967295u;
  r.subseed = 2;
  r.subseed_strength = 0.1;
  r.seed_resize_width = 64;
  r.seed_resize_height = 128;
  r.eta_noise_seed_delta = 31337;
  r.rng = RngSource::Nv;
  r.clip_skip = 2;
  r.emphasis = Emphasis::NoNorm;
  r.eta = 0.5;
  r.s_churn = 1;
  r.s_tmin = 2;
  r.s_tmax = 3;
  r.s_noise = 0.9;
  r.sigma_min = 0.1;
  r.sigma_max = 12;
  r.rho = 6;
  r.initial_noise_multiplier = 1.1;
  r.extra_noise = 0.2;
  r.color_correction = true;
  const Json json = img2img_job_to_json(job);
  EXPECT_NO_THROW(check(json, img2img_fields(true)));
  EXPECT_EQ(img2img_job_to_json(img2img_job_from_json(json)), json);
  EXPECT_EQ(img2img_job_from_json(json).request.emphasis, Emphasis::NoNorm);
}

TEST(RequestJson, TheTableNamesExactlyTheFieldsThatAreMapped) {
  const Json json = img2img_job_to_json({});
  const auto fields = img2img_fields(true);
  EXPECT_EQ(json.size(), fields.size());
  for (const Field& field : fields) EXPECT_TRUE(json.contains(field.name)) << field.name;
}

TEST(RequestJson, TheTablesDefaultsAreTheRequestsOwn) {
  Json defaults = with_defaults(Json::object(), img2img_fields(true));
  const Json own = img2img_job_to_json({});
  for (const auto& [name, value] : own.items()) EXPECT_EQ(value, defaults[name]) << name;
}

TEST(ParseJson, RefusesWhatIsNotJson) {
  for (const std::string& text :
       {std::string("{"), std::string(""), std::string("{\"a\":NaN}"),
        std::string("{\"a\":\"\xff\"}"), std::string("{\"a\":1e999}"), std::string(100000, '[')}) {
    try {
      parse_json(text);
      ADD_FAILURE() << text.substr(0, 40);
    } catch (const CodedError& error) {
      EXPECT_EQ(error.code(), "bad_json");
    }
  }
}

TEST(ClosestWord, FindsMisspellingsOnly) {
  EXPECT_EQ(closest_word("promt", {"prompt", "steps"}), "prompt");
  EXPECT_FALSE(closest_word("zzzzzz", {"prompt", "steps"}));
}

}  // namespace
}  // namespace pentimento
