// What works beside the tiny model, as files made of what tests/golden/models_*.py stored: a
// ControlNet, an IP-Adapter with its image encoder, and CatVTON with the checkpoint it goes into
// (as tests/pipelines/add_on_files.h makes them).
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

interface Tensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly bytes: Buffer;
}
type Tensors = Map<string, Tensor>;

const read = (path: string, under = ""): Tensors => {
  const file = readFileSync(path);
  const begin = 8 + Number(file.readBigUInt64LE());
  const header = JSON.parse(file.toString("utf8", 8, begin)) as Record<string, { dtype: string; shape: number[]; data_offsets: [number, number] }>;
  const tensors: Tensors = new Map();
  for (const [name, { dtype, shape, data_offsets: [from, to] }] of Object.entries(header).filter(([key]) => key !== "__metadata__" && key.startsWith(under)))
    tensors.set(name.slice(under.length), { dtype, shape, bytes: file.subarray(begin + from, begin + to) });
  return tensors;
};

const write = (path: string, tensors: Tensors): void => {
  let at = 0;
  const header = Object.fromEntries([...tensors].map(([name, { dtype, shape, bytes }]) => [name, { dtype, shape, data_offsets: [at, (at += bytes.length)] }]));
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  writeFileSync(path, Buffer.concat([length, text, ...[...tensors.values()].map(({ bytes }) => bytes)]));
};

const kUnet = "unet/diffusion_pytorch_model.safetensors";

// The tiny model with nine input channels, as an inpainting checkpoint has.
const writeWide = (golden: string, folder: string): void => {
  cpSync(join(golden, "pipelines_sd1"), folder, { recursive: true });
  const config = join(folder, "unet/config.json");
  writeFileSync(config, readFileSync(config, "utf8").replace('"in_channels": 4', '"in_channels": 9'));
  const tensors = read(join(folder, kUnet));
  for (const [name, tensor] of read(join(golden, "models_catvton.safetensors"), "unet/")) if (name.startsWith("conv_in.")) tensors.set(name, tensor);
  write(join(folder, kUnet), tensors);
};

// The tiny CLIP with a vocabulary as large as the tokenizer's: its few rows over and over.
const clipThatReads = (tensors: Tensors): Tensors => {
  const name = "text_model.embeddings.token_embedding.weight";
  const words = tensors.get(name);
  if (!words) return tensors;
  const [rows = 1, width = 1] = words.shape;
  const row = words.bytes.length / rows;
  const bytes = Buffer.alloc(49408 * row);
  for (let i = 0; i < 49408; i += 1) words.bytes.copy(bytes, i * row, (i % rows) * row, ((i % rows) + 1) * row);
  return tensors.set(name, { ...words, shape: [49408, width], bytes });
};

export const writeAddOns = (golden: string, models: string): void => {
  for (const name of ["ControlNet", "ipadapter", "clip_vision/clip", "CatVTON"]) mkdirSync(join(models, name), { recursive: true });
  const control = read(join(golden, "models_control.safetensors"), "sd1/");
  for (const [name, tensor] of read(join(golden, "pipelines_sd1", kUnet))) if (!/^(up_blocks|conv_norm_out|conv_out)\./.test(name)) control.set(name, tensor);
  write(join(models, "ControlNet/tiny_canny.safetensors"), control);
  const prompts = join(golden, "models_image_prompts.safetensors");
  write(join(models, "ipadapter/ip_plain.safetensors"), read(prompts, "plain/"));
  write(join(models, "clip_vision/clip/model.safetensors"), clipThatReads(read(prompts, "clip/")));
  writeFileSync(join(models, "clip_vision/clip/config.json"), JSON.stringify({ model_type: "clip", vision_config: { num_attention_heads: 2 }, text_config: { num_attention_heads: 2 } }));
  write(join(models, "CatVTON/tiny_catvton.safetensors"), read(join(golden, "models_catvton.safetensors"), "attention/"));
  writeWide(golden, join(models, "tiny_wide"));
};
