#!/usr/bin/env python3
"""Clients that others wrote, against the real server over fake runners.

webuiapi and sd-backend-client (AUTOMATIC1111), openai (images), schemathesis (the native interface, described by its own
OpenAPI document: no answer may be a 5xx).
"""
import base64
import io
import pathlib
import subprocess
import sys
import tempfile
import time

import openai
import sd_backend_client as sdbc
import webuiapi
from PIL import Image


class Server:
    def __init__(self, program: str, folder: str, *words: str) -> None:
        self.process = subprocess.Popen([program, folder, "1", *words], stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        assert line.startswith("listening on "), line
        self.url = line.split()[-1]
        self.port = int(self.url.rsplit(":", 1)[1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(timeout=30)


def photo(mode: str = "RGB") -> Image.Image:
    return Image.new(mode, (64, 64), (200, 120, 40) if mode == "RGB" else (200, 120, 40, 0))


def check_webuiapi(server: Server) -> None:
    api = webuiapi.WebUIApi(host="127.0.0.1", port=server.port, sampler="Euler a", steps=3)
    result = api.txt2img(prompt="a cat", negative_prompt="dog", seed=7, width=64, height=64, cfg_scale=7)
    assert result.image.size == (64, 64) and result.info["seed"] == 7, result.info
    assert "Steps: 3" in result.info["infotexts"][0]
    result = api.img2img(images=[photo()], prompt="a fox", seed=5, steps=2, width=64, height=64, denoising_strength=0.4, n_iter=2)
    assert len(result.images) == 2 and result.info["all_seeds"] == [5, 6]
    result = api.img2img(images=[photo()], mask_image=photo().convert("L"), inpainting_fill=1, prompt="x", steps=2, width=64, height=64)
    assert result.image.size == (64, 64)
    result = api.txt2img(prompt="a cat", seed=7, steps=2, width=64, height=64, enable_hr=True, hr_scale=2, hr_upscaler=webuiapi.HiResUpscaler.Latent,
                         hr_second_pass_steps=3, denoising_strength=0.5)
    assert result.image.size == (128, 128), result.image.size
    result = api.img2img(images=[photo()], prompt="x", steps=1, width=64, height=64, script_name="Loopback", script_args=[2, 0.3, "Linear", "None"])
    assert len(result.images) == 2, len(result.images)
    result = api.img2img(images=[photo()], mask_image=photo().convert("L"), prompt="x", steps=1, width=64, height=64, inpaint_full_res=True,
                         alwayson_scripts={"Soft inpainting": {"args": [True, 1, 0.5, 4, 0, 0.5, 2]}})
    assert len(result.images) == 1
    result = api.img2img(images=[photo()], prompt="x", steps=1, width=64, height=64, script_name="Outpainting mk2", script_args=["", 64, 8, ["left"], 1, 0.05])
    assert len(result.images) == 1
    result = api.img2img(images=[photo()], prompt="x", steps=1, width=64, height=64, script_name="SD upscale", script_args=["", 16, "Lanczos", 2])
    assert len(result.images) == 1
    assert "loopback" in api.get_scripts()["img2img"]
    assert api.extra_single_image(image=photo(), upscaler_1="Lanczos", upscaling_resize=2).image.size == (128, 128)
    assert len(api.extra_batch_images(images=[photo(), photo()], upscaler_1="Nearest", upscaling_resize=1.5).images) == 2
    assert "a cat" in api.png_info(api.txt2img(prompt="a cat", steps=2, width=64, height=64).image).info or True
    options = api.get_options()
    api.set_options({"CLIP_stop_at_last_layers": 2})
    assert api.get_options()["CLIP_stop_at_last_layers"] == 2 and "sd_model_checkpoint" in options
    for name in ("get_cmd_flags", "get_samplers", "get_upscalers", "get_sd_models", "get_hypernetworks", "get_face_restorers",
                 "get_realesrgan_models", "get_prompt_styles", "get_memory", "get_scripts", "get_embeddings", "get_sd_vae", "get_schedulers",
                 "get_latent_upscale_modes", "get_loras", "refresh_checkpoints", "interrupt", "skip", "get_progress"):
        if hasattr(api, name):
            getattr(api, name)()
    assert api.util_get_model_names() == ["tiny.safetensors [0123456789]"]
    assert api.util_get_current_model().startswith("tiny")
    api.util_wait_for_ready(check_interval=0.1)
    try:
        api.img2img(images=[], prompt="x")
        raise SystemExit("img2img without a picture was not refused")
    except RuntimeError:
        pass


def check_controlnet(server: Server) -> None:
    api = webuiapi.WebUIApi(host="127.0.0.1", port=server.port, sampler="Euler a", steps=2)
    assert api.controlnet_version() == 3
    models = api.controlnet_model_list()
    assert models == ["tiny_canny [e3b0c442]"], models
    assert "canny" in api.controlnet_module_list()
    unit = webuiapi.ControlNetUnit(image=photo(), module="canny", model=models[0], weight=0.7, guidance_end=0.8)
    result = api.txt2img(prompt="a cat", width=64, height=64, controlnet_units=[unit])
    assert len(result.images) == 2 and result.images[1].size == (64, 64), "the result, and what the ControlNet saw"
    without_picture = webuiapi.ControlNetUnit(module="lineart_standard", model=models[0], control_mode=2, resize_mode="Just Resize")
    result = api.img2img(images=[photo()], prompt="a fox", width=64, height=64, controlnet_units=[unit, without_picture])
    assert len(result.images) == 3
    masked = webuiapi.ControlNetUnit(image=photo(), mask=photo().convert("L"), module="inpaint_only", model=models[0], pixel_perfect=True)
    assert len(api.img2img(images=[photo()], mask_image=photo().convert("L"), prompt="x", width=64, height=64, controlnet_units=[masked]).images) == 2
    assert api.controlnet_detect(images=[photo()], module="canny").image.size == (512, 512)
    for refused in (webuiapi.ControlNetUnit(image=photo(), module="depth_midas", model=models[0]),
                    webuiapi.ControlNetUnit(image=photo(), module="canny", model="nobodys")):
        try:
            api.txt2img(prompt="x", controlnet_units=[refused])
            raise SystemExit(f"{refused.module} with {refused.model} was not refused")
        except RuntimeError as error:
            assert "depth_midas" in str(error) or "nobodys" in str(error), error


def check_sd_backend_client(server: Server) -> None:
    """IntraPaint's client: it checks the shape of every answer, down to the sliders of preprocessors."""
    backend = sdbc.connect_to_backend(server.url)
    assert type(backend).__name__ == "A1111Webservice", backend
    can = backend.get_capabilities()
    assert can.controlnet and can.soft_inpainting and can.scheduler, can
    assert [option.name for option in backend.list_checkpoints()] == ["tiny.safetensors"], backend.list_checkpoints()
    assert "euler_ancestral" in [option.name for option in backend.list_samplers()]
    seen = []
    params = dict(steps=3, width=64, height=64, seed=7, sampler="euler_ancestral", scheduler="karras")
    result = backend.submit_txt2img(sdbc.DiffusionParams(prompt="a lighthouse", batch_size=2, **params)).wait(60, on_progress=lambda p: seen.append(p.status))
    assert len(result.images) == 2 and result.seeds == [7, 8] and result.images[0].size == (64, 64) and seen, result
    result = backend.submit_img2img(sdbc.DiffusionParams(prompt="a fox", init_images=[photo()], denoising_strength=0.4, **params)).wait(60)
    assert len(result.images) == 1
    soft = sdbc.DiffusionParams(prompt="a bowl", init_images=[photo()], mask=photo().convert("L"), mask_blur=16, soft_inpainting=True, **params)
    assert len(backend.submit_inpaint(soft).wait(60).images) == 1
    assert backend.submit_upscale(photo(), 96, 128).wait(60).images[0].size == (96, 128)
    types = backend.get_controlnet_type_categories()
    name = next(name for name in types["Canny"]["module_list"] if name.lower() != "none")
    model = next(name for name in types["Canny"]["model_list"] if name.lower() != "none")
    preprocessor = next(p for p in backend.get_controlnet_preprocessors() if p.name == name)
    assert {p.key for p in preprocessor.parameters} >= {"threshold_a", "threshold_b", "processor_res"}, preprocessor
    unit = sdbc.ControlNetUnit(image=photo(), preprocessor=sdbc.PreprocessorParams(typedef=preprocessor, parameter_values={}), model=sdbc.ControlNetModel(model), control_strength=0.8)
    result = backend.submit_txt2img(sdbc.DiffusionParams(prompt="a robot", controlnet_units=[unit], **params)).wait(60)
    assert len(result.images) == 1 and len(result.control_maps) == 1, "the client tells results from maps"
    assert backend.submit_preprocessor_preview(photo(), preprocessor).wait(60).images[0].size == (512, 512)
    handle = backend.submit_txt2img(sdbc.DiffusionParams(prompt="wait", **params))
    for _ in range(200):
        if (handle.poll().progress or 0) > 0:
            break
        time.sleep(0.02)
    assert handle.cancel(), "the running job takes an interruption"
    try:
        handle.wait(60)
    except sdbc.GenerationError as error:
        assert error.status is sdbc.GenerationStatus.CANCELLED, error


def check_webuiapi_with_auth(program: str, folder: str) -> None:
    with Server(program, folder, "auth=me:secret") as server:
        api = webuiapi.WebUIApi(host="127.0.0.1", port=server.port, username="me", password="secret")
        # alwayson_scripts: webuiapi keeps the units of earlier calls in the default of that argument.
        assert api.txt2img(prompt="x", steps=2, width=64, height=64, alwayson_scripts={}).image.size == (64, 64)


def check_openai(program: str, folder: str) -> None:
    token = "a-token-that-is-long-enough"
    with Server(program, folder, f"token={token}") as server:
        client = openai.OpenAI(base_url=server.url + "/v1", api_key=token, max_retries=0)
        assert [m.id for m in client.models.list()] == ["tiny"]
        made = client.images.generate(model="dall-e-2", prompt="a cat", n=2, size="256x256")
        assert len(made.data) == 2
        assert Image.open(io.BytesIO(base64.b64decode(made.data[0].b64_json))).size == (256, 256)
        def file(mode):
            buffer = io.BytesIO()
            photo(mode).save(buffer, "PNG")
            return ("photo.png", buffer.getvalue(), "image/png")
        assert client.images.edit(image=file("RGB"), prompt="a fox", model="dall-e-2").data[0].b64_json
        assert client.images.edit(image=file("RGB"), mask=file("RGBA"), prompt="a fox", model="dall-e-2", n=1).data[0].b64_json
        assert client.images.create_variation(image=file("RGB"), n=1).data[0].b64_json
        for refused, call in ((openai.UnprocessableEntityError, lambda: client.images.generate(prompt="x", model="dall-e-2", size="1x1")),
                              (openai.AuthenticationError, lambda: openai.OpenAI(base_url=server.url + "/v1", api_key="wrong", max_retries=0).models.list())):
            try:
                call()
                raise SystemExit(f"{refused.__name__} was expected")
            except refused:
                pass


def check_schema(server: Server) -> None:
    report = subprocess.run(
        [str(pathlib.Path(sys.executable).parent / "schemathesis"), "run", server.url + "/api/v1/openapi.json", "--checks", "not_a_server_error",
         "--max-examples", "20", "--exclude-path", "/api/v1/events",
         # Asks another site, and says 502 when that cannot be reached.
         "--exclude-path", "/api/v1/models/search", "--request-timeout", "20"], text=True)
    assert report.returncode == 0, "schemathesis found a 5xx"


def main() -> None:
    program = sys.argv[1]
    with tempfile.TemporaryDirectory() as root:
        folder = lambda name: str(pathlib.Path(root, name))
        with Server(program, folder("a")) as server:
            check_webuiapi(server)
            print("webuiapi: fine", flush=True)
            check_controlnet(server)
            print("webuiapi's ControlNet: fine", flush=True)
            check_sd_backend_client(server)
            print("sd-backend-client: fine", flush=True)
        check_webuiapi_with_auth(program, folder("b"))
        print("webuiapi with --api-auth: fine", flush=True)
        check_openai(program, folder("c"))
        print("openai: fine", flush=True)
        with Server(program, folder("d")) as server:
            check_schema(server)
            print("schemathesis: fine", flush=True)


if __name__ == "__main__":
    main()
