// Writes a full-size Stable Diffusion checkpoint with random weights, f16, in the layout people
// have (CompVis single file): what benchmarks and memory measurements load.
//   make_model sd15 OUT.safetensors      2.1 GB
//   make_model sdxl OUT.safetensors      6.9 GB
// Weights are scaled by their fan-in and residual branches are damped, so activations stay finite.
#include <cmath>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <random>
#include <string>
#include <vector>

#include "base/half.h"
#include "base/tensor.h"

namespace {

using pentimento::Shape;

struct Entry {
  std::string name;
  Shape shape;
  double mean, deviation;
};

class Model {
 public:
  void tensor(const std::string& name, const Shape& shape, double mean, double deviation) {
    entries_.push_back({name, shape, mean, deviation});
  }
  void norm(const std::string& name, int64_t channels) {
    tensor(name + ".weight", {channels}, 1, 0.02);
    tensor(name + ".bias", {channels}, 0, 0.02);
  }
  void linear(const std::string& name, int64_t in, int64_t out, bool bias = true, double gain = 1) {
    tensor(name + ".weight", {out, in}, 0, gain / std::sqrt(static_cast<double>(in)));
    if (bias) tensor(name + ".bias", {out}, 0, 0.02);
  }
  void conv(const std::string& name, int64_t in, int64_t out, int64_t kernel, double gain = 1) {
    const auto fan_in = static_cast<double>(in * kernel * kernel);
    tensor(name + ".weight", {out, in, kernel, kernel}, 0, gain / std::sqrt(fan_in));
    tensor(name + ".bias", {out}, 0, 0.02);
  }
  void write(const std::string& path) const;

