// A picture from the user's disk, clipboard or camera, on its way to the server. The server reads
// PNG, JPEG and WebP; whatever else this browser can show (AVIF, GIF, BMP, on Apple's also HEIC) is
// written as PNG first.
import { ApiError, type Client } from "./client";
import type { InputInfo } from "./types";

const kWorthAsking = 4_000_000;
const understood = new Set(["image/png", "image/jpeg", "image/webp"]);

const rewritten = async (file: Blob): Promise<Blob> => {
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(file);
  } catch {
    throw new ApiError(422, "bad_picture", "this browser cannot read the file as a picture");
  }
  const canvas = document.createElement("canvas");
  canvas.width = bitmap.width;
  canvas.height = bitmap.height;
  canvas.getContext("2d")?.drawImage(bitmap, 0, 0);
  bitmap.close();
  return canvasBlob(canvas);
};

export const canvasBlob = (canvas: HTMLCanvasElement, type = "image/png"): Promise<Blob> =>
  new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new ApiError(0, "bad_picture", "the picture is too large for this browser"))), type);
  });

// SHA-256 in hexadecimal; null where the browser offers none (plain http over a LAN).
const hashOf = async (blob: Blob): Promise<string | null> => {
  if (!globalThis.crypto?.subtle) return null;
  const digest = await crypto.subtle.digest("SHA-256", await blob.arrayBuffer());
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
};

export const uploadPicture = async (client: Client, file: Blob, name: string): Promise<InputInfo> => {
  const picture = understood.has(file.type) ? file : await rewritten(file);
  // The server knows a picture by its bytes; asking first saves time only for large ones.
  const sha256 = picture.size > kWorthAsking ? await hashOf(picture) : null;
  if (sha256) {
    try {
      return await client.input(sha256);
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 404)) throw error;
    }
  }
  return client.upload(picture, name);
};
