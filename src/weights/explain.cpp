#include "weights/explain.h"

#include <algorithm>
#include <array>

#include "weights/base_model.h"

namespace pentimento {
namespace {

// English, then Chinese.
struct Both {
  const char *en, *zh;
  const char* in(Language language) const { return language == Language::English ? en : zh; }
};

struct KindText {
  const char* kind;
  Both what, use;
};

// {} in `use` is the name without extension.
const std::array kTexts = {
    KindText{"checkpoint",
             {"a Stable Diffusion checkpoint: a whole model that makes pictures",
              "Stable Diffusion 大模型（checkpoint），可以直接生成图片"},
             {"put it into models/Stable-diffusion, or name it with --model",
              "放进 models/Stable-diffusion 文件夹，或用 --model 指定"}},
    KindText{"unet",
             {"the painting part (UNet) of a Stable Diffusion model, without its text encoder",
              "Stable Diffusion 模型的绘画部分（UNet），不含文本编码器"},
             {"name a whole checkpoint of its family with --text-encoder: it lends text encoder "
              "and VAE; "
              "for good: pentimento models set {} --text-encoder CHECKPOINT",
              "用 --text-encoder 指定一个同系列的完整 checkpoint，借用它的文本编码器和 VAE；"
              "长期设定：pentimento models set {} --text-encoder CHECKPOINT"}},
    KindText{"vae",
             {"a VAE: turns a model's latents into pixels; a better one gives cleaner colours",
              "VAE：把模型的潜变量变成像素，好的 VAE 色彩更干净"},
             {"put it into models/VAE and name it with --vae, or beside a model as "
              "MODEL.vae.safetensors",
              "放进 models/VAE 并用 --vae 指定，或放在模型旁边命名为 模型名.vae.safetensors"}},
    KindText{"tiny_vae",
             {"a tiny autoencoder (TAESD): a fast stand-in for a VAE",
              "小型自编码器（TAESD）：VAE 的快速替代品"},
             {"name it with --vae", "用 --vae 指定"}},
    KindText{"text_encoder",
             {"a text encoder: the part of a model that reads the prompt",
              "文本编码器：模型中读取提示词的部分"},
             {"name it with --text-encoder beside a UNet alone (SD 1.x, SD 2.x), with a VAE",
              "与单独的 UNet（SD 1.x、SD 2.x）一起用 --text-encoder 指定，并指定 VAE"}},
    KindText{"lora",
             {"a LoRA: a small change of style or subject laid over a model",
              "LoRA：叠加在大模型上的小改动（风格或人物）"},
             {"put it into models/Lora and write <lora:{}:0.8> into the prompt",
              "放进 models/Lora，在提示词里写 <lora:{}:0.8>"}},
    KindText{"embedding",
             {"a textual inversion (embedding): a new word for the prompt",
              "文本反演（embedding）：提示词里的一个新词"},
             {"put it into models/embeddings and write its name, {}, into a prompt",
              "放进 models/embeddings，在提示词里直接写它的名字 {}"}},
    KindText{"hypernetwork",
             {"a hypernetwork, an older kind of addition", "hypernetwork，一种较老的附加网络"},
             {"not supported; most have a LoRA that does the same",
              "不支持；通常能找到同样效果的 LoRA"}},
    KindText{"controlnet",
             {"a ControlNet: guides a model by edges, depth, pose or the like",
              "ControlNet：用边缘、深度、姿势等引导模型"},
             {"it is used beside a model of its family", "与同系列的大模型一起使用"}},
    KindText{
        "t2i_adapter",
        {"a T2I-Adapter: a light relative of ControlNet", "T2I-Adapter：ControlNet 的轻量同类"},
        {"it is used beside a model of its family", "与同系列的大模型一起使用"}},
    KindText{"ip_adapter",
             {"an IP-Adapter: lets a picture act as a prompt", "IP-Adapter：让图片充当提示词"},
             {"it is used beside a model of its family", "与同系列的大模型一起使用"}},
    KindText{"motion_module",
             {"a motion module (AnimateDiff): makes a model draw videos",
              "动作模块（AnimateDiff）：让模型生成视频"},
             {"not supported: this program makes pictures", "不支持：本程序只生成图片"}},
    KindText{"image_encoder",
             {"an image encoder (CLIP vision): reads pictures for IP-Adapters",
              "图像编码器（CLIP vision）：为 IP-Adapter 读取图片"},
             {"it is used together with an IP-Adapter", "与 IP-Adapter 一起使用"}},
    KindText{"upscaler",
             {"an upscaler (ESRGAN and the like): makes finished pictures larger",
              "放大模型（ESRGAN 等）：把成品图片放大"},
             {"put it into models/ESRGAN", "放进 models/ESRGAN"}},
    KindText{"face_restorer",
             {"a face restorer (GFPGAN, CodeFormer)", "面部修复模型（GFPGAN、CodeFormer）"},
             {"not supported", "不支持"}},
    KindText{
        "catvton",
        {"CatVTON's attention layers: for trying on clothes", "CatVTON 的注意力层：用于虚拟试衣"},
        {"it is used beside an SD 1.5 inpainting model", "与 SD 1.5 局部重绘模型一起使用"}},
    KindText{
        "flux",
        {"a Flux model", "Flux 模型"},
        {"Flux models are too large for what this program is made for; use SD 1.x, SD 2.x or SDXL",
         "本程序不运行 Flux；请使用 SD 1.x、SD 2.x 或 SDXL 模型"}},
    KindText{"sd3",
             {"a Stable Diffusion 3 model", "Stable Diffusion 3 模型"},
             {"not supported; use SD 1.x, SD 2.x or SDXL",
              "不支持；请使用 SD 1.x、SD 2.x 或 SDXL 模型"}},
    KindText{"transformer",
             {"a diffusion transformer, or a part of one", "扩散 Transformer 模型或其一部分"},
             {"not supported; use SD 1.x, SD 2.x or SDXL",
              "不支持；请使用 SD 1.x、SD 2.x 或 SDXL 模型"}},
    KindText{"other_diffusion",
             {"a relative of Stable Diffusion (unCLIP, depth-guided, Cascade …)",
              "Stable Diffusion 的近亲（unCLIP、深度引导、Cascade 等）"},
             {"not supported; use SD 1.x, SD 2.x or SDXL",
              "不支持；请使用 SD 1.x、SD 2.x 或 SDXL 模型"}},
    KindText{"onnx",
             {"an ONNX network", "ONNX 网络"},
             {"not used by this program; get the .safetensors version",
              "本程序不使用；请下载 .safetensors 版本"}},
    KindText{
        "ncnn",
        {"an ncnn network", "ncnn 网络"},
        {"of ncnn's networks this program uses those that enlarge pictures, by their .param file",
         "ncnn 网络中，本程序只使用放大图片的网络，请指定其 .param 文件"}},
    KindText{"unknown",
             {"a file of tensors of no kind that this program knows", "本程序不认识的张量文件"},
             {"its page may say what it is for", "请查看它的下载页说明"}},
};

const KindText* text_of(const std::string& kind) {
  const auto found =
      std::find_if(kTexts.begin(), kTexts.end(), [&](const auto& t) { return kind == t.kind; });
  return found == kTexts.end() ? nullptr : &*found;
}

std::string filled(std::string text, const std::string& name) {
  const size_t at = text.find("{}");
  return at == std::string::npos ? text : text.replace(at, 2, name);
}

// 859520964 -> "860 million", "8.6 亿".
std::string spoken_count(int64_t count, Language language) {
  if (language == Language::Chinese) {
    if (count < 100'000'000)
      return count < 10'000 ? std::to_string(count)
                            : std::to_string((count + 5'000) / 10'000) + " 万";
    const int64_t tenths = (count + 5'000'000) / 10'000'000;
    return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " 亿";
  }
  if (count < 1'000'000) return std::to_string(count);
  if (count < 10'000'000'000) return std::to_string((count + 500'000) / 1'000'000) + " million";
  return std::to_string(count / 1'000'000'000) + " billion";
}

std::string needs(const ModelSummary& s, Language language) {
  const bool is_part = s.kind == "lora" || s.kind == "embedding" || s.kind == "controlnet" ||
                       s.kind == "ip_adapter" || s.kind == "t2i_adapter" || s.kind == "vae" ||
                       s.kind == "catvton";
  if (!is_part || !s.readable) return "";
  const bool english = language == Language::English;
  if (s.base.empty())
    return s.kind == "vae"
               ? (english ? "a model of its family" : "同系列的大模型")
               : (english ? "a model of the family it was made for; the file does not say which"
                          : "制作时所用系列的大模型（文件没有写明）");
  return english ? "a model of " + spoken_base(s.base) : spoken_base(s.base) + " 系列的大模型";
}

std::string variant_text(const ModelSummary& s, Language language) {
  const Both text =
      s.variant == "inpaint"
          ? Both{"inpainting: repaints what a mask hides", "局部重绘模型：重画蒙版部分"}
      : s.variant == "edit"    ? Both{"edits a picture by instructions (instruct-pix2pix)",
                                   "按指令修改图片（instruct-pix2pix）"}
      : s.variant == "refiner" ? Both{"refiner", "精修模型（refiner）"}
                               : Both{"", ""};
  return text.in(language);
}

void add_facts(const ModelSummary& s, Language language, Explanation& e) {
  const auto add = [&](const Both& label, const std::string& value) {
    if (!value.empty()) e.facts.emplace_back(label.in(language), value);
  };
  const bool english = language == Language::English;
  add({"family", "系列"}, s.base.empty() || s.kind == "lora" ? "" : spoken_base(s.base));
  add({"made for", "适用系列"}, s.kind == "lora" ? spoken_base(s.base) : "");
  add({"variant", "类型"}, variant_text(s, language));
  add({"kind", "种类"}, s.method);
  if (s.distilled)
    add({"speed", "速度"},
        english ? "few steps (LCM, Turbo or the like)" : "少步数模型（LCM、Turbo 等）");
  if (s.prediction == "v_prediction") add({"predicts", "预测"}, "v");
  if (s.native_size_px > 0)
    add({"picture size", "图片尺寸"},
        std::to_string(s.native_size_px) + "x" + std::to_string(s.native_size_px));
  if (s.readable && s.tensors > 0)
    add({"parameters", "参数量"},
        english ? spoken_count(s.parameters, language) + " in " + std::to_string(s.tensors) +
                      " tensors, mostly " + s.precision
                : spoken_count(s.parameters, language) + "，" + std::to_string(s.tensors) +
                      " 个张量，主要为 " + s.precision);
  const TrainingFacts& t = s.training;
  add({"title", "标题"}, t.title);
  add({"author", "作者"}, t.author);
  add({"licence", "许可"}, t.license);
  std::string words;
  for (const std::string& word : t.trigger_words) words += (words.empty() ? "" : ", ") + word;
  add({"trigger words", "触发词"}, words);
  add({"trained on", "训练底模"}, t.base_model);
  add({"training size", "训练尺寸"}, t.resolution);
  if (t.images) add({"training pictures", "训练图片数"}, std::to_string(*t.images));
  if (t.clip_skip) add({"clip skip", "clip skip"}, std::to_string(*t.clip_skip));
  add({"trained", "训练日期"}, t.trained_on);
  std::string tags;
  for (size_t i = 0; i < std::min<size_t>(t.tags.size(), 8); ++i)
    tags += (i ? ", " : "") + t.tags[i].first;
  add({"frequent tags", "常见标签"}, tags);
}

// As a shell reads it back.
std::string quoted(const std::string& text) {
  if (text.find_first_of("\"$`\\!") == std::string::npos) return "\"" + text + "\"";
  std::string safe = "'";
  for (const char c : text)
    if (c == '\'')
      safe += "'\\''";
    else
      safe += c;
  return safe + "'";
}

// "MODEL" stands for a model of the family, where the reader has to choose one.
std::string example(const ModelSummary& s, const std::filesystem::path& path, Language language,
                    const std::string& chosen) {
  const bool unet_alone = s.kind == "unet" && s.readable && runs_here(s.base);
  if (!s.usable && !unet_alone) return "";
  const std::string start = "pentimento img2img photo.jpg", file = quoted(path.string());
  const std::string stem = path.stem().string(), folder = path.parent_path().string();
  const std::string where = quoted(folder.empty() ? "." : folder);
  const bool english = language == Language::English;
  const std::string other = !chosen.empty() ? quoted(chosen) : english ? "MODEL" : "大模型";
  const std::string model = " --model " + other, watercolour = " --prompt \"a watercolour\"";
  if (s.kind == "checkpoint") return start + " --model " + file + watercolour;
  if (unet_alone) return start + " --model " + file + " --text-encoder " + other + watercolour;
  if (s.kind == "vae" || s.kind == "tiny_vae")
    return start + model + " --vae " + file + watercolour;
  const std::string word =
      s.training.trigger_words.empty() ? "a portrait" : s.training.trigger_words[0];
  if (s.kind == "lora")
    return start + model + " --lora-dir " + where + " --prompt " +
           quoted(word + " <lora:" + stem + ":0.8>");
  if (s.kind == "embedding")
    return start + model + " --embeddings-dir " + where + " --prompt " +
           quoted("a photo, " + (s.word.empty() ? stem : s.word));
  if (s.kind == "controlnet") return start + model + " --control " + file + watercolour;
  if (s.kind == "upscaler") return "pentimento upscale photo.jpg --upscaler " + file;
  const std::string blend = "pentimento blend photo.jpg other.jpg" + model;
  if (s.kind == "ip_adapter")
    return blend + " --ip-adapter " + file + " --image-encoder " +
           (english ? "ENCODER" : "图像编码器");
  if (s.kind == "image_encoder")
    return blend + " --ip-adapter " + (english ? "ADAPTER" : "适配器") + " --image-encoder " + file;
  if (s.kind == "catvton")
    return "pentimento tryon garment.jpg --person person.jpg --person-mask mask.png --model " +
           std::string(english ? "INPAINTING_MODEL" : "局部重绘模型") + " --weights " + file;
  return "";
}

}  // namespace

Explanation explain(const ModelSummary& s, const std::filesystem::path& path, Language language,
                    const std::string& model) {
  Explanation e;
  const bool english = language == Language::English;
  if (const KindText* text = text_of(s.kind); text && s.readable) {
    e.what = text->what.in(language);
    e.use = filled(text->use.in(language), s.word.empty() ? path.stem().string() : s.word);
  } else {
    e.what = english ? "a file that cannot be read as a model" : "无法作为模型读取的文件";
  }
  e.needs = needs(s, language);
  e.example = example(s, path, language, model);
  const bool is_kind_alone = s.reason == "is " + s.kind_sentence;
  if (!s.usable && !is_kind_alone) e.problem = s.reason;
  if (!s.usable && !runs_here(s.base) && !english)
    e.problem = "适用于 " + spoken_base(s.base) + "，本程序不运行该系列";
  add_facts(s, language, e);
  return e;
}

}  // namespace pentimento