 private:
  std::vector<Entry> entries_;
};

void Model::write(const std::string& path) const {
  std::string header = "{\"__metadata__\":{\"format\":\"pt\"}";
  uint64_t offset = 0;
  for (const Entry& e : entries_) {
    const uint64_t end = offset + 2 * static_cast<uint64_t>(pentimento::element_count(e.shape));
    header += ",\"" + e.name + "\":{\"dtype\":\"F16\",\"shape\":" + pentimento::to_string(e.shape) +
              ",\"data_offsets\":[" + std::to_string(offset) + "," + std::to_string(end) + "]}";
    offset = end;
  }
  header += "}";
  header.resize((header.size() + 7) / 8 * 8, ' ');

  std::ofstream out(path, std::ios::binary);
  const uint64_t length = header.size();
  out.write(reinterpret_cast<const char*>(&length), sizeof length);
  out.write(header.data(), static_cast<std::streamsize>(header.size()));
  // A normal deviate for each 16 bits of a fast generator.
  std::mt19937_64 random(20240229);
  std::vector<float> normal(1 << 16);
  std::normal_distribution<float> distribution;
  for (float& v : normal) v = distribution(random);
  std::vector<uint16_t> values;
  for (const Entry& e : entries_) {
    values.resize(static_cast<size_t>(pentimento::element_count(e.shape)));
    uint64_t bits = 0;
    for (size_t i = 0; i < values.size(); ++i, bits >>= 16) {
      if (i % 4 == 0) bits = random();
      values[i] =
          pentimento::f32_to_f16(static_cast<float>(e.mean + e.deviation * normal[bits & 0xffff]));
    }
    out.write(reinterpret_cast<const char*>(values.data()),
              static_cast<std::streamsize>(2 * values.size()));
  }
  if (!out.flush()) throw std::runtime_error("cannot write " + path);
}

// --- UNet (CompVis names) ----------------------------------------------------------------------
struct UnetPlan {
  int64_t base, context, added;      // added 0: no label_emb
  std::vector<int64_t> multipliers;  // per level
  std::vector<int> depth;            // transformer layers per level
  int middle_depth;
  bool linear_projection;
};

constexpr double kBranch = 0.3;  // last layer of a residual branch

void resnet(Model& m, const std::string& p, int64_t in, int64_t out, int64_t time) {
  m.norm(p + ".in_layers.0", in);
  m.conv(p + ".in_layers.2", in, out, 3);
  m.linear(p + ".emb_layers.1", time, out);
  m.norm(p + ".out_layers.0", out);
  m.conv(p + ".out_layers.3", out, out, 3, kBranch);
  if (in != out) m.conv(p + ".skip_connection", in, out, 1);
}

void transformer(Model& m, const std::string& p, int64_t channels, int depth,
                 const UnetPlan& plan) {
  auto projection = [&](const std::string& name, double gain) {
    if (plan.linear_projection)
      m.linear(p + name, channels, channels, true, gain);
    else
      m.conv(p + name, channels, channels, 1, gain);
  };
  m.norm(p + ".norm", channels);
  projection(".proj_in", 1);
  for (int i = 0; i < depth; ++i) {
    const std::string b = p + ".transformer_blocks." + std::to_string(i);
    for (const auto& [name, width] : {std::pair{".attn1", channels}, {".attn2", plan.context}}) {
      m.linear(b + name + ".to_q", channels, channels, false);
      m.linear(b + name + ".to_k", width, channels, false);
      m.linear(b + name + ".to_v", width, channels, false);
      m.linear(b + name + ".to_out.0", channels, channels, true, kBranch);
    }
    m.linear(b + ".ff.net.0.proj", channels, 8 * channels);
    m.linear(b + ".ff.net.2", 4 * channels, channels, true, kBranch);
    for (const char* name : {".norm1", ".norm2", ".norm3"}) m.norm(b + name, channels);
  }
  projection(".proj_out", kBranch);
}

void unet(Model& m, const UnetPlan& plan) {
  const std::string p = "model.diffusion_model.";
  const int64_t time = 4 * plan.base;
  const size_t levels = plan.multipliers.size();
  m.linear(p + "time_embed.0", plan.base, time);
  m.linear(p + "time_embed.2", time, time);
  if (plan.added) {
    m.linear(p + "label_emb.0.0", plan.added, time);
    m.linear(p + "label_emb.0.2", time, time);
  }
  int block = 0;
  auto input = [&] { return p + "input_blocks." + std::to_string(block++); };
  m.conv(input() + ".0", 4, plan.base, 3);
  std::vector<int64_t> skips{plan.base};
  int64_t channels = plan.base;
  for (size_t level = 0; level < levels; ++level) {
    const int64_t out = plan.base * plan.multipliers[level];
    for (int i = 0; i < 2; ++i) {
      const std::string b = input();
      resnet(m, b + ".0", channels, out, time);
      if (plan.depth[level]) transformer(m, b + ".1", out, plan.depth[level], plan);
      skips.push_back(channels = out);
    }
    if (level + 1 == levels) break;
    m.conv(input() + ".0.op", channels, channels, 3);
    skips.push_back(channels);
  }
  resnet(m, p + "middle_block.0", channels, channels, time);
  transformer(m, p + "middle_block.1", channels, plan.middle_depth, plan);
  resnet(m, p + "middle_block.2", channels, channels, time);
  block = 0;
  for (size_t level = levels; level-- > 0;) {
    const int64_t out = plan.base * plan.multipliers[level];
    for (int i = 0; i < 3; ++i) {
      const std::string b = p + "output_blocks." + std::to_string(block++);
      resnet(m, b + ".0", channels + skips.back(), out, time);
      skips.pop_back();
      channels = out;
      if (plan.depth[level]) transformer(m, b + ".1", out, plan.depth[level], plan);
      if (level > 0 && i == 2) m.conv(b + (plan.depth[level] ? ".2.conv" : ".1.conv"), out, out, 3);
    }
  }
  m.norm(p + "out.0", plan.base);
  m.conv(p + "out.2", plan.base, 4, 3);
}

// --- VAE ---------------------------------------------------------------------------------------
void vae_resnet(Model& m, const std::string& p, int64_t in, int64_t out) {
  m.norm(p + ".norm1", in);
  m.conv(p + ".conv1", in, out, 3);
  m.norm(p + ".norm2", out);
  m.conv(p + ".conv2", out, out, 3, kBranch);
  if (in != out) m.conv(p + ".nin_shortcut", in, out, 1);
}

void vae_middle(Model& m, const std::string& p, int64_t channels) {
  vae_resnet(m, p + ".block_1", channels, channels);
  m.norm(p + ".attn_1.norm", channels);
  for (const char* name : {".attn_1.q", ".attn_1.k", ".attn_1.v"})
    m.conv(p + name, channels, channels, 1);
  m.conv(p + ".attn_1.proj_out", channels, channels, 1, kBranch);
  vae_resnet(m, p + ".block_2", channels, channels);
}

void vae(Model& m) {
  const int64_t widths[] = {128, 256, 512, 512};
  std::string p = "first_stage_model.encoder.";
  int64_t channels = widths[0];
  m.conv(p + "conv_in", 3, channels, 3);
  for (int level = 0; level < 4; ++level) {
    const std::string down = p + "down." + std::to_string(level);
    for (int i = 0; i < 2; ++i) {
      vae_resnet(m, down + ".block." + std::to_string(i), channels, widths[level]);
      channels = widths[level];
    }
    if (level < 3) m.conv(down + ".downsample.conv", channels, channels, 3);
  }
  vae_middle(m, p + "mid", channels);
  m.norm(p + "norm_out", channels);
  m.conv(p + "conv_out", channels, 8, 3);

  p = "first_stage_model.decoder.";
  m.conv(p + "conv_in", 4, channels, 3);
  vae_middle(m, p + "mid", channels);
  for (int level = 3; level >= 0; --level) {
    const std::string up = p + "up." + std::to_string(level);
    for (int i = 0; i < 3; ++i) {
      vae_resnet(m, up + ".block." + std::to_string(i), channels, widths[level]);
      channels = widths[level];
    }
    if (level > 0) m.conv(up + ".upsample.conv", channels, channels, 3);
  }
  m.norm(p + "norm_out", channels);
  m.conv(p + "conv_out", channels, 3, 3);
  m.conv("first_stage_model.quant_conv", 8, 8, 1);
  m.conv("first_stage_model.post_quant_conv", 4, 4, 1);
}

// --- text encoders -----------------------------------------------------------------------------
void clip(Model& m, const std::string& p, int64_t width, int layers) {
  m.tensor(p + "embeddings.token_embedding.weight", {49408, width}, 0, 0.02);
  m.tensor(p + "embeddings.position_embedding.weight", {77, width}, 0, 0.02);
  for (int i = 0; i < layers; ++i) {
    const std::string l = p + "encoder.layers." + std::to_string(i);
    for (const char* name : {".self_attn.q_proj", ".self_attn.k_proj", ".self_attn.v_proj"})
      m.linear(l + name, width, width);
    m.linear(l + ".self_attn.out_proj", width, width, true, kBranch);
    m.norm(l + ".layer_norm1", width);
    m.linear(l + ".mlp.fc1", width, 4 * width);
    m.linear(l + ".mlp.fc2", 4 * width, width, true, kBranch);
    m.norm(l + ".layer_norm2", width);
  }
  m.norm(p + "final_layer_norm", width);
}

void open_clip(Model& m, const std::string& p, int64_t width, int layers, int64_t projection) {
  m.tensor(p + "token_embedding.weight", {49408, width}, 0, 0.02);
  m.tensor(p + "positional_embedding", {77, width}, 0, 0.02);
  m.tensor(p + "text_projection", {width, projection}, 0,
           1 / std::sqrt(static_cast<double>(width)));
  for (int i = 0; i < layers; ++i) {
    const std::string l = p + "transformer.resblocks." + std::to_string(i);
    m.tensor(l + ".attn.in_proj_weight", {3 * width, width}, 0,
             1 / std::sqrt(static_cast<double>(width)));
    m.tensor(l + ".attn.in_proj_bias", {3 * width}, 0, 0.02);
    m.linear(l + ".attn.out_proj", width, width, true, kBranch);
    m.norm(l + ".ln_1", width);
    m.linear(l + ".mlp.c_fc", width, 4 * width);
    m.linear(l + ".mlp.c_proj", 4 * width, width, true, kBranch);
    m.norm(l + ".ln_2", width);
  }
  m.norm(p + "ln_final", width);
}

Model sd15() {
  Model m;
  unet(m, {.base = 320,
           .context = 768,
           .added = 0,
           .multipliers = {1, 2, 4, 4},
           .depth = {1, 1, 1, 0},
           .middle_depth = 1,
           .linear_projection = false});
  vae(m);
  clip(m, "cond_stage_model.transformer.text_model.", 768, 12);
  return m;
}

Model sdxl() {
  Model m;
  unet(m, {.base = 320,
           .context = 2048,
           .added = 2816,
           .multipliers = {1, 2, 4},
           .depth = {0, 2, 10},
           .middle_depth = 10,
           .linear_projection = true});
  vae(m);
  clip(m, "conditioner.embedders.0.transformer.text_model.", 768, 12);
  open_clip(m, "conditioner.embedders.1.model.", 1280, 32, 1280);
  return m;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string kind = argc == 3 ? argv[1] : "";
  if (kind != "sd15" && kind != "sdxl") {
    std::cerr << "usage: make_model sd15|sdxl OUT.safetensors\n";
    return 2;
  }
  (kind == "sd15" ? sd15() : sdxl()).write(argv[2]);
  return 0;
}
