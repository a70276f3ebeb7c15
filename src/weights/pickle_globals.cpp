// The allow-list of the pickle reader: every global a tensor file may name, and what becomes of it.
// "Inert" ones are seen in honest checkpoints beside the weights (training callbacks, settings,
// counters); they are carried as opaque values and never looked into. See docs/formats.md.
#include <array>

#include "weights/pickle.h"

namespace pentimento {
namespace {

using Kind = PickleGlobalKind;

struct Row {
  std::string_view name;
  Kind kind;
  DType dtype = DType::F32;
};

constexpr std::array kExact = {
    Row{"torch._utils._rebuild_tensor_v2", Kind::RebuildTensor},
    Row{"torch._utils._rebuild_tensor", Kind::RebuildTensor},
    Row{"torch._utils._rebuild_parameter", Kind::RebuildParameter},
    Row{"torch._utils._rebuild_parameter_with_state", Kind::RebuildParameter},
    Row{"collections.OrderedDict", Kind::Dict},
    Row{"collections.defaultdict", Kind::Dict},
    Row{"torch.nn.modules.container.ParameterDict", Kind::ParameterDict},
    Row{"torch.Size", Kind::Size},
    Row{"torch.DoubleStorage", Kind::Storage, DType::F64},
    Row{"torch.FloatStorage", Kind::Storage, DType::F32},
    Row{"torch.HalfStorage", Kind::Storage, DType::F16},
    Row{"torch.BFloat16Storage", Kind::Storage, DType::BF16},
    Row{"torch.LongStorage", Kind::Storage, DType::I64},
    Row{"torch.IntStorage", Kind::Storage, DType::I32},
    Row{"torch.ShortStorage", Kind::Storage, DType::I16},
    Row{"torch.CharStorage", Kind::Storage, DType::I8},
    Row{"torch.ByteStorage", Kind::Storage, DType::U8},
    Row{"torch.BoolStorage", Kind::Storage, DType::Bool},

    Row{"numpy.core.multiarray.scalar", Kind::Inert},
    Row{"numpy.core.multiarray._reconstruct", Kind::Inert},
    Row{"numpy._core.multiarray.scalar", Kind::Inert},
    Row{"numpy._core.multiarray._reconstruct", Kind::Inert},
    Row{"numpy.dtype", Kind::Inert},
    Row{"numpy.ndarray", Kind::Inert},
    Row{"_codecs.encode", Kind::Inert},
    Row{"collections.Counter", Kind::Inert},
    Row{"argparse.Namespace", Kind::Inert},
    Row{"typing.Any", Kind::Inert},
    Row{"torch.device", Kind::Inert},
    Row{"torch.float64", Kind::Inert},
    Row{"torch.float32", Kind::Inert},
    Row{"torch.float16", Kind::Inert},
    Row{"torch.bfloat16", Kind::Inert},
    Row{"torch.int64", Kind::Inert},
    Row{"pytorch_lightning.utilities.parsing.AttributeDict", Kind::Inert},
    Row{"omegaconf.dictconfig.DictConfig", Kind::Inert},
    Row{"omegaconf.listconfig.ListConfig", Kind::Inert},
    Row{"omegaconf.base.ContainerMetadata", Kind::Inert},
    Row{"omegaconf.base.Metadata", Kind::Inert},
    Row{"omegaconf.nodes.AnyNode", Kind::Inert},
};

// Types of Python itself that only hold a value; Python 2 calls the module __builtin__.
constexpr std::array<std::string_view, 8> kBuiltinTypes = {"dict", "list",  "tuple", "set",
                                                           "int",  "float", "str",   "bool"};

constexpr std::string_view kInertPrefix = "pytorch_lightning.callbacks.";

}  // namespace

bool find_pickle_global(const std::string& name, PickleGlobal& global) {
  for (const Row& row : kExact) {
    if (name != row.name) continue;
    global = {.kind = row.kind, .name = name, .dtype = row.dtype};
    return true;
  }
  global = {.kind = Kind::Inert, .name = name};
  for (const std::string_view type : kBuiltinTypes)
    if (name == "builtins." + std::string(type) || name == "__builtin__." + std::string(type))
      return true;
  return name.starts_with(kInertPrefix);
}

}  // namespace pentimento
